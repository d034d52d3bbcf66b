-- +goose Up
-- The tries of all webhooks of an environment, as the log shows them.
CREATE INDEX webhook_attempt_log ON webhook_attempt (environment_id, created_at, id);
