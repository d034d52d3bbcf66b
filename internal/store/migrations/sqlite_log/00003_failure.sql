-- +goose Up
-- How a call failed, which summaries go by; NULL for one that did not.
ALTER TABLE request_log ADD COLUMN failure TEXT;
CREATE INDEX request_log_failure ON request_log (environment_id, created_at) WHERE failure IS NOT NULL;
