package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/bundle"
	"github.com/sinewhq/sinew/internal/store"
)

// operator is who works on the command line, for the audit log.
const operator = "operator"

// moments are the store's snapshots with the accounts engine over them.
type moments struct {
	store *store.Store
	blobs blob.Store
	log   *slog.Logger
}

func (m moments) AtOneMoment(ctx context.Context, environmentID string, read func(sinew.Environment, bundle.Source, bundle.Portables) error) error {
	e, err := m.store.Environment(ctx, environmentID)
	if err != nil {
		return err
	}
	return m.store.Snapshot(ctx, []string{e.ID, e.TeamID}, func(view *store.Store) error {
		if e, err = view.Environment(ctx, environmentID); err != nil {
			return err
		}
		return read(e, view, account.New(view, m.blobs, m.log))
	})
}

// Bundles exports and imports environments.
func (c *Core) Bundles() *bundle.Service {
	return bundle.NewService(moments{c.Store, c.Blobs, c.log}, c.Store, c.Accounts, c.Store, bundle.NewSigner(c.Store.SignerSeed()))
}

// Signer is the public key that this installation signs exports with.
func (c *Core) Signer() string { return c.Bundles().Signer() }

// Export writes an environment with all its credentials to a file, encrypted to a
// recipient. The file appears whole or not at all, and replaces none.
func (c *Core) Export(ctx context.Context, e sinew.Environment, recipient, path string) (counts map[string]int, err error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("there is a file %s already", path)
	}
	part := path + ".part"
	// What a killed export has left goes; a link that leads elsewhere is not followed.
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	counts, err = c.Bundles().Export(ctx, e, operator, recipient, file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(part))
	}
	return counts, os.Rename(part, path)
}

// GenerateIdentity makes the private key that exports are read with, and returns the
// public key that they are encrypted to.
func GenerateIdentity(path string) (recipient string, err error) {
	return bundle.GenerateIdentity(path)
}

// AnySigner stands for a signer that is not asked about.
const AnySigner = bundle.AnySigner

// Imported is what a bundle holds, and who wrote it.
type Imported = bundle.Checked

// Import fills an empty environment from a bundle that the holder of an identity can
// read. signer is the public key of the installation that it must come from, "" for
// this one.
func (c *Core) Import(ctx context.Context, e sinew.Environment, in io.ReadSeeker, identity io.Reader, signer string) (Imported, error) {
	text, err := io.ReadAll(io.LimitReader(identity, maxIdentity))
	if err != nil {
		return Imported{}, fmt.Errorf("read identity: %w", err)
	}
	return c.Bundles().Import(ctx, e, operator, in, string(text), signer)
}

// maxIdentity is far beyond a file of private keys.
const maxIdentity = 64 << 10
