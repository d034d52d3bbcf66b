package paginate

import (
	"context"
	"hash/fnv"
	"net/http"
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The formats of paging.
const (
	FormatPage       = "page"
	FormatOffset     = "offset"
	FormatCursor     = "cursor"
	FormatLinkHeader = "link_header"
	FormatRange      = "range"
	FormatDynamic    = "dynamic"
)

// Place says which page a request is for. It goes around in the caller's
// cursor, so it is small; the zero Place is the first page.
type Place struct {
	// At is what the strategy needs to ask for the page: a number, a token or a
	// URL. Missing for the first page.
	At jsonx.Value
	// Limit is the page size that the walk was begun with, 0 for none.
	Limit int
	// Seen holds hashes of the pages before, to notice a vendor that goes round
	// in circles.
	Seen []uint32
}

// First reports whether the place is the first page.
func (p Place) First() bool { return !p.At.Exists() }

// Request is what a strategy may change of the vendor's request.
type Request struct {
	URL   string
	Query jsonx.Value // an object
	// Defaults is the part of Query that every request of the integration has;
	// a link of the vendor's takes the place of the rest.
	Defaults jsonx.Value
	Body     jsonx.Value // Missing when there is none
	Header   http.Header
	// Values is what {{pagination.…}} reads.
	Values jsonx.Value
}

// Page is a vendor's answer to a list.
type Page struct {
	URL    string // where it came from
	Header http.Header
	// Body is JSON text, nil when the answer is not JSON.
	Body []byte
	// Find returns the value at a path of Body; nil looks for it in Body.
	Find func(path []string) (jsonx.Found, error)
	// Items is the text of the records, Count their number.
	Items []byte
	Count int
	// Input is what expressions see.
	Input *expression.Input
}

// Next says where to go on. Nil means that there is no such page.
type Next struct {
	Next, Prev *Place
}

// Strategy pages one list.
type Strategy interface {
	// Values returns what {{pagination.…}} reads for a page. It is asked before
	// the request is built. query is the caller's; in is what expressions see
	// beside it.
	Values(ctx context.Context, at Place, query jsonx.Value, in *expression.Input) (jsonx.Value, error)
	// Prepare writes what the page needs into a request. It fails with a
	// *sinew.Error when the place is not one of this strategy.
	Prepare(ctx context.Context, at Place, r *Request) error
	// Paths are the places in the body that After looks at, so that they can be
	// found while it is read.
	Paths() [][]string
	// After tells where the walk goes on behind a page.
	After(ctx context.Context, at Place, sent *Request, page *Page) (Next, error)
}

// New returns the strategy of a method, nil when it does not page.
func New(m *definition.Method, engine *expression.Engine) (Strategy, error) {
	c := settings{config: m.Pagination.Config, metadata: metadataPath(m.PaginationPath)}
	switch m.Pagination.Format {
	case "":
		return nil, nil
	case FormatPage:
		return numbered{c}, nil
	case FormatOffset:
		return offset{c}, nil
	case FormatCursor:
		return cursor{c}, nil
	case FormatLinkHeader:
		return linkHeader{c}, nil
	case FormatRange:
		return ranged{c}, nil
	case FormatDynamic:
		return newDynamic(c, engine)
	}
	return nil, sinew.Errorf(sinew.KindInvalid, "the pagination format %q is not known", m.Pagination.Format).WithCode("invalid_definition")
}

// walked bounds the hashes that a place carries.
const walked = 8

// following makes the place behind a page. It returns nil when the page was
// seen before: a vendor that ignores what it is asked for would be read for
// ever.
func (p Place) following(at jsonx.Value, page *Page) *Place {
	next := &Place{At: at, Limit: p.Limit}
	h := fnv.New32a()
	_, _ = h.Write(page.Items)
	sum := h.Sum32()
	if repeats := count(p.Seen, sum); page.Count > 1 && repeats > 0 || page.Count == 1 && repeats > 2 {
		return nil // single records without an id may well look the same
	}
	next.Seen = append(append(next.Seen, p.Seen...), sum)
	if len(next.Seen) > walked {
		next.Seen = next.Seen[len(next.Seen)-walked:]
	}
	return next
}

func count(sums []uint32, sum uint32) (n int) {
	for _, s := range sums {
		if s == sum {
			n++
		}
	}
	return n
}

// badPlace is the error of a cursor whose definition has changed since.
func badPlace() error {
	return sinew.InvalidField("next_cursor", "cursor", "belongs to another way of paging: the integration was changed since; start again without it")
}

// number reads a place that is a whole number.
func (p Place) number() (int64, error) {
	n, ok := p.At.Int()
	if !ok || n < 0 {
		return 0, badPlace()
	}
	return n, nil
}

func intText(n int64) string { return strconv.FormatInt(n, 10) }
