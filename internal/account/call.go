package account

import (
	"context"
	"fmt"

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
	if r, err = s.store.AccountWithSecrets(ctx, p.EnvironmentID, id); err != nil {
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
