-- +goose Up
-- Who refreshes the token of an account, and how it went. The fence grows with
-- every claim, and with every token that comes from elsewhere; a token is stored
-- only over one of a smaller fence.
CREATE TABLE credential_lease (
    account_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES integrated_account (id) ON DELETE CASCADE,
    fence       BIGINT NOT NULL,
    token_fence BIGINT NOT NULL,
    node        TEXT COLLATE "C",
    lease_until BIGINT,
    unresolved  BOOLEAN NOT NULL,
    failures    BIGINT NOT NULL,
    not_before  BIGINT,
    last_error  TEXT COLLATE "C"
);
