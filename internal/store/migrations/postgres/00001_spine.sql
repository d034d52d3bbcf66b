-- +goose Up
CREATE TABLE server_key (
    name       TEXT COLLATE "C" PRIMARY KEY,
    master_id  TEXT COLLATE "C" NOT NULL,
    wrapped    BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE change_counter (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO change_counter (name, value) VALUES ('definition', 1);

CREATE TABLE data_key (
    owner_id   TEXT COLLATE "C" PRIMARY KEY,
    wrapped    BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE team (
    id         TEXT COLLATE "C" PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    domain     TEXT COLLATE "C" NOT NULL,
    logo       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE environment (
    id         TEXT COLLATE "C" PRIMARY KEY,
    team_id    TEXT COLLATE "C" NOT NULL REFERENCES team (id),
    name       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (team_id, name)
);

CREATE TABLE "user" (
    id            TEXT COLLATE "C" PRIMARY KEY,
    team_id       TEXT COLLATE "C" NOT NULL REFERENCES team (id),
    name          TEXT COLLATE "C" NOT NULL,
    email         TEXT COLLATE "C" NOT NULL,
    is_active     BOOLEAN NOT NULL,
    is_staff      BOOLEAN NOT NULL,
    roles         TEXT COLLATE "C" NOT NULL,
    last_login_at BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE INDEX user_team ON "user" (team_id, created_at, id);

CREATE TABLE user_environment (
    user_id        TEXT COLLATE "C" NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, environment_id)
);

CREATE TABLE api_token (
    id             TEXT COLLATE "C" PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    name           TEXT COLLATE "C" NOT NULL,
    hash           BYTEA NOT NULL UNIQUE,
    created_by     TEXT COLLATE "C" NOT NULL,
    expires_at     BIGINT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX api_token_environment ON api_token (environment_id, created_at, id);

CREATE TABLE category (
    name       TEXT COLLATE "C" PRIMARY KEY,
    label      TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE integration (
    id            TEXT COLLATE "C" PRIMARY KEY,
    team_id       TEXT COLLATE "C" NOT NULL REFERENCES team (id),
    name          TEXT COLLATE "C" NOT NULL,
    category      TEXT COLLATE "C" NOT NULL,
    is_beta       BOOLEAN NOT NULL,
    sharing       TEXT COLLATE "C" NOT NULL,
    config        TEXT COLLATE "C" NOT NULL,
    config_secret BYTEA,
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    UNIQUE (team_id, name)
);
CREATE INDEX integration_created ON integration (created_at, id);

CREATE TABLE integration_request (
    id             TEXT COLLATE "C" PRIMARY KEY,
    integration_id TEXT COLLATE "C" NOT NULL REFERENCES integration (id) ON DELETE CASCADE,
    team_id        TEXT COLLATE "C" NOT NULL REFERENCES team (id),
    status         TEXT COLLATE "C" NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    UNIQUE (integration_id, team_id)
);

CREATE TABLE environment_integration (
    id              TEXT COLLATE "C" PRIMARY KEY,
    environment_id  TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    integration_id  TEXT COLLATE "C" NOT NULL REFERENCES integration (id),
    is_enabled      BOOLEAN NOT NULL,
    show_in_catalog BOOLEAN NOT NULL,
    override        TEXT COLLATE "C" NOT NULL,
    override_secret BYTEA,
    version         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (environment_id, integration_id)
);
CREATE INDEX environment_integration_created ON environment_integration (environment_id, created_at, id);
CREATE INDEX environment_integration_integration ON environment_integration (integration_id);

CREATE TABLE tenant (
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    id             TEXT COLLATE "C" NOT NULL,
    name           TEXT COLLATE "C" NOT NULL,
    metadata       TEXT COLLATE "C" NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (environment_id, id)
);
CREATE INDEX tenant_created ON tenant (environment_id, created_at, id);
CREATE INDEX tenant_name ON tenant (environment_id, name, created_at, id);
CREATE INDEX tenant_updated ON tenant (environment_id, updated_at, id);

CREATE TABLE static_gate (
    id             TEXT COLLATE "C" PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    name           TEXT COLLATE "C" NOT NULL,
    domain         TEXT COLLATE "C" NOT NULL,
    token_secret   BYTEA NOT NULL,
    created_by     TEXT COLLATE "C" NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX static_gate_created ON static_gate (environment_id, created_at, id);

CREATE TABLE integrated_account (
    id                          TEXT COLLATE "C" PRIMARY KEY,
    environment_id              TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    environment_integration_id  TEXT COLLATE "C" NOT NULL REFERENCES environment_integration (id),
    integration_name            TEXT COLLATE "C" NOT NULL,
    tenant_id                   TEXT COLLATE "C" NOT NULL,
    name                        TEXT COLLATE "C" NOT NULL,
    status                      TEXT COLLATE "C" NOT NULL,
    last_error                  TEXT COLLATE "C",
    last_action_result          TEXT COLLATE "C",
    last_forbidden_error        TEXT COLLATE "C",
    is_sandbox                  BOOLEAN NOT NULL,
    authentication_method       TEXT COLLATE "C" NOT NULL,
    region                      TEXT COLLATE "C" NOT NULL,
    super_query                 TEXT COLLATE "C",
    context                     TEXT COLLATE "C" NOT NULL,
    context_secret              BYTEA,
    object_store                TEXT COLLATE "C",
    unified_model_override      TEXT COLLATE "C" NOT NULL,
    integration_override        TEXT COLLATE "C" NOT NULL,
    integration_override_secret BYTEA,
    static_gate_id              TEXT COLLATE "C" REFERENCES static_gate (id),
    secret_version              BIGINT NOT NULL,
    event_sequence              BIGINT NOT NULL,
    created_at                  BIGINT NOT NULL,
    updated_at                  BIGINT NOT NULL
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
    id                    TEXT COLLATE "C" PRIMARY KEY REFERENCES integrated_account (id) ON DELETE CASCADE,
    environment_id        TEXT COLLATE "C" NOT NULL,
    source_account_id     TEXT COLLATE "C" NOT NULL,
    created_at            BIGINT NOT NULL,
    updated_at            BIGINT NOT NULL
);
CREATE INDEX sandbox_integrated_account_created ON sandbox_integrated_account (environment_id, created_at, id);

CREATE TABLE account_token (
    hash           BYTEA PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    account_id     TEXT COLLATE "C" NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    expires_at     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX account_token_account ON account_token (account_id);
CREATE INDEX account_token_expiry ON account_token (expires_at);

CREATE TABLE blob (
    key            TEXT COLLATE "C" PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL,
    state          TEXT COLLATE "C" NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX blob_unused ON blob (updated_at) WHERE state <> 'live';

CREATE TABLE event (
    id             TEXT COLLATE "C" PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL,
    type           TEXT COLLATE "C" NOT NULL,
    account_id     TEXT COLLATE "C",
    sequence       BIGINT NOT NULL,
    payload        TEXT COLLATE "C" NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX event_created ON event (environment_id, created_at, id);
CREATE UNIQUE INDEX event_account ON event (account_id, sequence) WHERE account_id IS NOT NULL;

CREATE TABLE audit (
    id             TEXT COLLATE "C" PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL,
    actor          TEXT COLLATE "C" NOT NULL,
    action         TEXT COLLATE "C" NOT NULL,
    subject        TEXT COLLATE "C" NOT NULL,
    detail         TEXT COLLATE "C" NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX audit_created ON audit (environment_id, created_at, id);
