package paginate

import (
	"context"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// numbered pages by page number.
type numbered struct{ settings }

func (s numbered) page(at Place) (int64, error) {
	if at.First() {
		return s.int("start_page", 1), nil
	}
	return at.number()
}

// Values implements Strategy.
func (s numbered) Values(_ context.Context, at Place, _ jsonx.Value, _ *expression.Input) (jsonx.Value, error) {
	page, err := s.page(at)
	if err != nil {
		return jsonx.Value{}, err
	}
	return withLimit(jsonx.NewBuilder(3).Set("page", jsonx.IntValue(page)), s.limit(at)), nil
}

// withLimit adds the page size under both names that definitions use.
func withLimit(b *jsonx.Builder, limit int64) jsonx.Value {
	if limit > 0 {
		b.Set("limit", jsonx.IntValue(limit)).Set("per_page", jsonx.IntValue(limit))
	}
	return b.Value()
}

// Prepare implements Strategy.
func (s numbered) Prepare(_ context.Context, at Place, r *Request) error {
	page, err := s.page(at)
	if err != nil {
		return err
	}
	s.put(r, s.text("page_key"), jsonx.IntValue(page))
	s.putLimit(at, r)
	s.putHeaders(r)
	return nil
}

// After implements Strategy.
func (s numbered) After(_ context.Context, at Place, _ *Request, page *Page) (Next, error) {
	number, err := s.page(at)
	if err != nil {
		return Next{}, err
	}
	next := Next{Repeated: at.repeats(page)}
	if !next.Repeated && s.goesOn(at, number, page) {
		next.Next = at.following(jsonx.IntValue(number+1), page)
	}
	if number > s.int("start_page", 1) {
		next.Prev = &Place{At: jsonx.IntValue(number - 1), Limit: at.Limit}
	}
	return next, nil
}

func (s numbered) goesOn(at Place, number int64, page *Page) bool {
	if more, known := s.more(page); known {
		return more
	}
	if more, known := s.beyond(page, "total_pages_path", number-s.int("start_page", 1)+1); known {
		return more
	}
	if limit := s.limit(at); limit > 0 {
		if more, known := s.beyond(page, "total_count_path", (number-s.int("start_page", 1)+1)*limit); known {
			return more
		}
	}
	return page.Count > 0 && !(s.trusted(at) && int64(page.Count) < s.limit(at))
}
