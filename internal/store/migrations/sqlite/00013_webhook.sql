-- +goose Up
-- Receivers of an environment's events. failing_since is when the first try failed
-- since the last success.
CREATE TABLE webhook (
    id                 TEXT NOT NULL PRIMARY KEY,
    environment_id     TEXT NOT NULL REFERENCES environment (id),
    target_url         TEXT NOT NULL,
    is_active          BOOLEAN NOT NULL,
    event_types        TEXT NOT NULL,
    signature_encoding TEXT NOT NULL,
    ordered            BOOLEAN NOT NULL,
    secret             BLOB NOT NULL,
    secret_version     INTEGER NOT NULL,
    failing_since      INTEGER,
    noticed_at         INTEGER,
    inactive_reason    TEXT,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
);
CREATE INDEX webhook_created ON webhook (environment_id, created_at, id);
CREATE INDEX webhook_updated ON webhook (environment_id, updated_at, id);

-- What active webhooks want to hear of, a row for each pattern.
CREATE TABLE webhook_subscription (
    environment_id TEXT NOT NULL,
    pattern        TEXT NOT NULL,
    webhook_id     TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_id, pattern, webhook_id)
);
CREATE INDEX webhook_subscription_webhook ON webhook_subscription (webhook_id);

-- Events that a webhook has yet to get, written with the event. What has been
-- delivered or given up is a row of webhook_attempt.
CREATE TABLE webhook_delivery (
    id         TEXT NOT NULL PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    event_id   TEXT NOT NULL REFERENCES event (id),
    account_id TEXT,
    sequence   INTEGER NOT NULL,
    attempt    INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, due_at, sequence, id);
CREATE INDEX webhook_delivery_account ON webhook_delivery (webhook_id, account_id, due_at) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX webhook_delivery_event ON webhook_delivery (event_id, webhook_id);

CREATE TABLE webhook_attempt (
    id             TEXT NOT NULL PRIMARY KEY,
    webhook_id     TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    environment_id TEXT NOT NULL,
    delivery_id    TEXT NOT NULL,
    event_id       TEXT NOT NULL,
    event_type     TEXT NOT NULL,
    account_id     TEXT,
    number         INTEGER NOT NULL,
    outcome        TEXT NOT NULL,
    status         INTEGER NOT NULL,
    error          TEXT,
    answer         TEXT,
    took           INTEGER NOT NULL,
    next_at        INTEGER,
    created_at     INTEGER NOT NULL
);
CREATE INDEX webhook_attempt_created ON webhook_attempt (webhook_id, created_at, id);
CREATE INDEX webhook_attempt_event ON webhook_attempt (webhook_id, event_id, created_at);
CREATE INDEX webhook_attempt_age ON webhook_attempt (created_at);

-- +goose StatementBegin
CREATE TRIGGER webhook_insert_key BEFORE INSERT ON webhook
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER webhook_update_key BEFORE UPDATE OF secret ON webhook
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.secret IS NOT OLD.secret AND substr(NEW.secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd
