package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

// RestoreModel writes an installed unified model of a bundle with the environment's
// mappings of it, unless the environment has one of that name; and the model with its
// mappings, unless the team has the same one. All of it is written or nothing. Conflict
// when the team has another model of that name.
func (s *Store) RestoreModel(ctx context.Context, m sinew.SavedModel) error {
	model := *m.Installed.UnifiedModel
	err := s.change(ctx, func(t *tx) error {
		id, err := restoreTeamModel(ctx, t, model, m.Base)
		if err != nil {
			return err
		}
		em := m.Installed
		em.UnifiedModelID, em.UnifiedModel = id, &model
		was, there := em.ID, false
		if em.ID, there, err = freeID(ctx, t, "environment_unified_model", "environment_id", em.EnvironmentID, em.ID); err != nil || there {
			return err
		}
		fresh, err := insertInstallation(ctx, t, em)
		if err != nil || !fresh {
			return err
		}
		return restoreMappings(ctx, t, sinew.LayerEnvironment, em.ID, em.ID == was, m.Environment)
	})
	return wrap(err, "restore unified model %q", model.Name)
}

// restoreTeamModel returns the id of the team's model, and writes it when there is none.
func restoreTeamModel(ctx context.Context, t *tx, m sinew.UnifiedModel, base []sinew.SavedMapping) (id string, err error) {
	known, err := scanModel(t.QueryRowContext(ctx, modelFrom+" WHERE m.team_id = $1 AND m.name = $2", m.TeamID, m.Name))
	if err == nil {
		if known.ID != m.ID && known.ID != derivedID(m.TeamID, m.ID) && known.Resources != m.Resources {
			return "", sinew.Errorf(sinew.KindConflict, "The team has another unified model named %q", m.Name).WithCode("already_exists")
		}
		return known.ID, nil
	}
	if !isNoRows(err) {
		return "", fmt.Errorf("read unified model: %w", err)
	}
	was := m.ID
	if m.ID, _, err = freeID(ctx, t, "unified_model", "team_id", m.TeamID, m.ID); err != nil {
		return "", err
	}
	if _, err := insertModel(ctx, t, &m); err != nil {
		return "", fmt.Errorf("write unified model: %w", err)
	}
	return m.ID, restoreMappings(ctx, t, sinew.LayerBase, m.ID, m.ID == was, base)
}

// restoreMappings writes rows with their versions. Their ids stay when that of what they
// belong to does; otherwise others have them.
func restoreMappings(ctx context.Context, t *tx, layer sinew.MappingLayer, parent string, sameIDs bool, all []sinew.SavedMapping) error {
	table := mappingTableOf(layer)
	base, value := "", ""
	if layer == sinew.LayerEnvironment {
		base, value = ", base_version", ", $13"
	}
	for _, saved := range all {
		r := saved.Row
		if !sameIDs {
			r.ID = derivedID(parent, r.ID)
		}
		args := []any{
			r.ID, parent, r.ResourceName, r.IntegrationName, r.MethodName, string(r.Config), r.Version,
			r.Release.Active, r.Release.Canary, r.Release.Percent, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli(),
		}
		if layer == sinew.LayerEnvironment {
			args = append(args, r.Release.Base)
		}
		_, err := t.ExecContext(ctx, "INSERT INTO "+table.name+" (id, "+layer.Parent()+", resource_name, integration_name, method_name, config, version, active_version, canary_version, canary_percent, created_at, updated_at"+base+
			") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12"+value+")", args...)
		if err != nil {
			return fmt.Errorf("write mapping %s: %w", saved.Row.ID, err)
		}
		for start := 0; start < len(saved.Versions); start += mappingBatch {
			batch := saved.Versions[start:min(start+mappingBatch, len(saved.Versions))]
			var versions []any
			for _, v := range batch {
				if !sameIDs {
					v.ID = derivedID(parent, v.ID)
				}
				versions = append(versions, v.ID, r.ID, v.Version, string(v.Config), v.Actor, v.CreatedAt.UnixMilli())
			}
			if err := insertVersions(ctx, t, table, len(batch), versions); err != nil {
				return err
			}
		}
	}
	return nil
}
