-- +goose Up
-- Work on many accounts at once. (after_created, after_id) is the account that was
-- worked on last.
CREATE TABLE batch_job (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    type           TEXT COLLATE "C" NOT NULL,
    dry_run        BOOLEAN NOT NULL,
    query          TEXT NOT NULL,
    status         TEXT COLLATE "C" NOT NULL,
    matched        BIGINT NOT NULL DEFAULT 0,
    deleted        BIGINT NOT NULL DEFAULT 0,
    after_created  BIGINT,
    after_id       TEXT COLLATE "C",
    error          TEXT,
    actor          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    finished_at    BIGINT
);
CREATE INDEX batch_job_created ON batch_job (environment_id, created_at, id);
CREATE INDEX batch_job_updated ON batch_job (environment_id, updated_at, id);
