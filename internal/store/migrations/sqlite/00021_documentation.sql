-- +goose Up
-- Texts about what the platform offers. Of the first four references one is set: what
-- the text is about, which takes it along when it is deleted.
CREATE TABLE documentation (
    id                           TEXT NOT NULL PRIMARY KEY,
    integration_id               TEXT REFERENCES integration (id) ON DELETE CASCADE,
    unified_model_id             TEXT REFERENCES unified_model (id) ON DELETE CASCADE,
    environment_integration_id   TEXT REFERENCES environment_integration (id) ON DELETE CASCADE,
    environment_unified_model_id TEXT REFERENCES environment_unified_model (id) ON DELETE CASCADE,
    type                         TEXT NOT NULL,
    resource                     TEXT NOT NULL,
    method                       TEXT NOT NULL,
    integration_name             TEXT NOT NULL,
    authentication_method        TEXT NOT NULL,
    content                      TEXT NOT NULL,
    version                      INTEGER NOT NULL,
    created_at                   INTEGER NOT NULL,
    updated_at                   INTEGER NOT NULL,
    UNIQUE (integration_id, type, resource, method, integration_name, authentication_method),
    UNIQUE (unified_model_id, type, resource, method, integration_name, authentication_method),
    UNIQUE (environment_integration_id, type, resource, method, integration_name, authentication_method),
    UNIQUE (environment_unified_model_id, type, resource, method, integration_name, authentication_method)
);
CREATE INDEX documentation_created ON documentation (created_at, id);
CREATE INDEX documentation_updated ON documentation (updated_at, id);
