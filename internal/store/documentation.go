package store

import (
	"context"

	"github.com/sinewhq/sinew"
)

const documentationColumns = `d.id, d.integration_id, d.unified_model_id, d.environment_integration_id, d.environment_unified_model_id,
	d.type, d.resource, d.method, d.integration_name, d.authentication_method, d.content, d.version, d.created_at, d.updated_at`

// documentationFrom joins what each row is about.
const documentationFrom = "SELECT " + documentationColumns + ` FROM documentation d
	LEFT JOIN integration i ON i.id = d.integration_id
	LEFT JOIN unified_model m ON m.id = d.unified_model_id
	LEFT JOIN environment_integration ei ON ei.id = d.environment_integration_id
	LEFT JOIN environment_unified_model em ON em.id = d.environment_unified_model_id`

// documentationVisible is the condition under which a team ($1) and its environment
// ($2) see a row: they see what it is about.
const documentationVisible = `(i.team_id = $1 OR i.sharing <> 'deny' OR m.team_id = $1 OR m.sharing <> 'deny' OR ei.environment_id = $2 OR em.environment_id = $2
	OR EXISTS (SELECT 1 FROM environment_integration x JOIN environment e ON e.id = x.environment_id WHERE x.integration_id = d.integration_id AND e.team_id = $1)
	OR EXISTS (SELECT 1 FROM environment_unified_model x JOIN environment e ON e.id = x.environment_id WHERE x.unified_model_id = d.unified_model_id AND e.team_id = $1))`

// documentationOwned is the condition under which they may change it.
const documentationOwned = "(i.team_id = $1 OR m.team_id = $1 OR ei.environment_id = $2 OR em.environment_id = $2)"

// documentedEntity is a kind of entity: the column by which rows refer to one, and how
// an owner ($1) finds its own ($2).
type documentedEntity struct{ noun, column, owned string }

func documentedEntityOf(t sinew.EntityType) documentedEntity {
	switch t {
	case sinew.EntityUnifiedModel:
		return documentedEntity{"Unified model", "unified_model_id", "SELECT id FROM unified_model WHERE team_id = $1 AND id = $2"}
	case sinew.EntityEnvironmentIntegration:
		return documentedEntity{"Environment integration", "environment_integration_id", "SELECT id FROM environment_integration WHERE environment_id = $1 AND id = $2"}
	case sinew.EntityEnvironmentUnifiedModel:
		return documentedEntity{"Environment unified model", "environment_unified_model_id", "SELECT id FROM environment_unified_model WHERE environment_id = $1 AND id = $2"}
	}
	return documentedEntity{"Integration", "integration_id", "SELECT id FROM integration WHERE team_id = $1 AND id = $2"}
}

func scanDocumentation(row scanner) (d sinew.Documentation, err error) {
	var created, updated int64
	var integration, model, installation, installedModel *string
	err = row.Scan(&d.ID, &integration, &model, &installation, &installedModel,
		&d.Type, &d.Resource, &d.Method, &d.IntegrationName, &d.AuthenticationMethod, &d.Content, &d.Version, &created, &updated)
	for kind, id := range map[sinew.EntityType]*string{
		sinew.EntityIntegration: integration, sinew.EntityUnifiedModel: model,
		sinew.EntityEnvironmentIntegration: installation, sinew.EntityEnvironmentUnifiedModel: installedModel,
	} {
		if id != nil {
			d.EntityType, d.EntityID = kind, *id
		}
	}
	d.CreatedAt, d.UpdatedAt = fromMillis(created), fromMillis(updated)
	return d, err
}

// CreateDocumentation writes a row and gives it its id and version 1. NotFound when
// neither the team nor the environment owns what it is about, Conflict when there is
// such a text.
func (s *Store) CreateDocumentation(ctx context.Context, teamID, environmentID string, d *sinew.Documentation) error {
	d.ID, d.Version = newID(), 1
	entity := documentedEntityOf(d.EntityType)
	owner := teamID
	if d.EntityType == sinew.EntityEnvironmentIntegration || d.EntityType == sinew.EntityEnvironmentUnifiedModel {
		owner = environmentID
	}
	err := s.change(ctx, func(t *tx) error {
		var id string
		if err := t.QueryRowContext(ctx, entity.owned, owner, d.EntityID).Scan(&id); err != nil {
			return notFound(entity.noun, d.EntityID, err)
		}
		fresh, err := insertDocumentation(ctx, t, *d)
		if isForeignKey(err) {
			return sinew.NotFound(entity.noun, d.EntityID)
		}
		if err == nil && !fresh {
			return sameDocumentation()
		}
		return err
	})
	return wrap(err, "create documentation of %s %s", d.EntityType, d.EntityID)
}

// insertDocumentation writes a row; fresh is false when there is such a text.
func insertDocumentation(ctx context.Context, t *tx, d sinew.Documentation) (fresh bool, err error) {
	return affected(t.ExecContext(ctx, "INSERT INTO documentation (id, "+documentedEntityOf(d.EntityType).column+`, type, resource, method, integration_name, authentication_method, content, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		d.ID, d.EntityID, string(d.Type), d.Resource, d.Method, d.IntegrationName, string(d.AuthenticationMethod), d.Content, d.Version, d.CreatedAt.UnixMilli(), d.UpdatedAt.UnixMilli()))
}

// RestoreDocumentation writes a row of a bundle about an entity that was restored,
// unless there is such a text. Its id stays when that of the entity does.
func (s *Store) RestoreDocumentation(ctx context.Context, d sinew.Documentation, entityID string) error {
	if d.EntityID != entityID {
		d.ID = derivedID(entityID, d.ID)
	}
	d.EntityID = entityID
	err := s.change(ctx, func(t *tx) error {
		_, err := insertDocumentation(ctx, t, d)
		return err
	})
	return wrap(err, "restore documentation of %s %s", d.EntityType, entityID)
}

func sameDocumentation() error {
	return sinew.Errorf(sinew.KindConflict, "There is a text of that type about the same already; change that one").WithCode("already_exists")
}

// Documentation returns a row that a team and its environment see. NotFound otherwise.
func (s *Store) Documentation(ctx context.Context, teamID, environmentID, id string) (sinew.Documentation, error) {
	d, err := scanDocumentation(s.reader.QueryRowContext(ctx, documentationFrom+" WHERE "+documentationVisible+" AND d.id = $3", teamID, environmentID, id))
	return d, notFound("Documentation", id, err)
}

// documentationEntity is what a row is about, as the index documentation_entity has it.
const documentationEntity = "COALESCE(d.integration_id, d.unified_model_id, d.environment_integration_id, d.environment_unified_model_id)"

// documentationListing is how rows are listed.
func documentationListing() listing[sinew.Documentation] {
	cols := columns{
		"entity_id": {name: documentationEntity},
		"entity_type": {name: "CASE WHEN d.integration_id IS NOT NULL THEN 'integration' WHEN d.unified_model_id IS NOT NULL THEN 'unified_model'" +
			" WHEN d.environment_integration_id IS NOT NULL THEN 'environment_integration' ELSE 'environment_unified_model' END"},
	}
	for _, field := range sinew.DocumentationFields() {
		if _, ok := cols[field.Name]; !ok {
			cols[field.Name] = column{name: "d." + field.Name}
		}
	}
	for _, name := range []string{"integration_id", "unified_model_id", "environment_integration_id", "environment_unified_model_id"} {
		cols[name] = column{name: "d." + name, nullable: true}
	}
	return listing[sinew.Documentation]{
		selects: documentationFrom, alias: "d.", columns: cols, scan: scanDocumentation,
		position: func(d sinew.Documentation, sort sinew.Sort) sinew.Position {
			return stamped(d.CreatedAt, d.UpdatedAt, d.ID, sort)
		},
	}
}

// Documentations returns one page of the rows that a team and its environment see.
func (s *Store) Documentations(ctx context.Context, teamID, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Documentation], error) {
	list := documentationListing()
	page, err := list.page(ctx, s.reader, q, documentationVisible, teamID, environmentID)
	return page, wrap(err, "list documentation")
}

// UpdateDocumentation changes a row by a function from old to new and raises its
// version; what it is about must stay. NotFound when neither the team nor the
// environment owns it.
func (s *Store) UpdateDocumentation(ctx context.Context, teamID, environmentID, id string, update func(*sinew.Documentation) error) (sinew.Documentation, error) {
	lock := ""
	if s.dialect.noKeyUpdate != "" {
		lock = s.dialect.noKeyUpdate + " OF d"
	}
	var changed sinew.Documentation
	err := s.change(ctx, func(t *tx) error {
		d, err := scanDocumentation(t.QueryRowContext(ctx, documentationFrom+" WHERE "+documentationOwned+" AND d.id = $3"+lock, teamID, environmentID, id))
		if err != nil {
			return notFound("Documentation", id, err)
		}
		if err := update(&d); err != nil {
			return err
		}
		d.Version++
		changed = d
		_, err = t.ExecContext(ctx, `UPDATE documentation SET type = $2, resource = $3, method = $4, integration_name = $5, authentication_method = $6, content = $7,
			version = $8, updated_at = $9 WHERE id = $1`,
			id, string(d.Type), d.Resource, d.Method, d.IntegrationName, string(d.AuthenticationMethod), d.Content, d.Version, d.UpdatedAt.UnixMilli())
		if isUnique(err) {
			return sameDocumentation()
		}
		return err
	})
	return changed, wrap(err, "update documentation %s", id)
}

// DeleteDocumentation removes a row. NotFound when neither the team nor the
// environment owns it.
func (s *Store) DeleteDocumentation(ctx context.Context, teamID, environmentID, id string) error {
	err := s.change(ctx, func(t *tx) error {
		if _, err := scanDocumentation(t.QueryRowContext(ctx, documentationFrom+" WHERE "+documentationOwned+" AND d.id = $3", teamID, environmentID, id)); err != nil {
			return notFound("Documentation", id, err)
		}
		ok, err := affected(t.ExecContext(ctx, "DELETE FROM documentation WHERE id = $1", id))
		if err == nil && !ok {
			return sinew.NotFound("Documentation", id)
		}
		return err
	})
	return wrap(err, "delete documentation %s", id)
}

// DocumentationOf returns all rows about the given entities, in the order of their
// creation. It takes one query and asks nobody who the caller is.
func (s *Store) DocumentationOf(ctx context.Context, entityIDs ...string) ([]sinew.Documentation, error) {
	w := &where{}
	condition := ""
	for _, name := range []string{"integration_id", "unified_model_id", "environment_integration_id", "environment_unified_model_id"} {
		if condition != "" {
			condition += " OR "
		}
		condition += w.in(column{name: "d." + name}, sinew.Compare{Op: sinew.OpIn, Values: anys(entityIDs)})
	}
	rows, err := queryRows(ctx, s.reader, scanDocumentation, "SELECT "+documentationColumns+" FROM documentation d WHERE "+condition+" ORDER BY d.created_at, d.id", w.args...)
	return rows, wrap(err, "read documentation of %v", entityIDs)
}
