-- +goose Up
-- Texts are looked for by what they are about, whatever kind of thing that is.
CREATE INDEX documentation_entity ON documentation (COALESCE(integration_id, unified_model_id, environment_integration_id, environment_unified_model_id), created_at, id);

-- What of the catalogue a team's model was last made or renewed of, and its digest:
-- what the team changed since, and what the catalogue did, is told apart by it.
CREATE TABLE unified_model_catalog (
    unified_model_id TEXT NOT NULL PRIMARY KEY REFERENCES unified_model (id) ON DELETE CASCADE,
    entry            TEXT NOT NULL,
    digest           TEXT NOT NULL,
    taken_at         INTEGER NOT NULL
);

-- Teams that want to install a model whose sharing is ask.
CREATE TABLE unified_model_request (
    id               TEXT NOT NULL PRIMARY KEY,
    unified_model_id TEXT NOT NULL REFERENCES unified_model (id) ON DELETE CASCADE,
    team_id          TEXT NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    status           TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    UNIQUE (unified_model_id, team_id)
);
CREATE INDEX unified_model_request_created ON unified_model_request (unified_model_id, created_at, id);

-- Which fields the last unified records of an account had, for the drift alarm to go on
-- with after a restart.
CREATE TABLE drift_history (
    integrated_account_id TEXT NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    model                 TEXT NOT NULL,
    resource              TEXT NOT NULL,
    method                TEXT NOT NULL,
    history               TEXT NOT NULL,
    updated_at            INTEGER NOT NULL,
    PRIMARY KEY (integrated_account_id, model, resource, method)
);
CREATE INDEX drift_history_updated ON drift_history (updated_at);
