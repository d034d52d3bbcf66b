-- +goose Up
-- Credentials that were given up, and what became of them at their vendors. A row
-- outlives its account. The requests are sealed, and gone once there is an outcome.
CREATE TABLE token_revocation (
    id                    TEXT NOT NULL PRIMARY KEY,
    environment_id        TEXT NOT NULL,
    account_id            TEXT NOT NULL,
    integration_name      TEXT NOT NULL,
    tenant_id             TEXT NOT NULL,
    authentication_method TEXT NOT NULL,
    run_id                TEXT,
    outcome               TEXT NOT NULL,
    detail                TEXT NOT NULL,
    attempts              INTEGER NOT NULL,
    request_secret        BLOB,
    created_at            INTEGER NOT NULL,
    finished_at           INTEGER
);
CREATE INDEX token_revocation_created ON token_revocation (environment_id, created_at, id);
CREATE INDEX token_revocation_account ON token_revocation (environment_id, account_id, created_at, id);
CREATE INDEX token_revocation_run ON token_revocation (run_id, account_id) WHERE run_id IS NOT NULL;

-- Uses of the kill switch.
CREATE TABLE revocation_run (
    id          TEXT NOT NULL PRIMARY KEY,
    scope       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER
);
