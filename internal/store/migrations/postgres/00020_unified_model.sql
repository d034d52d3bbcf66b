-- +goose Up
-- A schema for the records of a category of products. name is part of paths.
CREATE TABLE unified_model (
    id          TEXT NOT NULL PRIMARY KEY,
    team_id     TEXT NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    label       TEXT NOT NULL,
    category    TEXT NOT NULL,
    description TEXT NOT NULL,
    sharing     TEXT NOT NULL,
    resources   TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    docs        TEXT NOT NULL,
    webhooks    TEXT NOT NULL,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (team_id, name)
);
CREATE INDEX unified_model_created ON unified_model (created_at, id);
CREATE INDEX unified_model_updated ON unified_model (updated_at, id);

-- A model that is installed. model_name is that of the model, which never changes:
-- calls find the model by it, so an environment has one of a name, whoever owns it.
CREATE TABLE environment_unified_model (
    id               TEXT NOT NULL PRIMARY KEY,
    environment_id   TEXT NOT NULL REFERENCES environment (id) ON DELETE CASCADE,
    unified_model_id TEXT NOT NULL REFERENCES unified_model (id),
    model_name       TEXT NOT NULL,
    override         TEXT NOT NULL,
    version          BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    UNIQUE (environment_id, model_name)
);
CREATE INDEX environment_unified_model_created ON environment_unified_model (environment_id, created_at, id);
CREATE INDEX environment_unified_model_updated ON environment_unified_model (environment_id, updated_at, id);
CREATE UNIQUE INDEX environment_unified_model_model ON environment_unified_model (unified_model_id, environment_id);

-- How a method of a unified resource is called at an integration, for everyone.
-- config is the newest version. active_version is one that is pinned in its place,
-- canary_version one that some accounts use; 0 for none.
CREATE TABLE unified_model_resource_method (
    id               TEXT NOT NULL PRIMARY KEY,
    unified_model_id TEXT NOT NULL REFERENCES unified_model (id) ON DELETE CASCADE,
    resource_name    TEXT NOT NULL,
    integration_name TEXT NOT NULL,
    method_name      TEXT NOT NULL,
    config           TEXT NOT NULL,
    version          BIGINT NOT NULL,
    active_version   BIGINT NOT NULL,
    canary_version   BIGINT NOT NULL,
    canary_percent   BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    UNIQUE (unified_model_id, integration_name, resource_name, method_name)
);
CREATE INDEX unified_model_resource_method_created ON unified_model_resource_method (created_at, id);
CREATE INDEX unified_model_resource_method_updated ON unified_model_resource_method (updated_at, id);
CREATE INDEX unified_model_resource_method_integration ON unified_model_resource_method (integration_name);

-- The same for one environment, laid over it. base_version is the version of the row
-- for everyone that it holds on to; 0 for what that row says itself.
CREATE TABLE environment_unified_model_resource_method (
    id                           TEXT NOT NULL PRIMARY KEY,
    environment_unified_model_id TEXT NOT NULL REFERENCES environment_unified_model (id) ON DELETE CASCADE,
    resource_name                TEXT NOT NULL,
    integration_name             TEXT NOT NULL,
    method_name                  TEXT NOT NULL,
    config                       TEXT NOT NULL,
    version                      BIGINT NOT NULL,
    active_version               BIGINT NOT NULL,
    canary_version               BIGINT NOT NULL,
    canary_percent               BIGINT NOT NULL,
    base_version                 BIGINT NOT NULL,
    created_at                   BIGINT NOT NULL,
    updated_at                   BIGINT NOT NULL,
    UNIQUE (environment_unified_model_id, integration_name, resource_name, method_name)
);
CREATE INDEX environment_unified_model_resource_method_created ON environment_unified_model_resource_method (environment_unified_model_id, created_at, id);
CREATE INDEX environment_unified_model_resource_method_updated ON environment_unified_model_resource_method (environment_unified_model_id, updated_at, id);

-- Every version of both kinds of rows, as it was saved: of one for everyone or of one
-- of an environment, never of both.
CREATE TABLE mapping_version (
    id                 TEXT NOT NULL PRIMARY KEY,
    base_row_id        TEXT REFERENCES unified_model_resource_method (id) ON DELETE CASCADE,
    environment_row_id TEXT REFERENCES environment_unified_model_resource_method (id) ON DELETE CASCADE,
    version            BIGINT NOT NULL,
    config             TEXT NOT NULL,
    actor              TEXT NOT NULL,
    created_at         BIGINT NOT NULL,
    UNIQUE (base_row_id, version),
    UNIQUE (environment_row_id, version)
);
CREATE INDEX mapping_version_base ON mapping_version (base_row_id, created_at, id);
CREATE INDEX mapping_version_environment ON mapping_version (environment_row_id, created_at, id);

-- Calls keep what they have read of these, and that there is nothing to read: new rows
-- count as well.
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON unified_model FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON environment_unified_model FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON unified_model_resource_method FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON environment_unified_model_resource_method FOR EACH STATEMENT EXECUTE FUNCTION count_change();
