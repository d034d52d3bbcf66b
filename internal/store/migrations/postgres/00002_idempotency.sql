-- +goose Up
CREATE TABLE idempotent_call (
    id             TEXT COLLATE "C" PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL,
    account_id     TEXT COLLATE "C" NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    state          TEXT COLLATE "C" NOT NULL,
    request_hash   BYTEA NOT NULL,
    answer         BYTEA,
    held_until     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX idempotent_call_account ON idempotent_call (account_id);
CREATE INDEX idempotent_call_expiry ON idempotent_call (expires_at);

