package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/bundle"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/store"
)

// Signer signs what this installation exports.
func (c *Core) Signer() bundle.Signer { return bundle.NewSigner(c.Store.SignerSeed()) }

// Export writes an environment with all its credentials to a file, encrypted to a
// recipient. The file appears whole or not at all, and replaces none.
func (c *Core) Export(ctx context.Context, e sinew.Environment, recipient, path string) (counts map[string]int, err error) {
	recipients, err := bundle.ParseRecipients(recipient)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("there is a file %s already", path)
	}
	part := path + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	counts, err = c.exportTo(ctx, e, recipients, file)
	if err == nil {
		err = c.audit(ctx, e, "environment.export", "recipient", recipient)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(part))
	}
	return counts, os.Rename(part, path)
}

func (c *Core) exportTo(ctx context.Context, e sinew.Environment, recipients []age.Recipient, out io.Writer) (map[string]int, error) {
	var counts map[string]int
	err := c.Store.Snapshot(ctx, []string{e.ID, e.TeamID}, func(view *store.Store) (err error) {
		if e, err = view.Environment(ctx, e.ID); err != nil {
			return err
		}
		counts, err = bundle.Export(ctx, e, view, account.New(view, c.Blobs, c.log), out, recipients, c.Signer())
		return err
	})
	return counts, err
}

// GenerateIdentity makes the private key that exports are read with, and returns the
// public key that they are encrypted to.
func GenerateIdentity(path string) (recipient string, err error) {
	return bundle.GenerateIdentity(path)
}

// AnySigner stands for a signer that is not asked about.
const AnySigner = "any"

// Import fills an empty environment from a bundle. signer is the public key of the
// installation that it must come from, "" for this one.
func (c *Core) Import(ctx context.Context, e sinew.Environment, in io.ReadSeeker, identity io.Reader, signer string) (bundle.Checked, error) {
	identities, err := bundle.ParseIdentities(identity)
	if err != nil {
		return bundle.Checked{}, err
	}
	if signer == "" {
		signer = c.Signer().Public()
	}
	done, err := bundle.Import(ctx, e, c.Store, c.Accounts, in, identities, func(b bundle.Checked) error {
		if signer != AnySigner && b.Signer != signer {
			return sinew.Errorf(sinew.KindForbidden, "The bundle is signed by %s, which is not who was expected; name the signer if you trust it", b.Signer).WithCode(bundle.CodeSigner)
		}
		return c.audit(ctx, e, "environment.import", "signer", b.Signer)
	})
	return done, err
}

// audit notes that all credentials of an environment have left, or come.
func (c *Core) audit(ctx context.Context, e sinew.Environment, action, name, value string) error {
	detail := jsonx.ObjectValue(jsonx.Member{Name: name, Value: jsonx.StringValue(value)})
	return c.Store.WriteAudit(ctx, sinew.AuditEntry{
		EnvironmentID: e.ID, Actor: "operator", Action: action, Subject: e.ID, Detail: sinew.JSON(detail.String()), CreatedAt: c.Store.Now(),
	})
}
