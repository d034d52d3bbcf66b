-- +goose Up
CREATE TABLE request_log (
    id             TEXT NOT NULL,
    environment_id TEXT NOT NULL,
    log_type       TEXT NOT NULL,
    account_id     TEXT,
    integration    TEXT,
    request_type   TEXT,
    entry          TEXT NOT NULL,
    created_at     INTEGER NOT NULL
);
CREATE INDEX request_log_created ON request_log (environment_id, log_type, created_at, id);
CREATE INDEX request_log_account ON request_log (environment_id, account_id, created_at, id);
CREATE INDEX request_log_age ON request_log (created_at);
