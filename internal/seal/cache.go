package seal

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/singleflight"
)

// cachedEnvironments bounds the keys held in memory, at about 2 KB each.
const cachedEnvironments = 4096

// cipherCache holds the ciphers of the environments used last. A missing one
// is loaded once, however many callers wait for it.
type cipherCache struct {
	load    func(ctx context.Context, environmentID string) (*keyring, error)
	flights singleflight.Group
	limit   int

	mu     sync.Mutex // guards what follows
	recent *list.List // of *cachedCipher, last used first
	byID   map[string]*list.Element
	// drops counts calls of forget, so that a load that began before one does
	// not put back what it dropped.
	drops uint64
}

type cachedCipher struct {
	environmentID string
	cipher        *keyring
}

func newCipherCache(limit int, load func(context.Context, string) (*keyring, error)) *cipherCache {
	return &cipherCache{load: load, limit: limit, recent: list.New(), byID: map[string]*list.Element{}}
}

func (c *cipherCache) get(ctx context.Context, environmentID string) (*keyring, error) {
	for {
		if cipher, _, ok := c.lookup(environmentID); ok {
			return cipher, nil
		}
		led := false
		loaded, err, _ := c.flights.Do(environmentID, func() (any, error) {
			led = true
			return c.fill(ctx, environmentID)
		})
		if err == nil {
			return loaded.(*keyring), nil
		}
		// The caller that led the flight may have given up; that is no reason
		// for the others to fail.
		if led || ctx.Err() != nil || !isContextError(err) {
			return nil, err
		}
	}
}

func (c *cipherCache) fill(ctx context.Context, environmentID string) (*keyring, error) {
	// A flight may have landed between the caller's look and this one.
	cipher, drops, ok := c.lookup(environmentID)
	if ok {
		return cipher, nil
	}
	cipher, err := c.load(ctx, environmentID)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, exists := c.byID[environmentID]; !exists && c.drops == drops {
		c.byID[environmentID] = c.recent.PushFront(&cachedCipher{environmentID, cipher})
	}
	if c.recent.Len() > c.limit {
		c.removeLocked(c.recent.Back())
	}
	return cipher, nil
}

func (c *cipherCache) lookup(environmentID string) (cipher *keyring, drops uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.byID[environmentID]
	if !ok {
		return nil, c.drops, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cachedCipher).cipher, c.drops, true
}

func (c *cipherCache) forget(environmentID string) {
	c.flights.Forget(environmentID)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	if element, ok := c.byID[environmentID]; ok {
		c.removeLocked(element)
	}
}

// drop is forget for a keyring that has turned out to be old; a newer one stays.
func (c *cipherCache) drop(environmentID string, old *keyring) {
	c.mu.Lock()
	element, ok := c.byID[environmentID]
	stale := !ok || element.Value.(*cachedCipher).cipher == old
	c.mu.Unlock()
	if stale {
		c.forget(environmentID)
	}
}

func (c *cipherCache) forgetAll() {
	c.mu.Lock()
	ids := make([]string, 0, len(c.byID))
	for id := range c.byID {
		ids = append(ids, id)
	}
	c.drops++ // a load under way is not kept either
	c.mu.Unlock()
	for _, id := range ids {
		c.forget(id)
	}
}

func (c *cipherCache) removeLocked(element *list.Element) {
	c.recent.Remove(element)
	delete(c.byID, element.Value.(*cachedCipher).environmentID)
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
