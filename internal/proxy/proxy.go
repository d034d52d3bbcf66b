package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Accounts are what a call is made for.
type Accounts interface {
	// ForCall returns an account with its whole context; NotFound when the
	// caller's environment has none of that id.
	ForCall(ctx context.Context, p sinew.Principal, id string) (sinew.AccountRecord, jsonx.Value, error)
	// Record lets an account follow what its vendor answered.
	Record(ctx context.Context, a *sinew.AccountView, o account.Outcome) error
}

// Gates know the tokens of static gates.
type Gates interface {
	// StaticGateToken returns a gate with the token that calls through it
	// present; NotFound when the environment has none of that id.
	StaticGateToken(ctx context.Context, environmentID, id string) (sinew.StaticGate, string, error)
}

// Sender is the way out. Errors are *sinew.Error whose text holds no secret.
type Sender interface {
	Do(ctx context.Context, r *upstream.Request) (*upstream.Response, error)
}

// Metrics counts calls to vendors.
type Metrics interface {
	// ObserveUpstream books a call; status 0 means that there was no answer.
	ObserveUpstream(integration string, status int, took time.Duration)
}

// Service makes calls. It is safe for concurrent use.
type Service struct {
	accounts Accounts
	gates    Gates
	sender   Sender
	metrics  Metrics
	configs  configCache
	log      *slog.Logger
}

// New returns a service that sends through sender.
func New(accounts Accounts, gates Gates, sender Sender, metrics Metrics, log *slog.Logger) *Service {
	return &Service{accounts: accounts, gates: gates, sender: sender, metrics: metrics, log: log}
}

// Call is what a caller wants of a vendor.
type Call struct {
	Principal sinew.Principal
	AccountID string
	Resource  string
	// Method is the key in the definition: list, get, create, update, delete or
	// another one.
	Method string
	// ID is the record's id for get, update and delete.
	ID string
	// Query holds the caller's parameters for the vendor.
	Query jsonx.Value
	// Body is the caller's body, Missing when there is none.
	Body jsonx.Value
}

// The methods that every integration calls the same.
const (
	MethodList   = "list"
	MethodGet    = "get"
	MethodCreate = "create"
	MethodUpdate = "update"
	MethodDelete = "delete"
)

// Result is what goes back to the caller.
type Result struct {
	Status int
	Header http.Header
	Body   []byte
	// Vendor is how long the vendor took to answer.
	Vendor time.Duration
}

// Do makes a call. The vendor's refusal is a *RemoteError; a method that does
// not exist is NotFound; a write on a sandbox account is NotAllowed; a template
// of the URL or the authorization without a value is Invalid.
func (s *Service) Do(ctx context.Context, c Call) (Result, error) {
	r, whole, err := s.accounts.ForCall(ctx, c.Principal, c.AccountID)
	if err != nil {
		return Result{}, err
	}
	if r.IsSandbox && c.Method != MethodList && c.Method != MethodGet {
		return Result{}, sinew.Errorf(sinew.KindNotAllowed, "The account is in sandbox mode, which allows list and get only").WithCode("sandbox_write")
	}
	config, variables, err := s.configs.effective(&r)
	if err != nil {
		return Result{}, fmt.Errorf("account %s: %w", r.ID, err)
	}
	method, err := definition.FindMethod(config, c.Resource, c.Method)
	if err != nil {
		return Result{}, err
	}
	plan, err := method.Compile()
	if err != nil {
		return Result{}, err
	}
	request, err := s.build(ctx, plan, &r, newScope(whole, variables, c), c)
	if err != nil {
		return Result{}, err
	}
	return s.send(ctx, plan, &r, request, c)
}

// send makes the request and shapes what comes back.
func (s *Service) send(ctx context.Context, plan *definition.Plan, r *sinew.AccountRecord, request *upstream.Request, c Call) (Result, error) {
	started := time.Now()
	response, err := s.sender.Do(ctx, request)
	if err != nil {
		s.metrics.ObserveUpstream(r.IntegrationName, 0, time.Since(started))
		return Result{}, err
	}
	body, err := response.ReadAll()
	took := time.Since(started)
	s.metrics.ObserveUpstream(r.IntegrationName, response.Status, took)
	if err != nil {
		return Result{}, err
	}
	if response.Status >= http.StatusBadRequest {
		// What is refused may be quoted, and what quotes it goes to the caller,
		// the account and the log.
		hide := newScrubber(r, request)
		body = hide.body(body)
		hide.header(response.Header)
	}
	remote := newRemoteError(plan, r, response, body)
	s.follow(ctx, plan, r, response.Status, remote)
	if remote != nil {
		remote.Vendor = took
		return Result{}, remote
	}
	result, err := shape(plan, response, body, c)
	result.Vendor = took
	return result, err
}

// follow lets the account follow the outcome. The caller gets the vendor's
// answer whether or not that could be written down.
func (s *Service) follow(ctx context.Context, plan *definition.Plan, r *sinew.AccountRecord, status int, remote *RemoteError) {
	o := account.Outcome{Resource: plan.Resource, Method: plan.Name, Status: status, Scopes: plan.Scopes}
	if remote != nil {
		o.Message = remote.Message
	}
	if err := s.accounts.Record(context.WithoutCancel(ctx), &r.AccountView, o); err != nil {
		s.log.ErrorContext(ctx, "record outcome of vendor call", "account", r.ID, "status", status, "error", err.Error())
	}
}
