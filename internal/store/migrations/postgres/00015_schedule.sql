-- +goose Up
-- What is to be done again and again. next_run_at is NULL for one that is switched
-- off; whoever moves it on enqueues the job of the occurrence that it was.
CREATE TABLE schedule (
    name           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" REFERENCES environment (id),
    cron           TEXT COLLATE "C" NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL,
    args           TEXT COLLATE "C" NOT NULL,
    priority       BIGINT NOT NULL,
    max_attempts   BIGINT NOT NULL,
    enabled        BOOLEAN NOT NULL,
    next_run_at    BIGINT,
    last_run_at    BIGINT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX schedule_due ON schedule (next_run_at, name) WHERE next_run_at IS NOT NULL;

-- What the depth of the queue is read from.
CREATE INDEX job_waiting_kind ON job (kind, run_at) WHERE state = 'waiting';
CREATE INDEX job_retrying ON job (kind) WHERE state IN ('ready', 'waiting') AND attempt > 0;
CREATE INDEX job_failed ON job (kind, finished_at) WHERE state = 'failed';
CREATE INDEX job_created ON job (environment_id, created_at, id);
