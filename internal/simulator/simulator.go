package simulator

import (
	"net/http"
	"sync"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The credentials that a Simulator takes unless Options say otherwise.
const (
	DefaultAPIKey   = "simulator-key"
	DefaultToken    = "simulator-token"
	DefaultUsername = "simulator"
	DefaultPassword = "simulator-password"
	// DefaultReadOnlyKey is an API key that may not write.
	DefaultReadOnlyKey = "simulator-read-only-key"
	// DefaultClientID and DefaultClientSecret are those of the OAuth app.
	DefaultClientID     = "simulator-client"
	DefaultClientSecret = "simulator-secret"
)

// Options configures a Simulator. The zero value has the defaults of the
// constants and no quirks.
type Options struct {
	APIKey      string
	ReadOnlyKey string
	Token       string
	Username    string
	Password    string
	// Clients are the secrets of the OAuth apps, by their ids.
	Clients map[string]string
	OAuth   OAuth
	// Quirks change the behaviour, the first one outermost.
	Quirks []Quirk
	// Remember is the number of requests that are kept; default 1,000.
	Remember int
}

func (o Options) withDefaults() Options {
	for field, value := range map[*string]string{
		&o.APIKey: DefaultAPIKey, &o.ReadOnlyKey: DefaultReadOnlyKey, &o.Token: DefaultToken, &o.Username: DefaultUsername, &o.Password: DefaultPassword,
	} {
		if *field == "" {
			*field = value
		}
	}
	if o.Clients == nil {
		o.Clients = map[string]string{DefaultClientID: DefaultClientSecret}
	}
	if o.Remember == 0 {
		o.Remember = 1000
	}
	return o
}

// Simulator is the vendor, an http.Handler. It is safe for concurrent use.
type Simulator struct {
	options Options
	tables  map[string]*table
	routes  http.Handler
	journal *journal
	grants  *grants
	hooks   *webhooks

	mu     sync.RWMutex // guards quirks
	quirks []Quirk
}

// New returns a vendor with its initial records.
func New(options Options) *Simulator {
	options = options.withDefaults()
	s := &Simulator{options: options, journal: newJournal(options.Remember), grants: newGrants(), hooks: newWebhooks(), quirks: options.Quirks}
	s.tables = map[string]*table{}
	for _, t := range seed() {
		s.tables[t.name] = t
		t.changed = s.hooks.tell
	}
	s.routes = s.mux()
	return s
}

// SetQuirks replaces the quirks from the next request on.
func (s *Simulator) SetQuirks(quirks ...Quirk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirks = quirks
}

// Records returns the records of a resource in the order of their creation,
// nil when there is no such resource.
func (s *Simulator) Records(resource string) []jsonx.Value {
	if t := s.tables[resource]; t != nil {
		return t.all()
	}
	return nil
}

// ServeHTTP answers one request and remembers it.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	quirks := s.quirks
	s.mu.RUnlock()
	handler := s.routes
	for i := len(quirks) - 1; i >= 0; i-- {
		handler = quirks[i].Wrap(handler)
	}
	s.journal.record(handler).ServeHTTP(w, r)
}

func (s *Simulator) mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, jsonx.MustParse(`{"ok":true}`)) })
	mux.HandleFunc("/test-status-code/{n}", statusCode)
	mux.Handle("GET /me", s.signedIn("", s.whoAmI))
	for name, t := range s.tables {
		read, write := name+".read", name+".write"
		mux.Handle("GET /"+name, s.signedIn(read, t.list))
		mux.Handle("POST /"+name, s.signedIn(write, t.create))
		mux.Handle("GET /"+name+"/{id}", s.signedIn(read, t.get))
		mux.Handle("PUT /"+name+"/{id}", s.signedIn(write, t.update))
		mux.Handle("PATCH /"+name+"/{id}", s.signedIn(write, t.update))
		mux.Handle("DELETE /"+name+"/{id}", s.signedIn(write, t.remove))
	}
	contacts := s.tables["contacts"]
	for _, way := range pagings() {
		mux.Handle("/paging/"+way+"/contacts", s.signedIn("contacts.read", contacts.pagedList(way)))
	}
	for _, format := range formats() {
		mux.Handle("GET /format/"+format+"/contacts", s.signedIn("contacts.read", contacts.formattedList(format)))
	}
	for _, kind := range faults() {
		mux.Handle("/fault/"+kind, s.signedIn("", faulty(kind)))
	}
	mux.Handle("POST "+pathWebhooks, s.signedIn("", s.hooks.subscribe))
	mux.Handle("DELETE "+pathWebhooks+"/{id}", s.signedIn("", s.hooks.unsubscribe))
	mux.Handle("POST /files", s.signedIn("", uploadFile))
	mux.Handle("GET /files/{size}", s.signedIn("", downloadFile))
	mux.Handle("POST /tickets/{id}/close", s.signedIn("tickets.write", s.tables["tickets"].closeTicket))
	mux.HandleFunc("GET "+pathAuthorize, s.authorize)
	mux.HandleFunc("POST "+pathAuthorize, s.authorize)
	mux.HandleFunc("POST "+pathToken, s.token)
	mux.HandleFunc("POST "+pathDeviceAsk, s.deviceAuthorization)
	mux.HandleFunc("GET "+pathDevice, s.devicePage)
	mux.HandleFunc("POST "+pathDevice, s.devicePage)
	mux.HandleFunc("POST "+pathRevoke, s.revoke)
	mux.Handle("GET "+pathAccounts, s.signedIn("", s.tokenCounts))
	mux.HandleFunc("GET "+pathMetadata, s.metadata)
	temporary := newTemporaries()
	mux.HandleFunc("POST "+pathTemporary, temporary.request)
	mux.HandleFunc("GET "+pathOAuth1Authorize, temporary.authorize)
	mux.HandleFunc("POST "+pathOAuth1Token, func(w http.ResponseWriter, r *http.Request) {
		temporary.token(w, r, [2]string{s.options.Token, DefaultTokenSecret})
	})
	for _, way := range signatures() {
		mux.Handle("/signed/"+way+"/", s.signed(way, mux))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "no_route", "There is nothing at "+r.URL.Path)
	})
	return mux
}

func (s *Simulator) whoAmI(w http.ResponseWriter, r *http.Request) {
	c := s.caller(r)
	reply(w, http.StatusOK, jsonx.ObjectValue(
		jsonx.Member{Name: "id", Value: jsonx.StringValue(or(c.account, defaultAccount))},
		jsonx.Member{Name: "name", Value: jsonx.StringValue("Simulated User")},
		jsonx.Member{Name: "organization", Value: jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue("org-1")})},
		jsonx.Member{Name: "signed_in_by", Value: jsonx.StringValue(c.way)},
	))
}
