package store

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
)

// InstallationSecrets returns an installed integration of an environment, and the
// integration itself, with their secrets.
func (s *Store) InstallationSecrets(ctx context.Context, ei sinew.EnvironmentIntegration) (i sinew.IntegrationRecord, r sinew.InstallationRecord, err error) {
	i.Integration, r.EnvironmentIntegration = *ei.Integration, ei
	if i.ConfigSecret, err = s.configSecret(ctx, s.reader, i.Integration); err != nil {
		return i, r, s.failClosed(ctx, ei.EnvironmentID, err)
	}
	r.OverrideSecret, err = s.overrideSecret(ctx, s.reader, ei)
	return i, r, s.failClosed(ctx, ei.EnvironmentID, err)
}

// EventSequence returns the number of the newest event of an account.
func (s *Store) EventSequence(ctx context.Context, accountID string) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT event_sequence FROM integrated_account WHERE id = $1", accountID).Scan(&n)
	return n, notFound("Integrated account", accountID, err)
}

// CodeNotEmpty is the code of an environment that holds something already.
const CodeNotEmpty = "environment_not_empty"

// BeginImport allows a bundle into an environment: an empty one, or one that the
// same bundle has begun to fill. Conflict with CodeNotEmpty otherwise. done is set
// when all of the bundle is there.
func (s *Store) BeginImport(ctx context.Context, environmentID, bundle string) (done bool, err error) {
	err = s.change(ctx, func(t *tx) error {
		var known string
		err := t.QueryRowContext(ctx, "SELECT bundle, finished FROM bundle_import WHERE environment_id = $1"+s.dialect.forUpdate, environmentID).Scan(&known, &done)
		if err == nil && known == bundle {
			return nil
		}
		done = false
		if err != nil && !isNoRows(err) {
			return err
		}
		var rows int
		err = t.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM integrated_account WHERE environment_id = $1) + (SELECT count(*) FROM environment_integration WHERE environment_id = $1)
			+ (SELECT count(*) FROM tenant WHERE environment_id = $1) + (SELECT count(*) FROM static_gate WHERE environment_id = $1)
			+ (SELECT count(*) FROM environment_unified_model WHERE environment_id = $1)`, environmentID).Scan(&rows)
		if err != nil {
			return err
		}
		if rows > 0 {
			return sinew.Errorf(sinew.KindConflict, "The environment is not empty: bundles are imported into an environment without accounts, installed integrations and unified models, tenants and static gates").WithCode(CodeNotEmpty)
		}
		_, err = t.ExecContext(ctx, `INSERT INTO bundle_import (environment_id, bundle, finished) VALUES ($1, $2, $3)
			ON CONFLICT (environment_id) DO UPDATE SET bundle = excluded.bundle, finished = excluded.finished`, environmentID, bundle, false)
		return err
	})
	return done, wrap(err, "begin import")
}

// FinishImport notes that all of a bundle is there.
func (s *Store) FinishImport(ctx context.Context, environmentID string) error {
	_, err := s.writer.ExecContext(ctx, "UPDATE bundle_import SET finished = $2 WHERE environment_id = $1", environmentID, true)
	return wrap(err, "finish import")
}

// RestoreIntegration writes an integration of a bundle for a team, unless the team
// has the same one, and returns its id. Conflict when the team has another one of
// that name.
func (s *Store) RestoreIntegration(ctx context.Context, r sinew.IntegrationRecord) (id string, err error) {
	err = s.change(ctx, func(t *tx) error {
		known, err := scanIntegration(t.QueryRowContext(ctx, integrationFrom+" WHERE i.team_id = $1 AND i.name = $2", r.TeamID, r.Name))
		if err == nil {
			if id = known.ID; known.ID != r.ID && known.Config != r.Config {
				return sinew.Errorf(sinew.KindConflict, "The team has another integration named %q", r.Name).WithCode("already_exists")
			}
			return nil
		}
		if !isNoRows(err) {
			return err
		}
		if r.ID, _, err = freeID(ctx, t, "integration", "team_id", r.TeamID, r.ID); err != nil {
			return err
		}
		id = r.ID
		sealed, err := s.sealColumn(ctx, configPlace(r.Integration), string(r.ConfigSecret))
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO integration (id, team_id, name, category, is_beta, sharing, config, config_secret, version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			r.ID, r.TeamID, r.Name, r.Category, r.IsBeta, string(r.Sharing), string(r.Config), sealed, r.Version, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		return definitionChanged(ctx, t)
	})
	return id, wrap(err, "restore integration %q", r.Name)
}

// RestoreInstallation writes an installed integration of a bundle, unless it is
// there, and returns its id.
func (s *Store) RestoreInstallation(ctx context.Context, r sinew.InstallationRecord) (id string, err error) {
	err = s.change(ctx, func(t *tx) error {
		err := t.QueryRowContext(ctx, "SELECT id FROM environment_integration WHERE environment_id = $1 AND integration_id = $2", r.EnvironmentID, r.IntegrationID).Scan(&id)
		if err == nil || !isNoRows(err) {
			return err
		}
		if r.ID, _, err = freeID(ctx, t, "environment_integration", "environment_id", r.EnvironmentID, r.ID); err != nil {
			return err
		}
		id = r.ID
		sealed, err := s.sealColumn(ctx, overridePlace(r.EnvironmentIntegration), string(r.OverrideSecret))
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO environment_integration (id, environment_id, integration_id, is_enabled, show_in_catalog, override, override_secret, version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			r.ID, r.EnvironmentID, r.IntegrationID, r.IsEnabled, r.ShowInCatalog, string(r.Override), sealed, r.Version, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		return definitionChanged(ctx, t)
	})
	return id, wrap(err, "restore environment integration %s", r.ID)
}

// RestoreGate writes a static gate of a bundle, unless it is there, and returns its
// id.
func (s *Store) RestoreGate(ctx context.Context, g sinew.StaticGate, token string) (id string, err error) {
	err = s.change(ctx, func(t *tx) error {
		there := false
		if g.ID, there, err = freeID(ctx, t, "static_gate", "environment_id", g.EnvironmentID, g.ID); err != nil || there {
			return err
		}
		sealed, err := s.sealColumn(ctx, gatePlace(g), token)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO static_gate (id, environment_id, name, domain, token_secret, created_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, g.ID, g.EnvironmentID, g.Name, g.Domain, sealed, g.CreatedBy, g.CreatedAt.UnixMilli(), g.UpdatedAt.UnixMilli())
		return err
	})
	return g.ID, wrap(err, "restore static gate %q", g.Name)
}

// RestoreTenant writes a tenant of a bundle, unless it is there.
func (s *Store) RestoreTenant(ctx context.Context, tenant sinew.Tenant) error {
	return wrap(s.change(ctx, func(t *tx) error {
		_, err := insertTenant(ctx, t, tenant)
		return err
	}), "restore tenant %s", tenant.ID)
}

// RestoreSettings gives an environment the settings that a bundle has of it.
func (s *Store) RestoreSettings(ctx context.Context, environmentID string, settings sinew.Environment) error {
	_, err := s.UpdateEnvironment(ctx, environmentID, func(e *sinew.Environment) error {
		e.RedirectURIs, e.Theme = settings.RedirectURIs, settings.Theme
		return nil
	})
	return wrap(err, "restore settings")
}

// RestoreHistory writes status changes and events of a bundle, unless they are there.
func (s *Store) RestoreHistory(ctx context.Context, changes []sinew.StatusChange, events []sinew.Event) error {
	return wrap(s.changeAside(ctx, func(t *tx) error {
		for _, c := range changes {
			_, err := t.ExecContext(ctx, `INSERT INTO account_timeline (id, environment_id, account_id, from_status, to_status, cause, event, reason, actor, created_at)
				SELECT $1, $2, id, $4, $5, $6, $7, $8, $9, $10 FROM integrated_account WHERE id = $3 ON CONFLICT (id) DO NOTHING`,
				c.ID, c.EnvironmentID, c.AccountID, orNull(c.From), string(c.To), c.Trigger, string(c.Event), orNull(c.Reason), c.Actor, c.At.UnixMilli())
			if err != nil {
				return fmt.Errorf("status change %s: %w", c.ID, err)
			}
		}
		for _, e := range events {
			_, err := t.ExecContext(ctx, `INSERT INTO event (id, environment_id, type, account_id, sequence, payload, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
				e.ID, e.EnvironmentID, string(e.Type), orNull(e.AccountID), e.Sequence, string(e.Payload), e.CreatedAt.UnixMilli())
			if err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		return nil
	}), "restore history")
}

// RestoredID returns the id that a row of a bundle without any other row referring to
// it gets in another place than its own.
func (s *Store) RestoredID(owner, id string) string { return derivedID(owner, id) }

// RestoredAccountID returns the id that an account of a bundle has, or is to get, in
// an environment, and whether it is there.
func (s *Store) RestoredAccountID(ctx context.Context, environmentID, id string) (restored string, there bool, err error) {
	restored, there, err = freeID(ctx, s.reader, "integrated_account", "environment_id", environmentID, id)
	return restored, there, wrap(err, "look for account %s", id)
}

// freeID returns the id that a row of a bundle has with its owner: its own one,
// unless somebody else's row has that, and then one that is made of both, so that a
// repeated import finds it again.
func freeID(ctx context.Context, q querier, table, ownerColumn, owner, id string) (free string, there bool, err error) {
	for _, candidate := range []string{id, derivedID(owner, id)} {
		var holder string
		err := q.QueryRowContext(ctx, "SELECT "+ownerColumn+" FROM "+table+" WHERE id = $1", candidate).Scan(&holder)
		switch {
		case isNoRows(err):
			return candidate, false, nil
		case err != nil:
			return "", false, err
		case holder == owner:
			return candidate, true, nil
		}
	}
	return "", false, fmt.Errorf("no free id for %s of %s", id, table)
}

// derivedID makes an id of version 7 with the time of another one.
func derivedID(owner, id string) string {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return id
	}
	sum := sha256.Sum256([]byte("restored " + owner + " " + id))
	copy(parsed[6:], sum[:])
	parsed[6] = parsed[6]&0x0f | 0x70
	parsed[8] = parsed[8]&0x3f | 0x80
	return parsed.String()
}
