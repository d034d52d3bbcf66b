-- +goose Up
-- Credentials that were given up, and what became of them at their vendors. A row
-- outlives its account. The requests are sealed, and gone once there is an outcome.
CREATE TABLE token_revocation (
    id                    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id        TEXT COLLATE "C" NOT NULL,
    account_id            TEXT COLLATE "C" NOT NULL,
    integration_name      TEXT COLLATE "C" NOT NULL,
    tenant_id             TEXT COLLATE "C" NOT NULL,
    authentication_method TEXT COLLATE "C" NOT NULL,
    run_id                TEXT COLLATE "C",
    outcome               TEXT COLLATE "C" NOT NULL,
    detail                TEXT COLLATE "C" NOT NULL,
    attempts              BIGINT NOT NULL,
    request_secret        BYTEA,
    created_at            BIGINT NOT NULL,
    finished_at           BIGINT
);
CREATE INDEX token_revocation_created ON token_revocation (environment_id, created_at, id);
CREATE INDEX token_revocation_account ON token_revocation (environment_id, account_id, created_at, id);
CREATE INDEX token_revocation_run ON token_revocation (run_id, account_id) WHERE run_id IS NOT NULL;

-- Uses of the kill switch.
CREATE TABLE revocation_run (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    scope       TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT
);
