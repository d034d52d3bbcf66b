package paginate

import (
	"context"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// ranged pages by the Range header (RFC 9110 section 14), counting records.
type ranged struct{ settings }

// defaultRange is how many records are asked for when nobody says.
const defaultRange = 100

func (s ranged) size(at Place) int64 {
	if n := s.limit(at); n > 0 {
		return n
	}
	return s.int("max_limit", defaultRange)
}

func (s ranged) start(at Place) (int64, error) {
	if at.First() {
		return 0, nil
	}
	return at.number()
}

// Values implements Strategy.
func (s ranged) Values(_ context.Context, at Place, _ jsonx.Value, _ *expression.Input) (jsonx.Value, error) {
	start, err := s.start(at)
	if err != nil {
		return jsonx.Value{}, err
	}
	b := jsonx.NewBuilder(4).Set("start", jsonx.IntValue(start)).Set("end", jsonx.IntValue(start+s.size(at)-1))
	return withLimit(b, s.size(at)), nil
}

// Prepare implements Strategy.
func (s ranged) Prepare(_ context.Context, at Place, r *Request) error {
	start, err := s.start(at)
	if err != nil {
		return err
	}
	unit := s.text("range_unit")
	if unit == "" {
		unit = "items"
	}
	r.Header.Set("Range", unit+"="+intText(start)+"-"+intText(start+s.size(at)-1))
	s.putHeaders(r)
	return nil
}

// After implements Strategy.
func (s ranged) After(_ context.Context, at Place, _ *Request, page *Page) (Next, error) {
	start, err := s.start(at)
	if err != nil {
		return Next{}, err
	}
	last, total, known := contentRange(page.Header.Get("Content-Range"))
	if last < 0 {
		last = start + int64(page.Count) - 1
	}
	next := Next{Repeated: at.repeats(page)}
	if page.Count > 0 && !next.Repeated && (known && last+1 < total || !known && int64(page.Count) >= s.size(at)) {
		next.Next = at.following(jsonx.IntValue(last+1), page)
	}
	if start > 0 {
		next.Prev = &Place{At: jsonx.IntValue(max(0, start-s.size(at))), Limit: at.Limit}
	}
	return next, nil
}

// contentRange reads "items 0-49/234". last is -1 when it is not there, known
// is false when the total is not.
func contentRange(text string) (last, total int64, known bool) {
	if _, after, ok := strings.Cut(strings.TrimSpace(text), " "); ok {
		text = after
	}
	span, size, _ := strings.Cut(text, "/")
	last = -1
	if _, end, ok := strings.Cut(span, "-"); ok {
		if n, err := strconv.ParseInt(strings.TrimSpace(end), 10, 64); err == nil {
			last = n
		}
	}
	total, err := strconv.ParseInt(strings.TrimSpace(size), 10, 64)
	return last, total, err == nil
}
