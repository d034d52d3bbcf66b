-- +goose Up
CREATE TABLE idempotent_call (
    id             TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL,
    account_id     TEXT NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    state          TEXT NOT NULL,
    request_hash   BLOB NOT NULL,
    answer         BLOB,
    held_until     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    created_at     INTEGER NOT NULL
);
CREATE INDEX idempotent_call_account ON idempotent_call (account_id);
CREATE INDEX idempotent_call_expiry ON idempotent_call (expires_at);

