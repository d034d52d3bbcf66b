-- +goose Up
CREATE TABLE job (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind              TEXT COLLATE "C" NOT NULL,
    environment_id    TEXT COLLATE "C",
    args              TEXT COLLATE "C" NOT NULL,
    unique_key        TEXT COLLATE "C",
    concurrency_key   TEXT COLLATE "C",
    concurrency_limit BIGINT NOT NULL,
    priority          BIGINT NOT NULL,
    run_at            BIGINT NOT NULL,
    max_attempts      BIGINT NOT NULL,
    state             TEXT COLLATE "C" NOT NULL,
    attempt           BIGINT NOT NULL,
    fence             BIGINT NOT NULL,
    lease_until       BIGINT,
    last_error        TEXT COLLATE "C",
    created_at        BIGINT NOT NULL,
    finished_at       BIGINT
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX job_unique ON job (unique_key) WHERE unique_key IS NOT NULL AND state IN ('ready', 'waiting');
CREATE INDEX job_ready ON job (kind, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX job_waiting ON job (concurrency_key, priority, run_at, id) WHERE state = 'waiting';
CREATE INDEX job_running ON job (concurrency_key) WHERE state = 'running';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_finished ON job (state, finished_at) WHERE finished_at IS NOT NULL;

-- Whoever claims jobs, or ends one that others wait for, locks the row: claims
-- of several nodes follow each other.
CREATE TABLE job_lock (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
INSERT INTO job_lock (name) VALUES ('claim');
