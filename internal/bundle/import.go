package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"filippo.io/age"

	"github.com/sinewhq/sinew"
)

// Target is where an environment is written to; see the store's methods of these
// names.
type Target interface {
	BeginImport(ctx context.Context, environmentID, bundle string) (done bool, err error)
	FinishImport(ctx context.Context, environmentID string) error
	RestoreIntegration(ctx context.Context, r sinew.IntegrationRecord) (id string, err error)
	RestoreInstallation(ctx context.Context, r sinew.InstallationRecord) (id string, err error)
	RestoreModel(ctx context.Context, m sinew.SavedModel) error
	InstalledModelNamed(ctx context.Context, environmentID, name string) (sinew.EnvironmentUnifiedModel, error)
	RestoreDocumentation(ctx context.Context, d sinew.Documentation, entityID string) error
	RestoreGate(ctx context.Context, g sinew.StaticGate, token string) (id string, err error)
	RestoreTenant(ctx context.Context, tenant sinew.Tenant) error
	RestoreSettings(ctx context.Context, environmentID string, settings sinew.Environment) error
	RestoreHistory(ctx context.Context, changes []sinew.StatusChange, events []sinew.Event) error
	RestoreWebhook(ctx context.Context, w sinew.Webhook, secrets sinew.WebhookSecrets) error
	RestoreDestination(ctx context.Context, d sinew.NotificationDestination) error
	RestoreWorkflow(ctx context.Context, w sinew.Workflow) error
	RestoredID(owner, id string) string
	RestoredAccountID(ctx context.Context, environmentID, id string) (restored string, there bool, err error)
}

// Restorer writes accounts.
type Restorer interface {
	Restore(ctx context.Context, r sinew.AccountRecord, large map[string]sinew.JSON) error
}

// Import fills an empty environment with what a bundle holds. The bundle is read to
// its end, and allow asked about it, before anything is written. An import that was
// stopped goes on when it is called again with the same bundle. Ids stay, unless
// rows of other environments have them.
func Import(ctx context.Context, e sinew.Environment, target Target, accounts Restorer, in io.ReadSeeker, identities []age.Identity, allow func(Checked) error) (Checked, error) {
	checked, err := Check(in, identities)
	if err != nil {
		return checked, err
	}
	if err := allow(checked); err != nil {
		return checked, err
	}
	done, err := target.BeginImport(ctx, e.ID, checked.Hash)
	if err != nil || done {
		return checked, err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return checked, err
	}
	m := importer{environment: e, target: target, accounts: accounts, integrations: map[string]string{}, installations: map[string]installed{}, models: map[string]string{}, gates: map[string]string{}, accountIDs: map[string]string{}}
	sum := sha256.New()
	err = eachLine(in, identities, func(l line, text []byte) error {
		if l.Kind != kindTrailer {
			sum.Write(text)
		}
		return m.restore(ctx, l)
	})
	if err == nil {
		err = m.flush(ctx)
	}
	if err == nil && hex.EncodeToString(sum.Sum(nil)) != checked.Hash {
		err = damaged("it was changed while it was read")
	}
	if err != nil {
		return checked, err
	}
	return checked, target.FinishImport(ctx, e.ID)
}

// installed is an integration that the accounts of a bundle hang on.
type installed struct {
	id          string
	integration *sinew.Integration
	record      *sinew.EnvironmentIntegration
}

// importer writes the parts of one bundle. The maps lead from the ids of the bundle
// to those that the rows have here.
type importer struct {
	environment   sinew.Environment
	target        Target
	accounts      Restorer
	integrations  map[string]string
	installations map[string]installed
	models        map[string]string // and installed ones
	gates         map[string]string
	last          *sinew.Integration
	accountIDs    map[string]string // of accounts whose id is another one here
	changes       []sinew.StatusChange
	events        []sinew.Event
}

// historyBatch is how many rows of history are written at once.
const historyBatch = 200

// flush writes the history that was read.
func (m *importer) flush(ctx context.Context) error {
	if len(m.changes)+len(m.events) == 0 {
		return nil
	}
	err := m.target.RestoreHistory(ctx, m.changes, m.events)
	m.changes, m.events = m.changes[:0], m.events[:0]
	return err
}

// history takes a status change or an event. An account that has another id here is a
// copy, with a timeline of its own and new events: those that there are name the
// original.
func (m *importer) history(ctx context.Context, l line) error {
	if l.Change != nil {
		c := *l.Change
		c.EnvironmentID = m.environment.ID
		if id, other := m.accountIDs[c.AccountID]; other {
			c.ID, c.AccountID = m.target.RestoredID(id, c.ID), id
		}
		m.changes = append(m.changes, c)
	} else if _, other := m.accountIDs[l.Event.AccountID]; !other {
		e := *l.Event
		e.EnvironmentID = m.environment.ID
		m.events = append(m.events, e)
	}
	if len(m.changes)+len(m.events) < historyBatch {
		return nil
	}
	return m.flush(ctx)
}

func (m *importer) restore(ctx context.Context, l line) (err error) {
	switch {
	case l.Environment != nil:
		err = m.target.RestoreSettings(ctx, m.environment.ID, *l.Environment)
	case l.Change != nil, l.Event != nil:
		err = m.history(ctx, l)
	case l.Integration != nil:
		r := *l.Integration
		r.TeamID = m.environment.TeamID
		m.integrations[l.Integration.ID], err = m.target.RestoreIntegration(ctx, r)
		r.ID = m.integrations[l.Integration.ID]
		m.last = &r.Integration
	case l.Installation != nil:
		err = m.installation(ctx, *l.Installation)
	case l.Model != nil:
		err = m.model(ctx, *l.Model)
	case l.Text != nil:
		err = m.target.RestoreDocumentation(ctx, *l.Text, m.entity(*l.Text))
	case l.Gate != nil:
		g := l.Gate.StaticGate
		g.EnvironmentID = m.environment.ID
		m.gates[l.Gate.ID], err = m.target.RestoreGate(ctx, g, l.Gate.Token)
	case l.Tenant != nil:
		tenant := *l.Tenant
		tenant.EnvironmentID = m.environment.ID
		err = m.target.RestoreTenant(ctx, tenant)
	case l.Account != nil:
		err = m.account(ctx, *l.Account)
	case l.Webhook != nil, l.Destination != nil, l.Workflow != nil:
		err = m.receiver(ctx, l)
	}
	return err
}

// receiver takes what hears of events. By then all events of the bundle are there: they
// are not delivered again.
func (m *importer) receiver(ctx context.Context, l line) error {
	if err := m.flush(ctx); err != nil {
		return err
	}
	switch {
	case l.Webhook != nil:
		w := l.Webhook.Webhook
		w.EnvironmentID = m.environment.ID
		return m.target.RestoreWebhook(ctx, w, l.Webhook.Secrets)
	case l.Destination != nil:
		d := *l.Destination
		d.EnvironmentID = m.environment.ID
		return m.target.RestoreDestination(ctx, d)
	}
	w := *l.Workflow
	w.EnvironmentID = m.environment.ID
	return m.target.RestoreWorkflow(ctx, w)
}

// model makes a unified model the environment's and its team's.
func (m *importer) model(ctx context.Context, saved sinew.SavedModel) error {
	saved.Installed.EnvironmentID, saved.Installed.UnifiedModel.TeamID = m.environment.ID, m.environment.TeamID
	if err := m.target.RestoreModel(ctx, saved); err != nil {
		return err
	}
	em, err := m.target.InstalledModelNamed(ctx, m.environment.ID, saved.Installed.UnifiedModel.Name)
	m.models[saved.Installed.ID], m.models[saved.Installed.UnifiedModelID] = em.ID, em.UnifiedModelID
	return err
}

// entity is the id that what a text is about has here.
func (m *importer) entity(d sinew.Documentation) string {
	switch d.EntityType {
	case sinew.EntityIntegration:
		return m.integrations[d.EntityID]
	case sinew.EntityEnvironmentIntegration:
		return m.installations[d.EntityID].id
	}
	return m.models[d.EntityID]
}

func (m *importer) installation(ctx context.Context, r sinew.InstallationRecord) (err error) {
	was := r.ID
	r.EnvironmentID, r.IntegrationID = m.environment.ID, m.integrations[r.IntegrationID]
	if r.ID, err = m.target.RestoreInstallation(ctx, r); err != nil {
		return err
	}
	r.Integration = m.last
	m.installations[was] = installed{r.ID, m.last, &r.EnvironmentIntegration}
	return nil
}

// errChanged says that an export has met a change.
var errChanged = errors.New("an account hangs on an installed integration that the bundle lacks: it was installed during the export; export again")

func (m *importer) account(ctx context.Context, a Account) error {
	on, ok := m.installations[a.Account.EnvironmentIntegrationID]
	if !ok {
		return errChanged
	}
	r := sinew.AccountRecord{AccountView: sinew.AccountView{IntegratedAccount: a.Account, Integration: on.integration, EnvironmentIntegration: on.record}, Secrets: a.Secrets}
	id, there, err := m.target.RestoredAccountID(ctx, m.environment.ID, a.Account.ID)
	if err != nil {
		return err
	}
	if r.EventSequence = a.Sequence; id != a.Account.ID {
		m.accountIDs[a.Account.ID], r.EventSequence = id, 0
	}
	if there {
		return nil
	}
	r.ID, r.EnvironmentID, r.EnvironmentIntegrationID, r.IntegrationID = id, m.environment.ID, on.id, on.integration.ID
	r.StaticGateID = m.gates[a.Account.StaticGateID]
	if a.SandboxOf != "" {
		if r.SandboxOf, _, err = m.target.RestoredAccountID(ctx, m.environment.ID, a.SandboxOf); err != nil {
			return err
		}
	}
	return m.accounts.Restore(ctx, r, a.Large)
}
