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
	EnvironmentUnifiedModels(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.EnvironmentUnifiedModel], error)
	MappingRows(ctx context.Context, layer sinew.MappingLayer, ownerID string, q sinew.ListQuery) (sinew.Page[sinew.MappingRow], error)
	MappingVersions(ctx context.Context, layer sinew.MappingLayer, ownerID, rowID string, q sinew.ListQuery) (sinew.Page[sinew.MappingVersion], error)
	DocumentationOf(ctx context.Context, entityIDs ...string) ([]sinew.Documentation, error)
	StaticGates(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.StaticGate], error)
	StaticGateToken(ctx context.Context, environmentID, id string) (sinew.StaticGate, string, error)
	Tenants(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Tenant], error)
	ListAccounts(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.AccountView], error)
	EventSequence(ctx context.Context, accountID string) (int64, error)
	Timeline(ctx context.Context, environmentID, accountID string, q sinew.ListQuery) (sinew.Page[sinew.StatusChange], error)
	Events(ctx context.Context, environmentID, after string, limit int) ([]sinew.Event, error)
	Webhooks(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Webhook], error)
	WebhookSecrets(ctx context.Context, environmentID, id string) (sinew.Webhook, sinew.WebhookSecrets, error)
	NotificationDestinations(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.NotificationDestination], error)
	Workflows(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Workflow], error)
	WorkflowSecrets(ctx context.Context, environmentID, id string) (sinew.Workflow, error)
	APITokens(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.APIToken], error)
}

// Portables are accounts with all that belongs to them.
type Portables interface {
	Portable(ctx context.Context, environmentID, id string) (r sinew.AccountRecord, large map[string]sinew.JSON, err error)
}

// pageSize is how many rows are read at once.
const pageSize = 200

// Export writes an environment. source must show one moment of it for as long as it is
// read, so that what is in the file fits together.
func Export(ctx context.Context, e sinew.Environment, source Source, accounts Portables, out io.Writer, recipients []age.Recipient, signer Signer) (counts map[string]int, err error) {
	w, err := newWriter(out, recipients)
	if err != nil {
		return nil, err
	}
	header := &Header{Version: version, EnvironmentID: e.ID, EnvironmentName: e.Name, CreatedAt: time.Now().UTC()}
	if err := w.write(line{Kind: kindHeader, Header: header}); err != nil {
		return nil, err
	}
	x := exporter{environment: e, environmentID: e.ID, source: source, accounts: accounts, w: w}
	for _, kind := range []func(context.Context) error{x.settings, x.installations, x.models, x.gates, x.tenants, x.allAccounts, x.events, x.tokens, x.webhooks, x.destinations, x.workflows} {
		if err := kind(ctx); err != nil {
			return nil, err
		}
	}
	return w.counts, w.close(signer)
}

// exporter writes the parts of one environment.
type exporter struct {
	environment   sinew.Environment
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
		if err := x.w.write(line{Kind: kindInstallation, Installation: &r}); err != nil {
			return err
		}
		return x.texts(ctx, i.ID, r.ID)
	})
}

// texts writes the documentation of what was just written.
func (x *exporter) texts(ctx context.Context, entityIDs ...string) error {
	rows, err := x.source.DocumentationOf(ctx, entityIDs...)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := x.w.write(line{Kind: kindText, Text: &rows[i]}); err != nil {
			return err
		}
	}
	return nil
}

// models writes the installed unified models, each with its mappings in one part: they
// are restored all or none.
func (x *exporter) models(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.EnvironmentUnifiedModels, func(em sinew.EnvironmentUnifiedModel) (err error) {
		m := sinew.SavedModel{Installed: em}
		if m.Base, err = x.mappings(ctx, sinew.LayerBase, x.environment.TeamID, em.UnifiedModelID); err != nil {
			return err
		}
		if m.Environment, err = x.mappings(ctx, sinew.LayerEnvironment, x.environmentID, em.ID); err != nil {
			return err
		}
		if err := x.w.write(line{Kind: kindModel, Model: &m}); err != nil {
			return err
		}
		return x.texts(ctx, em.UnifiedModelID, em.ID)
	})
}

// mappings reads the rows of a layer that belong to a model.
func (x *exporter) mappings(ctx context.Context, layer sinew.MappingLayer, owner, parent string) (all []sinew.SavedMapping, err error) {
	list := func(ctx context.Context, owner string, q sinew.ListQuery) (sinew.Page[sinew.MappingRow], error) {
		q.Filter = sinew.Compare{Field: layer.Parent(), Op: sinew.OpEqual, Values: []any{parent}}
		return x.source.MappingRows(ctx, layer, owner, q)
	}
	err = eachRow(ctx, owner, list, func(r sinew.MappingRow) error {
		saved := sinew.SavedMapping{Row: r}
		versions := func(ctx context.Context, owner string, q sinew.ListQuery) (sinew.Page[sinew.MappingVersion], error) {
			return x.source.MappingVersions(ctx, layer, owner, r.ID, q)
		}
		err := eachRow(ctx, owner, versions, func(v sinew.MappingVersion) error {
			saved.Versions = append(saved.Versions, v)
			return nil
		})
		all = append(all, saved)
		return err
	})
	return all, err
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
		if err != nil {
			return err
		}
		sequence, err := x.source.EventSequence(ctx, a.ID)
		if err != nil {
			return err
		}
		err = x.w.write(line{Kind: kindAccount, Account: &Account{Account: r.IntegratedAccount, Secrets: r.Secrets, Large: large, SandboxOf: r.SandboxOf, Sequence: sequence}})
		if err != nil {
			return err
		}
		timeline := func(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.StatusChange], error) {
			return x.source.Timeline(ctx, environmentID, a.ID, q)
		}
		return eachRow(ctx, x.environmentID, timeline, func(c sinew.StatusChange) error { return x.w.write(line{Kind: kindChange, Change: &c}) })
	})
}

func (x *exporter) settings(context.Context) error {
	return x.w.write(line{Kind: kindEnvironment, Environment: &x.environment})
}

func (x *exporter) events(ctx context.Context) error {
	after := ""
	for {
		events, err := x.source.Events(ctx, x.environmentID, after, pageSize)
		if err != nil || len(events) == 0 {
			return err
		}
		for _, e := range events {
			if err := x.w.write(line{Kind: kindEvent, Event: &e}); err != nil {
				return err
			}
		}
		after = events[len(events)-1].ID
	}
}

// tokens writes what API tokens there are, for people: their hashes are of use with the
// key of this installation only.
func (x *exporter) tokens(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.APITokens, func(t sinew.APIToken) error { return x.w.write(line{Kind: kindToken, Token: &t}) })
}

// webhooks, destinations and workflows come last: what an import writes before them is no
// news to anybody.
func (x *exporter) webhooks(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.Webhooks, func(w sinew.Webhook) error {
		w, secrets, err := x.source.WebhookSecrets(ctx, x.environmentID, w.ID)
		if err != nil {
			return err
		}
		return x.w.write(line{Kind: kindWebhook, Webhook: &webhook{w, secrets}})
	})
}

func (x *exporter) destinations(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.NotificationDestinations, func(d sinew.NotificationDestination) error {
		return x.w.write(line{Kind: kindDestination, Destination: &d})
	})
}

func (x *exporter) workflows(ctx context.Context) error {
	return eachRow(ctx, x.environmentID, x.source.Workflows, func(w sinew.Workflow) error {
		w, err := x.source.WorkflowSecrets(ctx, x.environmentID, w.ID)
		if err != nil {
			return err
		}
		return x.w.write(line{Kind: kindWorkflow, Workflow: &w})
	})
}
