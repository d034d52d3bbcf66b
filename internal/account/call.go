package account

import (
	"context"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// ForCall returns an account with everything that a call to its vendor needs,
// and its whole context: secrets in their place and large values bare.
// NotFound when the environment has none of that id.
func (s *Service) ForCall(ctx context.Context, p sinew.Principal, id string) (r sinew.AccountRecord, whole jsonx.Value, err error) {
	if !sinew.IsUUID(id) {
		return r, whole, sinew.NotFound("Integrated account", id)
	}
	generation, err := s.store.Generation(ctx)
	if err != nil {
		return r, whole, err
	}
	key := callKey{p.EnvironmentID, id}
	if known, ok := s.calls.Get(key, generation); ok {
		return known.record, known.whole, nil
	}
	if r, whole, err = s.AsItIs(ctx, p.EnvironmentID, id); err != nil {
		return r, whole, err
	}
	if len(r.ObjectStore) == 0 {
		s.calls.Put(key, generation, forCall{r, whole})
	}
	return r, whole, nil
}

// AsItIs is ForCall past what is kept in memory.
func (s *Service) AsItIs(ctx context.Context, environmentID, id string) (r sinew.AccountRecord, whole jsonx.Value, err error) {
	if r, err = s.store.AccountWithSecrets(ctx, environmentID, id); err != nil {
		return r, whole, err
	}
	if err := checkSound(&r.IntegratedAccount); err != nil {
		return r, whole, err
	}
	if err := s.hydrate(ctx, &r.AccountView, bare); err != nil {
		return r, whole, err
	}
	if whole, err = joinContext(r.Context, r.Secrets.Context); err != nil {
		return r, whole, fmt.Errorf("account %s: read context: %w", id, err)
	}
	return r, whole, nil
}

// callKey finds an account of an environment.
type callKey struct{ environmentID, id string }

// forCall is an account as calls need it, secrets included.
type forCall struct {
	record sinew.AccountRecord
	whole  jsonx.Value
}

// Forget drops the accounts that have not been called for a while from memory.
func (s *Service) Forget(now time.Time) { s.calls.Sweep(now) }
