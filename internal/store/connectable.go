package store

import (
	"context"

	"github.com/sinewhq/sinew"
)

// maxConnectable bounds the integrations that one connect page shows.
const maxConnectable = 1000

// Connectable returns the installed integrations that the connect page of an
// environment shows, by name.
func (s *Store) Connectable(ctx context.Context, environmentID string) ([]sinew.EnvironmentIntegration, error) {
	all, err := queryRows(ctx, s.reader, scanInstallation,
		installationFrom+" WHERE ei.environment_id = $1 AND ei.is_enabled = $2 AND ei.show_in_catalog = $2 ORDER BY i.name, ei.id LIMIT $3", environmentID, true, maxConnectable)
	return all, wrap(err, "list integrations to connect")
}

// EnabledInstallations returns the installed integrations of an environment that
// can be connected, in the catalogue or not.
func (s *Store) EnabledInstallations(ctx context.Context, environmentID string) ([]sinew.EnvironmentIntegration, error) {
	all, err := queryRows(ctx, s.reader, scanInstallation, installationFrom+" WHERE ei.environment_id = $1 AND ei.is_enabled = $2 ORDER BY ei.id LIMIT $3", environmentID, true, maxConnectable)
	return all, wrap(err, "list enabled integrations")
}

// InstallationNamed returns the installed integration of a name. NotFound when the
// environment has none. Of two, of several teams, it is the one that was installed
// first.
func (s *Store) InstallationNamed(ctx context.Context, environmentID, name string) (sinew.EnvironmentIntegration, error) {
	ei, err := scanInstallation(s.reader.QueryRowContext(ctx, installationFrom+" WHERE ei.environment_id = $1 AND i.name = $2 ORDER BY ei.id LIMIT 1", environmentID, name))
	return ei, notFound("Environment integration", name, err)
}

// UnconnectedAccount returns what every account of an installation has, secrets
// included, before there is one. NotFound when the environment has no such
// installation.
func (s *Store) UnconnectedAccount(ctx context.Context, environmentID, installationID string) (sinew.AccountRecord, error) {
	var r sinew.AccountRecord
	ei, err := s.EnvironmentIntegration(ctx, environmentID, installationID)
	if err != nil {
		return r, err
	}
	r.EnvironmentIntegration, r.Integration = &ei, ei.Integration
	r.EnvironmentID, r.EnvironmentIntegrationID, r.IntegrationID, r.IntegrationName = environmentID, ei.ID, ei.IntegrationID, ei.Integration.Name
	// With the versions that the secrets were sealed under, which may have grown
	// since.
	var sealed sealedColumns
	err = s.reader.QueryRowContext(ctx, `SELECT ei.override_secret, ei.version, i.config_secret, i.version
		FROM environment_integration ei JOIN integration i ON i.id = ei.integration_id WHERE ei.id = $1`, installationID).
		Scan(&sealed.installation, &sealed.installationVersion, &sealed.config, &sealed.integrationVersion)
	if err != nil {
		return r, notFound("Environment integration", installationID, err)
	}
	opened := lockedRecord{AccountRecord: r}
	err = s.failClosed(ctx, environmentID, s.openAccount(ctx, &opened, sealed))
	return opened.AccountRecord, err
}
