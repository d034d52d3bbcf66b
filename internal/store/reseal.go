package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

// sealedTable is a table with sealed columns.
type sealedTable struct {
	name    string
	columns []string
	// key is the primary key. owner, version and detail are expressions of what the
	// place of a value is made of.
	key, owner, version, detail string
	// from joins what owner needs beside the table itself.
	from string
	// place is where a column of a row is; nil for the table's own.
	place func(r resealRow) seal.Place
}

// sealedTables are all places in the database that hold sealed values. A test finds
// those that are not listed.
func sealedTables() []sealedTable {
	own := func(name, version string, columns ...string) sealedTable {
		return sealedTable{name: name, columns: columns, key: "id", owner: "t.environment_id", version: version, detail: "''"}
	}
	config := own("integration", "t.version", "config_secret")
	config.owner = "t.team_id"
	install := sealedTable{
		name: "account_install", columns: []string{"state"}, key: "account_id", owner: "a.environment_id", version: "1", detail: "t.run",
		from:  " JOIN integrated_account a ON a.id = t.account_id",
		place: func(r resealRow) seal.Place { return blobPlace(r.owner, installPlace(r.id, r.detail)) },
	}
	return []sealedTable{
		own("integrated_account", "t.secret_version", "context_secret", "integration_override_secret", "unified_model_override_secret"),
		own("environment_integration", "t.version", "override_secret"),
		config,
		own("static_gate", "1", "token_secret"),
		own("webhook", "t.secret_version", "secret"),
		own("workflow", "t.secret_version", "config_secret"),
		own("workflow_run", "0", "progress"),
		own("link_token", "1", "context_secret"),
		own("connect_attempt", "1", "secret"),
		own("idempotent_call", "0", "answer"),
		own("token_revocation", "0", "request_secret"),
		install,
	}
}

// resealRow is a row with those of its sealed values that a former key has sealed.
type resealRow struct {
	id, owner, detail string
	version           int64
	former            [][]byte
}

// statement reads the next rows behind a key. It goes through all of them, so that it
// takes no longer where nothing is left to do.
func (t sealedTable) statement() string {
	var former strings.Builder
	for _, column := range t.columns {
		fmt.Fprintf(&former, ", CASE WHEN substr(t.%s, 1, %d) <> k.mark THEN t.%s END", column, seal.MarkSize, column)
	}
	return fmt.Sprintf("SELECT t.%s, %s, %s, %s%s FROM %s t%s JOIN data_key k ON k.owner_id = %s WHERE t.%s > $1 ORDER BY t.%s LIMIT %d",
		t.key, t.owner, t.version, t.detail, former.String(), t.name, t.from, t.owner, t.key, t.key, resealBatch)
}

func (t sealedTable) scan(row scanner) (r resealRow, err error) {
	r.former = make([][]byte, len(t.columns))
	into := []any{&r.id, &r.owner, &r.version, &r.detail}
	for i := range r.former {
		into = append(into, &r.former[i])
	}
	return r, row.Scan(into...)
}

func (t sealedTable) placeOf(r resealRow, column string) seal.Place {
	if t.place != nil {
		return t.place(r)
	}
	return seal.Place{EnvironmentID: r.owner, Table: t.name, RowID: r.id, Column: column, Version: r.version}
}

// resealBatch is how many rows are looked at, and at most written, at once.
const resealBatch = 200

// resealed is a value that goes over another one, if that is still there.
type resealed struct {
	column, id string
	old, next  []byte
}

// Reseal seals the next values that a former data key has sealed by the present one,
// and returns where to go on; the zero position at the end. A value that has changed
// meanwhile is left alone: whoever has changed it has sealed it by the present key.
// Values that do not authenticate stay as they are, and leave an audit entry.
func (s *Store) Reseal(ctx context.Context, from sinew.ResealPosition) (done sinew.Resealed, next sinew.ResealPosition, err error) {
	tables := sealedTables()
	t := tables[from.Table]
	rows, err := queryRows(ctx, s.reader, t.scan, t.statement(), from.After)
	if err != nil {
		return done, from, fmt.Errorf("read sealed values of %s: %w", t.name, err)
	}
	var values []resealed
	for _, r := range rows {
		for i, column := range t.columns {
			if r.former[i] == nil {
				continue
			}
			again, err := s.resealValue(ctx, t.placeOf(r, column), r.former[i])
			if tampered, ok := errors.AsType[*seal.TamperedError](err); ok {
				done.Unreadable = append(done.Unreadable, tampered.Subject)
				continue
			}
			if err != nil {
				return done, from, err
			}
			values = append(values, resealed{column, r.id, r.former[i], again})
		}
	}
	if done.Values, err = s.storeResealed(ctx, t, values); err != nil {
		return done, from, err
	}
	switch {
	case len(rows) == resealBatch:
		return done, sinew.ResealPosition{Table: from.Table, After: rows[len(rows)-1].id}, nil
	case from.Table+1 < len(tables):
		return done, sinew.ResealPosition{Table: from.Table + 1}, nil
	}
	return done, sinew.ResealPosition{}, nil
}

func (s *Store) resealValue(ctx context.Context, place seal.Place, sealed []byte) ([]byte, error) {
	open, err := s.vault.Open(ctx, place, sealed)
	if err != nil {
		return nil, s.failClosed(ctx, place.EnvironmentID, fmt.Errorf("seal %s anew: %w", place, err))
	}
	return s.vault.Seal(ctx, place, open)
}

func (s *Store) storeResealed(ctx context.Context, t sealedTable, values []resealed) (n int, err error) {
	if len(values) == 0 {
		return 0, nil
	}
	err = s.changeAside(ctx, func(tx *tx) error {
		n = 0
		for _, v := range values {
			ok, err := affected(tx.ExecContext(ctx, fmt.Sprintf("UPDATE %s SET %s = $3 WHERE %s = $1 AND %s = $2", t.name, v.column, t.key, v.column), v.id, v.old, v.next))
			if err != nil {
				return fmt.Errorf("%s %s: %w", t.name, v.id, err)
			}
			if ok {
				n++
			}
		}
		return nil
	})
	return n, wrap(err, "write values sealed anew")
}
