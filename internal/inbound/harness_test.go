package inbound_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/inbound"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/unified"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	accountID      = "01a20000-0000-7000-8000-000000000001"
	installationID = "01a20000-0000-7000-8000-000000000002"
	address        = "https://sinew.example.com/integrated-account-webhook/" + accountID
)

// inbox is a store that holds one account and notes what is written.
type inbox struct {
	inbound.Store
	mu       sync.Mutex
	accepted []sinew.InboundArrival
	refused  []sinew.InboundWebhook
	learned  []jsonx.Value
	outcomes []sinew.InboundOutcome

	config, context string // of the account
	override        string // of its installation
	published       string // at every URL
	asked           int
}

func (b *inbox) Now() time.Time { return time.Now() }

func (b *inbox) InboundAccount(_ context.Context, id string) (string, error) {
	if id != accountID {
		return "", sinew.NotFound("Integrated account", id)
	}
	return "environment", nil
}

func (b *inbox) AcceptInbound(_ context.Context, arrivals []sinew.InboundArrival) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted = append(b.accepted, arrivals...)
	return len(arrivals), nil
}

func (b *inbox) RefuseInbound(_ context.Context, w sinew.InboundWebhook, _ int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = append(b.refused, w)
	return nil
}

func (b *inbox) WaitingInbound(context.Context, string, int) (waiting []sinew.InboundWebhook, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.accepted[len(b.outcomes):] {
		waiting = append(waiting, a.InboundWebhook)
	}
	return waiting, nil
}

func (b *inbox) FinishInbound(_ context.Context, _ sinew.Job, _ sinew.InboundWebhook, o sinew.InboundOutcome) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.outcomes = append(b.outcomes, o)
	return nil
}

func (b *inbox) ForCall(context.Context, sinew.Principal, string) (*account.Opened, error) {
	installation := &sinew.EnvironmentIntegration{ID: installationID, EnvironmentID: "environment", Override: sinew.JSON(b.override)}
	r := sinew.AccountRecord{AccountView: sinew.AccountView{
		IntegratedAccount:      sinew.IntegratedAccount{ID: accountID, EnvironmentID: "environment", EnvironmentIntegrationID: installationID, Context: sinew.JSON(b.context)},
		Integration:            &sinew.Integration{Config: sinew.JSON(b.config)},
		EnvironmentIntegration: installation,
	}}
	whole, err := jsonx.ParseString(string(r.Context.Or(sinew.EmptyObject)))
	return account.NewOpened(r, whole), err
}

func (b *inbox) Remember(_ context.Context, _ sinew.Principal, _ string, patch jsonx.Value, _ sinew.EventType) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.learned = append(b.learned, patch)
	return nil
}

// Do answers every request with what was published.
func (b *inbox) Do(context.Context, *upstream.Request) (*upstream.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.published == "" {
		return nil, errors.New("nobody there")
	}
	return &upstream.Response{Status: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(b.published))}, nil
}

// newService takes deliveries for an account with a signature_verification.
func newService(t testing.TB, verification, context string) (*inbound.Service, *inbox) {
	t.Helper()
	return newServiceOf(t, `{"signature_verification":`+verification+`,"handle_verification":"body.learn ? {'type':'payload','update_context':{'learned':true}} : null"}`, context)
}

func newServiceOf(t testing.TB, webhook, context string) (*inbound.Service, *inbox) {
	t.Helper()
	if _, err := jsonx.ParseString(webhook); err != nil {
		t.Fatalf("%v in %s", err, webhook)
	}
	b := &inbox{override: `{"environment_variables":{"SECRET":"variable-secret"}}`, config: `{"webhook":` + webhook + `}`, context: context}
	return inbound.New(inbound.Config{Store: b, Accounts: b, Unified: noModels{}, Sender: b, Log: slog.New(slog.DiscardHandler)}), b
}

// delivery is a request that a test makes and spoils.
type delivery struct {
	url, method, body string
	header            http.Header
}

func newDelivery(body string) delivery {
	return delivery{url: address + "?tenant=1", method: "POST", body: body, header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"vendor"}}}
}

func (d delivery) clone() delivery {
	d.header = d.header.Clone()
	return d
}

func (d delivery) with(name, value string) delivery {
	d = d.clone()
	d.header.Set(name, value)
	return d
}

func (d delivery) send(s *inbound.Service) (inbound.Reply, error) {
	return s.ToAccount(context.Background(), accountID, sinew.InboundRequest{Method: d.method, URL: d.url, Header: d.header, Body: []byte(d.body)})
}

// taken reports whether a delivery was taken for genuine; any other answer than a
// refusal fails the test.
func (d delivery) taken(t testing.TB, s *inbound.Service) bool {
	t.Helper()
	_, err := d.send(s)
	if err == nil {
		return true
	}
	known, ok := errors.AsType[*sinew.Error](err)
	if !ok || known.Kind != sinew.KindUnauthenticated && known.Kind != sinew.KindTooLarge && known.Kind != sinew.KindNotAllowed || known.Kind == sinew.KindUnauthenticated && known.Code != inbound.CodeRefused {
		t.Fatalf("got %v", err)
	}
	return false
}

// noModels is an environment without unified models.
type noModels struct{}

func (noModels) Events(context.Context, string, string, jsonx.Value) ([]unified.Event, error) {
	return nil, nil
}

func (noModels) Read(context.Context, unified.Call) (unified.Payload, error) {
	return unified.Payload{}, sinew.Errorf(sinew.KindNotFound, "there are no unified models")
}
