-- +goose Up
-- Where people are told of what needs their attention. config is where that is;
-- summarized_until is up to when failed calls were told of.
CREATE TABLE notification_destination (
    id               TEXT NOT NULL PRIMARY KEY,
    environment_id   TEXT NOT NULL REFERENCES environment (id),
    type             TEXT NOT NULL,
    label            TEXT NOT NULL,
    is_active        BOOLEAN NOT NULL,
    event_types      TEXT NOT NULL,
    config           BLOB NOT NULL,
    config_version   INTEGER NOT NULL,
    summarized_until INTEGER,
    last_sent_at     INTEGER,
    last_error       TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
);
CREATE INDEX notification_destination_created ON notification_destination (environment_id, created_at, id);
CREATE INDEX notification_destination_updated ON notification_destination (environment_id, updated_at, id);

-- What an environment was told of, and is not to be told of again for a while.
CREATE TABLE notice_mark (
    environment_id TEXT NOT NULL,
    thing          TEXT NOT NULL,
    until          INTEGER NOT NULL,
    PRIMARY KEY (environment_id, thing)
);

-- +goose StatementBegin
CREATE TRIGGER notification_destination_insert_key BEFORE INSERT ON notification_destination
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.config, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER notification_destination_update_key BEFORE UPDATE OF config ON notification_destination
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.config IS NOT OLD.config AND substr(NEW.config, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd
