package store

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// notSealed are the columns of bytes that hold no sealed value.
func notSealed() []string {
	return []string{
		"server_key.wrapped", "data_key.wrapped", "data_key.mark", "blob.mark", // keys, and what names them
		"api_token.hash", "account_token.hash", "idempotent_call.request_hash", "link_token.hash",
		"connect_attempt.ticket_hash", "connect_attempt.state_hash", "connect_attempt.browser_hash",
	}
}

// TestEverySealedColumnIsSealedAnew holds the list of sealed columns against the
// schema, and makes sure that the database guards each of them when it is written.
func TestEverySealedColumnIsSealedAnew(t *testing.T) {
	t.Parallel()
	s, err := connect(context.Background(), Config{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	texts := func(query string, args ...any) []string {
		t.Helper()
		all, err := queryRows(t.Context(), s.reader, func(row scanner) (text string, err error) { return text, row.Scan(&text) }, query, args...)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	var listed []string
	for _, table := range sealedTables() {
		triggers := strings.Join(texts("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = $1", table.name), "\n")
		if !strings.Contains(triggers, "BEFORE INSERT") || !strings.Contains(triggers, "BEFORE UPDATE OF "+strings.Join(table.columns, ", ")) {
			t.Errorf("%s: the database lets former keys seal: %s", table.name, triggers)
		}
		for _, column := range table.columns {
			listed = append(listed, table.name+"."+column)
			if !strings.Contains(triggers, "substr(NEW."+column) {
				t.Errorf("%s.%s: the database lets former keys seal", table.name, column)
			}
		}
	}
	for _, column := range texts("SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type = 'BLOB'") {
		if slices.Contains(listed, column) == slices.Contains(notSealed(), column) {
			t.Errorf("%s: say whether it is sealed, in sealedTables or here", column)
		}
	}
}
