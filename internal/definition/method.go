package definition

import (
	"regexp"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// Method is one call of a vendor's API with everything that it inherits from
// the config. Templates are values as written; Compile makes a Plan of them.
type Method struct {
	Resource string
	Name     string

	BaseURL string // a template
	Path    string // a template
	Verb    string // upper case
	// AllowedHosts is the list as written, Missing when there is none.
	AllowedHosts jsonx.Value
	// Headers and Query are the config's under the method's. A null stands
	// where a layer removed a member.
	Headers jsonx.Value
	Query   jsonx.Value
	// OwnType is set when the method itself, not the config, sets Content-Type.
	OwnType bool
	// DefaultQuery is the config's part of Query.
	DefaultQuery jsonx.Value
	QueryArrays  string // comma, brackets, indices, repeat; "" leaves it to the engine

	// Body is a template, Missing when the caller's body is sent.
	Body           jsonx.Value
	BodyFormat     string // json, form, multipart, raw or xml
	BodyOptions    jsonx.Value
	IgnoreBody     bool
	BodyIsNull     bool
	AddQueryToBody bool

	ResponsePath string
	// ResponseFormat forces a parser; "" goes by the content type.
	ResponseFormat string
	// FailOnParseError is false when a response that cannot be read is passed
	// on in another form.
	FailOnParseError bool

	// Pagination applies to lists, and to other methods that define their own;
	// Format "" means none.
	Pagination             Pagination
	PaginationPath         string
	IgnoreBodyInPagination bool

	// Authorization is nil when none is defined; NoAuth forbids any.
	Authorization *Authorization
	NoAuth        bool

	ErrorExpression string
	RateLimit       RateLimit

	Timeouts Timeouts

	Scopes           []string
	Description      string
	DocumentationURL string
	QuerySchema      jsonx.Value
	BodySchema       jsonx.Value
	ResponseSchema   jsonx.Value
	Examples         jsonx.Value
}

// Pagination says how a list is paged. The keys of Config are the canonical
// ones: page_key, never page_param.
type Pagination struct {
	Format string
	Config jsonx.Value
}

// Timeouts are the time limits of calls; 0 is what is usual.
type Timeouts struct{ Connect, FirstByte, Total, StreamIdle time.Duration }

func newTimeouts(v jsonx.Value) Timeouts {
	seconds := func(name string) time.Duration {
		n, _ := v.Get(name).Float()
		return time.Duration(n * float64(time.Second))
	}
	return Timeouts{seconds("connect"), seconds("first_byte"), seconds("total"), seconds("stream_idle")}
}

// RateLimit holds the three expressions over a response; each may be Missing,
// a literal, a header name or JSONata.
type RateLimit struct {
	IsLimited  jsonx.Value
	RetryAfter jsonx.Value
	Headers    jsonx.Value
}

const methodList = "list"

// Resources lists the resources of a config in its order.
func Resources(config jsonx.Value) []string { return config.Get(keyResources).Names() }

// Methods lists the methods of a resource in the order of the config.
func Methods(config jsonx.Value, resource string) []string {
	return config.Get(keyResources).Get(resource).Names()
}

// FindMethod returns a method of an effective config. The error is a
// *sinew.Error of KindNotFound that names what is missing.
func FindMethod(effective jsonx.Value, resource, name string) (Method, error) {
	methods := effective.Get(keyResources).Get(resource)
	if methods.Kind() != jsonx.Object {
		return Method{}, sinew.Errorf(sinew.KindNotFound, "resource %q not found", resource).WithCode("resource_not_found")
	}
	definition := methods.Get(name)
	if definition.Kind() != jsonx.Object {
		return Method{}, sinew.Errorf(sinew.KindNotFound, "method %q of resource %q not found", name, resource).WithCode("method_not_found")
	}
	return NewMethod(effective, resource, name, definition), nil
}

// NewMethod returns a method from its definition and what it inherits from an
// effective config.
func NewMethod(effective jsonx.Value, resource, name string, definition jsonx.Value) Method {
	d := definition
	m := Method{
		Resource:         resource,
		Name:             name,
		BaseURL:          first(d, effective, keyBaseURL).Str(),
		Path:             d.Get(keyPath).Str(),
		Verb:             strings.ToUpper(d.Get(keyMethod).Str()),
		AllowedHosts:     effective.Get(keyAllowedHosts),
		Headers:          mergeHeaders(effective.Get(keyHeaders), d.Get(keyHeaders)),
		Query:            mergeMaps(effective.Get(keyQuery), d.Get(keyQuery)),
		DefaultQuery:     mergeMaps(effective.Get(keyQuery), jsonx.Value{}),
		QueryArrays:      first(d, effective, keyQueryArrays).Str(),
		Body:             d.Get("body"),
		BodyFormat:       d.Get("body_format").Str(),
		BodyOptions:      d.Get("body_format_config"),
		ResponsePath:     d.Get("response_path").Str(),
		ResponseFormat:   d.Get("api_response_format").Str(),
		PaginationPath:   d.Get(keyPaginationPath).Str(),
		ErrorExpression:  nearestSaid(d, effective, keyError).Str(),
		Description:      d.Get("description").Str(),
		DocumentationURL: d.Get("api_documentation_url").Str(),
		QuerySchema:      d.Get("query_schema"),
		BodySchema:       d.Get("body_schema"),
		ResponseSchema:   d.Get("response_schema"),
		Examples:         d.Get("examples"),
	}
	m.setFlags(d)
	for name := range d.Get(keyHeaders).Members() {
		m.OwnType = m.OwnType || strings.EqualFold(name, "Content-Type")
	}
	if own := d.Get(keyPagination); name == methodList || own.Exists() && !own.IsNull() {
		m.Pagination = newPagination(nearestSaid(d, effective, keyPagination))
	}
	m.Authorization = newAuthorization(first(d, effective, keyAuthorization))
	limits := effective.Get(keyRateLimit)
	m.Timeouts = newTimeouts(effective.Get(keyTimeouts))
	m.RateLimit = RateLimit{
		IsLimited:  limits.Get("is_rate_limited"),
		RetryAfter: limits.Get("retry_after_header_expression"),
		Headers:    limits.Get("rate_limit_header_expression"),
	}
	return m
}

// Pathless returns the method without its path, for calls that bring one; as it is
// unless without is set.
func (m Method) Pathless(without bool) Method {
	if without {
		m.Path = ""
	}
	return m
}

func (m *Method) setFlags(d jsonx.Value) {
	flag := func(name string) bool {
		set, _ := d.Get(name).Bool()
		return set
	}
	if m.Verb == "" {
		m.Verb = "GET"
	}
	if m.BodyFormat == "" {
		m.BodyFormat = "json"
	}
	m.IgnoreBody = flag("ignore_body")
	m.BodyIsNull = flag("set_body_to_null")
	m.AddQueryToBody = flag("add_query_to_body")
	m.IgnoreBodyInPagination = flag("ignore_body_in_pagination")
	m.FailOnParseError = flag("throw_error_on_parse_error")
	m.NoAuth = flag("no_auth")
	for _, scope := range d.Get("scopes").Items() {
		m.Scopes = append(m.Scopes, scope.Str())
	}
}

// first returns the value of the method, else of the config; null is absent.
func first(method, config jsonx.Value, name string) jsonx.Value {
	if v := method.Get(name); v.Exists() && !v.IsNull() {
		return v
	}
	return config.Get(name)
}

// nearestSaid is first, but a null of the method ends the search.
func nearestSaid(method, config jsonx.Value, name string) jsonx.Value {
	if v := method.Get(name); v.Exists() {
		return v
	}
	return config.Get(name)
}

// mergeHeaders lays a method's headers over the config's. Names are compared
// regardless of case; a null of the config stands against the method too.
func mergeHeaders(config, method jsonx.Value) jsonx.Value {
	b := jsonx.NewBuilder(config.Len() + method.Len())
	names := map[string]string{}
	for _, layer := range []jsonx.Value{config, method} {
		for name, value := range layer.Members() {
			known, seen := names[strings.ToLower(name)]
			if seen && b.Get(known).IsNull() {
				continue
			}
			if seen && known != name {
				b.Set(known, jsonx.Value{})
			}
			names[strings.ToLower(name)] = name
			b.Set(name, value)
		}
	}
	return b.Value()
}

func mergeMaps(config, method jsonx.Value) jsonx.Value {
	if config.Kind() != jsonx.Object {
		config = jsonx.ObjectValue()
	}
	if method.Kind() != jsonx.Object {
		return config
	}
	return jsonx.Overlay(config, method)
}

func newPagination(v jsonx.Value) Pagination {
	p := Pagination{Format: v.Get(keyFormat).Str(), Config: jsonx.ObjectValue()}
	b := jsonx.NewBuilder(4)
	for name, value := range v.Get(keyConfig).Members() {
		if stem, ok := strings.CutSuffix(name, "_param"); ok {
			name = stem + "_key"
		}
		if !value.IsNull() {
			b.Set(name, value)
		}
	}
	p.Config = b.Value()
	return p
}

// DottedPath takes a response_path apart that is names and numbers with dots
// between them; $. may stand in front. Another one is an expression.
func DottedPath(path string) (names []string, ok bool) {
	names = strings.Split(strings.TrimPrefix(strings.TrimSpace(path), "$."), ".")
	for _, name := range names {
		if !dottedName.MatchString(name) {
			return nil, false
		}
	}
	return names, true
}

var dottedName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// MetadataPath reads pagination_path where it names a place in the response; nil
// where it is a path of requests, or absent (spec 02 section 12.14).
func (m *Method) MetadataPath() ([]string, error) { return metadataPath(m.PaginationPath) }

func metadataPath(text string) ([]string, error) {
	if text == "" || isRequestPath(text) || strings.Contains(text, "{{") {
		return nil, nil
	}
	return jsonx.ParsePath(text)
}

// isRequestPath tells a path of requests from one into a response.
func isRequestPath(text string) bool {
	return strings.HasPrefix(text, "/") || strings.HasPrefix(text, "http")
}

// Plan is a method with its templates compiled.
type Plan struct {
	Method
	URL      *placeholder.URL
	Hosts    Hosts
	HeaderTo *placeholder.Template // of Headers without the nulls
	QueryTo  *placeholder.Template
	Defaults *placeholder.Template // of DefaultQuery
	PagedURL *placeholder.URL      // of the pages after the first, nil when it is URL
	BodyTo   *placeholder.Template // nil when the caller's body is sent
	// Consumed are the caller's parameters, by their paths, that a template puts
	// somewhere else than into the query under its name; ConsumedByBody are those
	// of the body's template, where that is what is sent.
	Consumed, ConsumedByBody [][]string
}

// Compile compiles the templates of a method. The error is a *sinew.Error of
// KindInvalid that names the part: a config that passed Check has none.
func (m Method) Compile() (*Plan, error) {
	p := &Plan{Method: m}
	var err error
	if p.URL, err = placeholder.CompileURL(m.BaseURL, m.Path); err != nil {
		return nil, m.invalid("url", err)
	}
	if p.Hosts, err = ParseHosts(m.AllowedHosts); err != nil {
		return nil, m.invalid(keyAllowedHosts, err)
	}
	if path := m.PaginationPath; isRequestPath(path) {
		if p.PagedURL, err = placeholder.CompileURL(m.BaseURL, path); err != nil {
			return nil, m.invalid(keyPaginationPath, err)
		}
	}
	if p.HeaderTo, err = placeholder.Compile(withoutNulls(m.Headers)); err != nil {
		return nil, m.invalid(keyHeaders, err)
	}
	if p.QueryTo, err = placeholder.Compile(withoutNulls(m.Query)); err != nil {
		return nil, m.invalid(keyQuery, err)
	}
	if p.Defaults, err = placeholder.Compile(withoutNulls(m.DefaultQuery)); err != nil {
		return nil, m.invalid(keyQuery, err)
	}
	if m.Body.Exists() {
		if p.BodyTo, err = placeholder.Compile(m.Body); err != nil {
			return nil, m.invalid("body", err)
		}
	}
	p.setConsumed()
	return p, nil
}

func (m Method) invalid(part string, err error) error {
	return sinew.Errorf(sinew.KindInvalid, "%s of %s.%s is not valid: %v", part, m.Resource, m.Name, err).WithCode("invalid_definition").WithCause(err)
}

func withoutNulls(v jsonx.Value) jsonx.Value {
	b := jsonx.NewBuilder(v.Len())
	for name, value := range v.Members() {
		if !value.IsNull() {
			b.Set(name, value)
		}
	}
	return b.Value()
}
