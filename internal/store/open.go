package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

func connect(ctx context.Context, config Config) (*Store, error) {
	var s *Store
	var err error
	if IsPostgres(config.DatabaseURL) {
		s, err = openPostgres(ctx, config)
	} else if config.DatabaseURL != "" {
		return nil, fmt.Errorf("open database: the address must begin with postgres:// or postgresql://; leave it out for SQLite")
	} else {
		s, err = openSQLite(ctx, config)
	}
	if err != nil {
		return nil, err
	}
	s.accounts, s.accountWhole = accountListing(), accountWhole()
	if err := s.migrate(ctx, config); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.setClock(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// IsPostgres reports whether a database address means PostgreSQL.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}
