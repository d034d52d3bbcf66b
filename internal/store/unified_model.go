package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

const modelColumns = "m.id, m.team_id, m.name, m.label, m.category, m.description, m.sharing, m.resources, m.scopes, m.docs, m.webhooks, m.version, m.created_at, m.updated_at"

const modelFrom = "SELECT " + modelColumns + " FROM unified_model m"

// modelScan are the variables that modelColumns are read into; done finishes the
// model.
func modelScan(m *sinew.UnifiedModel) (targets []any, done func()) {
	var created, updated int64
	targets = []any{
		&m.ID, &m.TeamID, &m.Name, &m.Label, &m.Category, &m.Description, &m.Sharing, &m.Resources, &m.Scopes, &m.Docs, &m.Webhooks, &m.Version, &created, &updated,
	}
	return targets, func() { m.CreatedAt, m.UpdatedAt = fromMillis(created), fromMillis(updated) }
}

func scanModel(row scanner) (m sinew.UnifiedModel, err error) {
	targets, done := modelScan(&m)
	err = row.Scan(targets...)
	done()
	return m, err
}

// modelVisibleTo is the condition under which a team ($1) sees a unified model: it
// owns it, may install it or ask to, or has it installed.
const modelVisibleTo = `(m.team_id = $1 OR m.sharing <> 'deny' OR EXISTS (
	SELECT 1 FROM environment_unified_model em JOIN environment e ON e.id = em.environment_id
	WHERE em.unified_model_id = m.id AND e.team_id = $1))`

// CreateUnifiedModel writes a unified model and gives it its id and version 1.
// Conflict when the team has one of that name.
func (s *Store) CreateUnifiedModel(ctx context.Context, m *sinew.UnifiedModel) error {
	m.ID, m.Version = newID(), 1
	err := s.change(ctx, func(t *tx) error {
		fresh, err := insertModel(ctx, t, m)
		if err == nil && !fresh {
			return sinew.Errorf(sinew.KindConflict, "The team already has a unified model named %q", m.Name).WithCode("already_exists")
		}
		return err
	})
	return wrap(err, "create unified model %q", m.Name)
}

// insertModel writes a model; fresh is false when the team has one of that name.
func insertModel(ctx context.Context, t *tx, m *sinew.UnifiedModel) (fresh bool, err error) {
	return affected(t.ExecContext(ctx, `INSERT INTO unified_model
		(id, team_id, name, label, category, description, sharing, resources, scopes, docs, webhooks, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (team_id, name) DO NOTHING`,
		m.ID, m.TeamID, m.Name, m.Label, m.Category, m.Description, string(m.Sharing), string(m.Resources), string(m.Scopes), string(m.Docs), string(m.Webhooks),
		m.Version, m.CreatedAt.UnixMilli(), m.UpdatedAt.UnixMilli()))
}

// UnifiedModel returns a unified model that the team sees. NotFound otherwise.
func (s *Store) UnifiedModel(ctx context.Context, teamID, id string) (sinew.UnifiedModel, error) {
	m, err := scanModel(s.reader.QueryRowContext(ctx, modelFrom+" WHERE "+modelVisibleTo+" AND m.id = $2", teamID, id))
	return m, notFound("Unified model", id, err)
}

// UnifiedModels returns one page of the unified models that a team sees.
func (s *Store) UnifiedModels(ctx context.Context, teamID string, q sinew.ListQuery) (sinew.Page[sinew.UnifiedModel], error) {
	cols := columns{}
	for _, field := range sinew.UnifiedModelFields() {
		cols[field.Name] = column{name: "m." + field.Name}
	}
	list := listing[sinew.UnifiedModel]{
		selects: modelFrom, alias: "m.", columns: cols, scan: scanModel,
		position: func(m sinew.UnifiedModel, sort sinew.Sort) sinew.Position {
			return stamped(m.CreatedAt, m.UpdatedAt, m.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, modelVisibleTo, teamID)
	return page, wrap(err, "list unified models")
}

// ModelRelations returns what a team has to do with each of the unified models, in
// three queries however many they are.
func (s *Store) ModelRelations(ctx context.Context, teamID string, modelIDs []string) (map[string]sinew.ModelRelation, error) {
	relations := make(map[string]sinew.ModelRelation, len(modelIDs))
	if len(modelIDs) == 0 {
		return relations, nil
	}
	type pair struct{ model, text string }
	scan := func(row scanner) (p pair, err error) { return p, row.Scan(&p.model, &p.text) }
	of := func(name string) (string, []any) {
		w := &where{args: []any{teamID}}
		return w.in(column{name: name}, sinew.Compare{Op: sinew.OpIn, Values: anys(modelIDs)}), w.args
	}
	in, args := of("em.unified_model_id")
	installed, err := queryRows(ctx, s.reader, scan, `SELECT em.unified_model_id, em.environment_id FROM environment_unified_model em
		JOIN environment e ON e.id = em.environment_id WHERE e.team_id = $1 AND `+in+` ORDER BY em.created_at, em.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read installations of unified models: %w", err)
	}
	for _, p := range installed {
		r := relations[p.model]
		r.InstalledEnvironments = append(r.InstalledEnvironments, p.text)
		relations[p.model] = r
	}
	in, args = of("unified_model_id")
	requests, err := queryRows(ctx, s.reader, scan, "SELECT unified_model_id, status FROM unified_model_request WHERE team_id = $1 AND "+in, args...)
	if err != nil {
		return nil, fmt.Errorf("read requests for unified models: %w", err)
	}
	for _, p := range requests {
		r := relations[p.model]
		r.Request = sinew.RequestStatus(p.text)
		relations[p.model] = r
	}
	return relations, s.addTaken(ctx, relations, of)
}

// addTaken adds what of the catalogue the team's own models are.
func (s *Store) addTaken(ctx context.Context, relations map[string]sinew.ModelRelation, of func(column string) (string, []any)) error {
	type taken struct {
		model string
		sinew.CatalogTaken
	}
	scan := func(row scanner) (t taken, err error) {
		var at int64
		err = row.Scan(&t.model, &t.Digest, &at)
		t.At = fromMillis(at)
		return t, err
	}
	in, args := of("c.unified_model_id")
	all, err := queryRows(ctx, s.reader, scan, `SELECT c.unified_model_id, c.digest, c.taken_at FROM unified_model_catalog c
		JOIN unified_model m ON m.id = c.unified_model_id WHERE m.team_id = $1 AND `+in, args...)
	for _, t := range all {
		r := relations[t.model]
		r.Taken = &t.CatalogTaken
		relations[t.model] = r
	}
	return wrap(err, "read what unified models are of the catalogue")
}

// UpdateUnifiedModel changes a team's own unified model by a function from old to
// new and raises its version. The name must stay. NotFound when the team does not
// own it.
func (s *Store) UpdateUnifiedModel(ctx context.Context, teamID, id string, update func(*sinew.UnifiedModel) error) (sinew.UnifiedModel, error) {
	var changed sinew.UnifiedModel
	err := s.change(ctx, func(t *tx) error {
		m, err := scanModel(t.QueryRowContext(ctx, modelFrom+" WHERE m.team_id = $1 AND m.id = $2"+s.dialect.noKeyUpdate, teamID, id))
		if err != nil {
			return notFound("Unified model", id, err)
		}
		if err := update(&m); err != nil {
			return err
		}
		m.Version++
		changed = m
		return writeModel(ctx, t, m)
	})
	return changed, wrap(err, "update unified model %s", id)
}

func writeModel(ctx context.Context, t *tx, m sinew.UnifiedModel) error {
	_, err := t.ExecContext(ctx, `UPDATE unified_model SET label = $2, category = $3, description = $4, sharing = $5, resources = $6, scopes = $7, docs = $8, webhooks = $9,
		version = $10, updated_at = $11 WHERE id = $1`,
		m.ID, m.Label, m.Category, m.Description, string(m.Sharing), string(m.Resources), string(m.Scopes), string(m.Docs), string(m.Webhooks), m.Version, m.UpdatedAt.UnixMilli())
	return err
}

// DeleteUnifiedModel removes a team's own unified model with its mappings. Conflict
// while it is installed anywhere, NotFound when the team does not own it.
func (s *Store) DeleteUnifiedModel(ctx context.Context, teamID, id string) error {
	err := s.change(ctx, func(t *tx) error {
		ok, err := affected(t.ExecContext(ctx, "DELETE FROM unified_model WHERE team_id = $1 AND id = $2", teamID, id))
		if isForeignKey(err) {
			return sinew.Errorf(sinew.KindConflict, "The unified model is installed; uninstall it from every environment first").WithCode("in_use")
		}
		if err == nil && !ok {
			return sinew.NotFound("Unified model", id)
		}
		return err
	})
	return wrap(err, "delete unified model %s", id)
}
