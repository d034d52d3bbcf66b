-- +goose Up
-- The biggest table: a partition a day, so that old records go away at once.
-- SQLite keeps it in a database of its own (migrations/sqlite_log).
CREATE TABLE request_log (
    id             TEXT COLLATE "C" NOT NULL,
    environment_id TEXT COLLATE "C" NOT NULL,
    log_type       TEXT COLLATE "C" NOT NULL,
    account_id     TEXT COLLATE "C",
    integration    TEXT COLLATE "C",
    request_type   TEXT COLLATE "C",
    entry          TEXT COLLATE "C" NOT NULL,
    created_at     BIGINT NOT NULL
) PARTITION BY RANGE (created_at);
CREATE INDEX request_log_created ON request_log (environment_id, log_type, created_at, id);
CREATE INDEX request_log_account ON request_log (environment_id, account_id, created_at, id);
