-- +goose Up
-- Who refreshes the token of an account, and how it went. The fence grows with
-- every claim, and with every token that comes from elsewhere; a token is stored
-- only over one of a smaller fence.
CREATE TABLE credential_lease (
    account_id  TEXT NOT NULL PRIMARY KEY REFERENCES integrated_account (id) ON DELETE CASCADE,
    fence       INTEGER NOT NULL,
    token_fence INTEGER NOT NULL,
    node        TEXT,
    lease_until INTEGER,
    unresolved  BOOLEAN NOT NULL,
    failures    INTEGER NOT NULL,
    not_before  INTEGER,
    last_error  TEXT
);
