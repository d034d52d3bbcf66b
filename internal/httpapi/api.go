package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/wire"
)

// Authenticator recognises bearer tokens.
type Authenticator interface {
	// Authenticate returns who a token stands for; Unauthenticated when nobody.
	Authenticate(ctx context.Context, bearer string) (sinew.Principal, error)
}

// Metrics counts requests.
type Metrics interface {
	ObserveRequest(route, method string, status int, took time.Duration)
}

// Settings of the API that operators choose.
type Settings struct {
	// ListAlias repeats the rows of two lists under "results", as their
	// published pages show them.
	ListAlias bool
	// LimitToken and LimitAccount bound the requests in LimitWindow of an API
	// token and, on the data plane, of an account; 0 means no limit. Each node
	// counts for itself.
	LimitToken   int
	LimitAccount int
	// PublicURL is the address that callers use, for the API document.
	PublicURL string
	// Version names this build in the API document.
	Version string
}

// LimitWindow is the time that own rate limits count in.
const LimitWindow = 10 * time.Second

// API serves the operations. It is safe for concurrent use.
type API struct {
	settings   Settings
	auth       Authenticator
	links      Authenticator
	completing Authenticator
	cursors    *wire.Cursors
	log        *slog.Logger
	metrics    Metrics
	context    func(context.Context) context.Context
	exceeded   func(environmentID string, f sinew.LimitFacts)
	operations []Operation
	mux        *http.ServeMux
	tokens     *limiter
	accounts   *limiter
	document   document
	buffers    buffers
}

// Config is what an API is made of.
type Config struct {
	Settings Settings
	Auth     Authenticator
	// Links recognises link tokens, and Completing those that have connected their
	// account, as that account.
	Links, Completing Authenticator
	Cursors           *wire.Cursors
	Log               *slog.Logger
	Metrics           Metrics
	// Context prepares the context of each request; nil leaves it as it is.
	Context func(context.Context) context.Context
	// Exceeded is told who has reached a limit, at every refusal; nil for nobody.
	Exceeded func(environmentID string, f sinew.LimitFacts)
}

// New returns an API that serves the operations, and beside them the document
// that describes them.
func New(config Config, operations ...[]Operation) (*API, error) {
	a := &API{
		settings: config.Settings, auth: config.Auth, links: config.Links, completing: config.Completing, cursors: config.Cursors, log: config.Log, metrics: config.Metrics,
		context:  config.Context,
		exceeded: config.Exceeded,
		mux:      http.NewServeMux(),
		tokens:   newLimiter(config.Settings.LimitToken, LimitWindow),
		accounts: newLimiter(config.Settings.LimitAccount, LimitWindow),
	}
	if a.context == nil {
		a.context = func(ctx context.Context) context.Context { return ctx }
	}
	for _, some := range append(operations, a.documentOperations()) {
		a.operations = append(a.operations, some...)
	}
	a.document.build(a.operations, config.Settings)
	for i := range a.operations {
		a.register(&a.operations[i])
	}
	a.registerFallbacks()
	return a, nil
}

func (a *API) register(o *Operation) {
	a.mux.Handle(o.Method+" "+o.Path, a.endpoint(o))
}

// registerFallbacks answers what no operation does: preflights of browser
// operations, and whatever else comes.
func (a *API) registerFallbacks() {
	methods := make(map[string][]string)
	for _, o := range a.operations {
		if o.Browser {
			methods[o.Path] = append(methods[o.Path], o.Method)
		}
	}
	for path, allowed := range methods {
		a.mux.Handle(http.MethodOptions+" "+path, a.preflight(path, allowed))
	}
	a.mux.HandleFunc(anyPath, a.refuse)
}

// Operations returns what the API serves, for tests and generated documents.
func (a *API) Operations() []Operation { return a.operations }
