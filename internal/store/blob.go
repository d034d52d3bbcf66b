package store

import (
	"context"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

// The life of a blob: staged before its bytes are written, live while a row
// refers to it, dead when none does any more. Staged and dead blobs that are
// old enough are swept, so a crash at any point leaves nothing behind for ever.
const (
	blobStaged = "staged"
	blobLive   = "live"
	blobDead   = "dead"
)

// StageBlob announces a blob that is about to be written and returns its key, which
// is environment, region and an id, so that it tells where the blob lives, and its
// content encrypted for that key.
func (s *Store) StageBlob(ctx context.Context, environmentID string, region sinew.Region, content []byte, now time.Time) (key string, sealed []byte, err error) {
	key = environmentID + "/" + string(region) + "/" + newID()
	err = s.sealing(func() error {
		if sealed, err = s.sealBlob(ctx, environmentID, key, content); err != nil {
			return err
		}
		_, err := s.writer.ExecContext(ctx, "INSERT INTO blob (key, environment_id, state, mark, updated_at) VALUES ($1, $2, $3, $4, $5)",
			key, environmentID, blobStaged, []byte(seal.MarkOf(sealed)), now.UnixMilli())
		return err
	})
	return key, sealed, wrap(err, "stage blob")
}

func (s *Store) sealBlob(ctx context.Context, environmentID, key string, content []byte) ([]byte, error) {
	return s.vault.Seal(ctx, blobPlace(environmentID, key), content)
}

// SealAlone encrypts what is kept outside of the database under a name. It opens for
// as long as there is the master key, whatever becomes of the data key.
func (s *Store) SealAlone(ctx context.Context, environmentID, name string, content []byte) ([]byte, error) {
	return s.vault.SealAlone(ctx, blobPlace(environmentID, name), content)
}

// OpenAlone decrypts what SealAlone made.
func (s *Store) OpenAlone(ctx context.Context, environmentID, name string, alone []byte) ([]byte, error) {
	content, err := s.vault.OpenAlone(ctx, blobPlace(environmentID, name), alone)
	return content, s.failClosed(ctx, environmentID, err)
}

// OpenBlob decrypts the content of a blob.
func (s *Store) OpenBlob(ctx context.Context, environmentID, key string, sealed []byte) ([]byte, error) {
	content, err := s.vault.Open(ctx, blobPlace(environmentID, key), sealed)
	return content, s.failClosed(ctx, environmentID, err)
}

func blobPlace(environmentID, key string) seal.Place {
	return seal.Place{EnvironmentID: environmentID, Table: "blob", RowID: key, Column: "content", Version: 1}
}

// switchBlobs makes the blobs of a row's new state live and the others dead.
func switchBlobs(ctx context.Context, t *tx, before, after map[string]string, now time.Time) error {
	live := make(map[string]bool, len(after))
	for _, key := range after {
		live[key] = true
		ok, err := affected(t.ExecContext(ctx, "UPDATE blob SET state = $2, updated_at = $3 WHERE key = $1 AND state IN ('staged', 'live')", key, blobLive, now.UnixMilli()))
		if err != nil {
			return fmt.Errorf("keep blob %s: %w", key, err)
		}
		if !ok {
			return fmt.Errorf("keep blob %s: it was swept before the row was written", key)
		}
	}
	for _, key := range before {
		if live[key] {
			continue
		}
		if _, err := t.ExecContext(ctx, "UPDATE blob SET state = $2, updated_at = $3 WHERE key = $1", key, blobDead, now.UnixMilli()); err != nil {
			return fmt.Errorf("drop blob %s: %w", key, err)
		}
	}
	return nil
}

// UnusedBlobs returns keys of blobs that no row refers to and that have been so
// since before a point in time, at most limit.
func (s *Store) UnusedBlobs(ctx context.Context, before time.Time, limit int) ([]string, error) {
	return queryRows(ctx, s.reader, func(row scanner) (key string, err error) { return key, row.Scan(&key) },
		"SELECT key FROM blob WHERE state <> 'live' AND updated_at < $1 ORDER BY updated_at LIMIT $2", before.UnixMilli(), limit)
}

// ForgetBlob removes the row of a blob whose bytes are deleted.
func (s *Store) ForgetBlob(ctx context.Context, key string) error {
	_, err := s.writer.ExecContext(ctx, "DELETE FROM blob WHERE key = $1 AND state <> 'live'", key)
	return wrap(err, "forget blob %s", key)
}
