package blob

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"
)

// Mem keeps blobs in memory. The zero value is an empty store.
type Mem struct {
	mu    sync.RWMutex // guards blobs
	blobs map[string]memBlob
}

type memBlob struct {
	content    []byte
	modifiedAt time.Time
}

var _ Store = (*Mem)(nil)

// Put implements Store.
func (m *Mem) Put(ctx context.Context, key string, content []byte) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.blobs == nil {
		m.blobs = map[string]memBlob{}
	}
	m.blobs[key] = memBlob{bytes.Clone(content), time.Now()}
	return nil
}

// Get implements Store.
func (m *Mem) Get(ctx context.Context, key string) ([]byte, error) {
	found, err := m.find(ctx, key)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(found.content), nil
}

// Stat implements Store.
func (m *Mem) Stat(ctx context.Context, key string) (Info, error) {
	found, err := m.find(ctx, key)
	if err != nil {
		return Info{}, err
	}
	return found.info(key), nil
}

// Delete implements Store.
func (m *Mem) Delete(ctx context.Context, key string) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.blobs, key)
	return nil
}

// List implements Store.
func (m *Mem) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	if err := checkPrefix(prefix); err != nil {
		return failed(err)
	}
	return func(yield func(Info, error) bool) {
		for _, info := range m.matching(prefix) {
			if err := ctx.Err(); err != nil {
				yield(Info{}, err)
				return
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}

// matching copies, so that the caller of List may use the store meanwhile.
func (m *Mem) matching(prefix string) []Info {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found []Info
	for key, blob := range m.blobs {
		if strings.HasPrefix(key, prefix) {
			found = append(found, blob.info(key))
		}
	}
	return found
}

func (m *Mem) find(ctx context.Context, key string) (memBlob, error) {
	if err := ready(ctx, key); err != nil {
		return memBlob{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	found, ok := m.blobs[key]
	if !ok {
		return memBlob{}, fmt.Errorf("%w: %s", ErrNotFound, key)
	}
	return found, nil
}

func (b memBlob) info(key string) Info {
	return Info{Key: key, Size: int64(len(b.content)), ModifiedAt: b.modifiedAt}
}

// ready says whether a call about a key may go on.
func ready(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	return ctx.Err()
}
