package bundle

import (
	"context"
	"io"
	"time"

	"filippo.io/age"

	"github.com/sinewhq/sinew"
)

// Source is where an environment is read from; see the store's methods of these
// names.
type Source interface {
	EnvironmentIntegrations(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.EnvironmentIntegration], error)
	InstallationSecrets(ctx context.Context, ei sinew.EnvironmentIntegration) (sinew.IntegrationRecord, sinew.InstallationRecord, error)
	StaticGates(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.StaticGate], error)
	StaticGateToken(ctx context.Context, environmentID, id string) (sinew.StaticGate, string, error)
	Tenants(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Tenant], error)
	ListAccounts(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.AccountView], error)
	SandboxSource(ctx context.Context, accountID string) (string, error)
}

// Portables are accounts with all that belongs to them.
type Portables interface {
	Portable(ctx context.Context, environmentID, id string) (r sinew.AccountRecord, large map[string]sinew.JSON, err error)
}

// pageSize is how many rows are read at once.
const pageSize = 200

// Export writes an environment. What changes meanwhile may be in it as it was or as
// it is; rows that appear meanwhile are in it when they sort behind the reader.
func Export(ctx context.Context, e sinew.Environment, source Source, accounts Portables, out io.Writer, recipients []age.Recipient, signer Signer) (counts map[string]int, err error) {
	w, err := newWriter(out, recipients)
	if err != nil {
		return nil, err
	}
	header := &Header{Version: version, EnvironmentID: e.ID, EnvironmentName: e.Name, CreatedAt: time.Now().UTC()}
	if err := w.write(line{Kind: kindHeader, Header: header}); err != nil {
		return nil, err
	}
	x := exporter{environmentID: e.ID, source: source, accounts: accounts, w: w}
	for _, kind := range []func(context.Context) error{x.installations, x.gates, x.tenants, x.allAccounts} {
		if err := kind(ctx); err != nil {
			return nil, err
		}
	}
	return w.counts, w.close(signer)
}

// exporter writes the parts of one environment.
type exporter struct {
	environmentID string
	source        Source
	accounts      Portables
	w             *writer
}

// eachRow visits the rows of a list from the oldest on.
func eachRow[T any](ctx context.Context, environmentID string, list func(context.Context, string, sinew.ListQuery) (sinew.Page[T], error), visit func(T) error) error {
	q := sinew.ListQuery{Sort: sinew.Sort{Ascending: true}, Limit: pageSize}
	for {
		page, err := list(ctx, environmentID, q)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if err := visit(row); err != nil {
				return err
			}
		}
		if page.Next == nil {
			return nil
		}
		q.After = page.Next
	}
}

func (x *exporter) installations(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.EnvironmentIntegrations, func(ei sinew.EnvironmentIntegration) error {
		i, r, err := x.source.InstallationSecrets(ctx, ei)
		if err != nil {
			return err
		}
		i.Team, i.InstalledEnvironments, r.Integration = nil, nil, nil
		if err := x.w.write(line{Kind: kindIntegration, Integration: &i}); err != nil {
			return err
		}
		return x.w.write(line{Kind: kindInstallation, Installation: &r})
	})
}

func (x *exporter) gates(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.StaticGates, func(g sinew.StaticGate) error {
		g, token, err := x.source.StaticGateToken(ctx, x.environmentID, g.ID)
		if err != nil {
			return err
		}
		return x.w.write(line{Kind: kindGate, Gate: &gate{g, token}})
	})
}

func (x *exporter) tenants(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.Tenants, func(t sinew.Tenant) error { return x.w.write(line{Kind: kindTenant, Tenant: &t}) })
}

// allAccounts writes the accounts; the copies among them are younger than what they
// were made of.
func (x *exporter) allAccounts(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.ListAccounts, func(a sinew.AccountView) error {
		r, large, err := x.accounts.Portable(ctx, x.environmentID, a.ID)
		if sinew.IsNotFound(err) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		source, err := x.source.SandboxSource(ctx, a.ID)
		if err != nil {
			return err
		}
		return x.w.write(line{Kind: kindAccount, Account: &Account{Account: r.IntegratedAccount, Secrets: r.Secrets, Large: large, SandboxOf: source}})
	})
}
