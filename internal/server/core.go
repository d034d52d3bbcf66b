package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/sinewhq/sinew/internal/access"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/integration"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/store"
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
	Workspace    *workspace.Service
}

// OpenCore opens the data that a configuration names and makes an empty
// database usable. On an empty SQLite folder it makes the master key too.
func OpenCore(ctx context.Context, c config.Config, log *slog.Logger) (*Core, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	database := storeConfig(c)
	master, err := openMaster(ctx, c, database)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, database, master)
	if err != nil {
		return nil, err
	}
	core, err := newCore(ctx, c, st, log)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return core, nil
}

func newCore(ctx context.Context, c config.Config, st *store.Store, log *slog.Logger) (*Core, error) {
	key, err := st.TokenKey(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := access.New(st, key)
	if err != nil {
		return nil, err
	}
	blobs, err := openBlobs(c)
	if err != nil {
		return nil, err
	}
	core := &Core{
		Store: st, Blobs: blobs, Access: tokens,
		Accounts: account.New(st, blobs, log), Integrations: integration.New(st), Workspace: workspace.New(st),
	}
	return core, core.Workspace.Bootstrap(ctx)
}

// Close ends the connections to the data.
func (c *Core) Close() error {
	err := c.Store.Close()
	if blobs, ok := c.Blobs.(io.Closer); ok {
		err = errors.Join(err, blobs.Close())
	}
	return err
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

// openMaster returns the master key. It is made only where that can lose
// nothing: on SQLite, in a folder without data.
func openMaster(ctx context.Context, c config.Config, database store.Config) (seal.Master, error) {
	if c.MasterKey != "" {
		return seal.MasterFromText(string(c.MasterKey))
	}
	path := c.MasterKeyPath()
	if store.IsPostgres(database.DatabaseURL) && c.MasterKeyFile == "" {
		return nil, errors.New("PostgreSQL needs a master key that every node shares: " +
			"make one with 'sinew keys generate FILE' and give it with --master-key-file")
	}
	master, err := seal.LoadMasterFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return master, err
	}
	if store.IsPostgres(database.DatabaseURL) {
		return nil, fmt.Errorf("there is no master key file %s: make one with 'sinew keys generate %s', or give the one that the data was written with", path, path)
	}
	has, err := store.HasData(ctx, database)
	if err != nil {
		return nil, err
	}
	if has {
		// A process that started beside this one writes its key before data.
		if master, err := seal.LoadMasterFile(path); err == nil {
			return master, nil
		}
		return nil, fmt.Errorf("there is data in %s, and no master key file %s: put the key file back, or give it with --master-key-file; without it the credentials cannot be read", c.DataDir, path)
	}
	master, err = seal.GenerateMasterFile(path)
	if errors.Is(err, fs.ErrExist) {
		return seal.LoadMasterFile(path) // another process made it just now
	}
	return master, err
}
