package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sinewhq/sinew/internal/seal"
)

// The server's own keys, kept wrapped by the master key so that every node has
// the same ones.
const (
	keyCursor = "cursor" // authenticates list cursors
	keyToken  = "token"  // hashes API tokens and account tokens

	serverKeySize = 32
)

// keyStore serves wrapped data keys to the vault.
type keyStore struct{ store *Store }

func (k keyStore) EnvironmentKey(ctx context.Context, owner string) ([]byte, error) {
	var wrapped []byte
	err := k.store.reader.QueryRowContext(ctx, "SELECT wrapped FROM data_key WHERE owner_id = $1", owner).Scan(&wrapped)
	if err != nil {
		return nil, fmt.Errorf("read data key of %s: %w", owner, err)
	}
	return wrapped, nil
}

// insertDataKey makes the data key of a new team or environment.
func insertDataKey(ctx context.Context, t *tx, owner string, now time.Time) error {
	wrapped, err := t.store.vault.NewEnvironmentKey(ctx, owner)
	if err != nil {
		return fmt.Errorf("make data key of %s: %w", owner, err)
	}
	_, err = t.ExecContext(ctx, "INSERT INTO data_key (owner_id, wrapped, created_at) VALUES ($1, $2, $3)", owner, wrapped, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("write data key of %s: %w", owner, err)
	}
	return nil
}

// CursorKey returns the key that authenticates list cursors.
func (s *Store) CursorKey(ctx context.Context) ([]byte, error) { return s.serverKey(ctx, keyCursor) }

// TokenKey returns the key that tokens are hashed with.
func (s *Store) TokenKey(ctx context.Context) ([]byte, error) { return s.serverKey(ctx, keyToken) }

func (s *Store) serverKey(ctx context.Context, name string) ([]byte, error) {
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

// checkMaster writes the server keys into an empty database and makes sure that
// the master key opens those of any other.
func (s *Store) checkMaster(ctx context.Context, master seal.Master) error {
	if err := s.writeServerKeys(ctx, master); err != nil {
		return err
	}
	var writtenBy string
	if err := s.reader.QueryRowContext(ctx, "SELECT master_id FROM server_key WHERE name = $1", keyCursor).Scan(&writtenBy); err != nil {
		return fmt.Errorf("read server key: %w", err)
	}
	if writtenBy != master.ID() {
		return fmt.Errorf("the data was written with master key %s, and this is key %s: "+
			"give the key file that belongs to the data with --master-key-file", writtenBy, master.ID())
	}
	for _, name := range []string{keyCursor, keyToken} {
		if _, err := s.serverKey(ctx, name); err != nil {
			return fmt.Errorf("the master key %s does not open the data; restore the original key file: %w", master.ID(), err)
		}
	}
	return nil
}

func (s *Store) writeServerKeys(ctx context.Context, master seal.Master) error {
	return s.change(ctx, func(t *tx) error {
		for _, name := range []string{keyCursor, keyToken} {
			var there int
			err := t.QueryRowContext(ctx, "SELECT 1 FROM server_key WHERE name = $1", name).Scan(&there)
			if err == nil {
				continue
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("read server key %s: %w", name, err)
			}
			if err := insertServerKey(ctx, t, master, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func insertServerKey(ctx context.Context, t *tx, master seal.Master, name string) error {
	key := make([]byte, serverKeySize)
	if _, err := rand.Read(key); err != nil {
		return fmt.Errorf("make server key %s: %w", name, err)
	}
	wrapped, err := t.store.vault.WrapServerKey(ctx, name, key)
	if err != nil {
		return fmt.Errorf("wrap server key %s: %w", name, err)
	}
	// Of two nodes that start on an empty database, the first one's key stands.
	_, err = t.ExecContext(ctx, `INSERT INTO server_key (name, master_id, wrapped, created_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING`, name, master.ID(), wrapped, time.Now().UnixMilli())
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
