package simulator

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The ways that lists below /paging/ are paged in, beside page numbers, which
// all other lists have.
const (
	PagingZeroPage   = "zero-page"   // page numbers from 0, with total_pages
	PagingOffset     = "offset"      // offset and limit, with a total
	PagingCursor     = "cursor"      // a token in the body, with has_more
	PagingBodyCursor = "body-cursor" // POST; the token goes and comes in the body
	PagingHeader     = "header"      // a token in X-Next-Cursor
	PagingLink       = "link"        // the Link header
	PagingNextURL    = "next-url"    // the address of the next page in the body
	PagingRange      = "range"       // Range and Content-Range
	PagingEndless    = "endless"     // a broken vendor: every page is the first, and there is always more
)

// pagings lists the ways.
func pagings() []string {
	return []string{PagingZeroPage, PagingOffset, PagingCursor, PagingBodyCursor, PagingHeader, PagingLink, PagingNextURL, PagingRange, PagingEndless}
}

// window is a part of a list.
type window struct {
	from, size int
	all        []jsonx.Value
}

func (w window) rows() []jsonx.Value {
	from := min(max(w.from, 0), len(w.all))
	return w.all[from:min(from+w.size, len(w.all))]
}

func (w window) next() int { return w.from + w.size }

func (w window) more() bool { return w.next() < len(w.all) }

// pagedList answers a list in one of the ways.
func (t *table) pagedList(way string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		part := window{size: sizeOf(query.Get("limit")), all: t.all()}
		var wrong *mistake
		switch way {
		case PagingZeroPage:
			wrong = t.zeroPage(w, query, part)
		case PagingOffset:
			wrong = t.offsetPage(w, query, part)
		case PagingRange:
			wrong = t.rangePage(w, r, part)
		case PagingEndless:
			reply(w, http.StatusOK, listBody(part.rows(), jsonx.Member{Name: "next", Value: jsonx.StringValue("again")}, jsonx.Member{Name: "more", Value: jsonx.BoolValue(true)}))
		default:
			wrong = t.tokenPage(w, r, way, part)
		}
		if wrong != nil {
			refuseWith(w, wrong)
		}
	}
}

func sizeOf(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return DefaultPage
	}
	return min(n, MaxPage)
}

func listBody(rows []jsonx.Value, more ...jsonx.Member) jsonx.Value {
	return jsonx.ObjectValue(append([]jsonx.Member{{Name: "data", Value: jsonx.ArrayValue(rows...)}}, more...)...)
}

func position(text string) (int, *mistake) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, &mistake{http.StatusBadRequest, "bad_parameter", "the position must be a number from 0"}
	}
	return n, nil
}

func (t *table) zeroPage(w http.ResponseWriter, query url.Values, part window) *mistake {
	page, wrong := position(query.Get("page"))
	if wrong != nil {
		return wrong
	}
	part.from = page * part.size
	pages := (len(part.all) + part.size - 1) / part.size
	reply(w, http.StatusOK, listBody(part.rows(), jsonx.Member{Name: "total_pages", Value: jsonx.IntValue(int64(pages))}))
	return nil
}

func (t *table) offsetPage(w http.ResponseWriter, query url.Values, part window) *mistake {
	var wrong *mistake
	if part.from, wrong = position(query.Get("offset")); wrong != nil {
		return wrong
	}
	reply(w, http.StatusOK, listBody(part.rows(), jsonx.Member{Name: "total", Value: jsonx.IntValue(int64(len(part.all)))}))
	return nil
}

// rangePage answers 206 with a Content-Range, and 416 behind the end (RFC 9110
// section 14).
func (t *table) rangePage(w http.ResponseWriter, r *http.Request, part window) *mistake {
	last := part.size - 1
	if text := r.Header.Get("Range"); text != "" {
		if _, err := fmt.Sscanf(text, "items=%d-%d", &part.from, &last); err != nil || last < part.from {
			return &mistake{http.StatusBadRequest, "bad_range", "Range must look like items=0-24"}
		}
	}
	part.size = min(last-part.from+1, MaxPage)
	if part.from > 0 && part.from >= len(part.all) {
		w.Header().Set("Content-Range", fmt.Sprintf("items */%d", len(part.all)))
		return &mistake{http.StatusRequestedRangeNotSatisfiable, "bad_range", "There is nothing behind the end"}
	}
	rows := part.rows()
	w.Header().Set("Content-Range", fmt.Sprintf("items %d-%d/%d", part.from, part.from+len(rows)-1, len(part.all)))
	reply(w, http.StatusPartialContent, jsonx.ArrayValue(rows...))
	return nil
}

// tokenPage pages by an opaque token.
func (t *table) tokenPage(w http.ResponseWriter, r *http.Request, way string, part window) *mistake {
	token := r.URL.Query().Get("cursor")
	if way == PagingBodyCursor {
		body, wrong := readObject(r)
		if wrong != nil {
			return wrong
		}
		token = body.At("page", "cursor").Str()
		if n, ok := body.At("page", "size").Int(); ok {
			part.size = sizeOf(strconv.FormatInt(n, 10))
		}
	}
	from, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil && token != "" {
		part.from, err = strconv.Atoi(strings.TrimPrefix(string(from), "at:"))
	}
	if err != nil {
		return &mistake{http.StatusBadRequest, "bad_cursor", "The cursor is not one of this list"}
	}
	next := ""
	if part.more() {
		next = base64.RawURLEncoding.EncodeToString([]byte("at:" + strconv.Itoa(part.next())))
	}
	t.writeTokenPage(w, r, way, part, next)
	return nil
}

func (t *table) writeTokenPage(w http.ResponseWriter, r *http.Request, way string, part window, next string) {
	address := *r.URL
	query := address.Query()
	query.Set("cursor", next)
	query.Set("limit", strconv.Itoa(part.size))
	address.RawQuery = query.Encode()
	address.Scheme, address.Host = "http", r.Host
	nextValue := jsonx.NullValue()
	if next != "" {
		nextValue = jsonx.StringValue(next)
	}
	switch way {
	case PagingHeader:
		if next != "" {
			w.Header().Set("X-Next-Cursor", next)
		}
		reply(w, http.StatusOK, jsonx.ArrayValue(part.rows()...))
	case PagingLink:
		if next != "" {
			w.Header().Set("Link", `<`+address.String()+`>; rel="next"`)
		}
		reply(w, http.StatusOK, jsonx.ArrayValue(part.rows()...))
	case PagingNextURL:
		if next != "" {
			nextValue = jsonx.StringValue(address.String())
		}
		reply(w, http.StatusOK, listBody(part.rows(), jsonx.Member{Name: "links", Value: jsonx.ObjectValue(jsonx.Member{Name: "next", Value: nextValue})}))
	default:
		reply(w, http.StatusOK, listBody(part.rows(), jsonx.Member{Name: "paging", Value: jsonx.ObjectValue(
			jsonx.Member{Name: "cursor", Value: nextValue}, jsonx.Member{Name: "has_more", Value: jsonx.BoolValue(next != "")},
		)}))
	}
}
