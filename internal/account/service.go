package account

import (
	"context"
	"log/slog"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/kept"
	"github.com/sinewhq/sinew/internal/view"
)

// Store keeps accounts. Ids of another environment are NotFound. Update
// functions run while the account is locked, and may run more than once.
type Store interface {
	ListAccounts(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.AccountView], error)
	Account(ctx context.Context, environmentID, id string) (sinew.AccountView, error)
	// Now is the time that leases and schedules go by.
	Now() time.Time
	// Generation tells states of the data apart; see store.Store.Generation.
	Generation(ctx context.Context) (int64, error)
	AccountWithSecrets(ctx context.Context, environmentID, id string) (sinew.AccountRecord, error)
	CreateAccount(ctx context.Context, r sinew.AccountRecord, events []sinew.Event) error
	UpdateAccount(ctx context.Context, environmentID, id string, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (sinew.AccountView, error)
	ConnectAccount(ctx context.Context, c sinew.ConnectClaim, r sinew.AccountRecord, events []sinew.Event) error
	ReconnectAccount(ctx context.Context, c sinew.ConnectClaim, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (sinew.AccountView, error)
	DeleteAccount(ctx context.Context, environmentID, id string, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval) error
	DeleteAccounts(ctx context.Context, environmentID string, ids []string, tenantID string, limit int, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval) (matched int, err error)
	CreateBatchJob(ctx context.Context, b *sinew.BatchJob) error
	BatchJob(ctx context.Context, environmentID, id string) (sinew.BatchJob, error)
	BatchJobs(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.BatchJob], error)
	WorkBatch(ctx context.Context, j sinew.Job, id string, filter sinew.Filter, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval, event func(sinew.BatchJob) sinew.Event) (sinew.BatchJob, error)
	FailBatch(ctx context.Context, j sinew.Job, id, reason string, last bool, event func(sinew.BatchJob) sinew.Event) error
	Revoke(ctx context.Context, a sinew.IntegratedAccount, r sinew.Revocation) error
	Revocations(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Revocation], error)

	Timeline(ctx context.Context, environmentID, accountID string, q sinew.ListQuery) (sinew.Page[sinew.StatusChange], error)

	SandboxAccounts(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.SandboxAccount], error)
	SandboxAccount(ctx context.Context, environmentID, id string) (sinew.SandboxAccount, error)

	EnvironmentIntegration(ctx context.Context, environmentID, id string) (sinew.EnvironmentIntegration, error)
	StaticGate(ctx context.Context, environmentID, id string) (sinew.StaticGate, error)
	WriteAudit(ctx context.Context, entry sinew.AuditEntry) error

	StageBlob(ctx context.Context, environmentID string, region sinew.Region, content []byte, now time.Time) (key string, sealed []byte, err error)
	OpenBlob(ctx context.Context, environmentID, key string, sealed []byte) ([]byte, error)
	UnusedBlobs(ctx context.Context, before time.Time, limit int) ([]string, error)
	ForgetBlob(ctx context.Context, key string) error
}

// Service carries out what callers ask of accounts. It is safe for concurrent
// use.
type Service struct {
	store    Store
	blobs    blob.Store
	renderer *view.Renderer
	log      *slog.Logger
	calls    kept.Values[callKey, *Opened]
}

// New returns a service over a store and an object store.
func New(store Store, blobs blob.Store, log *slog.Logger) *Service {
	return &Service{store: store, blobs: blobs, renderer: view.NewRenderer(passwordFields), log: log}
}

// Renderer shows accounts as answers and events do.
func (s *Service) Renderer() *view.Renderer { return s.renderer }

// now is the time of a change, in the precision that is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// event makes the event of an account, with the account as it is now.
func (s *Service) event(kind sinew.EventType, a *sinew.AccountView) (sinew.Event, error) {
	payload, err := s.renderer.AppendEvent(nil, a)
	return sinew.Event{
		EnvironmentID: a.EnvironmentID, Type: kind, AccountID: a.ID,
		Payload: sinew.JSON(payload), CreatedAt: a.UpdatedAt,
	}, err
}

// List returns one page of accounts, with their large values.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.AccountView], error) {
	page, err := s.store.ListAccounts(ctx, p.EnvironmentID, q)
	if err != nil {
		return page, err
	}
	for i := range page.Rows {
		if err := s.hydrateRow(ctx, &page.Rows[i]); err != nil {
			return page, err
		}
	}
	return page, nil
}

// Get returns an account with its large values.
func (s *Service) Get(ctx context.Context, p sinew.Principal, id string) (sinew.AccountView, error) {
	if !sinew.IsUUID(id) {
		return sinew.AccountView{}, sinew.NotFound("Integrated account", id)
	}
	a, err := s.store.Account(ctx, p.EnvironmentID, id)
	if err != nil {
		return a, err
	}
	if err := checkSound(&a.IntegratedAccount); err != nil {
		return a, err
	}
	return a, s.hydrate(ctx, &a, wrapped)
}

// Delete removes an account with everything that hangs on it. Its token is given
// back to the vendor by a job.
func (s *Service) Delete(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Integrated account", id)
	}
	return s.store.DeleteAccount(ctx, p.EnvironmentID, id, Removal)
}

// Limits of a bulk deletion that answers at once (spec 01 section 6.6).
const (
	MaxBulkIDs    = 99
	MaxBulkTenant = 1000
)

// BulkDelete removes the accounts with these ids, or all of a tenant: exactly
// one of the two must be given. Ids that are not there are passed over. It
// deletes all that match, or nothing.
func (s *Service) BulkDelete(ctx context.Context, p sinew.Principal, ids []string, tenantID string) (matched int, err error) {
	if len(ids) > 0 {
		return s.store.DeleteAccounts(ctx, p.EnvironmentID, ids, "", MaxBulkIDs, Removal)
	}
	return s.store.DeleteAccounts(ctx, p.EnvironmentID, nil, tenantID, MaxBulkTenant, Removal)
}

// actor names a principal in audit entries and timelines.
func actor(p sinew.Principal) string {
	if p.TokenID == "" {
		return string(p.Kind)
	}
	return string(p.Kind) + ":" + p.TokenID
}
