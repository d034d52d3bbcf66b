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

// StageBlob announces a blob that is about to be written and returns its key:
// environment, region and an id, so that a key tells where its blob lives.
func (s *Store) StageBlob(ctx context.Context, environmentID string, region sinew.Region, now time.Time) (key string, err error) {
	key = environmentID + "/" + string(region) + "/" + newID()
	_, err = s.writer.ExecContext(ctx, "INSERT INTO blob (key, environment_id, state, updated_at) VALUES ($1, $2, $3, $4)",
		key, environmentID, blobStaged, now.UnixMilli())
	return key, wrap(err, "stage blob")
}

// SealBlob encrypts the content of a blob for its key.
func (s *Store) SealBlob(ctx context.Context, environmentID, key string, content []byte) ([]byte, error) {
	return s.vault.Seal(ctx, blobPlace(environmentID, key), content)
}

// OpenBlob decrypts what SealBlob made.
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
