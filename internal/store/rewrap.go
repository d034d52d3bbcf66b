package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/sinewhq/sinew/internal/seal"
)

// keyRow is a wrapped key of either table.
type keyRow struct {
	table string // data_key or server_key
	name  string // the owner of a data key, the name of a server key
}

// rewrapped is a key as it is stored and as it is going to be.
type rewrapped struct{ old, next []byte }

// errKeysChanged says that keys were written while others were wrapped again.
var errKeysChanged = errors.New("keys were written meanwhile")

// Rewrap wraps all keys by the master key of a fingerprint, which is one of
// those that the store was opened with, and returns how many it wrapped. A key
// that this one wraps already is left as it is when the installation is on its
// way there, and wrapped by the newest version when it is the master key
// already.
//
// Each key is opened by its new form before that is stored, and all are stored
// by one transaction: whoever stops half-way has changed nothing. Servers may
// run meanwhile, if they know both master keys.
func (s *Store) Rewrap(ctx context.Context, master string) (int, error) {
	done := map[keyRow]rewrapped{}
	for range attempts {
		rows, err := readKeys(ctx, s.reader)
		if err != nil {
			return 0, err
		}
		if err := s.rewrapKeys(ctx, master, rows, done); err != nil {
			return 0, err
		}
		n := 0
		err = s.change(ctx, func(t *tx) (err error) {
			n, err = storeKeys(ctx, t, master, done)
			return err
		})
		if !errors.Is(err, errKeysChanged) {
			return n, wrap(err, "store the keys")
		}
	}
	return 0, errKeysChanged
}

// rewrapKeys wraps the rows that have changed since it was last asked.
func (s *Store) rewrapKeys(ctx context.Context, master string, rows map[keyRow][]byte, done map[keyRow]rewrapped) error {
	for row, wrapped := range rows {
		if known, ok := done[row]; ok && bytes.Equal(known.old, wrapped) {
			continue
		}
		next, err := s.rewrapKey(ctx, master, row, wrapped)
		if err != nil {
			return err
		}
		done[row] = rewrapped{wrapped, next}
	}
	return nil
}

func (s *Store) rewrapKey(ctx context.Context, master string, row keyRow, wrapped []byte) ([]byte, error) {
	if len(s.vault.Masters()) > 1 && seal.WrappedBy(wrapped) == master {
		return wrapped, nil
	}
	if row.table == "server_key" {
		return s.vault.RewrapServerKey(ctx, master, row.name, wrapped)
	}
	return s.vault.RewrapEnvironmentKey(ctx, master, row.name, wrapped)
}

// readKeys reads all wrapped keys.
func readKeys(ctx context.Context, q querier) (map[keyRow][]byte, error) {
	type stored struct {
		row     keyRow
		wrapped []byte
	}
	all, err := queryRows(ctx, q, func(row scanner) (stored, error) {
		var k stored
		err := row.Scan(&k.row.table, &k.row.name, &k.wrapped)
		return k, err
	}, "SELECT 'data_key', owner_id, wrapped FROM data_key UNION ALL SELECT 'server_key', name, wrapped FROM server_key")
	if err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	rows := make(map[keyRow][]byte, len(all))
	for _, k := range all {
		rows[k.row] = k.wrapped
	}
	return rows, nil
}

// storeKeys writes the keys in their new form, if they still are what they were
// made of. The lock keeps new keys away until the transaction ends.
func storeKeys(ctx context.Context, t *tx, master string, done map[keyRow]rewrapped) (int, error) {
	if _, err := masterID(ctx, t, t.store.dialect.forUpdate); err != nil {
		return 0, err
	}
	rows, err := readKeys(ctx, t)
	if err != nil {
		return 0, err
	}
	n := 0
	for row, wrapped := range rows {
		known, ok := done[row]
		if !ok || !bytes.Equal(known.old, wrapped) {
			return 0, errKeysChanged
		}
		if bytes.Equal(known.next, wrapped) {
			continue
		}
		n++
		if err := storeKey(ctx, t, row, known.next); err != nil {
			return 0, err
		}
	}
	_, err = t.ExecContext(ctx, "UPDATE server_key SET master_id = $1", master)
	return n, wrap(err, "name the master key")
}

func storeKey(ctx context.Context, t *tx, row keyRow, wrapped []byte) error {
	statement := "UPDATE data_key SET wrapped = $2 WHERE owner_id = $1"
	if row.table == "server_key" {
		statement = "UPDATE server_key SET wrapped = $2 WHERE name = $1"
	}
	_, err := t.ExecContext(ctx, statement, row.name, wrapped)
	return wrap(err, "write key of %s", row.name)
}
