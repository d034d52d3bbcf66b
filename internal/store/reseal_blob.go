package store

import (
	"context"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

// blobFormer is the condition under which a blob (b) is sealed by another key than the
// present one (k) of its environment.
const blobFormer = "k.mark IS NOT NULL AND (b.mark IS NULL OR b.mark <> k.mark)"

// FormerBlobs returns the next blobs that are in use and sealed by a former data key.
func (s *Store) FormerBlobs(ctx context.Context, after string) ([]sinew.StoredBlob, error) {
	blobs, err := queryRows(ctx, s.reader, func(row scanner) (b sinew.StoredBlob, err error) { return b, row.Scan(&b.Key, &b.EnvironmentID) },
		"SELECT b.key, b.environment_id FROM blob b JOIN data_key k ON k.owner_id = b.environment_id WHERE b.key > $1 AND b.state = 'live' AND "+blobFormer+" ORDER BY b.key LIMIT $2",
		after, resealBatch)
	return blobs, wrap(err, "list blobs sealed by former data keys")
}

// ResealBlob encrypts the content of a blob by the present data key.
func (s *Store) ResealBlob(ctx context.Context, b sinew.StoredBlob, sealed []byte) ([]byte, error) {
	return s.resealValue(ctx, blobPlace(b.EnvironmentID, b.Key), sealed)
}

// BlobResealed notes that a blob was written as ResealBlob has made it. there is false
// when the blob was swept meanwhile.
func (s *Store) BlobResealed(ctx context.Context, key string, sealed []byte) (there bool, err error) {
	there, err = affected(s.writer.ExecContext(ctx, "UPDATE blob SET mark = $2 WHERE key = $1", key, []byte(seal.MarkOf(sealed))))
	return there, wrap(err, "note the key of blob %s", key)
}

// DropStagedBlobs gives up blobs that were announced under a former data key before a
// moment and never came into use, and returns how many younger ones there are.
func (s *Store) DropStagedBlobs(ctx context.Context, before time.Time) (left int, err error) {
	_, err = s.writer.ExecContext(ctx, `UPDATE blob SET state = 'dead' WHERE state = 'staged' AND updated_at < $1
		AND EXISTS (SELECT 1 FROM blob b JOIN data_key k ON k.owner_id = b.environment_id WHERE b.key = blob.key AND `+blobFormer+")", before.UnixMilli())
	if err != nil {
		return 0, wrap(err, "give up staged blobs")
	}
	err = s.reader.QueryRowContext(ctx, "SELECT count(*) FROM blob b JOIN data_key k ON k.owner_id = b.environment_id WHERE b.state = 'staged' AND "+blobFormer).Scan(&left)
	return left, wrap(err, "count staged blobs")
}
