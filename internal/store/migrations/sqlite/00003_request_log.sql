-- +goose Up
-- Logs live in a database of their own (migrations/sqlite_log).
SELECT 1;
