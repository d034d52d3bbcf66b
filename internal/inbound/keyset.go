package inbound

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	// keysFor is how long the keys of a vendor are taken for what they were.
	keysFor = 10 * time.Minute
	// keysAgain is how soon they are asked for again, for a key that is not among
	// them or after a failure: forged tokens name keys too.
	keysAgain = 30 * time.Second
	// maxKeySet bounds the document, in bytes, and maxKeySets how many are kept.
	maxKeySet  = 256 << 10
	maxKeySets = 1024
)

// Sender sends requests, as *upstream.Client does.
type Sender interface {
	Do(ctx context.Context, r *upstream.Request) (*upstream.Response, error)
}

// keySets are the public keys of vendors, by the URL of the document.
type keySets struct {
	sender Sender
	mu     sync.Mutex // guards known
	known  map[string]*keySet
}

func newKeySets(sender Sender) *keySets {
	return &keySets{sender: sender, known: map[string]*keySet{}}
}

func (s *keySets) at(url string) *keySet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[url] == nil {
		if len(s.known) >= maxKeySets {
			clear(s.known)
		}
		s.known[url] = &keySet{url: url, sender: s.sender}
	}
	return s.known[url]
}

// keySet is a JSON Web Key Set at a URL.
type keySet struct {
	url    string
	sender Sender

	mu    sync.Mutex // held while the document is read, so that it is read once
	keys  []jose.JSONWebKey
	asked time.Time
	err   error
}

// find returns the keys that a token may be signed with: the one of its id, or all
// for a token without.
func (k *keySet) find(ctx context.Context, id string) ([]any, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found := k.choose(id)
	age := time.Since(k.asked)
	if age > keysFor || len(found) == 0 && age > keysAgain {
		k.read(ctx)
		found = k.choose(id)
	}
	if len(found) == 0 && k.err != nil {
		return nil, k.err
	}
	return found, nil
}

func (k *keySet) choose(id string) (found []any) {
	for _, key := range k.keys {
		if id == "" || key.KeyID == id {
			found = append(found, key.Key)
		}
	}
	return found
}

// read asks for the document. Keys that were known stay when there is no answer.
func (k *keySet) read(ctx context.Context) {
	k.asked = time.Now()
	keys, err := k.fetch(ctx)
	if k.err = err; err == nil {
		k.keys = keys
	}
}

func (k *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	response, err := k.sender.Do(ctx, &upstream.Request{
		Method: http.MethodGet, URL: k.url, Header: http.Header{"Accept": {"application/json"}}, MaxResponse: maxKeySet,
		Limits: upstream.Limits{Connect: 3 * time.Second, FirstByte: 5 * time.Second, Total: 8 * time.Second},
	})
	if err != nil {
		return nil, err
	}
	text, err := response.ReadAll()
	if err != nil {
		return nil, err
	}
	if response.Status != http.StatusOK {
		return nil, fmt.Errorf("it answered %d", response.Status)
	}
	var document struct {
		Keys []jsonx.Raw `json:"keys"`
	}
	if err := jsonx.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, raw := range document.Keys {
		var key jose.JSONWebKey
		// A key of a kind that is not known is no key of ours.
		if err := key.UnmarshalJSON(raw); err == nil && key.Valid() && key.IsPublic() {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
