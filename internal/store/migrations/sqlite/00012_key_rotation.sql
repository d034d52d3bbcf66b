-- +goose Up
-- A data key can be exchanged for another one while everything runs. The mark is what
-- a key leaves at the beginning of all that it seals. Once it stands with the keys of
-- an owner, nothing that another key sealed is written any more: not by a node that
-- has slept through the exchange either.
ALTER TABLE data_key ADD COLUMN mark BLOB;
ALTER TABLE data_key ADD COLUMN rotation INTEGER NOT NULL DEFAULT 0;

-- The key of a blob, which is kept elsewhere.
ALTER TABLE blob ADD COLUMN mark BLOB;

-- Exchanges of all data keys. One that was stopped goes on under its number.
CREATE TABLE key_rotation (
    number      INTEGER NOT NULL PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
);

-- +goose StatementBegin
CREATE TRIGGER integrated_account_insert_key BEFORE INSERT ON integrated_account
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.context_secret, 1, 5) <> k.mark OR substr(NEW.integration_override_secret, 1, 5) <> k.mark OR substr(NEW.unified_model_override_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER integrated_account_update_key BEFORE UPDATE OF context_secret, integration_override_secret, unified_model_override_secret ON integrated_account
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.context_secret IS NOT OLD.context_secret AND substr(NEW.context_secret, 1, 5) <> k.mark OR NEW.integration_override_secret IS NOT OLD.integration_override_secret AND substr(NEW.integration_override_secret, 1, 5) <> k.mark OR NEW.unified_model_override_secret IS NOT OLD.unified_model_override_secret AND substr(NEW.unified_model_override_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER environment_integration_insert_key BEFORE INSERT ON environment_integration
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.override_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER environment_integration_update_key BEFORE UPDATE OF override_secret ON environment_integration
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.override_secret IS NOT OLD.override_secret AND substr(NEW.override_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER integration_insert_key BEFORE INSERT ON integration
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.team_id AND (substr(NEW.config_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER integration_update_key BEFORE UPDATE OF config_secret ON integration
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.team_id AND (NEW.config_secret IS NOT OLD.config_secret AND substr(NEW.config_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER static_gate_insert_key BEFORE INSERT ON static_gate
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.token_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER static_gate_update_key BEFORE UPDATE OF token_secret ON static_gate
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.token_secret IS NOT OLD.token_secret AND substr(NEW.token_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER link_token_insert_key BEFORE INSERT ON link_token
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.context_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER link_token_update_key BEFORE UPDATE OF context_secret ON link_token
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.context_secret IS NOT OLD.context_secret AND substr(NEW.context_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER connect_attempt_insert_key BEFORE INSERT ON connect_attempt
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER connect_attempt_update_key BEFORE UPDATE OF secret ON connect_attempt
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.secret IS NOT OLD.secret AND substr(NEW.secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER idempotent_call_insert_key BEFORE INSERT ON idempotent_call
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.answer, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER idempotent_call_update_key BEFORE UPDATE OF answer ON idempotent_call
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.answer IS NOT OLD.answer AND substr(NEW.answer, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER token_revocation_insert_key BEFORE INSERT ON token_revocation
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.request_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER token_revocation_update_key BEFORE UPDATE OF request_secret ON token_revocation
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.request_secret IS NOT OLD.request_secret AND substr(NEW.request_secret, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER account_install_insert_key BEFORE INSERT ON account_install
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = (SELECT environment_id FROM integrated_account WHERE id = NEW.account_id) AND (substr(NEW.state, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER account_install_update_key BEFORE UPDATE OF state ON account_install
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = (SELECT environment_id FROM integrated_account WHERE id = NEW.account_id) AND (NEW.state IS NOT OLD.state AND substr(NEW.state, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER blob_insert_key BEFORE INSERT ON blob
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (substr(NEW.mark, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER blob_update_key BEFORE UPDATE OF mark ON blob
WHEN EXISTS (SELECT 1 FROM data_key k WHERE k.owner_id = NEW.environment_id AND (NEW.mark IS NOT OLD.mark AND substr(NEW.mark, 1, 5) <> k.mark))
BEGIN
    SELECT RAISE(ABORT, 'sealed by a former data key');
END;
-- +goose StatementEnd
