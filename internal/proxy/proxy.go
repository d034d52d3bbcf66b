package proxy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/paginate"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/wire"
)

// Accounts are what a call is made for.
type Accounts interface {
	// ForCall opens an account; NotFound when the caller's environment has none of
	// that id.
	ForCall(ctx context.Context, p sinew.Principal, id string) (*account.Opened, error)
	// Record lets an account follow what its vendor answered.
	Record(ctx context.Context, a *sinew.AccountView, o account.Outcome) error
}

// Tokens keep the accounts' OAuth tokens alive.
type Tokens interface {
	// Expired reports whether the token of an account's whole context has run out
	// and can be refreshed.
	Expired(r *sinew.AccountRecord, whole jsonx.Value) (accessToken string, expired bool)
	// Renew returns the account with another token than the one that was seen to
	// fail; see refresh.Service.Refresh for the errors.
	Renew(ctx context.Context, environmentID, accountID, seen string) (sinew.AccountRecord, jsonx.Value, error)
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

// Recorder keeps the log. It never waits.
type Recorder interface {
	Record(e sinew.LogEntry)
}

// Config is what a Service is built from. Every field is required.
type Config struct {
	Accounts Accounts
	Tokens   Tokens
	Gates    Gates
	Sender   Sender
	Sealer   Sealer
	Metrics  Metrics
	Recorder Recorder
	Log      *slog.Logger
}

// Service makes calls. It is safe for concurrent use.
type Service struct {
	accounts    Accounts
	tokens      Tokens
	gates       Gates
	sender      Sender
	sealer      Sealer
	metrics     Metrics
	recorder    Recorder
	log         *slog.Logger
	expressions *expression.Engine
	formats     credential.Formats
	definitions planCache
	buffers     buffers
	records     buffers // of the log
}

// New returns a service.
func New(c Config) *Service {
	return &Service{
		accounts: c.Accounts, tokens: c.Tokens, gates: c.Gates, sender: c.Sender, sealer: c.Sealer, metrics: c.Metrics, recorder: c.Recorder, log: c.Log,
		expressions: expression.NewEngine(), formats: credential.NewFormats(),
	}
}

// Call is what a caller wants of a vendor.
type Call struct {
	Principal sinew.Principal
	// RequestID finds the call in the log.
	RequestID string
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
	// Stream is a body that goes to the vendor as it is, with its type and its
	// length, -1 when that is not known; nil for none.
	Stream       io.Reader
	StreamType   string
	StreamLength int64
	// Raw is a body that is no JSON and goes out as it is, with its type; nil for
	// none.
	Raw     []byte
	RawType string
	// Upload is a multipart form whose files are passed on as they come; nil for
	// none. Its fields are the Body.
	Upload *wire.MultipartReader
	// Abort ends a read of Stream or Upload that waits for the caller; nil for
	// those that do not wait.
	Abort func()
	// Custom is a call past the resources of the definition, nil for others.
	Custom *Custom
	// Inline is a method that is not among the resources, nil for others.
	Inline *Inline
	// Roots is an object of further values that the templates of a request read, in
	// place of variables of the same name; its authorization does not. Those of
	// Fallback are read where nothing else has their name.
	Roots, Fallback jsonx.Value
	// Path takes the place of the method's path, under its base URL; "" for none.
	Path string
	// MapHeaders makes the headers of the request of those that the definition
	// sets, nil for none: what it returns is laid over them, null removes.
	MapHeaders func(ctx context.Context, defined jsonx.Value) (jsonx.Value, error)
	// Changes says how an upload differs from the form that came, nil for as the
	// method says.
	Changes *wire.MultipartChanges
	// Scopes are those that the call needs where the method names none.
	Scopes []string
	// Part is told of the call in place of the log: it is part of another, which
	// has a record of its own. nil for others.
	Part func(Made)
	// Sample is taken for the vendor's answer, which is not asked; nil for none. The
	// call leaves no trace: neither in the log nor with the account.
	Sample *Sample
	// OwnLimit says that limit asks for a page size and is no parameter of the
	// vendor's: a method that does not page goes without.
	OwnLimit bool
	// Passed asks for a vendor's success as it comes, whatever it is.
	Passed bool
	// Renewing says that the call is part of getting a new token: it is made with
	// the token that there is, and what comes of it is the caller's to judge.
	Renewing bool
	// Writes lets the call write for a sandbox account.
	Writes bool
	// Whole asks for the answer in memory, even if it is a file.
	Whole bool
	// Explain asks for an account of how the call was made.
	Explain bool
}

// Sample is an answer of a vendor that was recorded.
type Sample struct {
	Status int // 0 is 200
	Header http.Header
	Body   []byte
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
	// Head, Body and Tail are the answer, one behind the other.
	Head, Tail string
	Body       []byte
	// Release is called once the answer is written, for its memory to be used
	// again; nil when there is nothing to give back.
	Release func()
	// Stream is a body that is passed on as it comes, nil for none. The caller
	// closes it.
	Stream io.ReadCloser
	// Page is set for a page of a list, whose records are Body, and Answered below is
	// what the vendor sent: for calls that are whole, or part of another one.
	Page *Page
	// JSON says that Body is JSON: a payload, or the records of a page.
	JSON bool
	// Answered is nil when the vendor was not asked; its Body is nil when it is passed
	// on.
	Answered *Answered
	// Vendor is how long the vendor took to answer.
	Vendor time.Duration
	// Sent is set, also beside an error, once the vendor may have got the
	// request.
	Sent bool
	// Explanation is set for a call with Explain.
	Explanation *Explanation
}

// Page tells where a list goes on.
type Page struct {
	Items      int
	Next, Prev string // cursors, "" at the ends
}

// Answered is an answer of a vendor as it came, until Release.
type Answered struct {
	Status int
	Header http.Header
	// Body is the JSON of the answer, nil when it is something else.
	Body []byte
	// Raw are its bytes.
	Raw []byte
}

// Whole returns the answer in one piece of its own.
func (r Result) Whole() []byte {
	return slices.Concat([]byte(r.Head), r.Body, []byte(r.Tail))
}

// call is a Call under way.
type call struct {
	Call
	service *Service
	opened  *account.Opened
	account *sinew.AccountRecord // of opened, nil before that
	*prepared
	plan  *plan
	place paginate.Place
	paged *paginate.Request
	// credential is what was attached, nil for an expression or nothing.
	credential *credential.Authorization
	hide       *scrubber // made when it is needed, see scrubbing
	request    *upstream.Request
	attempts   int // requests that the vendor answered
	sent       bool
	rejected   bool         // the vendor refused a token that may be renewed
	renewed    bool         // it was
	status     int          // the vendor's
	count      int          // records of a list, -1 for other answers
	trace      *Explanation // nil when nobody asks
}

// Do makes a call. The vendor's refusal is a *RemoteError; a method that does
// not exist is NotFound; a write on a sandbox account is NotAllowed; a template
// of the URL or the authorization without a value is Invalid.
func (s *Service) Do(ctx context.Context, c Call) (Result, error) {
	under := &call{Call: c, service: s, count: -1}
	if c.Explain {
		under.trace = newExplanation()
	}
	began := time.Now()
	result, err := under.run(ctx)
	err = under.discreet(err)
	under.record(ctx, began, result, err)
	result.Explanation, result.Sent = under.trace, under.sent
	return result, under.explained(err)
}

func (c *call) run(ctx context.Context) (Result, error) {
	s := c.service
	opened, err := s.accounts.ForCall(ctx, c.Principal, c.AccountID)
	if err != nil {
		return Result{}, err
	}
	c.opened, c.account = opened, &opened.Record
	if c.account.IsSandbox && !c.Writes && c.writes() {
		return Result{}, sinew.Errorf(sinew.KindNotAllowed, "The account is in sandbox mode, which allows list and get only").WithCode("sandbox_write")
	}
	if c.Sample == nil {
		if err := c.renew(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := c.prepare(); err != nil {
		return Result{}, err
	}
	if c.plan, err = c.findPlan(); err != nil {
		return Result{}, err
	}
	if c.place, err = c.openPlace(ctx); err != nil {
		return Result{}, err
	}
	request, err := c.build(ctx)
	if err != nil {
		return Result{}, err
	}
	result, err := c.send(ctx, request)
	if c.rejected {
		return c.again(ctx, err)
	}
	return result, err
}

// isPart reports whether the platform goes on with the answer, in place of a caller.
func (c *call) isPart() bool { return c.Part != nil || c.Whole }

func (c *call) findPlan() (*plan, error) {
	switch {
	case c.Custom != nil:
		return c.customPlan()
	case c.Inline != nil:
		return c.inlinePlan()
	}
	return c.service.plan(c.layers, c.Resource, c.Method, c.Path != "")
}

// writes reports whether the call may change something at the vendor.
func (c *call) writes() bool {
	if c.Inline != nil {
		return c.Inline.writes()
	}
	if c.Custom != nil {
		return c.Custom.Verb != http.MethodGet && c.Custom.Verb != http.MethodHead || c.Custom.Method.Exists()
	}
	return c.Method != MethodList && c.Method != MethodGet
}

// send makes the request and shapes what comes back.
func (c *call) send(ctx context.Context, request *upstream.Request) (Result, error) {
	s := c.service
	started := time.Now()
	response, err := c.exchange(ctx, request)
	c.sent = c.Sample == nil && (c.sent || !neverLeft(err))
	if err != nil {
		s.metrics.ObserveUpstream(c.account.IntegrationName, 0, time.Since(started))
		return Result{}, err
	}
	r := &reply{Response: response}
	c.status = response.Status
	streams := response.Status < http.StatusBadRequest && c.passes(response.Header)
	if !streams {
		r.raw, err = response.ReadInto(s.buffers.get())
	}
	took := time.Since(started)
	if c.Sample == nil {
		s.metrics.ObserveUpstream(c.account.IntegrationName, response.Status, took)
	}
	if err != nil {
		return Result{}, err
	}
	result, err := c.answer(ctx, r, streams)
	if result.Stream == nil && streams {
		_ = response.Body.Close()
	}
	result.Vendor = took
	if err == nil && c.isPart() {
		result.Answered = &Answered{Status: r.Status, Header: r.Header, Body: r.json, Raw: r.raw}
	}
	if err == nil && !streams && !c.Whole && !c.Explain {
		result.Release = func() { s.buffers.put(r.raw) }
	}
	if remote, ok := err.(*RemoteError); ok { //nolint:errorlint // made here, never wrapped
		remote.Vendor = took
	}
	return result, err
}

// exchange sends the request, a second time where the server asks for another
// form of the credential first.
func (c *call) exchange(ctx context.Context, request *upstream.Request) (*upstream.Response, error) {
	if c.Sample != nil {
		return c.Sample.answer(request)
	}
	response, err := c.service.sender.Do(ctx, request)
	if err != nil {
		return nil, err
	}
	c.attempts++
	err = c.checkGate(ctx, request, response)
	var accepted func()
	if err == nil {
		accepted, err = c.challenged(request, response)
	}
	if err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	if accepted == nil {
		return response, nil
	}
	c.sent = true
	_ = response.Body.Close()
	c.attempts++
	response, err = c.service.sender.Do(ctx, request)
	if err == nil && response.Status != http.StatusUnauthorized {
		accepted()
	}
	return response, err
}

// neverLeft reports whether an error says that there was no connection to send
// the request over.
func neverLeft(err error) bool {
	var known *sinew.Error
	return errors.As(err, &known) && (known.Code == upstream.CodeBlocked || known.Code == upstream.CodeUnreachable || known.Code == upstream.CodeHeader)
}

// answer turns a vendor's answer into the caller's.
func (c *call) answer(ctx context.Context, r *reply, streams bool) (Result, error) {
	if r.Status >= http.StatusBadRequest {
		// What is refused may be quoted, and what quotes it goes to the caller,
		// the account and the log.
		r.raw = c.scrubbing().body(c.inUTF8(r))
		c.scrubbing().header(r.Header)
	}
	if !streams {
		c.decode(r)
	}
	v, err := c.judge(ctx, r)
	if err != nil {
		return Result{}, err
	}
	if v.failed {
		remote := c.refusal(r, v)
		if c.rejected = c.mayRenew(remote.Status); c.rejected {
			return Result{}, remote
		}
		c.follow(ctx, remote.Status, remote.Message)
		return Result{}, remote
	}
	c.follow(ctx, v.status, "")
	result, err := c.shape(ctx, r, v, streams)
	if err != nil {
		return result, err
	}
	if result.Header == nil {
		result.Header = http.Header{}
	}
	quotaOf(r, v).write(result.Header)
	result.Header.Del(headerRetryAfter)
	return result, nil
}

// quotaOf is what is known of the vendor's limits, with what the definition's
// error expression says about them.
func quotaOf(r *reply, v verdict) quota {
	if v.headers.Len() == 0 {
		return r.quota
	}
	h := http.Header{}
	for name, value := range v.headers.Members() {
		h.Set(name, textOf(value))
	}
	said := usualQuota(h, time.Now())
	q := r.quota
	if said.limit != "" {
		q.limit = said.limit
	}
	q.remaining, q.reset, q.wait = known(said.remaining, q.remaining), known(said.reset, q.reset), known(said.wait, q.wait)
	return q
}

func known(said, otherwise float64) float64 {
	if said >= 0 {
		return said
	}
	return otherwise
}
