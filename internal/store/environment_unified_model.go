package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

const installedModelColumns = "em.id, em.environment_id, em.unified_model_id, em.override, em.version, em.created_at, em.updated_at"

const installedModelFrom = "SELECT " + installedModelColumns + ", " + modelColumns + " FROM environment_unified_model em JOIN unified_model m ON m.id = em.unified_model_id"

// installedModelScan are the variables that the columns of an installed model and
// its model are read into; done finishes it.
func installedModelScan(em *sinew.EnvironmentUnifiedModel) (targets []any, done func()) {
	var created, updated int64
	em.UnifiedModel = new(sinew.UnifiedModel)
	targets, modelDone := modelScan(em.UnifiedModel)
	targets = append([]any{&em.ID, &em.EnvironmentID, &em.UnifiedModelID, &em.Override, &em.Version, &created, &updated}, targets...)
	return targets, func() {
		em.CreatedAt, em.UpdatedAt = fromMillis(created), fromMillis(updated)
		modelDone()
	}
}

func scanInstalledModel(row scanner) (em sinew.EnvironmentUnifiedModel, err error) {
	targets, done := installedModelScan(&em)
	err = row.Scan(targets...)
	done()
	return em, err
}

// modelEvent makes the event of a change of an installed model.
type modelEvent = func(sinew.EnvironmentUnifiedModel) sinew.Event

// InstallUnifiedModel writes an installed unified model, gives it its id, and writes
// the event. When the environment has it already, that row is returned unchanged and
// fresh is false. Conflict when the environment has another model of that name.
func (s *Store) InstallUnifiedModel(ctx context.Context, em sinew.EnvironmentUnifiedModel, event modelEvent) (installed sinew.EnvironmentUnifiedModel, fresh bool, err error) {
	err = s.change(ctx, func(t *tx) error {
		installed, fresh, err = installModel(ctx, t, em, event)
		return err
	})
	return installed, fresh, wrap(err, "install unified model %s", em.UnifiedModelID)
}

func installModel(ctx context.Context, t *tx, em sinew.EnvironmentUnifiedModel, event modelEvent) (installed sinew.EnvironmentUnifiedModel, fresh bool, err error) {
	em.ID, em.Version = newID(), 1
	fresh, err = insertInstallation(ctx, t, em)
	if err != nil {
		return installed, false, err
	}
	installed, err = scanInstalledModel(t.QueryRowContext(ctx, installedModelFrom+" WHERE em.environment_id = $1 AND em.model_name = $2", em.EnvironmentID, em.UnifiedModel.Name))
	switch {
	case err != nil:
		return installed, false, fmt.Errorf("read installation of unified model %s: %w", em.UnifiedModelID, err)
	case installed.UnifiedModelID != em.UnifiedModelID:
		return installed, false, sinew.Errorf(sinew.KindConflict, "The environment has another unified model named %q, and calls go by the name; uninstall that one first", em.UnifiedModel.Name).WithCode("name_taken")
	case !fresh:
		return installed, false, nil
	}
	return installed, true, insertEvent(ctx, t, event(installed))
}

// insertInstallation writes an installed model; fresh is false when the environment has
// one of that name.
func insertInstallation(ctx context.Context, t *tx, em sinew.EnvironmentUnifiedModel) (fresh bool, err error) {
	fresh, err = affected(t.ExecContext(ctx, `INSERT INTO environment_unified_model
		(id, environment_id, unified_model_id, model_name, override, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (environment_id, model_name) DO NOTHING`,
		em.ID, em.EnvironmentID, em.UnifiedModelID, em.UnifiedModel.Name, string(em.Override), em.Version, em.CreatedAt.UnixMilli(), em.UpdatedAt.UnixMilli()))
	if isForeignKey(err) {
		return false, sinew.NotFound("Unified model", em.UnifiedModelID)
	}
	return fresh, wrap(err, "write installation of unified model %s", em.UnifiedModelID)
}

// EnvironmentUnifiedModel returns an installed unified model. NotFound when the
// environment has none of that id.
func (s *Store) EnvironmentUnifiedModel(ctx context.Context, environmentID, id string) (sinew.EnvironmentUnifiedModel, error) {
	em, err := scanInstalledModel(s.reader.QueryRowContext(ctx, installedModelFrom+" WHERE em.environment_id = $1 AND em.id = $2", environmentID, id))
	return em, notFound("Environment unified model", id, err)
}

// maxInstalledModels bounds the models that an environment is taken to have.
const maxInstalledModels = 1000

// InstalledModels returns all unified models of an environment, in the order of their
// names.
func (s *Store) InstalledModels(ctx context.Context, environmentID string) ([]sinew.EnvironmentUnifiedModel, error) {
	all, err := queryRows(ctx, s.reader, scanInstalledModel, installedModelFrom+" WHERE em.environment_id = $1 ORDER BY em.model_name LIMIT $2", environmentID, maxInstalledModels)
	return all, wrap(err, "read unified models of environment %s", environmentID)
}

// EnvironmentUnifiedModels returns one page of an environment's installed unified
// models.
func (s *Store) EnvironmentUnifiedModels(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.EnvironmentUnifiedModel], error) {
	cols := columns{"unified_model.name": {name: "em.model_name"}}
	for _, field := range sinew.EnvironmentUnifiedModelFields() {
		if _, ok := cols[field.Name]; !ok {
			cols[field.Name] = column{name: "em." + field.Name}
		}
	}
	list := listing[sinew.EnvironmentUnifiedModel]{
		selects: installedModelFrom, alias: "em.", columns: cols, scan: scanInstalledModel,
		position: func(em sinew.EnvironmentUnifiedModel, sort sinew.Sort) sinew.Position {
			return stamped(em.CreatedAt, em.UpdatedAt, em.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "em.environment_id = $1", environmentID)
	return page, wrap(err, "list environment unified models")
}

// UpdateEnvironmentUnifiedModel changes an installed unified model by a function
// from old to new, raises its version and writes the event.
func (s *Store) UpdateEnvironmentUnifiedModel(ctx context.Context, environmentID, id string, update func(*sinew.EnvironmentUnifiedModel) error, event modelEvent) (sinew.EnvironmentUnifiedModel, error) {
	lock := ""
	if s.dialect.noKeyUpdate != "" {
		lock = s.dialect.noKeyUpdate + " OF em"
	}
	var changed sinew.EnvironmentUnifiedModel
	err := s.change(ctx, func(t *tx) error {
		em, err := scanInstalledModel(t.QueryRowContext(ctx, installedModelFrom+" WHERE em.environment_id = $1 AND em.id = $2"+lock, environmentID, id))
		if err != nil {
			return notFound("Environment unified model", id, err)
		}
		if err := update(&em); err != nil {
			return err
		}
		em.Version++
		_, err = t.ExecContext(ctx, "UPDATE environment_unified_model SET override = $2, version = $3, updated_at = $4 WHERE id = $1",
			id, string(em.Override), em.Version, em.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		changed = em
		return insertEvent(ctx, t, event(em))
	})
	return changed, wrap(err, "update environment unified model %s", id)
}

// UninstallUnifiedModel removes an installed unified model with the environment's
// mappings of it, and writes the event.
func (s *Store) UninstallUnifiedModel(ctx context.Context, environmentID, id string, event modelEvent) error {
	err := s.change(ctx, func(t *tx) error {
		em, err := scanInstalledModel(t.QueryRowContext(ctx, installedModelFrom+" WHERE em.environment_id = $1 AND em.id = $2", environmentID, id))
		if err != nil {
			return notFound("Environment unified model", id, err)
		}
		ok, err := affected(t.ExecContext(ctx, "DELETE FROM environment_unified_model WHERE id = $1", id))
		if err == nil && !ok {
			return sinew.NotFound("Environment unified model", id)
		}
		if err != nil {
			return err
		}
		return insertEvent(ctx, t, event(em))
	})
	return wrap(err, "uninstall environment unified model %s", id)
}
