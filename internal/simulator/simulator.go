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
)

// Options configures a Simulator. The zero value has the defaults of the
// constants and no quirks.
type Options struct {
	APIKey      string
	ReadOnlyKey string
	Token       string
	Username    string
	Password    string
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

	mu     sync.RWMutex // guards quirks
	quirks []Quirk
}

// New returns a vendor with its initial records.
func New(options Options) *Simulator {
	options = options.withDefaults()
	s := &Simulator{options: options, journal: newJournal(options.Remember), quirks: options.Quirks}
	s.tables = map[string]*table{}
	for _, t := range seed() {
		s.tables[t.name] = t
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
	mux.Handle("GET /me", s.signedIn(whoAmI))
	for name, t := range s.tables {
		mux.Handle("GET /"+name, s.signedIn(t.list))
		mux.Handle("POST /"+name, s.signedIn(t.create))
		mux.Handle("GET /"+name+"/{id}", s.signedIn(t.get))
		mux.Handle("PUT /"+name+"/{id}", s.signedIn(t.update))
		mux.Handle("PATCH /"+name+"/{id}", s.signedIn(t.update))
		mux.Handle("DELETE /"+name+"/{id}", s.signedIn(t.remove))
	}
	contacts := s.tables["contacts"]
	for _, way := range pagings() {
		mux.Handle("/paging/"+way+"/contacts", s.signedIn(contacts.pagedList(way)))
	}
	for _, format := range formats() {
		mux.Handle("GET /format/"+format+"/contacts", s.signedIn(contacts.formattedList(format)))
	}
	for _, kind := range faults() {
		mux.Handle("/fault/"+kind, s.signedIn(faulty(kind)))
	}
	mux.Handle("POST /files", s.signedIn(uploadFile))
	mux.Handle("GET /files/{size}", s.signedIn(downloadFile))
	mux.Handle("POST /tickets/{id}/close", s.signedIn(s.tables["tickets"].closeTicket))
	for _, way := range signatures() {
		mux.Handle("/signed/"+way+"/", s.signed(way, mux))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "no_route", "There is nothing at "+r.URL.Path)
	})
	return mux
}

func whoAmI(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, jsonx.ObjectValue(
		jsonx.Member{Name: "id", Value: jsonx.StringValue("user-1")},
		jsonx.Member{Name: "name", Value: jsonx.StringValue("Simulated User")},
		jsonx.Member{Name: "organization", Value: jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue("org-1")})},
		jsonx.Member{Name: "signed_in_by", Value: jsonx.StringValue(signedInBy(r))},
	))
}
