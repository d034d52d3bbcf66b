-- +goose Up
-- SQLite counts the commits of other connections itself (PRAGMA data_version).
SELECT 1;
