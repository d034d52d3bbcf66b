package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/sinewhq/sinew/internal/access"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/integration"
	"github.com/sinewhq/sinew/internal/manual"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/unifiedmodel"
	"github.com/sinewhq/sinew/internal/workspace"
)

// Core is the store with the engines over it: what a server serves, and what a
// command works with beside a running one.
type Core struct {
	Store        *store.Store
	Blobs        blob.Store
	Access       *access.Service
	Accounts     *account.Service
	Integrations *integration.Service
	Models       *unifiedmodel.Service
	Manual       *manual.Service
	Workspace    *workspace.Service

	masters *masters
	log     *slog.Logger
}

// OpenCore opens the data that a configuration names and makes an empty
// database usable. On an empty SQLite folder it makes the master key too.
func OpenCore(ctx context.Context, c config.Config, log *slog.Logger) (*Core, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	st, keys, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	core, err := newCore(ctx, c, st, log)
	if err != nil {
		return nil, errors.Join(err, st.Close(), keys.close())
	}
	core.masters = keys
	return core, nil
}

// openStore opens the database with the master keys of a configuration.
func openStore(ctx context.Context, c config.Config) (*store.Store, *masters, error) {
	database := storeConfig(c)
	keys, err := openMasters(ctx, c, database)
	if err != nil {
		return nil, nil, err
	}
	database.NextMaster, database.LaterMasters = keys.next, keys.later
	st, err := store.Open(ctx, database, keys.master)
	if err != nil {
		return nil, nil, errors.Join(err, keys.close())
	}
	return st, keys, nil
}

func newCore(ctx context.Context, c config.Config, st *store.Store, log *slog.Logger) (*Core, error) {
	tokens, err := access.New(st, st.TokenKey())
	if err != nil {
		return nil, err
	}
	blobs, err := openBlobs(c)
	if err != nil {
		return nil, err
	}
	texts, err := manual.New(st)
	if err != nil {
		return nil, err
	}
	core := &Core{
		Store: st, Blobs: blobs, Access: tokens, log: log,
		Accounts: account.New(st, blobs, log), Integrations: integration.New(st), Models: unifiedmodel.New(st), Manual: texts, Workspace: workspace.New(st),
	}
	return core, core.Workspace.Bootstrap(ctx)
}

// Close ends the connections to the data.
func (c *Core) Close() error {
	err := c.Store.Close()
	if blobs, ok := c.Blobs.(io.Closer); ok {
		err = errors.Join(err, blobs.Close())
	}
	return errors.Join(err, c.masters.close())
}

func storeConfig(c config.Config) store.Config {
	return store.Config{DataDir: c.DataDir, DatabaseURL: string(c.DatabaseURL)}
}

// Migrate brings the schema of the data that a configuration names up to date
// and returns its version.
func Migrate(ctx context.Context, c config.Config) (int64, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return 0, fmt.Errorf("make data folder: %w", err)
	}
	return store.Migrate(ctx, storeConfig(c))
}
