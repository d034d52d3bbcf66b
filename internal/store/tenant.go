package store

import (
	"context"
	"time"

	"github.com/sinewhq/sinew"
)

const tenantFrom = "SELECT id, environment_id, name, metadata, created_at, updated_at FROM tenant"

func scanTenant(row scanner) (sinew.Tenant, error) {
	var t sinew.Tenant
	var created, updated int64
	err := row.Scan(&t.ID, &t.EnvironmentID, &t.Name, &t.Metadata, &created, &updated)
	t.CreatedAt, t.UpdatedAt = fromMillis(created), fromMillis(updated)
	return t, err
}

// insertTenant writes a tenant and reports whether it was not there yet.
func insertTenant(ctx context.Context, t *tx, tenant sinew.Tenant) (bool, error) {
	fresh, err := affected(t.ExecContext(ctx, `INSERT INTO tenant (environment_id, id, name, metadata, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (environment_id, id) DO NOTHING`,
		tenant.EnvironmentID, tenant.ID, tenant.Name, string(tenant.Metadata), tenant.CreatedAt.UnixMilli(), tenant.UpdatedAt.UnixMilli()))
	return fresh, wrap(err, "write tenant %s", tenant.ID)
}

// ensureTenant gives a tenant_id its row if its text fits the pattern of rows
// and it has none yet.
func ensureTenant(ctx context.Context, t *tx, environmentID, id string, now time.Time) error {
	if !sinew.IsTenantID(id) {
		return nil
	}
	_, err := insertTenant(ctx, t, sinew.Tenant{ID: id, EnvironmentID: environmentID, Name: id, Metadata: sinew.EmptyObject, CreatedAt: now, UpdatedAt: now})
	return err
}

// CreateTenant writes a tenant. Conflict when it is there.
func (s *Store) CreateTenant(ctx context.Context, tenant sinew.Tenant) error {
	err := s.change(ctx, func(t *tx) error {
		fresh, err := insertTenant(ctx, t, tenant)
		if err == nil && !fresh {
			return sinew.Errorf(sinew.KindConflict, "Tenant %q already exists", tenant.ID).WithCode("already_exists")
		}
		return err
	})
	return wrap(err, "create tenant %s", tenant.ID)
}

// Tenant returns a tenant. NotFound when there is none.
func (s *Store) Tenant(ctx context.Context, environmentID, id string) (sinew.Tenant, error) {
	t, err := scanTenant(s.reader.QueryRowContext(ctx, tenantFrom+" WHERE environment_id = $1 AND id = $2", environmentID, id))
	return t, notFound("Tenant", id, err)
}

// Tenants returns one page of an environment's tenants.
func (s *Store) Tenants(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Tenant], error) {
	list := listing[sinew.Tenant]{
		selects: tenantFrom, columns: plainColumns("id", "name", "environment_id", "created_at", "updated_at"), scan: scanTenant,
		position: func(t sinew.Tenant, sort sinew.Sort) sinew.Position {
			return stamped(t.CreatedAt, t.UpdatedAt, t.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list tenants")
}

// UpdateTenant changes a tenant by a function from old to new.
func (s *Store) UpdateTenant(ctx context.Context, environmentID, id string, update func(*sinew.Tenant) error) (sinew.Tenant, error) {
	var changed sinew.Tenant
	err := s.change(ctx, func(t *tx) error {
		tenant, err := scanTenant(t.QueryRowContext(ctx, tenantFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.forUpdate, environmentID, id))
		if err != nil {
			return notFound("Tenant", id, err)
		}
		if err := update(&tenant); err != nil {
			return err
		}
		changed = tenant
		return updateTenant(ctx, t, tenant)
	})
	return changed, wrap(err, "update tenant %s", id)
}

func updateTenant(ctx context.Context, t *tx, tenant sinew.Tenant) error {
	_, err := t.ExecContext(ctx, "UPDATE tenant SET name = $3, metadata = $4, updated_at = $5 WHERE environment_id = $1 AND id = $2",
		tenant.EnvironmentID, tenant.ID, tenant.Name, string(tenant.Metadata), tenant.UpdatedAt.UnixMilli())
	return err
}

// DeleteTenant removes a tenant and returns the row that it was. Conflict while
// accounts exist for it.
func (s *Store) DeleteTenant(ctx context.Context, environmentID, id string) (sinew.Tenant, error) {
	var gone sinew.Tenant
	err := s.change(ctx, func(t *tx) error {
		var err error
		gone, err = scanTenant(t.QueryRowContext(ctx, tenantFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.forUpdate, environmentID, id))
		if err != nil {
			return notFound("Tenant", id, err)
		}
		var one int
		err = t.QueryRowContext(ctx, "SELECT 1 FROM integrated_account WHERE environment_id = $1 AND tenant_id = $2 LIMIT 1", environmentID, id).Scan(&one)
		if err == nil {
			return sinew.Errorf(sinew.KindConflict, "Tenant %q still has integrated accounts; delete them first", id).WithCode("in_use")
		}
		if !isNoRows(err) {
			return err
		}
		_, err = t.ExecContext(ctx, "DELETE FROM tenant WHERE environment_id = $1 AND id = $2", environmentID, id)
		return err
	})
	return gone, wrap(err, "delete tenant %s", id)
}

// PutTenants writes many tenants in one transaction. With overwrite, those that
// are there get the new name and metadata; without, they are left alone. known
// lists the ids that were there.
func (s *Store) PutTenants(ctx context.Context, tenants []sinew.Tenant, overwrite bool, merge func(old, new sinew.Tenant) sinew.Tenant) (created []sinew.Tenant, known []sinew.Tenant, err error) {
	err = s.change(ctx, func(t *tx) error {
		created, known = nil, nil
		for _, tenant := range tenants {
			fresh, err := insertTenant(ctx, t, tenant)
			if err != nil {
				return err
			}
			if fresh {
				created = append(created, tenant)
				continue
			}
			old, err := scanTenant(t.QueryRowContext(ctx, tenantFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.forUpdate, tenant.EnvironmentID, tenant.ID))
			if err != nil {
				return err
			}
			if overwrite {
				old = merge(old, tenant)
				if err := updateTenant(ctx, t, old); err != nil {
					return err
				}
			}
			known = append(known, old)
		}
		return nil
	})
	return created, known, wrap(err, "write %d tenants", len(tenants))
}
