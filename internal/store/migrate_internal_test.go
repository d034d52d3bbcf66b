package store

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/pressly/goose/v3"
)

// MigrateTo brings an empty database to a former version of the schema.
func MigrateTo(ctx context.Context, config Config, version int64) (err error) {
	open := openSQLite
	if IsPostgres(config.DatabaseURL) {
		open = openPostgres
	}
	s, err := open(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	provider, err := s.steps().provider(s.writer)
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}

// Versions are those that the schema has had.
func Versions() (all []int64, err error) {
	err = fs.WalkDir(migrations, "migrations/sqlite", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		version, err := goose.NumericComponent(path)
		all = append(all, version)
		return err
	})
	slices.Sort(all)
	return all, err
}
