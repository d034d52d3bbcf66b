-- +goose Up
-- Bundles that an environment was filled from.
CREATE TABLE bundle_import (
    environment_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES environment (id),
    bundle         TEXT COLLATE "C" NOT NULL,
    finished       BOOLEAN NOT NULL
);
