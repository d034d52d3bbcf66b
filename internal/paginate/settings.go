package paginate

import (
	"net/http"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// settings are the keys that the formats share.
type settings struct {
	config jsonx.Value
	// places are where things are in the body, by the key that names them.
	places map[string]place
	// hosts are the allowed_hosts of the integration, nil when it names none.
	hosts   definition.Hosts
	headers *placeholder.Template
}

// newSettings reads the places that a definition names.
func newSettings(m *definition.Method) (settings, error) {
	s := settings{config: m.Pagination.Config}
	metadata, err := m.MetadataPath()
	if err != nil {
		return s, badPath("pagination_path", err)
	}
	if s.hosts, err = definition.ParseHosts(m.AllowedHosts); err != nil {
		return s, sinew.Errorf(sinew.KindInvalid, "allowed_hosts %v", err).WithCode("invalid_definition").WithCause(err)
	}
	headers := s.config.Get("headers")
	if !headers.Exists() {
		headers = jsonx.ObjectValue()
	}
	if s.headers, err = placeholder.Compile(headers); err != nil {
		return s, sinew.Errorf(sinew.KindInvalid, "pagination.config.headers is not valid: %v", err).WithCode("invalid_definition").WithCause(err)
	}
	s.places, err = findPlaces(s.config, metadata)
	return s, err
}

func (s settings) text(name string) string { return s.config.Get(name).Str() }

func (s settings) flag(name string) bool {
	set, _ := s.config.Get(name).Bool()
	return set
}

func (s settings) int(name string, otherwise int64) int64 {
	if n, ok := s.config.Get(name).Int(); ok {
		return n
	}
	return otherwise
}

// limit is the page size that is asked for: the caller's, no more than the
// vendor takes.
func (s settings) limit(at Place) int64 {
	largest := s.int("max_limit", 0)
	if largest > 0 && int64(at.Limit) > largest {
		return largest
	}
	return int64(at.Limit)
}

// trusted reports whether a page shorter than the limit is the last one: only
// when the definition says how much the vendor gives at most, since others may
// give less than they are asked for.
func (s settings) trusted(at Place) bool {
	return at.Limit > 0 && s.int("max_limit", 0) > 0
}

// put sends a value under a name: in the query, or in the body where the
// definition says so.
func (s settings) put(r *Request, name string, value jsonx.Value) {
	if name == "" || !value.Exists() {
		return
	}
	inBody := s.flag("add_to_body")
	if inBody {
		body := r.Body
		if body.Kind() != jsonx.Object {
			body = jsonx.ObjectValue()
		}
		r.Body = body.SetAt(value, strings.Split(name, ".")...)
	}
	if !inBody || s.flag("add_to_query") {
		r.Query = r.Query.With(name, asText(value))
	}
}

func asText(v jsonx.Value) jsonx.Value {
	if v.Kind() == jsonx.String {
		return v
	}
	return jsonx.StringValue(v.String())
}

// putLimit sends the page size.
func (s settings) putLimit(at Place, r *Request) {
	limit := s.limit(at)
	if limit == 0 || !at.First() && s.flag("ignore_limit_in_pagination") {
		return
	}
	value := jsonx.IntValue(limit)
	if s.text("limit_data_type") == "string" {
		value = asText(value)
	}
	s.put(r, s.text("limit_key"), value)
}

// putHeaders sends the headers of paged requests; null removes one.
func (s settings) putHeaders(r *Request) {
	headers, _ := s.headers.Render(r.Scope)
	for name, value := range headers.Members() {
		if text, ok := value.Text(); ok {
			r.Header.Set(name, text)
		} else {
			r.Header[http.CanonicalHeaderKey(name)] = nil
		}
	}
}

// header returns a header of a page, found regardless of case.
func header(page *Page, name string) jsonx.Value {
	if value := page.Header.Get(name); value != "" {
		return jsonx.StringValue(value)
	}
	return jsonx.Value{}
}

// more reads the flag that says whether there is another page. known is false
// when the definition names none, or the page has none.
func (s settings) more(page *Page) (more, known bool) {
	v := s.body(page, "has_next_path")
	switch v.Kind() {
	case jsonx.Missing:
		return false, false
	case jsonx.Bool:
		more, _ = v.Bool()
	case jsonx.Null:
		more = false
	case jsonx.String:
		more = v.Str() != "" && !strings.EqualFold(v.Str(), "false") && v.Str() != "0"
	case jsonx.Number:
		n, _ := v.Float()
		more = n != 0
	default:
		more = v.Len() > 0
	}
	return more, true
}

// beyond returns whether counts of the page say that there is something behind
// what was read so far.
func (s settings) beyond(page *Page, name string, read int64) (more, known bool) {
	said := s.body(page, name)
	total, ok := said.Int()
	if !ok {
		text := said.Str()
		if text == "" && name == "total_count_path" && s.text("total_count_header") != "" {
			text = page.Header.Get(s.text("total_count_header"))
		}
		v, err := jsonx.ParseString(text)
		if total, ok = v.Int(); err != nil || !ok {
			return false, false
		}
	}
	return read < total, true
}
