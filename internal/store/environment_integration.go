package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

const installationFrom = `SELECT ei.id, ei.environment_id, ei.integration_id, ei.is_enabled, ei.show_in_catalog, ei.override, ei.version, ei.created_at, ei.updated_at,
	i.id, i.team_id, i.name, i.category, i.is_beta, i.sharing, i.config, i.version, i.created_at, i.updated_at
	FROM environment_integration ei JOIN integration i ON i.id = ei.integration_id`

func scanInstallation(row scanner) (sinew.EnvironmentIntegration, error) {
	var ei sinew.EnvironmentIntegration
	var i sinew.Integration
	var created, updated, integrationCreated, integrationUpdated int64
	err := row.Scan(&ei.ID, &ei.EnvironmentID, &ei.IntegrationID, &ei.IsEnabled, &ei.ShowInCatalog, &ei.Override, &ei.Version, &created, &updated,
		&i.ID, &i.TeamID, &i.Name, &i.Category, &i.IsBeta, &i.Sharing, &i.Config, &i.Version, &integrationCreated, &integrationUpdated)
	ei.CreatedAt, ei.UpdatedAt = fromMillis(created), fromMillis(updated)
	i.CreatedAt, i.UpdatedAt = fromMillis(integrationCreated), fromMillis(integrationUpdated)
	ei.Integration = &i
	return ei, err
}

func overridePlace(ei sinew.EnvironmentIntegration) seal.Place {
	return seal.Place{EnvironmentID: ei.EnvironmentID, Table: "environment_integration", RowID: ei.ID, Column: "override_secret", Version: ei.Version}
}

// Install writes an installed integration, gives it its id, and writes the
// event. When the environment has it already, that row is returned unchanged
// and fresh is false.
func (s *Store) Install(ctx context.Context, r sinew.InstallationRecord, event func(sinew.EnvironmentIntegration) sinew.Event) (installed sinew.EnvironmentIntegration, fresh bool, err error) {
	r.ID, r.Version = newID(), 1
	if err := s.vault.Warm(ctx, r.EnvironmentID); err != nil {
		return installed, false, wrap(err, "install integration %s", r.IntegrationID)
	}
	err = s.change(ctx, func(t *tx) error {
		sealed, err := s.sealColumn(ctx, overridePlace(r.EnvironmentIntegration), string(r.OverrideSecret))
		if err != nil {
			return err
		}
		fresh, err = affected(t.ExecContext(ctx, `INSERT INTO environment_integration
			(id, environment_id, integration_id, is_enabled, show_in_catalog, override, override_secret, version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (environment_id, integration_id) DO NOTHING`,
			r.ID, r.EnvironmentID, r.IntegrationID, r.IsEnabled, r.ShowInCatalog, string(r.Override), sealed, r.Version, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli()))
		if isForeignKey(err) {
			return sinew.NotFound("Integration", r.IntegrationID)
		}
		if err != nil {
			return err
		}
		installed, err = scanInstallation(t.QueryRowContext(ctx, installationFrom+" WHERE ei.environment_id = $1 AND ei.integration_id = $2", r.EnvironmentID, r.IntegrationID))
		if err != nil || !fresh {
			return err
		}
		if err := definitionChanged(ctx, t); err != nil {
			return err
		}
		return insertEvent(ctx, t, event(installed))
	})
	return installed, fresh, wrap(err, "install integration %s", r.IntegrationID)
}

// EnvironmentIntegration returns an installed integration. NotFound when the
// environment has none of that id.
func (s *Store) EnvironmentIntegration(ctx context.Context, environmentID, id string) (sinew.EnvironmentIntegration, error) {
	ei, err := scanInstallation(s.reader.QueryRowContext(ctx, installationFrom+" WHERE ei.environment_id = $1 AND ei.id = $2", environmentID, id))
	return ei, notFound("Environment integration", id, err)
}

// EnvironmentIntegrations returns one page of an environment's installed
// integrations.
func (s *Store) EnvironmentIntegrations(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.EnvironmentIntegration], error) {
	cols := columns{"integration.name": {name: "i.name"}, "integration.category": {name: "i.category"}}
	for _, field := range sinew.EnvironmentIntegrationFields() {
		if _, ok := cols[field.Name]; !ok {
			cols[field.Name] = column{name: "ei." + field.Name}
		}
	}
	list := listing[sinew.EnvironmentIntegration]{
		selects: installationFrom, alias: "ei.", columns: cols, scan: scanInstallation,
		position: func(ei sinew.EnvironmentIntegration, sort sinew.Sort) sinew.Position {
			return stamped(ei.CreatedAt, ei.UpdatedAt, ei.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "ei.environment_id = $1", environmentID)
	return page, wrap(err, "list environment integrations")
}

// UpdateEnvironmentIntegration changes an installed integration by a function
// from old to new, secrets included, raises its version and writes the event.
func (s *Store) UpdateEnvironmentIntegration(ctx context.Context, environmentID, id string, update func(*sinew.InstallationRecord) error, event func(sinew.EnvironmentIntegration) sinew.Event) (sinew.EnvironmentIntegration, error) {
	var changed sinew.EnvironmentIntegration
	err := s.change(ctx, func(t *tx) error {
		r, err := s.installationRecord(ctx, t, environmentID, id)
		if err != nil {
			return err
		}
		if err := update(&r); err != nil {
			return err
		}
		r.Version++
		sealed, err := s.sealColumn(ctx, overridePlace(r.EnvironmentIntegration), string(r.OverrideSecret))
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE environment_integration SET is_enabled = $2, show_in_catalog = $3, override = $4, override_secret = $5,
			version = $6, updated_at = $7 WHERE id = $1`,
			id, r.IsEnabled, r.ShowInCatalog, string(r.Override), sealed, r.Version, r.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		if err := definitionChanged(ctx, t); err != nil {
			return err
		}
		changed = r.EnvironmentIntegration
		return insertEvent(ctx, t, event(changed))
	})
	return changed, wrap(s.failClosed(ctx, environmentID, err), "update environment integration %s", id)
}

func (s *Store) installationRecord(ctx context.Context, t *tx, environmentID, id string) (sinew.InstallationRecord, error) {
	lock := ""
	if s.dialect.noKeyUpdate != "" {
		lock = s.dialect.noKeyUpdate + " OF ei"
	}
	ei, err := scanInstallation(t.QueryRowContext(ctx, installationFrom+" WHERE ei.environment_id = $1 AND ei.id = $2"+lock, environmentID, id))
	if err != nil {
		return sinew.InstallationRecord{}, notFound("Environment integration", id, err)
	}
	secret, err := s.overrideSecret(ctx, t, ei)
	return sinew.InstallationRecord{EnvironmentIntegration: ei, OverrideSecret: secret}, err
}

func (s *Store) overrideSecret(ctx context.Context, q querier, ei sinew.EnvironmentIntegration) (sinew.JSON, error) {
	var sealed []byte
	if err := q.QueryRowContext(ctx, "SELECT override_secret FROM environment_integration WHERE id = $1", ei.ID).Scan(&sealed); err != nil {
		return "", notFound("Environment integration", ei.ID, err)
	}
	text, err := s.openColumn(ctx, overridePlace(ei), sealed)
	return sinew.JSON(text), err
}

// Uninstall removes an installed integration with every account below it. remove is
// called for each account, see DeleteAccount; event makes the event of the
// installation.
func (s *Store) Uninstall(ctx context.Context, environmentID, id string, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval, event func(sinew.EnvironmentIntegration) sinew.Event) error {
	err := s.change(ctx, func(t *tx) error {
		ei, err := scanInstallation(t.QueryRowContext(ctx, installationFrom+" WHERE ei.environment_id = $1 AND ei.id = $2", environmentID, id))
		if err != nil {
			return notFound("Environment integration", id, err)
		}
		if err := s.deleteAccountsOf(ctx, t, ei, remove); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, "DELETE FROM environment_integration WHERE id = $1", id); err != nil {
			return err
		}
		if err := definitionChanged(ctx, t); err != nil {
			return err
		}
		return insertEvent(ctx, t, event(ei))
	})
	return wrap(err, "uninstall environment integration %s", id)
}

// deleteAccountsOf removes the accounts of an installation in batches, so that
// memory stays flat.
func (s *Store) deleteAccountsOf(ctx context.Context, t *tx, ei sinew.EnvironmentIntegration, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval) error {
	const batch = 200
	for {
		accounts, err := queryRows(ctx, t, scanAccountRow, s.accounts.selects+" WHERE a.environment_integration_id = $1 LIMIT $2"+s.deleteLock(), ei.ID, batch)
		if err != nil {
			return fmt.Errorf("read accounts of %s: %w", ei.ID, err)
		}
		if err := s.deleteAccounts(ctx, t, ei.EnvironmentID, accounts, remove); err != nil {
			return err
		}
		if len(accounts) < batch {
			return nil
		}
	}
}
