package store

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

const gateFrom = "SELECT id, environment_id, name, domain, created_by, created_at, updated_at FROM static_gate"

func scanGate(row scanner) (sinew.StaticGate, error) {
	var g sinew.StaticGate
	var created, updated int64
	err := row.Scan(&g.ID, &g.EnvironmentID, &g.Name, &g.Domain, &g.CreatedBy, &created, &updated)
	g.CreatedAt, g.UpdatedAt = fromMillis(created), fromMillis(updated)
	return g, err
}

func gatePlace(g sinew.StaticGate) seal.Place {
	return seal.Place{EnvironmentID: g.EnvironmentID, Table: "static_gate", RowID: g.ID, Column: "token_secret", Version: 1}
}

// CreateStaticGate writes a gate with its token, which is sealed because calls
// through the gate present it, and gives it its id.
func (s *Store) CreateStaticGate(ctx context.Context, g *sinew.StaticGate, token string) error {
	g.ID = newID()
	return wrap(s.sealing(func() error {
		sealed, err := s.sealColumn(ctx, gatePlace(*g), token)
		if err != nil {
			return err
		}
		_, err = s.writer.ExecContext(ctx, `INSERT INTO static_gate (id, environment_id, name, domain, token_secret, created_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			g.ID, g.EnvironmentID, g.Name, g.Domain, sealed, g.CreatedBy, g.CreatedAt.UnixMilli(), g.UpdatedAt.UnixMilli())
		return err
	}), "create static gate %q", g.Name)
}

// StaticGate returns a gate. NotFound when the environment has none of that id.
func (s *Store) StaticGate(ctx context.Context, environmentID, id string) (sinew.StaticGate, error) {
	g, err := scanGate(s.reader.QueryRowContext(ctx, gateFrom+" WHERE environment_id = $1 AND id = $2", environmentID, id))
	return g, notFound("Static gate", id, err)
}

// StaticGates returns one page of an environment's gates.
func (s *Store) StaticGates(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.StaticGate], error) {
	list := listing[sinew.StaticGate]{
		selects: gateFrom, columns: plainColumns("id", "name", "created_by", "environment_id", "created_at", "updated_at"), scan: scanGate,
		position: func(g sinew.StaticGate, sort sinew.Sort) sinew.Position {
			return stamped(g.CreatedAt, g.UpdatedAt, g.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list static gates")
}

// UpdateStaticGate changes a gate by a function from old to new.
func (s *Store) UpdateStaticGate(ctx context.Context, environmentID, id string, update func(*sinew.StaticGate) error) (sinew.StaticGate, error) {
	var changed sinew.StaticGate
	err := s.change(ctx, func(t *tx) error {
		g, err := scanGate(t.QueryRowContext(ctx, gateFrom+" WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, id))
		if err != nil {
			return notFound("Static gate", id, err)
		}
		if err := update(&g); err != nil {
			return err
		}
		changed = g
		_, err = t.ExecContext(ctx, "UPDATE static_gate SET name = $2, domain = $3, updated_at = $4 WHERE id = $1", id, g.Name, g.Domain, g.UpdatedAt.UnixMilli())
		return err
	})
	return changed, wrap(err, "update static gate %s", id)
}

// DeleteStaticGate removes a gate. Conflict while accounts leave through it:
// their vendors trust its address.
func (s *Store) DeleteStaticGate(ctx context.Context, environmentID, id string) error {
	ok, err := affected(s.writer.ExecContext(ctx, "DELETE FROM static_gate WHERE environment_id = $1 AND id = $2", environmentID, id))
	if isForeignKey(err) {
		return sinew.Errorf(sinew.KindConflict, "Integrated accounts still call through static gate %q", id).WithCode("in_use")
	}
	if err == nil && !ok {
		return sinew.NotFound("Static gate", id)
	}
	return wrap(err, "delete static gate %s", id)
}

// StaticGateToken returns a gate with the token that calls through it present.
func (s *Store) StaticGateToken(ctx context.Context, environmentID, id string) (sinew.StaticGate, string, error) {
	g, err := s.StaticGate(ctx, environmentID, id)
	if err != nil {
		return g, "", err
	}
	var sealed []byte
	if err := s.reader.QueryRowContext(ctx, "SELECT token_secret FROM static_gate WHERE id = $1", id).Scan(&sealed); err != nil {
		return g, "", notFound("Static gate", id, err)
	}
	token, err := s.openColumn(ctx, gatePlace(g), sealed)
	return g, token, s.failClosed(ctx, environmentID, err)
}
