-- +goose Up
CREATE TABLE server_key (
    name       TEXT PRIMARY KEY,
    master_id  TEXT NOT NULL,
    wrapped    BLOB NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE change_counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);
INSERT INTO change_counter (name, value) VALUES ('definition', 1);

CREATE TABLE data_key (
    owner_id   TEXT PRIMARY KEY,
    wrapped    BLOB NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE team (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    domain     TEXT NOT NULL,
    logo       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE environment (
    id         TEXT PRIMARY KEY,
    team_id    TEXT NOT NULL REFERENCES team (id),
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (team_id, name)
);

CREATE TABLE "user" (
    id            TEXT PRIMARY KEY,
    team_id       TEXT NOT NULL REFERENCES team (id),
    name          TEXT NOT NULL,
    email         TEXT NOT NULL,
    is_active     BOOLEAN NOT NULL,
    is_staff      BOOLEAN NOT NULL,
    roles         TEXT NOT NULL,
    last_login_at INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
);
CREATE INDEX user_team ON "user" (team_id, created_at, id);

CREATE TABLE user_environment (
    user_id        TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    environment_id TEXT NOT NULL REFERENCES environment (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, environment_id)
);

CREATE TABLE api_token (
    id             TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    name           TEXT NOT NULL,
    hash           BLOB NOT NULL UNIQUE,
    created_by     TEXT NOT NULL,
    expires_at     INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
);
CREATE INDEX api_token_environment ON api_token (environment_id, created_at, id);

CREATE TABLE category (
    name       TEXT PRIMARY KEY,
    label      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE integration (
    id            TEXT PRIMARY KEY,
    team_id       TEXT NOT NULL REFERENCES team (id),
    name          TEXT NOT NULL,
    category      TEXT NOT NULL,
    is_beta       BOOLEAN NOT NULL,
    sharing       TEXT NOT NULL,
    config        TEXT NOT NULL,
    config_secret BLOB,
    version       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    UNIQUE (team_id, name)
);
CREATE INDEX integration_created ON integration (created_at, id);

CREATE TABLE integration_request (
    id             TEXT PRIMARY KEY,
    integration_id TEXT NOT NULL REFERENCES integration (id) ON DELETE CASCADE,
    team_id        TEXT NOT NULL REFERENCES team (id),
    status         TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    UNIQUE (integration_id, team_id)
);

CREATE TABLE environment_integration (
    id              TEXT PRIMARY KEY,
    environment_id  TEXT NOT NULL REFERENCES environment (id),
    integration_id  TEXT NOT NULL REFERENCES integration (id),
    is_enabled      BOOLEAN NOT NULL,
    show_in_catalog BOOLEAN NOT NULL,
    override        TEXT NOT NULL,
    override_secret BLOB,
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (environment_id, integration_id)
);
CREATE INDEX environment_integration_created ON environment_integration (environment_id, created_at, id);
CREATE INDEX environment_integration_integration ON environment_integration (integration_id);

CREATE TABLE tenant (
    environment_id TEXT NOT NULL REFERENCES environment (id),
    id             TEXT NOT NULL,
    name           TEXT NOT NULL,
    metadata       TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (environment_id, id)
);
CREATE INDEX tenant_created ON tenant (environment_id, created_at, id);
CREATE INDEX tenant_name ON tenant (environment_id, name, created_at, id);
CREATE INDEX tenant_updated ON tenant (environment_id, updated_at, id);

CREATE TABLE static_gate (
    id             TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    name           TEXT NOT NULL,
    domain         TEXT NOT NULL,
    token_secret   BLOB NOT NULL,
    created_by     TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
);
CREATE INDEX static_gate_created ON static_gate (environment_id, created_at, id);

CREATE TABLE integrated_account (
    id                          TEXT PRIMARY KEY,
    environment_id              TEXT NOT NULL REFERENCES environment (id),
    environment_integration_id  TEXT NOT NULL REFERENCES environment_integration (id),
    integration_name            TEXT NOT NULL,
    tenant_id                   TEXT NOT NULL,
    name                        TEXT NOT NULL,
    status                      TEXT NOT NULL,
    last_error                  TEXT,
    last_action_result          TEXT,
    last_forbidden_error        TEXT,
    is_sandbox                  BOOLEAN NOT NULL,
    authentication_method       TEXT NOT NULL,
    region                      TEXT NOT NULL,
    super_query                 TEXT,
    context                     TEXT NOT NULL,
    context_secret              BLOB,
    object_store                TEXT,
    unified_model_override      TEXT NOT NULL,
    integration_override        TEXT NOT NULL,
    integration_override_secret BLOB,
    static_gate_id              TEXT REFERENCES static_gate (id),
    secret_version              INTEGER NOT NULL,
    event_sequence              INTEGER NOT NULL,
    created_at                  INTEGER NOT NULL,
    updated_at                  INTEGER NOT NULL
);
-- One index for each filter that users combine with the order of a page, so
-- that no page sorts or scans (store/account_list.go picks among them).
CREATE INDEX account_created ON integrated_account (environment_id, created_at, id);
CREATE INDEX account_updated ON integrated_account (environment_id, updated_at, id);
CREATE INDEX account_tenant ON integrated_account (environment_id, tenant_id, created_at, id);
CREATE INDEX account_tenant_updated ON integrated_account (environment_id, tenant_id, updated_at, id);
CREATE INDEX account_integration ON integrated_account (environment_id, integration_name, created_at, id);
CREATE INDEX account_integration_updated ON integrated_account (environment_id, integration_name, updated_at, id);
CREATE INDEX account_integration_status ON integrated_account (environment_id, integration_name, status, created_at, id);
CREATE INDEX account_integration_sandbox ON integrated_account (environment_id, integration_name, is_sandbox, created_at, id);
CREATE INDEX account_status ON integrated_account (environment_id, status, created_at, id);
CREATE INDEX account_status_updated ON integrated_account (environment_id, status, updated_at, id);
CREATE INDEX account_sandbox ON integrated_account (environment_id, is_sandbox, created_at, id);
CREATE INDEX account_sandbox_updated ON integrated_account (environment_id, is_sandbox, updated_at, id);
CREATE INDEX account_sandbox_status ON integrated_account (environment_id, is_sandbox, status, created_at, id);
CREATE INDEX account_super_query ON integrated_account (environment_id, super_query, created_at, id) WHERE super_query IS NOT NULL;
CREATE INDEX account_super_query_updated ON integrated_account (environment_id, super_query, updated_at, id) WHERE super_query IS NOT NULL;
CREATE INDEX account_super_query_status ON integrated_account (environment_id, super_query, status, created_at, id) WHERE super_query IS NOT NULL;
CREATE INDEX account_super_query_sandbox ON integrated_account (environment_id, super_query, is_sandbox, created_at, id) WHERE super_query IS NOT NULL;
CREATE INDEX account_super_query_integration ON integrated_account (environment_id, super_query, integration_name, created_at, id) WHERE super_query IS NOT NULL;
CREATE INDEX account_installation ON integrated_account (environment_integration_id, created_at, id);
CREATE INDEX account_installation_updated ON integrated_account (environment_integration_id, updated_at, id);
CREATE INDEX account_region ON integrated_account (environment_id, region, created_at, id);
CREATE INDEX account_method ON integrated_account (environment_id, authentication_method, created_at, id);
CREATE INDEX account_name ON integrated_account (environment_id, name, created_at, id);
CREATE INDEX account_static_gate ON integrated_account (static_gate_id) WHERE static_gate_id IS NOT NULL;

CREATE TABLE sandbox_integrated_account (
    id                    TEXT PRIMARY KEY REFERENCES integrated_account (id) ON DELETE CASCADE,
    environment_id        TEXT NOT NULL,
    source_account_id     TEXT NOT NULL,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL
);
CREATE INDEX sandbox_integrated_account_created ON sandbox_integrated_account (environment_id, created_at, id);

CREATE TABLE account_token (
    hash           BLOB PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    account_id     TEXT NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    expires_at     INTEGER NOT NULL,
    created_at     INTEGER NOT NULL
);
CREATE INDEX account_token_account ON account_token (account_id);
CREATE INDEX account_token_expiry ON account_token (expires_at);

CREATE TABLE blob (
    key            TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL,
    state          TEXT NOT NULL,
    updated_at     INTEGER NOT NULL
);
CREATE INDEX blob_unused ON blob (updated_at) WHERE state <> 'live';

CREATE TABLE event (
    id             TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL,
    type           TEXT NOT NULL,
    account_id     TEXT,
    sequence       INTEGER NOT NULL,
    payload        TEXT NOT NULL,
    created_at     INTEGER NOT NULL
);
CREATE INDEX event_created ON event (environment_id, created_at, id);
CREATE UNIQUE INDEX event_account ON event (account_id, sequence) WHERE account_id IS NOT NULL;

CREATE TABLE audit (
    id             TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL,
    actor          TEXT NOT NULL,
    action         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    detail         TEXT NOT NULL,
    created_at     INTEGER NOT NULL
);
CREATE INDEX audit_created ON audit (environment_id, created_at, id);
