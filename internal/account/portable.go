package account

import (
	"context"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
)

// Portable returns an account with its secrets, and its large values by the names of
// its context.
func (s *Service) Portable(ctx context.Context, environmentID, id string) (r sinew.AccountRecord, large map[string]sinew.JSON, err error) {
	if r, err = s.store.AccountWithSecrets(ctx, environmentID, id); err != nil {
		return r, nil, err
	}
	if err := checkSound(&r.IntegratedAccount); err != nil {
		return r, nil, err
	}
	large = make(map[string]sinew.JSON, len(r.ObjectStore))
	for name, key := range r.ObjectStore {
		data, err := s.getBlob(ctx, environmentID, key)
		if err != nil {
			return r, nil, err
		}
		large[name] = sinew.JSON(data.String())
	}
	return r, large, nil
}

// Restore writes an account that was Portable, as it was: no event is written. One
// that was connecting begins its steps anew.
func (s *Service) Restore(ctx context.Context, r sinew.AccountRecord, large map[string]sinew.JSON) error {
	r.ObjectStore = make(map[string]string, len(large))
	for name, value := range large {
		key, err := s.putBlob(ctx, homeOf(&r.IntegratedAccount), []byte(value))
		if err != nil {
			return err
		}
		r.ObjectStore[name] = key
	}
	whole, err := joinContext(r.Context, r.Secrets.Context)
	if err != nil {
		return err
	}
	switch token, ok := credential.StoredToken(whole); {
	case ok && Refreshable(&r, token):
		at := credential.RefreshAt(token.ExpiresAt, s.store.Now())
		r.RefreshAt = &at
	case !ok && HasFirst(&r, token):
		at := s.store.Now()
		r.RefreshAt = &at
	}
	if r.Status == sinew.StatusConnecting {
		r.Install = uuid.Must(uuid.NewV7()).String()
	}
	return s.store.CreateAccount(ctx, r, nil)
}
