-- +goose Up
ALTER TABLE environment ADD COLUMN redirect_uris TEXT NOT NULL DEFAULT '[]';
ALTER TABLE environment ADD COLUMN theme TEXT NOT NULL DEFAULT '{}';

-- The account is the one that is connected again, or the one that a try of a new
-- connection has left behind.
CREATE TABLE link_token (
    id             TEXT NOT NULL PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    hash           BLOB NOT NULL,
    tenant_id      TEXT NOT NULL,
    account_id     TEXT REFERENCES integrated_account (id) ON DELETE CASCADE,
    reconnects     BOOLEAN NOT NULL,
    options        TEXT NOT NULL,
    context_secret BLOB,
    expires_at     INTEGER NOT NULL,
    burnt_at       INTEGER,
    created_at     INTEGER NOT NULL
);
CREATE UNIQUE INDEX link_token_hash ON link_token (hash);
CREATE INDEX link_token_account ON link_token (account_id);
CREATE INDEX link_token_expiry ON link_token (expires_at);

CREATE TABLE connect_attempt (
    id                         TEXT NOT NULL PRIMARY KEY,
    environment_id             TEXT NOT NULL REFERENCES environment (id),
    link_token_id              TEXT NOT NULL REFERENCES link_token (id) ON DELETE CASCADE,
    environment_integration_id TEXT NOT NULL REFERENCES environment_integration (id) ON DELETE CASCADE,
    integration_name           TEXT NOT NULL,
    method                     TEXT NOT NULL,
    mode                       TEXT NOT NULL,
    status                     TEXT NOT NULL,
    account_id                 TEXT REFERENCES integrated_account (id) ON DELETE CASCADE,
    error                      TEXT NOT NULL,
    error_type                 TEXT NOT NULL,
    error_code                 TEXT NOT NULL,
    requested_scopes           TEXT NOT NULL,
    granted_scopes             TEXT NOT NULL,
    ticket_hash                BLOB,
    state_hash                 BLOB,
    browser_hash               BLOB,
    secret                     BLOB,
    deadline                   INTEGER NOT NULL,
    created_at                 INTEGER NOT NULL,
    updated_at                 INTEGER NOT NULL
);
CREATE UNIQUE INDEX connect_attempt_state ON connect_attempt (state_hash);
CREATE INDEX connect_attempt_token ON connect_attempt (link_token_id);
CREATE INDEX connect_attempt_account ON connect_attempt (account_id);
CREATE INDEX connect_attempt_installation ON connect_attempt (environment_integration_id);
CREATE INDEX connect_attempt_deadline ON connect_attempt (deadline) WHERE status IN ('redirect', 'exchanging');
