package store

import (
	"context"
	"strconv"

	"github.com/sinewhq/sinew"
)

func (table mappingTable) versions() string {
	return "SELECT id, " + table.versionOf + ", version, config, actor, created_at FROM mapping_version"
}

func scanMappingVersion(row scanner) (v sinew.MappingVersion, err error) {
	var created int64
	err = row.Scan(&v.ID, &v.RowID, &v.Version, &v.Config, &v.Actor, &created)
	v.CreatedAt = fromMillis(created)
	return v, err
}

// MappingVersions returns one page of the saved versions of a row that its owner may
// read.
func (s *Store) MappingVersions(ctx context.Context, layer sinew.MappingLayer, ownerID, rowID string, q sinew.ListQuery) (sinew.Page[sinew.MappingVersion], error) {
	if _, err := s.MappingRow(ctx, layer, ownerID, rowID); err != nil {
		return sinew.Page[sinew.MappingVersion]{}, err
	}
	table := mappingTableOf(layer)
	list := listing[sinew.MappingVersion]{
		selects: table.versions(), columns: plainColumns("id", "version", "created_at"), scan: scanMappingVersion,
		position: func(v sinew.MappingVersion, _ sinew.Sort) sinew.Position {
			return sinew.Position{Key: v.CreatedAt, ID: v.ID}
		},
	}
	page, err := list.page(ctx, s.reader, q, table.versionOf+" = $1", rowID)
	return page, wrap(err, "list versions of mapping %s", rowID)
}

// MappingVersion returns a saved version of a row. NotFound when its owner may not read
// the row, or when there is none of that number.
func (s *Store) MappingVersion(ctx context.Context, layer sinew.MappingLayer, ownerID, rowID string, version int64) (sinew.MappingVersion, error) {
	if _, err := s.MappingRow(ctx, layer, ownerID, rowID); err != nil {
		return sinew.MappingVersion{}, err
	}
	table := mappingTableOf(layer)
	v, err := scanMappingVersion(s.reader.QueryRowContext(ctx, table.versions()+" WHERE "+table.versionOf+" = $1 AND version = $2", rowID, version))
	return v, notFound("Version", strconv.FormatInt(version, 10), err)
}
