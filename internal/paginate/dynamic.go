package paginate

import (
	"cmp"
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// dynamic pages by three expressions (spec 02 section 5.3). Its values go into
// the query, or into the body where the definition says so, and to
// {{pagination.…}}. A place holds the values of the page, or the cursor that the
// first expression decodes.
type dynamic struct {
	settings
	initial, values, cursor *expression.Expression // nil when not given
}

func newDynamic(s settings, engine *expression.Engine) (Strategy, error) {
	d := dynamic{settings: s}
	for name, into := range map[string]**expression.Expression{
		"get_initial_pagination_values_expression": &d.initial,
		"get_pagination_values_expression":         &d.values,
		"get_cursor_from_response_expression":      &d.cursor,
	} {
		source := s.text(name)
		if source == "" {
			continue
		}
		compiled, err := engine.Compile(source)
		if err != nil {
			return nil, sinew.Errorf(sinew.KindInvalid, "pagination.config.%s: %v", name, err).WithCode("invalid_definition").WithCause(err)
		}
		*into = compiled
	}
	return d, nil
}

// The members of a dynamic place.
const (
	placeValues = "values"
	placeCursor = "cursor"
)

// Values implements Strategy.
func (d dynamic) Values(ctx context.Context, at Place, query jsonx.Value, in *expression.Input) (jsonx.Value, error) {
	if values := at.At.Get(placeValues); values.Exists() {
		return values, nil
	}
	if d.initial == nil {
		return withLimit(jsonx.NewBuilder(3).Set("cursor", at.At.Get(placeCursor)), d.limit(at)), nil
	}
	if token := at.At.Get(placeCursor); token.Exists() {
		query = query.With("cursor", token).With("next_cursor", token)
	} else {
		query = query.Without("cursor").Without("next_cursor")
	}
	if limit := d.limit(at); limit > 0 {
		query = query.With("limit", jsonx.IntValue(limit))
	}
	values, err := d.initial.Value(ctx, in.Value("query", query))
	if err != nil {
		return values, fmt.Errorf("first pagination values: %w", err)
	}
	return values, nil
}

// Prepare implements Strategy. What an expression made is sent under the names
// that it gave; without one, limit and cursor are sent as for the other formats.
func (d dynamic) Prepare(_ context.Context, at Place, r *Request) error {
	d.putHeaders(r)
	if d.initial != nil || at.At.Get(placeValues).Exists() {
		for name, value := range r.Values.Members() {
			if !value.IsNull() {
				d.put(r, name, value)
			}
		}
	} else if token := at.At.Get(placeCursor); token.Exists() {
		d.put(r, cmp.Or(d.text("cursor_key"), placeCursor), token)
	}
	if d.initial == nil {
		d.putLimit(at, r)
	}
	return nil
}

// After implements Strategy.
func (d dynamic) After(ctx context.Context, at Place, sent *Request, page *Page) (Next, error) {
	if at.repeats(page) {
		return Next{Repeated: true}, nil
	}
	in := page.Input().Value("paginationValues", sent.Values)
	place := jsonx.NewBuilder(2)
	if d.values != nil {
		values, err := d.values.Value(ctx, in)
		if err != nil {
			return Next{}, fmt.Errorf("next pagination values: %w", err)
		}
		if values.Kind() != jsonx.Object {
			return Next{}, nil
		}
		place.Set(placeValues, values)
	}
	if d.cursor != nil {
		token, err := d.cursor.Value(ctx, in)
		if err != nil {
			return Next{}, fmt.Errorf("cursor of the next page: %w", err)
		}
		if !token.Exists() || token.IsNull() || token.Kind() == jsonx.String && token.Str() == "" {
			return Next{}, nil
		}
		place.Set(placeCursor, token)
	}
	v := place.Value()
	if v.Len() == 0 || jsonx.Equal(v, at.At) {
		return Next{}, nil
	}
	return Next{Next: at.following(v, page)}, nil
}
