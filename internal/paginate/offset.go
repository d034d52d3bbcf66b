package paginate

import (
	"context"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// offset pages by the number of records before the page.
type offset struct{ settings }

func (s offset) start(at Place) (int64, error) {
	if at.First() {
		return s.int("start_offset", 0), nil
	}
	return at.number()
}

// Values implements Strategy.
func (s offset) Values(_ context.Context, at Place, _ jsonx.Value, _ *expression.Input) (jsonx.Value, error) {
	start, err := s.start(at)
	if err != nil {
		return jsonx.Value{}, err
	}
	return withLimit(jsonx.NewBuilder(3).Set("offset", jsonx.IntValue(start)), s.limit(at)), nil
}

// Prepare implements Strategy.
func (s offset) Prepare(_ context.Context, at Place, r *Request) error {
	start, err := s.start(at)
	if err != nil {
		return err
	}
	s.put(r, s.text("offset_key"), jsonx.IntValue(start))
	s.putLimit(at, r)
	s.putHeaders(r)
	return nil
}

// After implements Strategy.
func (s offset) After(_ context.Context, at Place, _ *Request, page *Page) (Next, error) {
	start, err := s.start(at)
	if err != nil {
		return Next{}, err
	}
	// A vendor that is known to give as much as it is asked for may leave
	// records out of a page, and still counts them; of another one only what
	// came is known. What comes beyond that is a page of the vendor's own size,
	// or all of the list.
	step := int64(page.Count)
	if s.trusted(at) {
		step = max(step, s.limit(at))
	}
	next := Next{Repeated: at.repeats(page)}
	if !next.Repeated && s.goesOn(at, start+step, page) {
		next.Next = at.following(jsonx.IntValue(start+step), page)
	}
	if first := s.int("start_offset", 0); start > first && step > 0 {
		next.Prev = &Place{At: jsonx.IntValue(max(first, start-step)), Limit: at.Limit}
	}
	return next, nil
}

func (s offset) goesOn(at Place, read int64, page *Page) bool {
	if more, known := s.more(page); known {
		return more && page.Count > 0
	}
	if more, known := s.beyond(page, "total_count_path", read-s.int("start_offset", 0)); known {
		return more && page.Count > 0
	}
	return page.Count > 0 && !(s.trusted(at) && int64(page.Count) < s.limit(at))
}
