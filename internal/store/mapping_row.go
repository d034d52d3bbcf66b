package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

// mappingTable is where the rows of a layer are. Its conditions take the owner as $1:
// a team for the rows for everyone, an environment for its own.
type mappingTable struct {
	noun string
	name string
	// parentNoun and parentOwned find what a new row ($2) belongs to.
	parentNoun  string
	parentOwned string
	selects     string
	// visible and owned are conditions on the rows r that an owner may read and change.
	visible, owned string
	// versionOf is the column of mapping_version that refers to the rows.
	versionOf string
}

const (
	baseRowColumns        = "r.id, r.unified_model_id, r.resource_name, r.integration_name, r.method_name, r.config, r.version, r.active_version, r.canary_version, r.canary_percent, 0, 0, r.created_at, r.updated_at"
	environmentRowColumns = "r.id, r.environment_unified_model_id, r.resource_name, r.integration_name, r.method_name, r.config, r.version, r.active_version, r.canary_version, r.canary_percent, r.base_version, COALESCE(b.version, 0), r.created_at, r.updated_at"
)

func mappingTableOf(layer sinew.MappingLayer) mappingTable {
	if layer == sinew.LayerEnvironment {
		return mappingTable{
			noun: "Environment unified model resource method", name: "environment_unified_model_resource_method",
			parentNoun: "Environment unified model", parentOwned: "SELECT id FROM environment_unified_model WHERE environment_id = $1 AND id = $2",
			selects: "SELECT " + environmentRowColumns + ` FROM environment_unified_model_resource_method r
				JOIN environment_unified_model em ON em.id = r.environment_unified_model_id
				LEFT JOIN unified_model_resource_method b ON b.unified_model_id = em.unified_model_id AND b.integration_name = r.integration_name
					AND b.resource_name = r.resource_name AND b.method_name = r.method_name`,
			visible: "em.environment_id = $1", owned: "em.environment_id = $1", versionOf: "environment_row_id",
		}
	}
	return mappingTable{
		noun: "Unified model resource method", name: "unified_model_resource_method",
		parentNoun: "Unified model", parentOwned: "SELECT id FROM unified_model WHERE team_id = $1 AND id = $2",
		selects: "SELECT " + baseRowColumns + " FROM unified_model_resource_method r JOIN unified_model m ON m.id = r.unified_model_id",
		visible: `(m.team_id = $1 OR EXISTS (SELECT 1 FROM environment_unified_model em JOIN environment e ON e.id = em.environment_id
			WHERE em.unified_model_id = m.id AND e.team_id = $1))`,
		owned: "m.team_id = $1", versionOf: "base_row_id",
	}
}

// mappingScan reads a row of either layer.
func mappingScan(layer sinew.MappingLayer) func(scanner) (sinew.MappingRow, error) {
	return func(row scanner) (r sinew.MappingRow, err error) {
		var created, updated int64
		parent := &r.UnifiedModelID
		if layer == sinew.LayerEnvironment {
			parent = &r.EnvironmentUnifiedModelID
		}
		err = row.Scan(&r.ID, parent, &r.ResourceName, &r.IntegrationName, &r.MethodName, &r.Config, &r.Version,
			&r.Release.Active, &r.Release.Canary, &r.Release.Percent, &r.Release.Base, &r.BaseVersion, &created, &updated)
		r.CreatedAt, r.UpdatedAt = fromMillis(created), fromMillis(updated)
		return r, err
	}
}

// CreateMapping writes a row of a mapping with its first version, and gives it its id.
// NotFound when the owner has no such model, Conflict when there is a row for the
// method.
func (s *Store) CreateMapping(ctx context.Context, layer sinew.MappingLayer, ownerID string, r *sinew.MappingRow, actor string) error {
	table := mappingTableOf(layer)
	parent := r.UnifiedModelID + r.EnvironmentUnifiedModelID
	err := s.change(ctx, func(t *tx) error {
		var id string
		if err := t.QueryRowContext(ctx, table.parentOwned, ownerID, parent).Scan(&id); err != nil {
			return notFound(table.parentNoun, parent, err)
		}
		made := []sinew.MappingRow{*r}
		if err := insertMappings(ctx, t, layer, made, actor); err != nil {
			return err
		}
		// What the row lies over is read with it.
		read, err := mappingScan(layer)(t.QueryRowContext(ctx, table.selects+" WHERE "+table.owned+" AND r.id = $2", ownerID, made[0].ID))
		if err != nil {
			return fmt.Errorf("read mapping %s: %w", made[0].ID, err)
		}
		*r = read
		return nil
	})
	return wrap(err, "create mapping of %s/%s to %s", r.ResourceName, r.MethodName, r.IntegrationName)
}

// mappingBatch bounds the parameters of one statement.
const mappingBatch = 200

// insertMappings writes rows with their first versions and gives them their ids.
func insertMappings(ctx context.Context, t *tx, layer sinew.MappingLayer, rows []sinew.MappingRow, actor string) error {
	table := mappingTableOf(layer)
	for start := 0; start < len(rows); start += mappingBatch {
		batch := rows[start:min(start+mappingBatch, len(rows))]
		var args, versions []any
		for i := range batch {
			r := &batch[i]
			r.ID, r.Version = newID(), 1
			args = append(args, r.ID, r.UnifiedModelID+r.EnvironmentUnifiedModelID, r.ResourceName, r.IntegrationName, r.MethodName, string(r.Config), r.Version, 0, 0, 0)
			if layer == sinew.LayerEnvironment {
				args = append(args, 0)
			}
			args = append(args, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli())
			versions = append(versions, newID(), r.ID, r.Version, string(r.Config), actor, r.UpdatedAt.UnixMilli())
		}
		columns := layer.Parent() + ", resource_name, integration_name, method_name, config, version, active_version, canary_version, canary_percent, created_at, updated_at"
		if layer == sinew.LayerEnvironment {
			columns = layer.Parent() + ", resource_name, integration_name, method_name, config, version, active_version, canary_version, canary_percent, base_version, created_at, updated_at"
		}
		result, err := t.ExecContext(ctx, "INSERT INTO "+table.name+" (id, "+columns+") VALUES "+rowValues(len(batch), len(args)/len(batch))+" ON CONFLICT DO NOTHING", args...)
		if isForeignKey(err) {
			return sinew.NotFound(table.parentNoun, batch[0].UnifiedModelID+batch[0].EnvironmentUnifiedModelID)
		}
		if err != nil {
			return fmt.Errorf("write %d mappings: %w", len(batch), err)
		}
		if n, err := result.RowsAffected(); err != nil || n < int64(len(batch)) {
			return sinew.Errorf(sinew.KindConflict, "There is a mapping of that resource and method to that integration already").WithCode("already_exists").WithCause(err)
		}
		if err := insertVersions(ctx, t, table, len(batch), versions); err != nil {
			return err
		}
	}
	return nil
}

// insertVersions writes saved versions: id, row, version, config, actor and time of
// each.
func insertVersions(ctx context.Context, t *tx, table mappingTable, n int, args []any) error {
	_, err := t.ExecContext(ctx, "INSERT INTO mapping_version (id, "+table.versionOf+", version, config, actor, created_at) VALUES "+rowValues(n, 6), args...)
	return wrap(err, "write %d versions of mappings", n)
}

// MappingRow returns a row of a mapping that its owner may read. NotFound otherwise.
func (s *Store) MappingRow(ctx context.Context, layer sinew.MappingLayer, ownerID, id string) (sinew.MappingRow, error) {
	table := mappingTableOf(layer)
	r, err := mappingScan(layer)(s.reader.QueryRowContext(ctx, table.selects+" WHERE "+table.visible+" AND r.id = $2", ownerID, id))
	return r, notFound(table.noun, id, err)
}

// MappingRows returns one page of the rows of mappings that an owner may read.
func (s *Store) MappingRows(ctx context.Context, layer sinew.MappingLayer, ownerID string, q sinew.ListQuery) (sinew.Page[sinew.MappingRow], error) {
	table := mappingTableOf(layer)
	cols := columns{}
	for _, field := range sinew.MappingFields(layer) {
		cols[field.Name] = column{name: "r." + field.Name}
	}
	list := listing[sinew.MappingRow]{
		selects: table.selects, alias: "r.", columns: cols, scan: mappingScan(layer),
		position: func(r sinew.MappingRow, sort sinew.Sort) sinew.Position {
			return stamped(r.CreatedAt, r.UpdatedAt, r.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, table.visible, ownerID)
	return page, wrap(err, "list mappings of the layer %s", layer)
}

// UpdateMapping changes a row of a mapping by a function from old to new. A config
// that is another one is a new version, saved in the name of the actor. NotFound when
// the row is not the owner's, whether or not it may read it.
func (s *Store) UpdateMapping(ctx context.Context, layer sinew.MappingLayer, ownerID, id, actor string, update func(*sinew.MappingRow) error) (sinew.MappingRow, error) {
	table := mappingTableOf(layer)
	lock := ""
	if s.dialect.noKeyUpdate != "" {
		lock = s.dialect.noKeyUpdate + " OF r"
	}
	var changed sinew.MappingRow
	err := s.change(ctx, func(t *tx) error {
		r, err := mappingScan(layer)(t.QueryRowContext(ctx, table.selects+" WHERE "+table.owned+" AND r.id = $2"+lock, ownerID, id))
		if err != nil {
			return notFound(table.noun, id, err)
		}
		before := r.Config
		if err := update(&r); err != nil {
			return err
		}
		if r.Config != before {
			r.Version++
			if err := insertVersions(ctx, t, table, 1, []any{newID(), r.ID, r.Version, string(r.Config), actor, r.UpdatedAt.UnixMilli()}); err != nil {
				return err
			}
		}
		changed = r
		args := []any{id, string(r.Config), r.Version, r.Release.Active, r.Release.Canary, r.Release.Percent, r.UpdatedAt.UnixMilli()}
		base := ""
		if layer == sinew.LayerEnvironment {
			base = ", base_version = $8"
			args = append(args, r.Release.Base)
		}
		_, err = t.ExecContext(ctx, "UPDATE "+table.name+" SET config = $2, version = $3, active_version = $4, canary_version = $5, canary_percent = $6, updated_at = $7"+base+" WHERE id = $1", args...)
		return err
	})
	return changed, wrap(err, "update mapping %s", id)
}

// DeleteMapping removes a row of a mapping with its versions. NotFound when it is not
// the owner's.
func (s *Store) DeleteMapping(ctx context.Context, layer sinew.MappingLayer, ownerID, id string) error {
	table := mappingTableOf(layer)
	err := s.change(ctx, func(t *tx) error {
		if _, err := mappingScan(layer)(t.QueryRowContext(ctx, table.selects+" WHERE "+table.owned+" AND r.id = $2", ownerID, id)); err != nil {
			return notFound(table.noun, id, err)
		}
		ok, err := affected(t.ExecContext(ctx, "DELETE FROM "+table.name+" WHERE id = $1", id))
		if err == nil && !ok {
			return sinew.NotFound(table.noun, id)
		}
		return err
	})
	return wrap(err, "delete mapping %s", id)
}
