package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

const integrationFrom = `SELECT i.id, i.team_id, i.name, i.category, i.is_beta, i.sharing, i.config, i.version, i.created_at, i.updated_at FROM integration i`

func scanIntegration(row scanner) (sinew.Integration, error) {
	var i sinew.Integration
	var created, updated int64
	err := row.Scan(&i.ID, &i.TeamID, &i.Name, &i.Category, &i.IsBeta, &i.Sharing, &i.Config, &i.Version, &created, &updated)
	i.CreatedAt, i.UpdatedAt = fromMillis(created), fromMillis(updated)
	return i, err
}

func configPlace(i sinew.Integration) seal.Place {
	return seal.Place{EnvironmentID: i.TeamID, Table: "integration", RowID: i.ID, Column: "config_secret", Version: i.Version}
}

// visibleTo is the condition under which a team ($1) sees an integration: it
// owns it, may install it or ask for it, or has it installed.
const visibleTo = `(i.team_id = $1 OR i.sharing <> 'deny' OR EXISTS (
	SELECT 1 FROM environment_integration ei JOIN environment e ON e.id = ei.environment_id
	WHERE ei.integration_id = i.id AND e.team_id = $1))`

// CreateIntegration writes an integration and gives it its id and version 1.
// Conflict when the team has one of that name.
func (s *Store) CreateIntegration(ctx context.Context, r *sinew.IntegrationRecord) error {
	r.ID, r.Version = newID(), 1
	if err := s.vault.Warm(ctx, r.TeamID); err != nil {
		return wrap(err, "create integration %q", r.Name)
	}
	err := s.change(ctx, func(t *tx) error {
		sealed, err := s.sealColumn(ctx, configPlace(r.Integration), string(r.ConfigSecret))
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO integration
			(id, team_id, name, category, is_beta, sharing, config, config_secret, version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			r.ID, r.TeamID, r.Name, r.Category, r.IsBeta, string(r.Sharing), string(r.Config), sealed, r.Version, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli())
		if isUnique(err) {
			return sinew.Errorf(sinew.KindConflict, "The team already has an integration named %q", r.Name).WithCode("already_exists")
		}
		if err != nil {
			return err
		}
		return definitionChanged(ctx, t)
	})
	return wrap(err, "create integration %q", r.Name)
}

// Integration returns an integration that the team sees. NotFound otherwise.
func (s *Store) Integration(ctx context.Context, teamID, id string) (sinew.Integration, error) {
	i, err := scanIntegration(s.reader.QueryRowContext(ctx, integrationFrom+" WHERE "+visibleTo+" AND i.id = $2", teamID, id))
	return i, notFound("Integration", id, err)
}

// IntegrationNamed returns the team's own integration of that name. NotFound
// when there is none.
func (s *Store) IntegrationNamed(ctx context.Context, teamID, name string) (sinew.Integration, error) {
	i, err := scanIntegration(s.reader.QueryRowContext(ctx, integrationFrom+" WHERE i.team_id = $1 AND i.name = $2", teamID, name))
	return i, notFound("Integration", name, err)
}

// Integrations returns one page of the integrations that a team sees.
func (s *Store) Integrations(ctx context.Context, teamID string, q sinew.ListQuery) (sinew.Page[sinew.Integration], error) {
	cols := columns{}
	for _, field := range sinew.IntegrationFields() {
		cols[field.Name] = column{name: "i." + field.Name}
	}
	list := listing[sinew.Integration]{
		selects: integrationFrom, alias: "i.", columns: cols, scan: scanIntegration,
		position: func(i sinew.Integration, sort sinew.Sort) sinew.Position {
			return stamped(i.CreatedAt, i.UpdatedAt, i.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, visibleTo, teamID)
	return page, wrap(err, "list integrations")
}

// Relations returns what a team has to do with each of the integrations, in
// two queries however many they are.
func (s *Store) Relations(ctx context.Context, teamID string, integrationIDs []string) (map[string]sinew.Relation, error) {
	relations := make(map[string]sinew.Relation, len(integrationIDs))
	if len(integrationIDs) == 0 {
		return relations, nil
	}
	type pair struct{ integration, value string }
	scan := func(row scanner) (p pair, err error) { return p, row.Scan(&p.integration, &p.value) }
	w := &where{args: []any{teamID}}
	in := w.in(column{name: "ei.integration_id"}, sinew.Compare{Op: sinew.OpIn, Values: anys(integrationIDs)})
	installed, err := queryRows(ctx, s.reader, scan, `SELECT ei.integration_id, ei.environment_id FROM environment_integration ei
		JOIN environment e ON e.id = ei.environment_id WHERE e.team_id = $1 AND `+in+` ORDER BY ei.created_at, ei.id`, w.args...)
	if err != nil {
		return nil, fmt.Errorf("read installations of integrations: %w", err)
	}
	for _, p := range installed {
		r := relations[p.integration]
		r.InstalledEnvironments = append(r.InstalledEnvironments, p.value)
		relations[p.integration] = r
	}
	w = &where{args: []any{teamID}}
	in = w.in(column{name: "integration_id"}, sinew.Compare{Op: sinew.OpIn, Values: anys(integrationIDs)})
	requests, err := queryRows(ctx, s.reader, scan, `SELECT integration_id, status FROM integration_request WHERE team_id = $1 AND `+in, w.args...)
	if err != nil {
		return nil, fmt.Errorf("read requests for integrations: %w", err)
	}
	for _, p := range requests {
		r := relations[p.integration]
		r.Request = sinew.RequestStatus(p.value)
		relations[p.integration] = r
	}
	return relations, nil
}

func anys(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

// UpdateIntegration changes a team's own integration by a function from old to
// new, secrets included, and raises its version. The name must stay. NotFound
// when the team does not own it.
func (s *Store) UpdateIntegration(ctx context.Context, teamID, id string, update func(*sinew.IntegrationRecord) error) (sinew.Integration, error) {
	var changed sinew.Integration
	err := s.change(ctx, func(t *tx) error {
		r, err := s.integrationRecord(ctx, t, teamID, id)
		if err != nil {
			return err
		}
		if err := update(&r); err != nil {
			return err
		}
		r.Version++
		sealed, err := s.sealColumn(ctx, configPlace(r.Integration), string(r.ConfigSecret))
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE integration SET category = $2, is_beta = $3, sharing = $4, config = $5, config_secret = $6,
			version = $7, updated_at = $8 WHERE id = $1`,
			id, r.Category, r.IsBeta, string(r.Sharing), string(r.Config), sealed, r.Version, r.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		changed = r.Integration
		return definitionChanged(ctx, t)
	})
	return changed, wrap(s.failClosed(ctx, teamID, err), "update integration %s", id)
}

func (s *Store) integrationRecord(ctx context.Context, t *tx, teamID, id string) (sinew.IntegrationRecord, error) {
	i, err := scanIntegration(t.QueryRowContext(ctx, integrationFrom+" WHERE i.team_id = $1 AND i.id = $2"+s.dialect.noKeyUpdate, teamID, id))
	if err != nil {
		return sinew.IntegrationRecord{}, notFound("Integration", id, err)
	}
	secret, err := s.configSecret(ctx, t, i)
	return sinew.IntegrationRecord{Integration: i, ConfigSecret: secret}, err
}

func (s *Store) configSecret(ctx context.Context, q querier, i sinew.Integration) (sinew.JSON, error) {
	var sealed []byte
	if err := q.QueryRowContext(ctx, "SELECT config_secret FROM integration WHERE id = $1", i.ID).Scan(&sealed); err != nil {
		return "", notFound("Integration", i.ID, err)
	}
	text, err := s.openColumn(ctx, configPlace(i), sealed)
	return sinew.JSON(text), err
}

// DeleteIntegration removes a team's own integration. Conflict while it is
// installed anywhere, NotFound when the team does not own it.
func (s *Store) DeleteIntegration(ctx context.Context, teamID, id string) error {
	err := s.change(ctx, func(t *tx) error {
		ok, err := affected(t.ExecContext(ctx, "DELETE FROM integration WHERE team_id = $1 AND id = $2", teamID, id))
		if isForeignKey(err) {
			return sinew.Errorf(sinew.KindConflict, "The integration is installed; uninstall it from every environment first").WithCode("in_use")
		}
		if err != nil {
			return err
		}
		if !ok {
			return sinew.NotFound("Integration", id)
		}
		return definitionChanged(ctx, t)
	})
	return wrap(err, "delete integration %s", id)
}

const requestFrom = "SELECT id, integration_id, team_id, status, created_at, updated_at FROM integration_request"

func scanRequest(row scanner) (sinew.IntegrationRequest, error) {
	var r sinew.IntegrationRequest
	var created, updated int64
	err := row.Scan(&r.ID, &r.IntegrationID, &r.TeamID, &r.Status, &created, &updated)
	r.CreatedAt, r.UpdatedAt = fromMillis(created), fromMillis(updated)
	return r, err
}

// PutIntegrationRequest writes a team's request for an integration. A request
// that is there already stays as it is, except that a refused one is pending
// again.
func (s *Store) PutIntegrationRequest(ctx context.Context, r sinew.IntegrationRequest) (sinew.IntegrationRequest, error) {
	r.ID = newID()
	row := s.writer.QueryRowContext(ctx, `INSERT INTO integration_request (id, integration_id, team_id, status, created_at, updated_at)
		VALUES ($1, $2, $3, 'pending', $4, $4)
		ON CONFLICT (integration_id, team_id) DO UPDATE SET
			updated_at = CASE WHEN integration_request.status = 'refused' THEN excluded.updated_at ELSE integration_request.updated_at END,
			status = CASE WHEN integration_request.status = 'refused' THEN 'pending' ELSE integration_request.status END
		RETURNING id, integration_id, team_id, status, created_at, updated_at`,
		r.ID, r.IntegrationID, r.TeamID, r.CreatedAt.UnixMilli())
	stored, err := scanRequest(row)
	return stored, wrap(err, "request integration %s", r.IntegrationID)
}

// IntegrationRequests returns one page of the requests for a team's own
// integration.
func (s *Store) IntegrationRequests(ctx context.Context, integrationID string, q sinew.ListQuery) (sinew.Page[sinew.IntegrationRequest], error) {
	list := listing[sinew.IntegrationRequest]{
		selects: requestFrom, columns: plainColumns("id", "team_id", "status", "created_at", "updated_at"), scan: scanRequest,
		position: func(r sinew.IntegrationRequest, sort sinew.Sort) sinew.Position {
			return stamped(r.CreatedAt, r.UpdatedAt, r.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "integration_id = $1", integrationID)
	return page, wrap(err, "list requests for integration %s", integrationID)
}

// AnswerIntegrationRequest approves or refuses a request. NotFound when the
// integration has no such request.
func (s *Store) AnswerIntegrationRequest(ctx context.Context, r sinew.IntegrationRequest) (sinew.IntegrationRequest, error) {
	row := s.writer.QueryRowContext(ctx, `UPDATE integration_request SET status = $3, updated_at = $4 WHERE integration_id = $1 AND id = $2
		RETURNING id, integration_id, team_id, status, created_at, updated_at`, r.IntegrationID, r.ID, string(r.Status), r.UpdatedAt.UnixMilli())
	stored, err := scanRequest(row)
	return stored, notFound("Request", r.ID, err)
}

// Categories returns one page of the categories.
func (s *Store) Categories(ctx context.Context, q sinew.ListQuery) (sinew.Page[sinew.Category], error) {
	list := listing[sinew.Category]{
		selects: "SELECT name, label, created_at, updated_at FROM category", id: "name",
		columns: columns{"id": {name: "name"}, "name": {name: "name"}, "label": {name: "label"}, "created_at": {name: "created_at"}, "updated_at": {name: "updated_at"}},
		scan: func(row scanner) (sinew.Category, error) {
			var c sinew.Category
			var created, updated int64
			err := row.Scan(&c.Name, &c.Label, &created, &updated)
			c.CreatedAt, c.UpdatedAt = fromMillis(created), fromMillis(updated)
			return c, err
		},
		position: func(c sinew.Category, sort sinew.Sort) sinew.Position {
			return stamped(c.CreatedAt, c.UpdatedAt, c.Name, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "1 = 1")
	return page, wrap(err, "list categories")
}

// PutCategories writes categories that are not there yet.
func (s *Store) PutCategories(ctx context.Context, categories []sinew.Category) error {
	return s.change(ctx, func(t *tx) error {
		for _, c := range categories {
			_, err := t.ExecContext(ctx, `INSERT INTO category (name, label, created_at, updated_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (name) DO NOTHING`, c.Name, c.Label, c.CreatedAt.UnixMilli(), c.UpdatedAt.UnixMilli())
			if err != nil {
				return fmt.Errorf("write category %s: %w", c.Name, err)
			}
		}
		return nil
	})
}
