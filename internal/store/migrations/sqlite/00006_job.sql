-- +goose Up
CREATE TABLE job (
    id                TEXT NOT NULL PRIMARY KEY,
    kind              TEXT NOT NULL,
    environment_id    TEXT,
    args              TEXT NOT NULL,
    unique_key        TEXT,
    concurrency_key   TEXT,
    concurrency_limit INTEGER NOT NULL,
    priority          INTEGER NOT NULL,
    run_at            INTEGER NOT NULL,
    max_attempts      INTEGER NOT NULL,
    state             TEXT NOT NULL,
    attempt           INTEGER NOT NULL,
    fence             INTEGER NOT NULL,
    lease_until       INTEGER,
    last_error        TEXT,
    created_at        INTEGER NOT NULL,
    finished_at       INTEGER
);
CREATE UNIQUE INDEX job_unique ON job (unique_key) WHERE unique_key IS NOT NULL AND state IN ('ready', 'waiting');
CREATE INDEX job_ready ON job (kind, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX job_waiting ON job (concurrency_key, priority, run_at, id) WHERE state = 'waiting';
CREATE INDEX job_running ON job (concurrency_key) WHERE state = 'running';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_finished ON job (state, finished_at) WHERE finished_at IS NOT NULL;

-- Whoever claims jobs, or ends one that others wait for, locks the row: claims
-- of several nodes follow each other.
CREATE TABLE job_lock (
    name TEXT NOT NULL PRIMARY KEY
);
INSERT INTO job_lock (name) VALUES ('claim');
