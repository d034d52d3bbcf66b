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
	return m, insertMappings(ctx, t, sinew.LayerBase, rows, in.Actor)
}
