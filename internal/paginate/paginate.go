package paginate

import (
	"context"
	"hash/crc32"
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
	// Seen holds fingerprints of the pages before, to notice a vendor that goes
	// round in circles, or that ignores what page it is asked for.
	Seen []uint64
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
	// Scope is what placeholders read.
	Scope jsonx.Value
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
	// Input makes what expressions see, the same at each call.
	Input func() *expression.Input
}

// Next says where to go on. Nil means that there is no such page.
type Next struct {
	Next, Prev *Place
	// Repeated is set when the records of the page came before: the vendor does
	// not page this list, and they are not to be handed out again.
	Repeated bool
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
	c, err := newSettings(m)
	if err != nil {
		return nil, err
	}
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

// walked bounds the fingerprints that a place carries.
const walked = 8

// repeats reports whether the records of a page came before. Where pages of one
// record were asked for, some may well look the same: then it takes three.
func (p Place) repeats(page *Page) bool {
	if page.Count == 0 || len(p.Seen) == 0 {
		return false
	}
	sum, same := fingerprint(page.Items), 0
	for _, seen := range p.Seen {
		if seen == sum {
			same++
		}
	}
	if p.Limit == 1 && page.Count == 1 {
		return same > 2
	}
	return same > 0
}

// following makes the place behind a page that does not repeat an earlier one.
func (p Place) following(at jsonx.Value, page *Page) *Place {
	next := &Place{At: at, Limit: p.Limit}
	next.Seen = append(append(next.Seen, p.Seen...), fingerprint(page.Items))
	if len(next.Seen) > walked {
		next.Seen = next.Seen[len(next.Seen)-walked:]
	}
	return next
}

// fingerprint tells pages apart: two checksums that processors compute, which
// agree on two pages by accident once in 2^64.
func fingerprint(items []byte) uint64 {
	return uint64(crc32.Checksum(items, castagnoli))<<32 | uint64(crc32.ChecksumIEEE(items))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

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
