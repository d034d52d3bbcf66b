package blob

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// ErrNotFound says that there is no blob under a key.
var ErrNotFound = errors.New("blob not found")

// ErrInvalidKey says that a key does not have the form that CheckKey asks for.
// No store was touched.
var ErrInvalidKey = errors.New("invalid blob key")

// Info describes a blob.
type Info struct {
	Key  string
	Size int64
	// ModifiedAt is when the blob was put last, to the second at least.
	ModifiedAt time.Time
}

// Store keeps blobs. All methods are safe for concurrent use, and all may be
// repeated: a call that failed halfway can be made again and leaves the same
// state as one that succeeded at once. They return ErrInvalidKey for keys that
// CheckKey refuses. Any other error than the two of this package means that
// the store could not answer now.
type Store interface {
	// Put writes a blob, or replaces it as a whole: readers see the old content
	// or the new one, never a part. When it returns without an error, the blob
	// survives a crash of this machine as far as the driver can tell. It does
	// not keep the slice.
	Put(ctx context.Context, key string, content []byte) error

	// Get returns the content of a blob, which belongs to the caller. The error
	// wraps ErrNotFound when there is none.
	Get(ctx context.Context, key string) ([]byte, error)

	// Stat describes a blob without reading it. The error wraps ErrNotFound
	// when there is none.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes a blob. To delete a key that holds none is no error.
	Delete(ctx context.Context, key string) error

	// List yields the blobs whose keys begin with the prefix, in any order; an
	// empty prefix means all. Blobs that are put or deleted meanwhile may be in
	// or out. After an error nothing follows.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// keyMax fits into the limits of S3 with room for a prefix.
const keyMax = 512

// CheckKey returns an error that wraps ErrInvalidKey unless the key is made of
// segments of letters, digits, "-" and "_", joined by single slashes. The form
// is narrow so that each key is a safe path on every file system.
func CheckKey(key string) error {
	if len(key) > keyMax {
		return fmt.Errorf("%w: longer than %d bytes", ErrInvalidKey, keyMax)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || !isPlain(segment) {
			return fmt.Errorf("%w: %q", ErrInvalidKey, key)
		}
	}
	return nil
}

// checkPrefix accepts the beginnings of keys.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return CheckKey(strings.TrimSuffix(prefix, "/"))
}

func isPlain(segment string) bool {
	for i := range len(segment) {
		switch c := segment[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// failed yields one error and nothing else.
func failed(err error) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) { yield(Info{}, err) }
}
