package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
)

// KeptStatements returns how many prepared statements the store keeps.
func (s *Store) KeptStatements() int {
	s.reader.statements.mu.RLock()
	defer s.reader.statements.mu.RUnlock()
	return len(s.reader.statements.texts)
}

// ExplainGeneric returns the plan that PostgreSQL keeps for a page of accounts
// whatever its parameters are. Other databases have no such thing.
func (s *Store) ExplainGeneric(ctx context.Context, t testing.TB, environmentID string, q sinew.ListQuery) string {
	t.Helper()
	if s.dialect.indexHints {
		return s.ExplainAccounts(ctx, t, environmentID, q)
	}
	text, args, err := s.accounts.statement(q, "", accountScope, environmentID)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := s.reader.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	values := make([]string, len(args))
	for i, arg := range args {
		values[i] = "'" + fmt.Sprint(arg) + "'"
	}
	for _, statement := range []string{"SET plan_cache_mode = force_generic_plan", "PREPARE page AS " + text} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if _, err := conn.ExecContext(ctx, "DEALLOCATE page; RESET plan_cache_mode"); err != nil {
			t.Error(err)
		}
	}()
	lines, err := queryRows(ctx, conn, func(row scanner) (line string, err error) { return line, row.Scan(&line) }, "EXPLAIN EXECUTE page("+strings.Join(values, ", ")+")")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// ExplainAccounts returns the plan of a page of accounts, for the test of the
// plans.
func (s *Store) ExplainAccounts(ctx context.Context, t testing.TB, environmentID string, q sinew.ListQuery) string {
	t.Helper()
	text, args, err := s.accounts.statement(q, s.dialect.using(accountIndex(q)), accountScope, environmentID)
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

// ExplainDocumentation returns the plan of a page of documentation, where a table that is
// short is not read whole for being short.
func (s *Store) ExplainDocumentation(ctx context.Context, t testing.TB, teamID, environmentID string, q sinew.ListQuery) string {
	t.Helper()
	list := documentationListing()
	text, args, err := list.statement(q, "", documentationVisible, teamID, environmentID)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := s.reader.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	prefix, scan := "EXPLAIN QUERY PLAN ", func(row scanner) (line string, err error) {
		var id, parent, unused int
		return line, row.Scan(&id, &parent, &unused, &line)
	}
	if !s.dialect.indexHints {
		prefix, scan = "EXPLAIN ", func(row scanner) (line string, err error) { return line, row.Scan(&line) }
		if _, err := conn.ExecContext(ctx, "SET enable_seqscan = off"); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := conn.ExecContext(ctx, "RESET enable_seqscan"); err != nil {
				t.Error(err)
			}
		}()
	}
	lines, err := queryRows(ctx, conn, scan, prefix+text, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return strings.Join(lines, "\n")
}
