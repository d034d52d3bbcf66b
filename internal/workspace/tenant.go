package workspace

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

// MaxBulkTenants is how many tenants one bulk call takes.
const MaxBulkTenants = 1000

// TenantPatch is a change of a tenant; nil and "" stay. Metadata is replaced
// whole.
type TenantPatch struct {
	Name     *string
	Metadata sinew.JSON
}

func newTenant(p sinew.Principal, id, name string, metadata sinew.JSON) (sinew.Tenant, error) {
	if !sinew.IsTenantID(id) {
		return sinew.Tenant{}, sinew.InvalidField("id", "pattern", "must be 1 to %d letters, digits or . _ : @ + -", sinew.MaxTenantID)
	}
	if name == "" {
		name = id
	}
	at := now()
	return sinew.Tenant{ID: id, EnvironmentID: p.EnvironmentID, Name: name, Metadata: metadata.Or(sinew.EmptyObject), CreatedAt: at, UpdatedAt: at}, nil
}

// CreateTenant makes a tenant; without a name it is called like its id.
// Conflict when it is there.
func (s *Service) CreateTenant(ctx context.Context, p sinew.Principal, id, name string, metadata sinew.JSON) (sinew.Tenant, error) {
	tenant, err := newTenant(p, id, name, metadata)
	if err != nil {
		return tenant, err
	}
	return tenant, s.store.CreateTenant(ctx, tenant)
}

// Tenant returns a tenant. NotFound when there is none.
func (s *Service) Tenant(ctx context.Context, p sinew.Principal, id string) (sinew.Tenant, error) {
	if !sinew.IsTenantID(id) {
		return sinew.Tenant{}, sinew.NotFound("Tenant", id)
	}
	return s.store.Tenant(ctx, p.EnvironmentID, id)
}

// Tenants returns one page of the tenants.
func (s *Service) Tenants(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Tenant], error) {
	return s.store.Tenants(ctx, p.EnvironmentID, q)
}

// UpdateTenant changes a tenant. NotFound when there is none.
func (s *Service) UpdateTenant(ctx context.Context, p sinew.Principal, id string, patch TenantPatch) (sinew.Tenant, error) {
	if !sinew.IsTenantID(id) {
		return sinew.Tenant{}, sinew.NotFound("Tenant", id)
	}
	return s.store.UpdateTenant(ctx, p.EnvironmentID, id, func(t *sinew.Tenant) error {
		if patch.Name != nil {
			t.Name = *patch.Name
		}
		t.Metadata = patch.Metadata.Or(t.Metadata)
		t.UpdatedAt = now()
		return nil
	})
}

// DeleteTenant removes a tenant and returns the row that it was. Conflict while
// it has accounts.
func (s *Service) DeleteTenant(ctx context.Context, p sinew.Principal, id string) (sinew.Tenant, error) {
	if !sinew.IsTenantID(id) {
		return sinew.Tenant{}, sinew.NotFound("Tenant", id)
	}
	return s.store.DeleteTenant(ctx, p.EnvironmentID, id)
}

// BulkTenant is one tenant of a bulk call.
type BulkTenant struct {
	ID       string
	Name     string
	Metadata sinew.JSON
}

// PutTenants writes many tenants at once, all or nothing. With overwrite, those
// that are there get the name and metadata that are given; without, they are
// left alone. It returns those that were new and those that were there.
func (s *Service) PutTenants(ctx context.Context, p sinew.Principal, bulk []BulkTenant, overwrite bool) (created, known []sinew.Tenant, err error) {
	if len(bulk) == 0 || len(bulk) > MaxBulkTenants {
		return nil, nil, sinew.InvalidField("tenants", "size", "must hold 1 to %d tenants", MaxBulkTenants)
	}
	tenants := make([]sinew.Tenant, len(bulk))
	given := make(map[string]BulkTenant, len(bulk))
	for i, b := range bulk {
		if _, twice := given[b.ID]; twice {
			return nil, nil, sinew.InvalidField(fmt.Sprintf("tenants.%d.id", i), "duplicate", "%q occurs twice", b.ID)
		}
		given[b.ID] = b
		if tenants[i], err = newTenant(p, b.ID, b.Name, b.Metadata); err != nil {
			return nil, nil, sinew.InvalidField(fmt.Sprintf("tenants.%d.id", i), "pattern", "must be 1 to %d letters, digits or . _ : @ + -", sinew.MaxTenantID)
		}
	}
	return s.store.PutTenants(ctx, tenants, overwrite, func(old, new sinew.Tenant) sinew.Tenant {
		if given[old.ID].Name != "" {
			old.Name = new.Name
		}
		old.Metadata = given[old.ID].Metadata.Or(old.Metadata)
		old.UpdatedAt = new.UpdatedAt
		return old
	})
}
