package kept

import (
	"sync"
	"sync/atomic"
	"time"
)

// limit bounds the values of one cache.
const limit = 4096

// Idle is how long a value may stay after its last use; Sweep sees to it. What
// is kept may hold credentials in the clear (V9).
const Idle = 20 * time.Second

// Values keeps values by their key. They are shared, and must not be changed. The
// zero value is ready for use, by several goroutines too.
type Values[K comparable, V any] struct {
	mu     sync.RWMutex
	values map[K]*entry[V]
}

type entry[V any] struct {
	generation int64
	value      V
	used       atomic.Int64 // Unix milliseconds
}

// Get returns what is kept under a key, if it was made in this generation.
func (k *Values[K, V]) Get(key K, generation int64) (value V, ok bool) {
	k.mu.RLock()
	found := k.values[key]
	k.mu.RUnlock()
	if found == nil || found.generation != generation {
		return value, false
	}
	found.used.Store(time.Now().UnixMilli())
	return found.value, true
}

// Put keeps a value; when the cache is full, any other makes room. The
// generation must be one that was read before the value was.
func (k *Values[K, V]) Put(key K, generation int64, value V) {
	fresh := &entry[V]{generation: generation, value: value}
	fresh.used.Store(time.Now().UnixMilli())
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.values == nil {
		k.values = make(map[K]*entry[V])
	}
	for old := range k.values {
		if len(k.values) < limit {
			break
		}
		delete(k.values, old)
	}
	k.values[key] = fresh
}

// Sweep forgets what has not been used for Idle.
func (k *Values[K, V]) Sweep(now time.Time) {
	before := now.Add(-Idle).UnixMilli()
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, value := range k.values {
		if value.used.Load() < before {
			delete(k.values, key)
		}
	}
	if len(k.values) == 0 {
		k.values = nil
	}
}
