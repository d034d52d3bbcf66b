package store

import (
	"context"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
)

// ExplainAccounts returns the plan of a page of accounts, for the test of the
// plans.
func (s *Store) ExplainAccounts(ctx context.Context, t testing.TB, environmentID string, q sinew.ListQuery) string {
	t.Helper()
	text, args, err := accountListing().statement(q, s.dialect.using(accountIndex(q)), accountScope, environmentID)
	if err != nil {
		t.Fatal(err)
	}
	prefix, scan := "EXPLAIN ", func(row scanner) (line string, err error) { return line, row.Scan(&line) }
	if s.dialect.indexHints {
		prefix = "EXPLAIN QUERY PLAN "
		scan = func(row scanner) (line string, err error) {
			var id, parent, unused int
			return line, row.Scan(&id, &parent, &unused, &line)
		}
	}
	lines, err := queryRows(ctx, s.reader, scan, prefix+text, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return strings.Join(lines, "\n")
}
