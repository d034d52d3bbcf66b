package paginate

import (
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// settings are the keys that the formats share.
type settings struct {
	config   jsonx.Value
	metadata []string // where paths into the body begin
}

// metadataPath reads pagination_path where it names a place in the response;
// one that begins with / or http is a path of requests (spec 02 section 12.14).
func metadataPath(text string) []string {
	if text == "" || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "http") || strings.Contains(text, "{{") {
		return nil
	}
	return dotted(text)
}

func dotted(text string) []string {
	return strings.Split(strings.TrimPrefix(text, "$."), ".")
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

// putHeaders sends the headers of paged requests.
func (s settings) putHeaders(r *Request) {
	for name, value := range s.config.Get("headers").Members() {
		if text, ok := value.Text(); ok {
			r.Header.Set(name, text)
		}
	}
}

// body returns the value at a dotted path of a page.
func (s settings) body(page *Page, path string) jsonx.Value {
	if path == "" || len(page.Body) == 0 {
		return jsonx.Value{}
	}
	at := s.inMetadata(path)
	found, err := page.find(at)
	if err != nil {
		return jsonx.Value{}
	}
	if found.Text == nil {
		return deep(page.Body, at)
	}
	v, err := jsonx.ParseLenient(found.Text)
	if err != nil {
		return jsonx.Value{}
	}
	return v
}

func (s settings) inMetadata(path string) []string {
	return append(append([]string(nil), s.metadata...), dotted(path)...)
}

// Paths implements Strategy.
func (s settings) Paths() [][]string {
	var paths [][]string
	for _, key := range []string{"cursor_path", "prev_cursor_path", "has_next_path", "total_pages_path", "total_count_path"} {
		if path := s.text(key); path != "" {
			paths = append(paths, s.inMetadata(path))
		}
	}
	return paths
}

func (p *Page) find(path []string) (jsonx.Found, error) {
	if p.Find != nil {
		return p.Find(path)
	}
	found, err := jsonx.Pick(p.Body, path)
	if err != nil {
		return jsonx.Found{}, err
	}
	return found[0], nil
}

// deep follows a path that reaches into arrays, which the quick way does not.
func deep(body []byte, path []string) jsonx.Value {
	if !hasIndex(path) {
		return jsonx.Value{}
	}
	v, err := jsonx.ParseLenient(body)
	if err != nil {
		return v
	}
	return v.At(path...)
}

func hasIndex(path []string) bool {
	for _, name := range path {
		if name != "" && strings.Trim(name, "-0123456789") == "" {
			return true
		}
	}
	return false
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
	path := s.text("has_next_path")
	if path == "" {
		return false, false
	}
	v := s.body(page, path)
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
	total, ok := s.body(page, s.text(name)).Int()
	if !ok {
		text := s.body(page, s.text(name)).Str()
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
