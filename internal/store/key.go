package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/seal"
)

// The server's own keys, kept wrapped by the master key so that every node has
// the same ones.
const (
	keyCursor = "cursor" // authenticates list cursors
	keyToken  = "token"  // hashes API tokens and account tokens
	keySigner = "signer" // signs what is exported

	serverKeySize = 32
)

// keyStore serves wrapped data keys to the vault.
type keyStore struct{ store *Store }

func (k keyStore) EnvironmentKey(ctx context.Context, owner string) ([]byte, error) {
	var wrapped []byte
	err := k.store.keys.QueryRowContext(ctx, "SELECT wrapped FROM data_key WHERE owner_id = $1", owner).Scan(&wrapped)
	if err != nil {
		return nil, fmt.Errorf("read data key of %s: %w", owner, err)
	}
	return wrapped, nil
}

// errMasterMoved says that keys were wrapped by a master key that is not the
// installation's any more.
var errMasterMoved = errors.New("the keys have moved to another master key meanwhile")

// dataKey is the key of a team or environment, about to be written.
type dataKey struct {
	wrapped   []byte
	wrappedBy string
}

// withDataKeys makes the data keys of owners and has work write them. The keys
// are made before the transaction begins, since a key service may take its
// time, and again when the master key was exchanged meanwhile.
func (s *Store) withDataKeys(ctx context.Context, owners []string, work func(t *tx, keys map[string]dataKey) error) error {
	var err error
	for range attempts {
		var keys map[string]dataKey
		if keys, err = s.newDataKeys(ctx, owners); err != nil {
			return err
		}
		err = s.change(ctx, func(t *tx) error { return work(t, keys) })
		if !errors.Is(err, errMasterMoved) {
			return err
		}
	}
	return err
}

func (s *Store) newDataKeys(ctx context.Context, owners []string) (map[string]dataKey, error) {
	master, err := masterID(ctx, s.reader, "")
	if err != nil {
		return nil, err
	}
	keys := make(map[string]dataKey, len(owners))
	for _, owner := range owners {
		wrapped, err := s.vault.NewEnvironmentKeyUnder(ctx, master, owner)
		if err != nil {
			return nil, fmt.Errorf("make data key of %s: %w", owner, err)
		}
		keys[owner] = dataKey{wrapped, master}
	}
	return keys, nil
}

// insertDataKey writes the data key of a new team or environment, unless the
// master key has changed since it was made.
func insertDataKey(ctx context.Context, t *tx, owner string, key dataKey, now time.Time) error {
	master, err := masterID(ctx, t, t.store.dialect.noKeyUpdate)
	if err != nil {
		return err
	}
	if master != key.wrappedBy {
		return errMasterMoved
	}
	_, err = t.ExecContext(ctx, "INSERT INTO data_key (owner_id, wrapped, rotation, created_at) VALUES ($1, $2, (SELECT coalesce(max(number), 0) FROM key_rotation), $3)", owner, key.wrapped, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("write data key of %s: %w", owner, err)
	}
	return nil
}

// masterID reads the fingerprint of the master key that wraps all keys. lock
// keeps it as it is until the transaction ends.
func masterID(ctx context.Context, q querier, lock string) (string, error) {
	var id string
	if err := q.QueryRowContext(ctx, "SELECT master_id FROM server_key WHERE name = $1"+lock, keyCursor).Scan(&id); err != nil {
		return "", fmt.Errorf("read server key: %w", err)
	}
	return id, nil
}

// CursorKey returns the key that authenticates list cursors.
func (s *Store) CursorKey() []byte { return s.serverKeys[keyCursor] }

// TokenKey returns the key that tokens are hashed with.
func (s *Store) TokenKey() []byte { return s.serverKeys[keyToken] }

// SignerSeed returns the seed of the key that signs what is exported.
func (s *Store) SignerSeed() []byte { return s.serverKeys[keySigner] }

func (s *Store) openServerKey(ctx context.Context, name string) ([]byte, error) {
	var wrapped []byte
	if err := s.reader.QueryRowContext(ctx, "SELECT wrapped FROM server_key WHERE name = $1", name).Scan(&wrapped); err != nil {
		return nil, fmt.Errorf("read server key %s: %w", name, err)
	}
	key, err := s.vault.UnwrapServerKey(ctx, name, wrapped)
	if err != nil {
		return nil, fmt.Errorf("open server key %s: %w", name, err)
	}
	return key, nil
}

// checkMaster writes the server keys into an empty database, wrapped by the
// master key of a fingerprint, and makes sure that a master key at hand opens
// those of any other.
func (s *Store) checkMaster(ctx context.Context, have string) error {
	if err := s.writeServerKeys(ctx, have); err != nil {
		return err
	}
	writtenBy, err := masterID(ctx, s.reader, "")
	if err != nil {
		return err
	}
	if !slices.Contains(s.vault.Masters(), writtenBy) {
		return foreignMaster(writtenBy, have)
	}
	s.serverKeys = map[string][]byte{}
	for _, name := range serverKeyNames() {
		if s.serverKeys[name], err = s.openServerKey(ctx, name); err != nil {
			return fmt.Errorf("the master key %s does not open the data; restore the original key: %w", writtenBy, err)
		}
	}
	return nil
}

// foreignMaster says which master key is needed and where it is given.
func foreignMaster(writtenBy, have string) error {
	if strings.Contains(writtenBy, ":") {
		return fmt.Errorf("the data was written with master key %s, and this is key %s: "+
			"give the address of the key that belongs to the data with --master-key-uri", writtenBy, have)
	}
	return fmt.Errorf("the data was written with master key %s, and this is key %s: "+
		"give the key file that belongs to the data with --master-key-file", writtenBy, have)
}

func serverKeyNames() []string { return []string{keyCursor, keyToken, keySigner} }

// writeServerKeys makes the server keys that are not there. They are wrapped
// before the transaction begins, since a key service may take its time.
func (s *Store) writeServerKeys(ctx context.Context, master string) error {
	missing := map[string][]byte{}
	for _, name := range serverKeyNames() {
		var there int
		err := s.reader.QueryRowContext(ctx, "SELECT 1 FROM server_key WHERE name = $1", name).Scan(&there)
		if err == nil {
			continue
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read server key %s: %w", name, err)
		}
		if missing[name], err = s.newServerKey(ctx, name); err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return s.change(ctx, func(t *tx) error {
		for _, name := range serverKeyNames() {
			if wrapped, ok := missing[name]; ok {
				if err := insertServerKey(ctx, t, name, master, wrapped); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s *Store) newServerKey(ctx context.Context, name string) (wrapped []byte, err error) {
	key := make([]byte, serverKeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make server key %s: %w", name, err)
	}
	return s.vault.WrapServerKey(ctx, name, key)
}

func insertServerKey(ctx context.Context, t *tx, name, master string, wrapped []byte) error {
	// Of two nodes that start on an empty database, the first one's key stands.
	_, err := t.ExecContext(ctx, `INSERT INTO server_key (name, master_id, wrapped, created_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING`, name, master, wrapped, time.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("write server key %s: %w", name, err)
	}
	return nil
}

// HasData reports whether the database holds data that needs its master key.
// It is asked before a key exists.
func HasData(ctx context.Context, config Config) (has bool, err error) {
	s, err := connect(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var n int
	if err := s.reader.QueryRowContext(ctx, "SELECT count(*) FROM server_key").Scan(&n); err != nil {
		return false, fmt.Errorf("look for data: %w", err)
	}
	return n > 0, nil
}

// sealColumn encrypts a text for its place; "" stays NULL.
func (s *Store) sealColumn(ctx context.Context, place seal.Place, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	sealed, err := s.vault.Seal(ctx, place, []byte(text))
	if err != nil {
		return nil, fmt.Errorf("seal %s.%s of %s: %w", place.Table, place.Column, place.RowID, err)
	}
	return sealed, nil
}

// openColumn decrypts what sealColumn wrote.
func (s *Store) openColumn(ctx context.Context, place seal.Place, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	text, err := s.vault.Open(ctx, place, sealed)
	if err != nil {
		return "", fmt.Errorf("open %s.%s of %s: %w", place.Table, place.Column, place.RowID, err)
	}
	return string(text), nil
}
