package account

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Opened is an account with everything that a call to its vendor needs. Nobody
// changes one: it is shared by all calls until the account, or anything above it,
// changes.
type Opened struct {
	Record sinew.AccountRecord
	// Whole is the account's context: secrets in their place and large values bare.
	Whole jsonx.Value

	once     sync.Once
	prepared any
	err      error
}

// NewOpened returns an account that was opened elsewhere.
func NewOpened(record sinew.AccountRecord, whole jsonx.Value) *Opened {
	return &Opened{Record: record, Whole: whole}
}

// Prepared returns what prepare makes of the account, which is made once.
func (o *Opened) Prepared(prepare func(*Opened) (any, error)) (any, error) {
	o.once.Do(func() { o.prepared, o.err = prepare(o) })
	return o.prepared, o.err
}

// ForCall returns an account as calls need it. NotFound when the environment has
// none of that id.
func (s *Service) ForCall(ctx context.Context, p sinew.Principal, id string) (*Opened, error) {
	if !sinew.IsUUID(id) {
		return nil, sinew.NotFound("Integrated account", id)
	}
	generation, err := s.store.Generation(ctx)
	if err != nil {
		return nil, err
	}
	key := callKey{p.EnvironmentID, id}
	if known, ok := s.calls.Get(key, generation); ok {
		return known, nil
	}
	r, whole, err := s.AsItIs(ctx, p.EnvironmentID, id)
	if err != nil {
		return nil, err
	}
	opened := NewOpened(r, whole)
	if len(r.ObjectStore) == 0 {
		s.calls.Put(key, generation, opened)
	}
	return opened, nil
}

// AsItIs reads an account and its whole context past what is kept in memory.
func (s *Service) AsItIs(ctx context.Context, environmentID, id string) (r sinew.AccountRecord, whole jsonx.Value, err error) {
	if r, err = s.store.AccountWithSecrets(ctx, environmentID, id); err != nil {
		return r, whole, err
	}
	whole, err = s.Whole(ctx, &r)
	return r, whole, err
}

// Whole makes an account that was read with its secrets ready for calls, and
// returns its whole context.
func (s *Service) Whole(ctx context.Context, r *sinew.AccountRecord) (whole jsonx.Value, err error) {
	if err := checkSound(&r.IntegratedAccount); err != nil {
		return whole, err
	}
	if err := s.hydrate(ctx, &r.AccountView, bare); err != nil {
		return whole, err
	}
	if whole, err = joinContext(r.Context, r.Secrets.Context); err != nil {
		return whole, fmt.Errorf("account %s: read context: %w", r.ID, err)
	}
	return whole, nil
}

// callKey finds an account of an environment.
type callKey struct{ environmentID, id string }

// Forget drops the accounts that have not been called for a while from memory.
func (s *Service) Forget(now time.Time) { s.calls.Sweep(now) }
