package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

// InstallCatalogModel gives a team a model of the catalogue with its mappings, unless it
// has one of that name, and installs it in an environment: all of it or nothing. When the
// environment has it already, that row is returned unchanged and fresh is false.
func (s *Store) InstallCatalogModel(ctx context.Context, in sinew.CatalogInstallation, event modelEvent) (installed sinew.EnvironmentUnifiedModel, fresh bool, err error) {
	err = s.change(ctx, func(t *tx) error {
		m, err := ownModel(ctx, t, in)
		if err != nil {
			return err
		}
		installed, fresh, err = installModel(ctx, t, sinew.EnvironmentUnifiedModel{
			EnvironmentID: in.EnvironmentID, UnifiedModelID: m.ID, UnifiedModel: &m, Override: sinew.EmptyObject, CreatedAt: in.Model.CreatedAt, UpdatedAt: in.Model.UpdatedAt,
		}, event)
		return err
	})
	return installed, fresh, wrap(err, "install unified model %q of the catalogue", in.Model.Name)
}

// ownModel returns the team's model of the name, and makes it with its mappings when there
// is none.
func ownModel(ctx context.Context, t *tx, in sinew.CatalogInstallation) (sinew.UnifiedModel, error) {
	m := in.Model
	m.ID, m.Version = newID(), 1
	made, err := insertModel(ctx, t, &m)
	if err != nil {
		return m, fmt.Errorf("write unified model: %w", err)
	}
	if !made {
		found, err := scanModel(t.QueryRowContext(ctx, modelFrom+" WHERE m.team_id = $1 AND m.name = $2", m.TeamID, m.Name))
		return found, wrap(err, "read unified model")
	}
	rows := make([]sinew.MappingRow, len(in.Rows)) // the work may run more than once
	for i, row := range in.Rows {
		row.UnifiedModelID = m.ID
		rows[i] = row
	}
	if err := insertMappings(ctx, t, sinew.LayerBase, rows, in.Actor); err != nil {
		return m, err
	}
	return m, writeTaken(ctx, t, sinew.CatalogCopy{Model: m, Entry: in.Entry, Digest: in.Digest, At: m.CreatedAt})
}

// writeTaken writes what of the catalogue a model was made or renewed of.
func writeTaken(ctx context.Context, t *tx, c sinew.CatalogCopy) error {
	_, err := t.ExecContext(ctx, `INSERT INTO unified_model_catalog (unified_model_id, entry, digest, taken_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (unified_model_id) DO UPDATE SET entry = excluded.entry, digest = excluded.digest, taken_at = excluded.taken_at`,
		c.Model.ID, string(c.Entry), c.Digest, c.At.UnixMilli())
	return wrap(err, "write what unified model %s is of the catalogue", c.Model.ID)
}

// CatalogCopy returns a team's own model with its mappings for everyone, and what of the
// catalogue it was last made or renewed of. NotFound when the team does not own it.
func (s *Store) CatalogCopy(ctx context.Context, teamID, id string) (sinew.CatalogCopy, error) {
	c, err := readCopy(ctx, s.reader, teamID, id, "")
	return c, wrap(err, "read copy of a unified model of the catalogue")
}

func readCopy(ctx context.Context, q querier, teamID, id, lock string) (c sinew.CatalogCopy, err error) {
	if c.Model, err = scanModel(q.QueryRowContext(ctx, modelFrom+" WHERE m.team_id = $1 AND m.id = $2"+lock, teamID, id)); err != nil {
		return c, notFound("Unified model", id, err)
	}
	rowLock := ""
	if lock != "" {
		rowLock = lock + " OF r"
	}
	table := mappingTableOf(sinew.LayerBase)
	if c.Rows, err = queryRows(ctx, q, mappingScan(sinew.LayerBase), table.selects+" WHERE r.unified_model_id = $1 ORDER BY r.integration_name, r.resource_name, r.method_name"+rowLock, id); err != nil {
		return c, err
	}
	var at int64
	err = q.QueryRowContext(ctx, "SELECT entry, digest, taken_at FROM unified_model_catalog WHERE unified_model_id = $1", id).Scan(&c.Entry, &c.Digest, &at)
	if isNoRows(err) {
		return c, nil
	}
	c.At = fromMillis(at)
	return c, err
}

// RenewCatalogCopy changes a team's copy of a model of the catalogue by a function from
// old to new: the model, whose version it may raise, the configs of its mappings, each of
// which becomes a version if it is another one, and those to be added. All of it is
// written or nothing. NotFound when the team does not own it.
func (s *Store) RenewCatalogCopy(ctx context.Context, teamID, id, actor string, renew func(*sinew.CatalogCopy) error) (sinew.CatalogCopy, error) {
	var renewed sinew.CatalogCopy
	err := s.change(ctx, func(t *tx) error {
		c, err := readCopy(ctx, t, teamID, id, s.dialect.noKeyUpdate)
		if err != nil {
			return err
		}
		before := make([]sinew.JSON, len(c.Rows))
		for i := range c.Rows {
			before[i] = c.Rows[i].Config
		}
		if err := renew(&c); err != nil {
			return err
		}
		if err := writeModel(ctx, t, c.Model); err != nil {
			return err
		}
		for i := range c.Rows {
			if c.Rows[i].Config == before[i] {
				continue
			}
			if err := writeRenewed(ctx, t, &c.Rows[i], actor); err != nil {
				return err
			}
		}
		if err := insertMappings(ctx, t, sinew.LayerBase, c.Fresh, actor); err != nil {
			return err
		}
		renewed = c
		return writeTaken(ctx, t, c)
	})
	return renewed, wrap(err, "renew unified model %s", id)
}

// writeRenewed writes another config of a row as its next version.
func writeRenewed(ctx context.Context, t *tx, r *sinew.MappingRow, actor string) error {
	table := mappingTableOf(sinew.LayerBase)
	r.Version++
	if err := insertVersions(ctx, t, table, 1, []any{newID(), r.ID, r.Version, string(r.Config), actor, r.UpdatedAt.UnixMilli()}); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, "UPDATE "+table.name+" SET config = $2, version = $3, updated_at = $4 WHERE id = $1", r.ID, string(r.Config), r.Version, r.UpdatedAt.UnixMilli())
	return wrap(err, "write mapping %s", r.ID)
}
