-- +goose Up
-- Deliveries of vendors that wait to become events, for the metrics of them.
CREATE INDEX inbound_webhook_waiting ON inbound_webhook (created_at) WHERE status = 'received';
