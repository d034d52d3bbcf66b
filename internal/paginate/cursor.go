package paginate

import (
	"context"
	"net/url"
	"strings"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// cursor pages by a token, or a link, in the response.
type cursor struct{ settings }

// Values implements Strategy.
func (s cursor) Values(_ context.Context, at Place, _ jsonx.Value, _ *expression.Input) (jsonx.Value, error) {
	return withLimit(jsonx.NewBuilder(3).Set("cursor", at.At), s.limit(at)), nil
}

// Prepare implements Strategy.
func (s cursor) Prepare(_ context.Context, at Place, r *Request) error {
	s.putHeaders(r)
	if at.First() {
		s.putLimit(at, r)
		return nil
	}
	if s.flag("is_link") {
		return s.follow(r, at.At.Str(), s.flag("include_path"))
	}
	s.putLimit(at, r)
	value := at.At
	if s.flag("is_cursor_url_encoded") {
		if text, err := url.QueryUnescape(value.Str()); err == nil && value.Kind() == jsonx.String {
			value = jsonx.StringValue(text)
		}
	}
	s.put(r, s.text("cursor_key"), value)
	return nil
}

// After implements Strategy.
func (s cursor) After(_ context.Context, at Place, _ *Request, page *Page) (Next, error) {
	var next Next
	if prev := s.value(page, "prev_cursor_path"); usable(prev) {
		next.Prev = &Place{At: prev, Limit: at.Limit}
	}
	if next.Repeated = s.flag("use_content_hash") && at.repeats(page); next.Repeated {
		return next, nil
	}
	token := s.value(page, "cursor_path")
	if more, known := s.more(page); known && !more || !usable(token) {
		return next, nil
	}
	if page.Count == 0 && !s.flag("allow_empty_page_cursor") {
		return next, nil
	}
	if jsonx.Equal(token, at.At) { // the vendor sends its caller round in circles
		next.Repeated = at.repeats(page)
		return next, nil
	}
	next.Next = at.following(token, page)
	if !s.flag("use_content_hash") {
		next.Next.Seen = next.Next.Seen[len(next.Next.Seen)-1:]
	}
	return next, nil
}

// value reads a cursor from where the definition says that it is.
func (s cursor) value(page *Page, key string) jsonx.Value {
	if s.text("cursor_path_object") == "header" {
		return header(page, s.text(key))
	}
	return s.body(page, key)
}

// usable reports whether a value can be sent as a cursor.
func usable(v jsonx.Value) bool {
	switch v.Kind() {
	case jsonx.String:
		return strings.TrimSpace(v.Str()) != ""
	case jsonx.Number:
		return true
	}
	return false
}
