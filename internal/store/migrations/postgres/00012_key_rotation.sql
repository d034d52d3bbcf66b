-- +goose Up
-- A data key can be exchanged for another one while everything runs. The mark is what
-- a key leaves at the beginning of all that it seals. Once it stands with the keys of
-- an owner, nothing that another key sealed is written any more: not by a node that
-- has slept through the exchange either.
ALTER TABLE data_key ADD COLUMN mark BYTEA;
ALTER TABLE data_key ADD COLUMN rotation BIGINT NOT NULL DEFAULT 0;

-- The key of a blob, which is kept elsewhere.
ALTER TABLE blob ADD COLUMN mark BYTEA;

-- Exchanges of all data keys. One that was stopped goes on under its number.
CREATE TABLE key_rotation (
    number      BIGINT NOT NULL PRIMARY KEY,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT
);

-- The lock keeps an exchange waiting until whoever has sealed by the former key has
-- written it, and others until the exchange is there to be seen.
-- +goose StatementBegin
CREATE FUNCTION require_present_key(owner TEXT, sealed BYTEA) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    present BYTEA;
BEGIN
    IF sealed IS NULL THEN
        RETURN;
    END IF;
    SELECT mark INTO present FROM data_key WHERE owner_id = owner FOR SHARE;
    IF substr(sealed, 1, 5) <> present THEN
        RAISE EXCEPTION 'sealed by a former data key' USING ERRCODE = 'SW001';
    END IF;
END;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION integrated_account_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.context_secret IS DISTINCT FROM OLD.context_secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.context_secret);
    END IF;
    IF TG_OP = 'INSERT' OR NEW.integration_override_secret IS DISTINCT FROM OLD.integration_override_secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.integration_override_secret);
    END IF;
    IF TG_OP = 'INSERT' OR NEW.unified_model_override_secret IS DISTINCT FROM OLD.unified_model_override_secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.unified_model_override_secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER integrated_account_key BEFORE INSERT OR UPDATE OF context_secret, integration_override_secret, unified_model_override_secret ON integrated_account FOR EACH ROW EXECUTE FUNCTION integrated_account_key();

-- +goose StatementBegin
CREATE FUNCTION environment_integration_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.override_secret IS DISTINCT FROM OLD.override_secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.override_secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER environment_integration_key BEFORE INSERT OR UPDATE OF override_secret ON environment_integration FOR EACH ROW EXECUTE FUNCTION environment_integration_key();

-- +goose StatementBegin
CREATE FUNCTION integration_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.config_secret IS DISTINCT FROM OLD.config_secret THEN
        PERFORM require_present_key(NEW.team_id, NEW.config_secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER integration_key BEFORE INSERT OR UPDATE OF config_secret ON integration FOR EACH ROW EXECUTE FUNCTION integration_key();

-- +goose StatementBegin
CREATE FUNCTION static_gate_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.token_secret IS DISTINCT FROM OLD.token_secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.token_secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER static_gate_key BEFORE INSERT OR UPDATE OF token_secret ON static_gate FOR EACH ROW EXECUTE FUNCTION static_gate_key();

-- +goose StatementBegin
CREATE FUNCTION link_token_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.context_secret IS DISTINCT FROM OLD.context_secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.context_secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER link_token_key BEFORE INSERT OR UPDATE OF context_secret ON link_token FOR EACH ROW EXECUTE FUNCTION link_token_key();

-- +goose StatementBegin
CREATE FUNCTION connect_attempt_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.secret IS DISTINCT FROM OLD.secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER connect_attempt_key BEFORE INSERT OR UPDATE OF secret ON connect_attempt FOR EACH ROW EXECUTE FUNCTION connect_attempt_key();

-- +goose StatementBegin
CREATE FUNCTION idempotent_call_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.answer IS DISTINCT FROM OLD.answer THEN
        PERFORM require_present_key(NEW.environment_id, NEW.answer);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER idempotent_call_key BEFORE INSERT OR UPDATE OF answer ON idempotent_call FOR EACH ROW EXECUTE FUNCTION idempotent_call_key();

-- +goose StatementBegin
CREATE FUNCTION token_revocation_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.request_secret IS DISTINCT FROM OLD.request_secret THEN
        PERFORM require_present_key(NEW.environment_id, NEW.request_secret);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER token_revocation_key BEFORE INSERT OR UPDATE OF request_secret ON token_revocation FOR EACH ROW EXECUTE FUNCTION token_revocation_key();

-- +goose StatementBegin
CREATE FUNCTION account_install_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.state IS DISTINCT FROM OLD.state THEN
        PERFORM require_present_key((SELECT environment_id FROM integrated_account WHERE id = NEW.account_id), NEW.state);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER account_install_key BEFORE INSERT OR UPDATE OF state ON account_install FOR EACH ROW EXECUTE FUNCTION account_install_key();

-- +goose StatementBegin
CREATE FUNCTION blob_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.mark IS DISTINCT FROM OLD.mark THEN
        PERFORM require_present_key(NEW.environment_id, NEW.mark);
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER blob_key BEFORE INSERT OR UPDATE OF mark ON blob FOR EACH ROW EXECUTE FUNCTION blob_key();
