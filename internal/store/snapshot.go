package store

import (
	"context"
	"errors"
	"fmt"
)

// Snapshot has work read the database as it is at one moment, through a store that is
// good for as long as work runs. Others write meanwhile. The store must be used by one
// goroutine; what it writes, such as an audit entry, is no part of what it reads.
// owners are those whose data keys are needed: should the keys be exchanged meanwhile,
// the former ones open what the snapshot holds.
func (s *Store) Snapshot(ctx context.Context, owners []string, work func(*Store) error) (err error) {
	t, err := s.reader.BeginTx(ctx, &s.dialect.snapshot)
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, t.Rollback()) }()
	if setting := s.dialect.snapshotSetting; setting != "" {
		if _, err := t.ExecContext(ctx, setting); err != nil {
			return fmt.Errorf("begin snapshot: %w", err)
		}
	}
	// The moment is that of the first read.
	var one int
	if err := t.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT id FROM team LIMIT 1) t").Scan(&one); err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	for _, owner := range owners {
		if err := s.vault.Warm(ctx, owner); err != nil {
			return fmt.Errorf("read data key of %s: %w", owner, err)
		}
	}
	return work(&Store{
		writer: s.writer, reader: &reader{DB: s.reader.DB, snapshot: t}, keys: s.keys, dialect: s.dialect, vault: s.vault, serverKeys: s.serverKeys,
		accounts: s.accounts, accountWhole: s.accountWhole, changes: s.changes, clock: s.clock,
	})
}
