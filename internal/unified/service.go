package unified

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/kept"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/wire"
)

// Store has the mappings.
type Store interface {
	// Generation returns the number of the state that the database is in.
	Generation(ctx context.Context) (int64, error)
	// Mapping returns what the layers say about a method; NotFound when the
	// environment has no such model.
	Mapping(ctx context.Context, key sinew.MappingKey) (sinew.Mapping, error)
	// InstalledModels returns all that an environment has installed.
	InstalledModels(ctx context.Context, environmentID string) ([]sinew.EnvironmentUnifiedModel, error)
	// DocumentationOf returns the documentation of entities.
	DocumentationOf(ctx context.Context, entityIDs ...string) ([]sinew.Documentation, error)
}

// Accounts are what a call is made for.
type Accounts interface {
	// ForCall opens an account; NotFound when the caller's environment has none of
	// that id.
	ForCall(ctx context.Context, p sinew.Principal, id string) (*account.Opened, error)
}

// Proxy calls vendors, and keeps the log of it.
type Proxy interface {
	Do(ctx context.Context, c proxy.Call) (proxy.Result, error)
	Log(of *sinew.AccountRecord, m proxy.Made)
}

// Config is what a Service is built from. Every field is required.
type Config struct {
	Store    Store
	Accounts Accounts
	Proxy    Proxy
	Sealer   proxy.Sealer
	Alarms   Alarms
	History  History
	Log      *slog.Logger
}

// Service makes unified calls. It is safe for concurrent use.
type Service struct {
	store       Store
	accounts    Accounts
	proxy       Proxy
	sealer      proxy.Sealer
	expressions *expression.Engine
	mappings    kept.Values[sinew.MappingKey, sinew.Mapping]
	webhooks    kept.Values[webhookKey, []webhook]
	plans       planCache
	drift       drift
	findings    chan finding
	responses   kept.Values[responseKey, jsonx.Value]
	alarms      Alarms
	history     History
	log         *slog.Logger
}

// New returns a service.
func New(c Config) *Service {
	return &Service{store: c.Store, accounts: c.Accounts, proxy: c.Proxy, sealer: c.Sealer, alarms: c.Alarms, history: c.History, log: c.Log, expressions: expression.NewEngine(), findings: make(chan finding, maxFindings)}
}

// Forget drops the mappings that have not been used for a while from memory.
func (s *Service) Forget(now time.Time) {
	s.mappings.Sweep(now)
	s.webhooks.Sweep(now)
	s.responses.Sweep(now)
}

// Call is what a caller wants.
type Call struct {
	Principal sinew.Principal
	// RequestID finds the call in the log.
	RequestID string
	AccountID string
	Model     string
	Resource  string
	// Method is list, get, create, update, delete or another one of the model.
	Method string
	// ID is the record's id, "" for none.
	ID string
	// Query holds the caller's parameters as they came, those of the platform
	// among them.
	Query jsonx.Value
	// Header are the caller's headers that mappings may read.
	Header http.Header
	// Body is the caller's body, Missing when there is none.
	Body jsonx.Value
	// Stream is a body that goes to the vendor as it is, with its type and its
	// length, -1 when that is not known; nil for none.
	Stream       io.Reader
	StreamType   string
	StreamLength int64
	// Upload is a multipart form whose files are passed on as they come, nil for
	// none. Its fields are the Body.
	Upload *wire.MultipartReader
	// Abort ends a read of Stream or Upload that waits for the caller; nil for
	// those that do not wait.
	Abort func()
	// Whole asks for the answer in memory, even if it is a file.
	Whole bool
	// Renewing says that the call is part of getting a new token; see proxy.Call.
	Renewing bool
	// Writes lets the call write for a sandbox account.
	Writes bool
	// Explain asks for an account of how the answer came about.
	Explain bool
	// preview is set for a call that shows what a mapping would do.
	preview *preview
	// depth counts the unified calls that this one is part of.
	depth int
}

// Result is what goes back to the caller.
type Result struct {
	Status int
	Header http.Header
	Body   []byte
	// Stream is a body that is passed on as it comes, nil for none. The caller
	// closes it.
	Stream io.ReadCloser
	// Vendor is how long the vendor took to answer.
	Vendor time.Duration
	// Sent is set, also beside an error, once the vendor may have got a request.
	Sent bool
	// Explanation is set for a call with Explain.
	Explanation jsonx.Value
}

// call is a Call under way.
type call struct {
	Call
	service *Service
	opened  *account.Opened
	plan    *plan
	options options
	query   jsonx.Value // parsed and typed
	before  jsonx.Value // results of the steps
	sent    jsonx.Value // the vendor's body, before it was written in its format
	parts   parts
	trace   *explanation // nil when nobody asks
	// turn is where a list goes on by what its mapping said, Missing otherwise.
	turn  jsonx.Value
	count int // records of a list, -1 for other answers
	// made of the call that counts
	main proxy.Made
	// called is the method of the vendor that counts, zero when its path is another.
	called vendorMethod
}

// Do makes a call. A vendor's refusal is a *proxy.RemoteError with its insight; a
// model, resource or method that is not there is NotFound; a write on a sandbox
// account is NotAllowed; parameters that are missing are Invalid.
func (s *Service) Do(ctx context.Context, c Call) (Result, error) {
	under := &call{Call: c, service: s, count: -1}
	if c.Explain {
		under.trace = &explanation{}
	}
	began := time.Now()
	result, err := under.run(ctx)
	result.Sent, result.Vendor = under.parts.wasSent(), under.parts.vendor()
	under.record(began, result, err)
	if under.trace != nil {
		result.Explanation = under.trace.value(under)
	}
	return result, err
}

func (c *call) run(ctx context.Context) (Result, error) {
	opened, err := c.service.accounts.ForCall(ctx, c.Principal, c.AccountID)
	if err != nil {
		return Result{}, err
	}
	c.opened = opened
	if opened.Record.IsSandbox && !c.Writes && c.writes() {
		return Result{}, sinew.Errorf(sinew.KindNotAllowed, "The account is in sandbox mode, which allows list and get only").WithCode("sandbox_write")
	}
	if c.plan, err = c.service.find(ctx, c); err != nil {
		return Result{}, err
	}
	if c.options, err = readOptions(c.Query); err != nil {
		return Result{}, err
	}
	if err := c.readQuery(ctx); err != nil {
		return Result{}, err
	}
	if err := c.checkRequired(); err != nil {
		return Result{}, err
	}
	if c.plan.static.Exists() && !c.writes() {
		return c.answerStatic(ctx)
	}
	return c.perform(ctx)
}

// perform asks the vendor.
func (c *call) perform(ctx context.Context) (Result, error) {
	var err error
	if c.before, err = c.runSteps(ctx, c.plan.before, jsonx.Value{}); err != nil {
		return Result{}, c.failed(ctx, err)
	}
	request, err := c.request(ctx)
	if err != nil {
		return Result{}, err
	}
	c.sent = request.Body
	if request.Path == "" {
		c.called = vendorMethod{request.Resource, request.Method}
	}
	result, err := c.ask(ctx, request, &c.main)
	if err != nil {
		return Result{}, c.failed(ctx, err)
	}
	if result.Release != nil {
		defer result.Release()
	}
	return c.answer(ctx, result)
}

// ask makes one call of the vendor, and keeps what the log says of it.
func (c *call) ask(ctx context.Context, p proxy.Call, made *proxy.Made) (proxy.Result, error) {
	p.Principal, p.RequestID, p.AccountID = c.Principal, c.RequestID, c.AccountID
	p.Explain, p.Renewing, p.Writes = c.Explain, c.Renewing, c.Writes
	p.Scopes = c.plan.scopes
	p.Part = func(m proxy.Made) {
		c.parts.add(m)
		if made != nil {
			*made = m
		}
	}
	result, err := c.callProxy(ctx, p)
	c.parts.sent(result.Sent)
	c.trace.called(result.Explanation)
	return result, err
}

// writes reports whether the call may change something at the vendor.
func (c *call) writes() bool { return !Reads(c.Method) }

// lists reports whether the answer is a page of a list.
func (c *call) lists() bool { return c.Method == proxy.MethodList }

// record logs the call as one, with those of the vendor that it is made of.
func (c *call) record(began time.Time, result Result, err error) {
	if c.opened == nil || c.depth > 0 || c.preview != nil && !c.parts.wasSent() {
		return
	}
	m := c.main
	m.RequestID, m.RequestType = c.RequestID, sinew.RequestUnified
	m.Resource, m.Method = c.Model+"/"+c.Resource, c.Method
	m.Count, m.Err, m.Took, m.Vendor, m.Status = c.count, err, time.Since(began), c.parts.vendor(), result.Status
	if remote := remoteOf(err); remote != nil {
		m.Status = remote.Status
	}
	m.Parts = c.parts.list()
	c.service.proxy.Log(&c.opened.Record, m)
}
