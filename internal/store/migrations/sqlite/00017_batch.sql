-- +goose Up
-- Work on many accounts at once. (after_created, after_id) is the account that was
-- worked on last.
CREATE TABLE batch_job (
    id             TEXT NOT NULL PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    type           TEXT NOT NULL,
    dry_run        BOOLEAN NOT NULL,
    query          TEXT NOT NULL,
    status         TEXT NOT NULL,
    matched        INTEGER NOT NULL DEFAULT 0,
    deleted        INTEGER NOT NULL DEFAULT 0,
    after_created  INTEGER,
    after_id       TEXT,
    error          TEXT,
    actor          TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    finished_at    INTEGER
);
CREATE INDEX batch_job_created ON batch_job (environment_id, created_at, id);
CREATE INDEX batch_job_updated ON batch_job (environment_id, updated_at, id);
