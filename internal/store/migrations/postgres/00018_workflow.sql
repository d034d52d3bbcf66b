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
    config_secret  BYTEA,
    secret_version BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
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
    retry_attempt  BIGINT NOT NULL DEFAULT 0,
    progress       BYTEA,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX workflow_run_created ON workflow_run (environment_id, created_at, id);
CREATE INDEX workflow_run_updated ON workflow_run (environment_id, updated_at, id);
CREATE INDEX workflow_run_workflow ON workflow_run (workflow_id, created_at, id);
CREATE INDEX workflow_run_event ON workflow_run (event_id);
CREATE INDEX workflow_run_age ON workflow_run (updated_at) WHERE status IN ('completed', 'failed');

-- +goose StatementBegin
CREATE FUNCTION workflow_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.config_secret IS DISTINCT FROM OLD.config_secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.config_secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER workflow_key BEFORE INSERT OR UPDATE OF config_secret ON workflow FOR EACH ROW EXECUTE FUNCTION workflow_key();

-- +goose StatementBegin
CREATE FUNCTION workflow_run_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.progress IS DISTINCT FROM OLD.progress THEN
        PERFORM require_present_key(NEW.environment_id, NEW.progress);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER workflow_run_key BEFORE INSERT OR UPDATE OF progress ON workflow_run FOR EACH ROW EXECUTE FUNCTION workflow_run_key();
