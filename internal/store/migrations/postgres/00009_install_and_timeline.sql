-- +goose Up
-- How far the steps of a connecting account are. The state is sealed: it holds
-- what the vendor answered.
CREATE TABLE account_install (
    account_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES integrated_account (id) ON DELETE CASCADE,
    run        TEXT COLLATE "C" NOT NULL,
    state      BYTEA
);

-- Every step of an account through its statuses.
CREATE TABLE account_timeline (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" NOT NULL,
    account_id     TEXT COLLATE "C" NOT NULL REFERENCES integrated_account (id) ON DELETE CASCADE,
    from_status    TEXT COLLATE "C",
    to_status      TEXT COLLATE "C" NOT NULL,
    cause          TEXT COLLATE "C" NOT NULL,
    event          TEXT COLLATE "C" NOT NULL,
    reason         TEXT COLLATE "C",
    actor          TEXT COLLATE "C" NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX account_timeline_account ON account_timeline (account_id, created_at, id);
