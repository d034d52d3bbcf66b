package account

import (
	"context"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
)

// CreateSandbox makes a sandbox copy of an account: the same connection, which
// reads and refuses writes. NotFound when the account is not there.
func (s *Service) CreateSandbox(ctx context.Context, p sinew.Principal, id string) (sinew.SandboxAccount, error) {
	if !sinew.IsUUID(id) {
		return sinew.SandboxAccount{}, sinew.NotFound("Integrated account", id)
	}
	r, err := s.store.AccountWithSecrets(ctx, p.EnvironmentID, id)
	if err != nil {
		return sinew.SandboxAccount{}, err
	}
	if err := checkSound(&r.IntegratedAccount); err != nil {
		return sinew.SandboxAccount{}, err
	}
	if err := s.copyStored(ctx, &r); err != nil {
		return sinew.SandboxAccount{}, err
	}
	r.SandboxOf, r.ID = r.ID, uuid.Must(uuid.NewV7()).String()
	r.Name += " (sandbox)"
	unborn(&r)
	r.IsSandbox = true
	r.CreatedAt = now()
	r.UpdatedAt = r.CreatedAt
	created, err := s.create(ctx, p, r)
	return sinew.SandboxAccount{ID: created.ID, Account: created, CreatedAt: created.CreatedAt, UpdatedAt: created.UpdatedAt}, err
}

// copyStored gives a copy of an account blobs of its own.
func (s *Service) copyStored(ctx context.Context, r *sinew.AccountRecord) error {
	keys := make(map[string]string, len(r.ObjectStore))
	for name, key := range r.ObjectStore {
		data, err := s.getBlob(ctx, r.EnvironmentID, key)
		if err != nil {
			return err
		}
		if keys[name], err = s.putBlob(ctx, homeOf(&r.IntegratedAccount), data.Bytes()); err != nil {
			return err
		}
	}
	r.ObjectStore = keys
	return nil
}

// Sandboxes returns one page of sandbox copies.
func (s *Service) Sandboxes(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.SandboxAccount], error) {
	page, err := s.store.SandboxAccounts(ctx, p.EnvironmentID, q)
	if err != nil {
		return page, err
	}
	for i := range page.Rows {
		if err := s.hydrateRow(ctx, &page.Rows[i].Account); err != nil {
			return page, err
		}
	}
	return page, nil
}

// Sandbox returns a sandbox copy. NotFound when there is none.
func (s *Service) Sandbox(ctx context.Context, p sinew.Principal, id string) (sinew.SandboxAccount, error) {
	if !sinew.IsUUID(id) {
		return sinew.SandboxAccount{}, sinew.NotFound("Sandbox integrated account", id)
	}
	c, err := s.store.SandboxAccount(ctx, p.EnvironmentID, id)
	if err != nil {
		return c, err
	}
	return c, s.hydrate(ctx, &c.Account, wrapped)
}

// DeleteSandbox removes a sandbox copy and leaves the account that it was made
// of. NotFound when there is none.
func (s *Service) DeleteSandbox(ctx context.Context, p sinew.Principal, id string) error {
	if _, err := s.Sandbox(ctx, p, id); err != nil {
		return err
	}
	return s.Delete(ctx, p, id)
}
