package store

import (
	"context"

	"github.com/sinewhq/sinew"
)

// IntegrationCalled returns the integration that a team sees under a name. Of several
// it is the one that the environment has installed, or the team's own. NotFound when
// there is none.
func (s *Store) IntegrationCalled(ctx context.Context, teamID, environmentID, name string) (sinew.Integration, error) {
	i, err := scanIntegration(s.reader.QueryRowContext(ctx, integrationFrom+`
		LEFT JOIN environment_integration here ON here.integration_id = i.id AND here.environment_id = $3
		WHERE `+visibleTo+` AND i.name = $2
		ORDER BY CASE WHEN here.id IS NOT NULL THEN 0 WHEN i.team_id = $1 THEN 1 ELSE 2 END, i.created_at, i.id LIMIT 1`, teamID, name, environmentID))
	return i, notFound("Integration", name, err)
}

// InstallationCalled returns what an environment has installed under the name of an
// integration; of several, the first one. found is false when there is none.
func (s *Store) InstallationCalled(ctx context.Context, environmentID, name string) (ei sinew.EnvironmentIntegration, found bool, err error) {
	ei, err = scanInstallation(s.reader.QueryRowContext(ctx, installationFrom+" WHERE ei.environment_id = $1 AND i.name = $2 ORDER BY ei.created_at, ei.id LIMIT 1", environmentID, name))
	if isNoRows(err) {
		return ei, false, nil
	}
	return ei, err == nil, wrap(err, "read installation of %s", name)
}

// InstalledModelNamed returns the unified model that an environment has installed
// under a name. NotFound with CodeModelNotFound when there is none.
func (s *Store) InstalledModelNamed(ctx context.Context, environmentID, name string) (sinew.EnvironmentUnifiedModel, error) {
	em, err := scanInstalledModel(s.reader.QueryRowContext(ctx, installedModelFrom+" WHERE em.environment_id = $1 AND em.model_name = $2", environmentID, name))
	if isNoRows(err) {
		return em, sinew.Errorf(sinew.KindNotFound, "Unified model %q not found: the environment has not installed it", name).WithCode(CodeModelNotFound)
	}
	return em, wrap(err, "read installed unified model %s", name)
}

// ModelsWithOverrides returns unified models by their ids, each with what an
// environment lays over it; id and override are empty where it is not installed.
func (s *Store) ModelsWithOverrides(ctx context.Context, environmentID string, modelIDs []string) (map[string]sinew.EnvironmentUnifiedModel, error) {
	found := make(map[string]sinew.EnvironmentUnifiedModel, len(modelIDs))
	if len(modelIDs) == 0 {
		return found, nil
	}
	scan := func(row scanner) (em sinew.EnvironmentUnifiedModel, err error) {
		em.UnifiedModel = new(sinew.UnifiedModel)
		targets, done := modelScan(em.UnifiedModel)
		err = row.Scan(append(targets, &em.ID, &em.Override)...)
		done()
		return em, err
	}
	w := &where{args: []any{environmentID}}
	in := w.in(column{name: "m.id"}, sinew.Compare{Op: sinew.OpIn, Values: anys(modelIDs)})
	rows, err := queryRows(ctx, s.reader, scan, "SELECT "+modelColumns+`, COALESCE(em.id, ''), COALESCE(em.override, '{}') FROM unified_model m
		LEFT JOIN environment_unified_model em ON em.unified_model_id = m.id AND em.environment_id = $1 WHERE `+in, w.args...)
	for _, em := range rows {
		found[em.UnifiedModel.ID] = em
	}
	return found, wrap(err, "read %d unified models", len(modelIDs))
}
