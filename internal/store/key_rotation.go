package store

import (
	"context"
	"errors"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

// BeginKeyRotation begins an exchange of all data keys, or returns the one that was
// stopped.
func (s *Store) BeginKeyRotation(ctx context.Context) (r sinew.KeyRotation, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		// The lock keeps two that begin at once from making two.
		if _, err := masterID(ctx, t, s.dialect.forUpdate); err != nil {
			return err
		}
		var open bool
		err := t.QueryRowContext(ctx, "SELECT number, finished_at IS NULL FROM key_rotation ORDER BY number DESC LIMIT 1").Scan(&r.Number, &open)
		if err != nil && !isNoRows(err) {
			return err
		}
		if r.Resumed = open; open {
			return nil
		}
		r.Number++
		_, err = t.ExecContext(ctx, "INSERT INTO key_rotation (number, started_at) VALUES ($1, $2)", r.Number, s.Now().UnixMilli())
		return err
	})
	return r, wrap(err, "begin to exchange the data keys")
}

// FinishKeyRotation ends an exchange: the next one is another.
func (s *Store) FinishKeyRotation(ctx context.Context, number int64) error {
	_, err := s.writer.ExecContext(ctx, "UPDATE key_rotation SET finished_at = $2 WHERE number = $1 AND finished_at IS NULL", number, s.Now().UnixMilli())
	return wrap(err, "end the exchange of the data keys")
}

// keyOwnersBatch is how many owners of data keys are read at once.
const keyOwnersBatch = 200

// KeyOwners returns the teams and environments behind one, in order, with the number
// of the exchange that their data key came with.
func (s *Store) KeyOwners(ctx context.Context, after string) ([]sinew.KeyOwner, error) {
	owners, err := queryRows(ctx, s.reader, func(row scanner) (o sinew.KeyOwner, err error) { return o, row.Scan(&o.ID, &o.Rotation) },
		"SELECT owner_id, rotation FROM data_key WHERE owner_id > $1 ORDER BY owner_id LIMIT $2", after, keyOwnersBatch)
	return owners, wrap(err, "list owners of data keys")
}

// errKeyChanged says that a data key was written while it was made anew.
var errKeyChanged = errors.New("the data key was written meanwhile")

// RenewDataKey gives an owner the new data key of an exchange, unless it has it. From
// now on everything is sealed by it on every node, and what the former one has sealed
// still opens.
func (s *Store) RenewDataKey(ctx context.Context, owner string, number int64) error {
	_, err := s.rewriteDataKey(ctx, owner, number, s.renewKeys)
	return wrap(err, "renew data key of %s", owner)
}

// PruneDataKey destroys the former data keys of an owner, and returns how many.
// Conflict when another exchange has begun: what it has not sealed anew yet would be
// lost.
func (s *Store) PruneDataKey(ctx context.Context, owner string, number int64) (destroyed int, err error) {
	destroyed, err = s.rewriteDataKey(ctx, owner, number, s.pruneKeys)
	return destroyed, wrap(err, "destroy former data keys of %s", owner)
}

// storedKeys are the keys of an owner as they are stored.
type storedKeys struct {
	owner    string
	wrapped  []byte
	rotation int64
}

// renewKeys and pruneKeys make what is to be stored in the place of keys; nothing to
// store when they are as they should be.
func (s *Store) renewKeys(ctx context.Context, master string, number int64, k storedKeys) (next seal.DataKeys, err error) {
	if k.rotation >= number {
		return next, nil
	}
	return s.vault.RenewEnvironmentKey(ctx, master, k.owner, k.wrapped)
}

func (s *Store) pruneKeys(ctx context.Context, master string, number int64, k storedKeys) (next seal.DataKeys, err error) {
	now, err := s.vault.ReadEnvironmentKey(ctx, k.owner, k.wrapped)
	if err != nil || now.Former == 0 {
		return next, err
	}
	if k.rotation != number {
		return next, sinew.Errorf(sinew.KindConflict, "Another exchange of the data keys has begun").WithCode("rotation_overtaken")
	}
	return s.vault.PruneEnvironmentKey(ctx, master, k.owner, k.wrapped)
}

// rewriteDataKey stores the keys of an owner in another form, and returns how many
// keys went. The form is made before the transaction begins, since a key service may
// take its time, and again when the keys or the master key have changed meanwhile.
func (s *Store) rewriteDataKey(ctx context.Context, owner string, number int64, rewrite func(ctx context.Context, master string, number int64, k storedKeys) (seal.DataKeys, error)) (gone int, err error) {
	for range attempts {
		if gone, err = s.rewriteDataKeyOnce(ctx, owner, number, rewrite); !errors.Is(err, errKeyChanged) {
			break
		}
	}
	s.vault.Forget(owner)
	return gone, err
}

func (s *Store) rewriteDataKeyOnce(ctx context.Context, owner string, number int64, rewrite func(ctx context.Context, master string, number int64, k storedKeys) (seal.DataKeys, error)) (gone int, err error) {
	master, err := masterID(ctx, s.reader, "")
	if err != nil {
		return 0, err
	}
	k := storedKeys{owner: owner}
	err = s.reader.QueryRowContext(ctx, "SELECT wrapped, rotation FROM data_key WHERE owner_id = $1", owner).Scan(&k.wrapped, &k.rotation)
	if isNoRows(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	before, err := s.vault.ReadEnvironmentKey(ctx, owner, k.wrapped)
	if err != nil {
		return 0, err
	}
	next, err := rewrite(ctx, master, number, k)
	if err != nil || next.Wrapped == nil {
		return 0, err
	}
	err = s.changeAside(ctx, func(t *tx) error { return storeDataKey(ctx, t, number, master, k, next) })
	return max(0, before.Former-next.Former), err
}

// storeDataKey writes the keys of an owner in their new form, if they still are what
// it was made of, and the master key what it is wrapped by.
func storeDataKey(ctx context.Context, t *tx, number int64, master string, k storedKeys, next seal.DataKeys) error {
	now, err := masterID(ctx, t, t.store.dialect.noKeyUpdate)
	if err != nil {
		return err
	}
	if now != master {
		return errKeyChanged
	}
	stored, err := affected(t.ExecContext(ctx, "UPDATE data_key SET wrapped = $3, mark = $4, rotation = $5 WHERE owner_id = $1 AND wrapped = $2",
		k.owner, k.wrapped, next.Wrapped, []byte(next.Mark), number))
	if err == nil && !stored {
		return errKeyChanged
	}
	return err
}
