-- +goose Up
-- Deliveries of vendors. request holds what came, sealed; refused ones have none.
CREATE TABLE inbound_webhook (
    id                         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id             TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    environment_integration_id TEXT COLLATE "C" NOT NULL REFERENCES environment_integration (id) ON DELETE CASCADE,
    account_id                 TEXT COLLATE "C" REFERENCES integrated_account (id) ON DELETE CASCADE,
    status                     TEXT COLLATE "C" NOT NULL,
    method                     TEXT COLLATE "C" NOT NULL,
    size                       BIGINT NOT NULL,
    verified                   BOOLEAN NOT NULL,
    events                     BIGINT NOT NULL DEFAULT 0,
    duplicates                 BIGINT NOT NULL DEFAULT 0,
    code                       TEXT COLLATE "C",
    reason                     TEXT,
    request                    BYTEA,
    created_at                 BIGINT NOT NULL,
    processed_at               BIGINT
);
CREATE INDEX inbound_webhook_created ON inbound_webhook (environment_id, created_at, id);
CREATE INDEX inbound_webhook_account ON inbound_webhook (account_id, status, created_at, id);
CREATE INDEX inbound_webhook_installation ON inbound_webhook (environment_integration_id, status, created_at, id);
CREATE INDEX inbound_webhook_age ON inbound_webhook (created_at);

-- Deliveries that have no effect when they come again, until a moment.
CREATE TABLE inbound_seen (
    scope      TEXT COLLATE "C" NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    webhook_id TEXT COLLATE "C" NOT NULL,
    kept_until BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX inbound_seen_age ON inbound_seen (kept_until);

-- Members of contexts that tell the accounts of an installation apart. A row is written
-- when the first delivery asks for it, and from then on the accounts are kept in
-- inbound_lookup by the value that they have there.
CREATE TABLE inbound_route (
    environment_integration_id TEXT COLLATE "C" NOT NULL REFERENCES environment_integration (id) ON DELETE CASCADE,
    field                      TEXT COLLATE "C" NOT NULL,
    path                       TEXT NOT NULL,
    PRIMARY KEY (environment_integration_id, field)
);
CREATE TABLE inbound_lookup (
    environment_integration_id TEXT COLLATE "C" NOT NULL,
    field                      TEXT COLLATE "C" NOT NULL,
    value                      TEXT COLLATE "C" NOT NULL,
    account_id                 TEXT COLLATE "C" NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    PRIMARY KEY (environment_integration_id, field, value, account_id)
);
CREATE INDEX inbound_lookup_account ON inbound_lookup (account_id);

-- +goose StatementBegin
CREATE FUNCTION inbound_lookup_value(context TEXT, path TEXT) RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
    found JSONB;
BEGIN
    found := context::jsonb #> path::text[];
    IF jsonb_typeof(found) IN ('string', 'number') THEN
        RETURN found #>> '{}';
    END IF;
    RETURN NULL;
EXCEPTION WHEN data_exception THEN
    RETURN NULL; -- a context that is no JSON tells no account
END;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION inbound_lookup_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.context IS NOT DISTINCT FROM OLD.context THEN
            RETURN NULL;
        END IF;
        DELETE FROM inbound_lookup WHERE account_id = NEW.id;
    END IF;
    INSERT INTO inbound_lookup (environment_integration_id, field, value, account_id)
        SELECT v.environment_integration_id, v.field, v.value, NEW.id FROM (
            SELECT r.environment_integration_id, r.field, inbound_lookup_value(NEW.context, r.path) AS value
            FROM inbound_route r WHERE r.environment_integration_id = NEW.environment_integration_id) v
        WHERE v.value IS NOT NULL AND length(v.value) <= 500;
    RETURN NULL;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER inbound_lookup AFTER INSERT OR UPDATE OF context ON integrated_account FOR EACH ROW EXECUTE FUNCTION inbound_lookup_changed();

-- +goose StatementBegin
CREATE FUNCTION inbound_webhook_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.request IS DISTINCT FROM OLD.request THEN
        PERFORM require_present_key(NEW.environment_id, NEW.request);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER inbound_webhook_key BEFORE INSERT OR UPDATE OF request ON inbound_webhook FOR EACH ROW EXECUTE FUNCTION inbound_webhook_key();
