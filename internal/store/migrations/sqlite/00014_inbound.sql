-- +goose Up
-- Deliveries of vendors. request holds what came, sealed; refused ones have none.
CREATE TABLE inbound_webhook (
    id                         TEXT NOT NULL PRIMARY KEY,
    environment_id             TEXT NOT NULL REFERENCES environment (id),
    environment_integration_id TEXT NOT NULL REFERENCES environment_integration (id) ON DELETE CASCADE,
    account_id                 TEXT REFERENCES integrated_account (id) ON DELETE CASCADE,
    status                     TEXT NOT NULL,
    method                     TEXT NOT NULL,
    size                       INTEGER NOT NULL,
    verified                   BOOLEAN NOT NULL,
    events                     INTEGER NOT NULL DEFAULT 0,
    duplicates                 INTEGER NOT NULL DEFAULT 0,
    code                       TEXT,
    reason                     TEXT,
    request                    BLOB,
    created_at                 INTEGER NOT NULL,
    processed_at               INTEGER
);
CREATE INDEX inbound_webhook_created ON inbound_webhook (environment_id, created_at, id);
CREATE INDEX inbound_webhook_account ON inbound_webhook (account_id, status, created_at, id);
CREATE INDEX inbound_webhook_installation ON inbound_webhook (environment_integration_id, status, created_at, id);
CREATE INDEX inbound_webhook_age ON inbound_webhook (created_at);

-- Deliveries that have no effect when they come again, until a moment.
CREATE TABLE inbound_seen (
    scope      TEXT NOT NULL,
    key        TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    kept_until INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX inbound_seen_age ON inbound_seen (kept_until);

-- Members of contexts that tell the accounts of an installation apart. A row is written
-- when the first delivery asks for it, and from then on the accounts are kept in
-- inbound_lookup by the value that they have there.
CREATE TABLE inbound_route (
    environment_integration_id TEXT NOT NULL REFERENCES environment_integration (id) ON DELETE CASCADE,
    field                      TEXT NOT NULL,
    path                       TEXT NOT NULL,
    PRIMARY KEY (environment_integration_id, field)
);
CREATE TABLE inbound_lookup (
    environment_integration_id TEXT NOT NULL,
    field                      TEXT NOT NULL,
    value                      TEXT NOT NULL,
    account_id                 TEXT NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_integration_id, field, value, account_id)
);
CREATE INDEX inbound_lookup_account ON inbound_lookup (account_id);

-- +goose StatementBegin
CREATE TRIGGER inbound_lookup_insert AFTER INSERT ON integrated_account
WHEN EXISTS (SELECT 1 FROM inbound_route r WHERE r.environment_integration_id = NEW.environment_integration_id)
BEGIN
    INSERT INTO inbound_lookup (environment_integration_id, field, value, account_id)
        SELECT v.environment_integration_id, v.field, v.value, NEW.id FROM (
            SELECT r.environment_integration_id, r.field,
                CASE WHEN json_valid(NEW.context) THEN CASE WHEN json_type(NEW.context, r.path) IN ('text', 'integer', 'real') THEN CAST(json_extract(NEW.context, r.path) AS TEXT) END END AS value
            FROM inbound_route r WHERE r.environment_integration_id = NEW.environment_integration_id) v
        WHERE v.value IS NOT NULL AND length(v.value) <= 500;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER inbound_lookup_update AFTER UPDATE OF context ON integrated_account
WHEN NEW.context IS NOT OLD.context AND EXISTS (SELECT 1 FROM inbound_route r WHERE r.environment_integration_id = NEW.environment_integration_id)
BEGIN
    DELETE FROM inbound_lookup WHERE account_id = NEW.id;
    INSERT INTO inbound_lookup (environment_integration_id, field, value, account_id)
        SELECT v.environment_integration_id, v.field, v.value, NEW.id FROM (
            SELECT r.environment_integration_id, r.field,
                CASE WHEN json_valid(NEW.context) THEN CASE WHEN json_type(NEW.context, r.path) IN ('text', 'integer', 'real') THEN CAST(json_extract(NEW.context, r.path) AS TEXT) END END AS value
            FROM inbound_route r WHERE r.environment_integration_id = NEW.environment_integration_id) v
        WHERE v.value IS NOT NULL AND length(v.value) <= 500;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER inbound_webhook_insert_key BEFORE INSERT ON inbound_webhook
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.request, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER inbound_webhook_update_key BEFORE UPDATE OF request ON inbound_webhook
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.request IS NOT OLD.request AND substr(NEW.request, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd
