-- +goose Up
-- Counts the changes of what calls read over and over, so that nodes know by
-- one number whether the rows that they keep still hold. The count is spread
-- over rows: a transaction takes one that no other has locked, and never waits.
CREATE TABLE change_stamp (
    slot    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changes BIGINT NOT NULL
) WITH (fillfactor = 20);
INSERT INTO change_stamp (changes) SELECT 0 FROM generate_series(1, 16);

-- +goose StatementBegin
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE change_stamp SET changes = changes + 1
        WHERE slot = (SELECT slot FROM change_stamp LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        INSERT INTO change_stamp (changes) VALUES (1);
    END IF;
    RETURN NULL;
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER count_change AFTER UPDATE OR DELETE OR TRUNCATE ON api_token FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OR DELETE OR TRUNCATE ON account_token FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OR DELETE OR TRUNCATE ON environment FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OR DELETE OR TRUNCATE ON integration FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OR DELETE OR TRUNCATE ON environment_integration FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OR DELETE OR TRUNCATE ON integrated_account FOR EACH STATEMENT EXECUTE FUNCTION count_change();
