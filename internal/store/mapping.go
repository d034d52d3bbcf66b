package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

// mappingFrom finds an installed model ($1, $2) with the two rows of a method ($3, $4,
// $5), of which each may be missing.
const mappingFrom = "SELECT " + installedModelColumns + ", " + modelColumns + `,
	b.id, b.config, b.version, b.active_version, b.canary_version, b.canary_percent, b.created_at, b.updated_at,
	r.id, r.config, r.version, r.active_version, r.canary_version, r.canary_percent, r.created_at, r.updated_at, COALESCE(r.base_version, 0)
	FROM environment_unified_model em JOIN unified_model m ON m.id = em.unified_model_id
	LEFT JOIN unified_model_resource_method b ON b.unified_model_id = m.id AND b.integration_name = $3 AND b.resource_name = $4 AND b.method_name = $5
	LEFT JOIN environment_unified_model_resource_method r ON r.environment_unified_model_id = em.id AND r.integration_name = $3 AND r.resource_name = $4 AND r.method_name = $5
	WHERE em.environment_id = $1 AND em.model_name = $2`

// CodeModelNotFound is the code of a call of a model that is not installed.
const CodeModelNotFound = "unified_model_not_found"

// Mapping returns what the environment has installed for a unified method, with the
// versions that calls use. NotFound with CodeModelNotFound when the environment does
// not have the model; rows that are not there are nil. It takes one query, and a second
// one when the newest version of a row is not the one that calls use.
func (s *Store) Mapping(ctx context.Context, key sinew.MappingKey) (sinew.Mapping, error) {
	m, err := scanMapping(s.reader.QueryRowContext(ctx, mappingFrom, key.EnvironmentID, key.Model, key.Integration, key.Resource, key.Method))
	if isNoRows(err) {
		return sinew.Mapping{}, sinew.Errorf(sinew.KindNotFound, "Unified model %q not found: the environment has not installed it", key.Model).WithCode(CodeModelNotFound)
	}
	if err != nil {
		return sinew.Mapping{}, fmt.Errorf("read mapping of %s/%s/%s to %s: %w", key.Model, key.Resource, key.Method, key.Integration, forCallers(err))
	}
	for _, row := range []*sinew.ReleasedMapping{m.Base, m.Environment} {
		if row != nil {
			row.ResourceName, row.IntegrationName, row.MethodName = key.Resource, key.Integration, key.Method
		}
	}
	return m, wrap(s.release(ctx, &m), "read released versions of %s/%s/%s to %s", key.Model, key.Resource, key.Method, key.Integration)
}

// nullableRow is a row of a mapping that may be missing.
type nullableRow struct {
	id, config                                         *string
	version, active, canary, percent, created, updated *int64
}

func (n *nullableRow) targets() []any {
	return []any{&n.id, &n.config, &n.version, &n.active, &n.canary, &n.percent, &n.created, &n.updated}
}

// mapping returns the row, nil when it is missing.
func (n *nullableRow) mapping() *sinew.ReleasedMapping {
	if n.id == nil {
		return nil
	}
	return &sinew.ReleasedMapping{MappingRow: sinew.MappingRow{
		ID: *n.id, Config: sinew.JSON(*n.config), Version: *n.version,
		Release:   sinew.MappingRelease{Active: *n.active, Canary: *n.canary, Percent: *n.percent},
		CreatedAt: fromMillis(*n.created), UpdatedAt: fromMillis(*n.updated),
	}}
}

func scanMapping(row scanner) (m sinew.Mapping, err error) {
	targets, done := installedModelScan(&m.Installed)
	var base, environment nullableRow
	var held int64
	targets = append(targets, base.targets()...)
	targets = append(targets, environment.targets()...)
	if err = row.Scan(append(targets, &held)...); err != nil {
		return m, err
	}
	done()
	if m.Base = base.mapping(); m.Base != nil {
		m.Base.UnifiedModelID = m.Installed.UnifiedModelID
	}
	if m.Environment = environment.mapping(); m.Environment != nil {
		m.Environment.EnvironmentUnifiedModelID = m.Installed.ID
		m.Environment.Release.Base = held
		if m.Base != nil {
			m.Environment.BaseVersion = m.Base.Version
		}
	}
	return m, nil
}

// release fills in which versions calls use. A row of the environment that holds on to
// a version of the row for everyone has calls use that one, whatever that row releases.
func (s *Store) release(ctx context.Context, m *sinew.Mapping) error {
	held := int64(0)
	if m.Environment != nil {
		held = m.Environment.Release.Base
	}
	var wanted []wantedVersion
	for _, row := range []*sinew.ReleasedMapping{m.Base, m.Environment} {
		if row == nil {
			continue
		}
		row.Active, row.ActiveVersion = row.Config, row.Version
		active, canary := row.Release.Active, row.Release.Canary
		if row == m.Base && held > 0 {
			active, canary = held, 0
		}
		if active > 0 && active != row.Version {
			wanted = append(wanted, wantedVersion{row, active, func(config sinew.JSON) { row.Active, row.ActiveVersion = config, active }})
		}
		switch {
		case canary == row.Version:
			row.Canary = row.Config
		case canary > 0:
			wanted = append(wanted, wantedVersion{row, canary, func(config sinew.JSON) { row.Canary = config }})
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return s.readWanted(ctx, m, wanted)
}

// wantedVersion is a version of a row that calls use, and what to do with its config.
// One that is gone, with a row that was deleted and made again, leaves the newest.
type wantedVersion struct {
	row     *sinew.ReleasedMapping
	version int64
	put     func(config sinew.JSON)
}

func (s *Store) readWanted(ctx context.Context, m *sinew.Mapping, wanted []wantedVersion) error {
	w := &where{}
	condition := ""
	for _, v := range wanted {
		column := mappingTableOf(sinew.LayerEnvironment).versionOf
		if v.row == m.Base {
			column = mappingTableOf(sinew.LayerBase).versionOf
		}
		if condition != "" {
			condition += " OR "
		}
		condition += "(" + column + " = " + w.param(v.row.ID) + " AND version = " + w.param(v.version) + ")"
	}
	type saved struct {
		row     string
		version int64
		config  sinew.JSON
	}
	scan := func(row scanner) (v saved, err error) {
		err = row.Scan(&v.row, &v.version, &v.config)
		return v, err
	}
	found, err := queryRows(ctx, s.reader, scan,
		"SELECT COALESCE(base_row_id, environment_row_id), version, config FROM mapping_version WHERE "+condition, w.args...)
	if err != nil {
		return err
	}
	for _, v := range wanted {
		for _, one := range found {
			if one.row == v.row.ID && one.version == v.version {
				v.put(one.config)
			}
		}
	}
	return nil
}
