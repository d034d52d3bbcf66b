package store

import (
	"context"
	"sync"
)

// maxKept bounds the rows that a cache keeps.
const maxKept = 4096

// maxKeptRow bounds the rows that are worth keeping, in bytes.
const maxKeptRow = 8 << 10

// kept keeps rows by their key, each with the generation that it was read in.
// Secrets in them are sealed. Rows are shared and must not be changed.
type kept[K comparable, V any] struct {
	// size tells how large a row is, in bytes; nil when all are small.
	size func(V) int

	mu   sync.RWMutex
	rows map[K]keptRow[V]
}

type keptRow[V any] struct {
	generation int64
	value      V
}

func (k *kept[K, V]) get(key K, generation int64) (V, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	row, ok := k.rows[key]
	return row.value, ok && row.generation == generation
}

// put keeps a row; when the cache is full, any other makes room. generation must
// have been read before the row was.
func (k *kept[K, V]) put(key K, generation int64, value V) {
	if k.size != nil && k.size(value) > maxKeptRow {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rows == nil {
		k.rows = make(map[K]keptRow[V])
	}
	for old := range k.rows {
		if len(k.rows) < maxKept {
			break
		}
		delete(k.rows, old)
	}
	k.rows[key] = keptRow[V]{generation, value}
}

// keep returns a row that is kept and still holds, or reads and keeps it. A row
// that is not there is read again each time.
func keep[K comparable, V any](ctx context.Context, s *Store, in *kept[K, V], key K, read func() (V, error)) (V, error) {
	var none V
	generation, err := s.generations.current(ctx)
	if err != nil {
		return none, err
	}
	if value, ok := in.get(key, generation); ok {
		return value, nil
	}
	value, err := read()
	if err != nil {
		return none, err
	}
	in.put(key, generation, value)
	return value, nil
}
