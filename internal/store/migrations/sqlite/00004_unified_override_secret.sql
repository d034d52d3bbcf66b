-- +goose Up
-- The secrets of changes of unified mappings, apart from what answers show.
ALTER TABLE integrated_account ADD COLUMN unified_model_override_secret BLOB;
