-- +goose Up
ALTER TABLE environment ADD COLUMN redirect_uris TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE environment ADD COLUMN theme TEXT COLLATE "C" NOT NULL DEFAULT '{}';

-- The account is the one that is connected again, or the one that a try of a new
-- connection has left behind.
CREATE TABLE link_token (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    hash           BYTEA NOT NULL,
    tenant_id      TEXT COLLATE "C" NOT NULL,
    account_id     TEXT COLLATE "C" REFERENCES integrated_account (id) ON DELETE CASCADE,
    reconnects     BOOLEAN NOT NULL,
    options        TEXT COLLATE "C" NOT NULL,
    context_secret BYTEA,
    expires_at     BIGINT NOT NULL,
    burnt_at       BIGINT,
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX link_token_hash ON link_token (hash);
CREATE INDEX link_token_account ON link_token (account_id);
CREATE INDEX link_token_expiry ON link_token (expires_at);

CREATE TABLE connect_attempt (
    id                         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id             TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    link_token_id              TEXT COLLATE "C" NOT NULL REFERENCES link_token (id) ON DELETE CASCADE,
    environment_integration_id TEXT COLLATE "C" NOT NULL REFERENCES environment_integration (id) ON DELETE CASCADE,
    integration_name           TEXT COLLATE "C" NOT NULL,
    method                     TEXT COLLATE "C" NOT NULL,
    mode                       TEXT COLLATE "C" NOT NULL,
    status                     TEXT COLLATE "C" NOT NULL,
    account_id                 TEXT COLLATE "C" REFERENCES integrated_account (id) ON DELETE CASCADE,
    error                      TEXT COLLATE "C" NOT NULL,
    error_type                 TEXT COLLATE "C" NOT NULL,
    error_code                 TEXT COLLATE "C" NOT NULL,
    requested_scopes           TEXT COLLATE "C" NOT NULL,
    granted_scopes             TEXT COLLATE "C" NOT NULL,
    ticket_hash                BYTEA,
    state_hash                 BYTEA,
    browser_hash               BYTEA,
    secret                     BYTEA,
    deadline                   BIGINT NOT NULL,
    created_at                 BIGINT NOT NULL,
    updated_at                 BIGINT NOT NULL
);
CREATE UNIQUE INDEX connect_attempt_state ON connect_attempt (state_hash);
CREATE INDEX connect_attempt_token ON connect_attempt (link_token_id);
CREATE INDEX connect_attempt_account ON connect_attempt (account_id);
CREATE INDEX connect_attempt_installation ON connect_attempt (environment_integration_id);
CREATE INDEX connect_attempt_deadline ON connect_attempt (deadline) WHERE status IN ('redirect', 'exchanging');
