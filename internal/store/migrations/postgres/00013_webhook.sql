-- +goose Up
-- Receivers of an environment's events. failing_since is when the first try failed
-- since the last success.
CREATE TABLE webhook (
    id                 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id     TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    target_url         TEXT NOT NULL,
    is_active          BOOLEAN NOT NULL,
    event_types        TEXT NOT NULL,
    signature_encoding TEXT COLLATE "C" NOT NULL,
    ordered            BOOLEAN NOT NULL,
    secret             BYTEA NOT NULL,
    secret_version     BIGINT NOT NULL,
    failing_since      BIGINT,
    noticed_at         BIGINT,
    inactive_reason    TEXT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL
);
CREATE INDEX webhook_created ON webhook (environment_id, created_at, id);
CREATE INDEX webhook_updated ON webhook (environment_id, updated_at, id);

-- What active webhooks want to hear of, a row for each pattern.
CREATE TABLE webhook_subscription (
    environment_id TEXT COLLATE "C" NOT NULL,
    pattern        TEXT COLLATE "C" NOT NULL,
    webhook_id     TEXT COLLATE "C" NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_id, pattern, webhook_id)
);
CREATE INDEX webhook_subscription_webhook ON webhook_subscription (webhook_id);

-- Events that a webhook has yet to get, written with the event. What has been
-- delivered or given up is a row of webhook_attempt.
CREATE TABLE webhook_delivery (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    webhook_id TEXT COLLATE "C" NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    event_id   TEXT COLLATE "C" NOT NULL REFERENCES event (id),
    account_id TEXT COLLATE "C",
    sequence   BIGINT NOT NULL,
    attempt    BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, due_at, sequence, id);
CREATE INDEX webhook_delivery_account ON webhook_delivery (webhook_id, account_id, due_at) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX webhook_delivery_event ON webhook_delivery (event_id, webhook_id);

CREATE TABLE webhook_attempt (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    webhook_id     TEXT COLLATE "C" NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    environment_id TEXT COLLATE "C" NOT NULL,
    delivery_id    TEXT COLLATE "C" NOT NULL,
    event_id       TEXT COLLATE "C" NOT NULL,
    event_type     TEXT COLLATE "C" NOT NULL,
    account_id     TEXT COLLATE "C",
    number         BIGINT NOT NULL,
    outcome        TEXT COLLATE "C" NOT NULL,
    status         BIGINT NOT NULL,
    error          TEXT,
    answer         TEXT,
    took           BIGINT NOT NULL,
    next_at        BIGINT,
    created_at     BIGINT NOT NULL
);
CREATE INDEX webhook_attempt_created ON webhook_attempt (webhook_id, created_at, id);
CREATE INDEX webhook_attempt_event ON webhook_attempt (webhook_id, event_id, created_at);
CREATE INDEX webhook_attempt_age ON webhook_attempt (created_at);

-- +goose StatementBegin
CREATE FUNCTION webhook_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.secret IS DISTINCT FROM OLD.secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER webhook_key BEFORE INSERT OR UPDATE OF secret ON webhook FOR EACH ROW EXECUTE FUNCTION webhook_key();
