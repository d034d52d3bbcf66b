-- +goose Up
-- How far the steps of a connecting account are. The state is sealed: it holds
-- what the vendor answered.
CREATE TABLE account_install (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES integrated_account (id) ON DELETE CASCADE,
    run        TEXT NOT NULL,
    state      BLOB
);

-- Every step of an account through its statuses.
CREATE TABLE account_timeline (
    id             TEXT NOT NULL PRIMARY KEY,
    environment_id TEXT NOT NULL,
    account_id     TEXT NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    from_status    TEXT,
    to_status      TEXT NOT NULL,
    cause          TEXT NOT NULL,
    event          TEXT NOT NULL,
    reason         TEXT,
    actor          TEXT NOT NULL,
    created_at     INTEGER NOT NULL
);
CREATE INDEX account_timeline_account ON account_timeline (account_id, created_at, id);
