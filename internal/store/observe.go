package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

type connectorKey struct{}

// WithConnector returns a context under which Open passes what makes its
// connections through wrap, for whoever wants to see the statements.
func WithConnector(ctx context.Context, wrap func(driver.Connector) driver.Connector) context.Context {
	return context.WithValue(ctx, connectorKey{}, wrap)
}

// openPool opens a pool on a connector, wrapped if the context says so.
func openPool(ctx context.Context, connector driver.Connector) *sql.DB {
	if wrap, ok := ctx.Value(connectorKey{}).(func(driver.Connector) driver.Connector); ok {
		connector = wrap(connector)
	}
	return sql.OpenDB(connector)
}
