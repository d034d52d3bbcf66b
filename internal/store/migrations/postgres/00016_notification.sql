-- +goose Up
-- Where people are told of what needs their attention. config is where that is;
-- summarized_until is up to when failed calls were told of.
CREATE TABLE notification_destination (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id   TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    type             TEXT COLLATE "C" NOT NULL,
    label            TEXT NOT NULL,
    is_active        BOOLEAN NOT NULL,
    event_types      TEXT NOT NULL,
    config           BYTEA NOT NULL,
    config_version   BIGINT NOT NULL,
    summarized_until BIGINT,
    last_sent_at     BIGINT,
    last_error       TEXT,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL
);
CREATE INDEX notification_destination_created ON notification_destination (environment_id, created_at, id);
CREATE INDEX notification_destination_updated ON notification_destination (environment_id, updated_at, id);

-- What an environment was told of, and is not to be told of again for a while.
CREATE TABLE notice_mark (
    environment_id TEXT COLLATE "C" NOT NULL,
    thing          TEXT COLLATE "C" NOT NULL,
    until          BIGINT NOT NULL,
    PRIMARY KEY (environment_id, thing)
);

-- How a call failed, which summaries go by; NULL for one that did not.
ALTER TABLE request_log ADD COLUMN failure TEXT COLLATE "C";
CREATE INDEX request_log_failure ON request_log (environment_id, created_at) WHERE failure IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION notification_destination_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.config IS DISTINCT FROM OLD.config THEN
        PERFORM require_present_key(NEW.environment_id, NEW.config);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER notification_destination_key BEFORE INSERT OR UPDATE OF config ON notification_destination
    FOR EACH ROW EXECUTE FUNCTION notification_destination_key();
