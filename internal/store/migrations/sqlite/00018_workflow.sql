-- +goose Up
-- What an environment does when something happens. config_secret holds what of the
-- config is secret.
CREATE TABLE workflow (
    id             TEXT NOT NULL PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    label          TEXT NOT NULL,
    trigger_name   TEXT NOT NULL,
    is_active      BOOLEAN NOT NULL,
    config         TEXT NOT NULL,
    config_secret  BLOB,
    secret_version INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
);
CREATE INDEX workflow_created ON workflow (environment_id, created_at, id);
CREATE INDEX workflow_updated ON workflow (environment_id, updated_at, id);
CREATE INDEX workflow_trigger ON workflow (environment_id, trigger_name, id) WHERE is_active;

-- Runs, written with the events that start them. chain names the workflows whose work
-- committed the event. progress is what has come of a run.
CREATE TABLE workflow_run (
    id             TEXT NOT NULL PRIMARY KEY,
    environment_id TEXT NOT NULL,
    workflow_id    TEXT NOT NULL REFERENCES workflow (id) ON DELETE CASCADE,
    event_id       TEXT NOT NULL REFERENCES event (id),
    event_type     TEXT NOT NULL,
    account_id     TEXT,
    chain          TEXT NOT NULL,
    status         TEXT NOT NULL,
    retry_attempt  INTEGER NOT NULL DEFAULT 0,
    progress       BLOB,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
);
CREATE INDEX workflow_run_created ON workflow_run (environment_id, created_at, id);
CREATE INDEX workflow_run_updated ON workflow_run (environment_id, updated_at, id);
CREATE INDEX workflow_run_workflow ON workflow_run (workflow_id, created_at, id);
CREATE INDEX workflow_run_event ON workflow_run (event_id);
CREATE INDEX workflow_run_age ON workflow_run (updated_at) WHERE status IN ('completed', 'failed');

-- +goose StatementBegin
CREATE TRIGGER workflow_insert_key BEFORE INSERT ON workflow
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.config_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER workflow_update_key BEFORE UPDATE OF config_secret ON workflow
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.config_secret IS NOT OLD.config_secret AND substr(NEW.config_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER workflow_run_insert_key BEFORE INSERT ON workflow_run
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.progress, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER workflow_run_update_key BEFORE UPDATE OF progress ON workflow_run
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.progress IS NOT OLD.progress AND substr(NEW.progress, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd
