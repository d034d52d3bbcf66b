-- +goose Up
-- The rows themselves have the order of their age.
DROP INDEX request_log_age;
