package proxy

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/wire"
)

// shape makes the caller's answer of the vendor's.
func (c *call) shape(ctx context.Context, r *reply, v verdict, streams bool) (Result, error) {
	if streams && c.Passed {
		return Result{Status: r.Status, Header: passedHeader(r.Header), Stream: r.Response.Stream()}, nil
	}
	if c.Custom == nil && c.Method == MethodDelete {
		return Result{Status: http.StatusOK, JSON: true, Body: jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue(c.ID)}).Bytes()}, nil
	}
	if v.result.Exists() {
		return c.envelope(ctx, r, v.status, payloadOf(v.result))
	}
	switch {
	case streams:
		return Result{Status: r.Status, Header: passedHeader(r.Header), Stream: r.Response.Stream()}, nil
	case r.broken != nil:
		return Result{}, c.unreadable(r)
	case r.json == nil && len(r.raw) > 0 && !c.lists():
		return Result{Status: r.Status, Header: passedHeader(r.Header), Body: r.raw}, nil
	}
	p, err := c.find(ctx, r)
	if err != nil {
		return Result{}, err
	}
	return c.envelope(ctx, r, v.status, p)
}

// envelope puts a payload into the form that the method answers in.
func (c *call) envelope(ctx context.Context, r *reply, status int, p payload) (Result, error) {
	if len(r.raw) == 0 || status == http.StatusNoContent || status == http.StatusPartialContent {
		status = http.StatusOK // ours has a body, and all of it
	}
	result := Result{Status: status, Body: p.text, JSON: true}
	switch {
	case c.lists():
		if len(r.raw) == 0 && p.kind == jsonx.Object && len(p.text) == 2 {
			p = nothing()
		}
		list := p.list()
		next, prev, repeated, err := c.page(ctx, r, list)
		if err != nil {
			return Result{}, err
		}
		if repeated {
			list = nothing().list()
		}
		c.count = list.items
		result.Body = list.text
		if c.isPart() {
			result.Page = &Page{Items: list.items, Next: next, Prev: prev}
		}
		result.Head, result.Tail = beginResult, listTail(list, next, prev)
	case c.Custom != nil:
		result.Head, result.Tail = beginResult, `,"next_cursor":null,"prev_cursor":null}`
	case c.Inline != nil:
	case c.Method != MethodGet && c.Method != MethodCreate && c.Method != MethodUpdate:
		result.Head, result.Tail = beginResult, "}"
	}
	return result, nil
}

// lists reports whether the answer is a page of a list.
func (c *call) lists() bool {
	return c.plan.paging != nil || c.Custom == nil && c.Method == MethodList
}

// beginResult begins an envelope. The payload stays where it is, and is written
// behind it.
const beginResult = `{"result":`

// listTail ends the envelope of a list. The records are passed on as they came.
func listTail(list payload, next, prev string) string {
	b := appendCursor(append(make([]byte, 0, len(next)+len(prev)+80), `,"next_cursor":`...), next)
	b = appendCursor(append(b, `,"prev_cursor":`...), prev)
	b = strconv.AppendInt(append(b, `,"result_count":`...), int64(list.items), 10)
	return string(append(b, '}'))
}

func appendCursor(b []byte, cursor string) []byte {
	if cursor == "" {
		return append(b, "null"...)
	}
	return jsonx.AppendString(b, cursor)
}

// decode reads an answer: as the definition says, or as its label does. Records
// in a table are read where records are asked for; a file of them is passed on.
func (c *call) decode(r *reply) {
	contentType := r.Header.Get("Content-Type")
	format := wire.ResponseFormat(c.plan.ResponseFormat, contentType, r.raw)
	if format == wire.FormatBinary && c.lists() { // records were asked for, whatever the label says
		format = wire.ResponseFormat(c.plan.ResponseFormat, "", r.raw)
	}
	switch {
	case len(r.raw) == 0:
	case format == wire.FormatJSON:
		c.readJSON(r, contentType)
	case format == wire.FormatXML, format == wire.FormatCSV, format == wire.FormatNDJSON, format == wire.FormatForm:
		if c.plan.ResponseFormat == "" && format != wire.FormatXML && !c.lists() {
			return
		}
		v, err := wire.DecodeBody(format, contentType, r.raw)
		if r.broken = err; err == nil && v.Exists() {
			r.json = v.Bytes()
		}
	}
	if r.json != nil && r.found == nil {
		r.found, r.broken = jsonx.Pick(r.json, c.plan.paths...)
	}
	if r.broken != nil && c.plan.ResponseFormat == "" && !labelledJSON(r.Header) && !c.plan.FailOnParseError {
		r.broken = nil // a page of some text, which is passed on
	}
}

// inUTF8 returns the body of a refusal in UTF-8, where secrets are found, and
// labels it so.
func (c *call) inUTF8(r *reply) []byte {
	contentType := r.Header.Get("Content-Type")
	format := wire.ResponseFormat(c.plan.ResponseFormat, contentType, r.raw)
	text, err := wire.ToUTF8(format, contentType, r.raw)
	if format == wire.FormatBinary || err != nil || bytes.Equal(text, r.raw) {
		return r.raw
	}
	if name := mediaType(r.Header); name != "" {
		r.Header.Set("Content-Type", name+"; charset=utf-8")
	}
	return text
}

// readJSON takes a body as JSON text in UTF-8, and finds in it what the plan asks
// for. What is in order is passed on byte by byte.
func (c *call) readJSON(r *reply, contentType string) {
	var text []byte
	if text, r.broken = wire.ToUTF8(wire.FormatJSON, contentType, r.raw); r.broken != nil {
		return
	}
	if utf8.Valid(text) {
		if r.found, r.broken = jsonx.Pick(text, c.plan.paths...); r.broken == nil {
			r.json = text
		}
		return
	}
	v, err := jsonx.ParseLenient(text)
	if r.broken = err; err == nil {
		r.json = v.Bytes()
	}
}

func mediaType(h http.Header) string {
	return wire.MediaType(h.Get("Content-Type"))
}

func labelledJSON(h http.Header) bool {
	name := mediaType(h)
	return strings.HasSuffix(name, "/json") || strings.HasSuffix(name, "+json") || strings.Contains(name, "javascript")
}

// passes reports whether an answer is passed on as it comes, without being read
// into memory: it is a file, or the definition says so, and nothing in it asks for
// the content.
func (c *call) passes(h http.Header) bool {
	switch {
	case c.Passed:
		return true
	case c.Whole, c.lists(), c.Custom == nil && c.Method == MethodDelete:
		return false
	case c.plan.ResponseFormat != "":
		return wire.ResponseFormat(c.plan.ResponseFormat, "", nil) == wire.FormatBinary
	}
	name := mediaType(h)
	switch {
	case name == "image/svg+xml":
		return true
	case name == "", strings.HasPrefix(name, "text/"), labelledJSON(h), strings.HasSuffix(name, "/xml"), strings.HasSuffix(name, "+xml"), strings.Contains(name, "ndjson"):
		return false
	}
	return true
}

// passedHeader are the fields that describe a body that is passed on.
func passedHeader(from http.Header) http.Header {
	h := http.Header{}
	for _, name := range []string{"Content-Type", "Content-Disposition", "Content-Language", "Etag", "Last-Modified"} {
		if value := from.Get(name); value != "" {
			h.Set(name, value)
		}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/octet-stream")
	}
	return h
}

// responseInput is what expressions over a response see (spec 02 sections 5.3,
// 6 and 10). data is the inner value of a body that has one under that name. Most
// answers meet no expression, so it is made for the first one.
func (c *call) responseInput(r *reply) *expression.Input {
	if r.input == nil {
		r.input = c.newResponseInput(r)
	}
	return r.input
}

func (c *call) newResponseInput(r *reply) *expression.Input {
	in := new(expression.Input).
		Value("status", jsonx.IntValue(int64(r.Status))).
		Lazy("headers", func() []byte { return headerObject(r.Header).Bytes() }).
		Parted(keyBody, func() []byte { return r.json }, func(names []string) []byte { return c.members(r, nil, names) }).
		Parted(keyData, func() []byte { return c.inner(r) }, func(names []string) []byte { return c.innerMembers(r, names) }).
		Lazy("response", func() []byte {
			b := jsonx.NewBuilder(4).Set("status", jsonx.IntValue(int64(r.Status))).Set("ok", jsonx.BoolValue(r.Status >= 200 && r.Status < 300))
			return b.Set("headers", headerObject(r.Header)).Set("url", jsonx.StringValue(c.scrubbing().text(r.URL.String()))).Value().Bytes()
		})
	if r.json == nil && len(r.raw) > 0 {
		text := jsonx.StringValue(strings.ToValidUTF8(string(r.raw), string(utf8.RuneError))).Bytes()
		in = in.Text(keyBody, text).Text(keyData, text)
	}
	c.requestInput(in)
	return c.observed(in)
}

func (c *call) inner(r *reply) []byte {
	if len(r.json) == 0 {
		return nil
	}
	if found, err := c.at(r, []string{keyData}); err == nil && found.Text != nil {
		return found.Text
	}
	return r.json
}

// innerMembers is inner with some members alone, nil when it is no object.
func (c *call) innerMembers(r *reply, names []string) []byte {
	switch found, err := c.at(r, []string{keyData}); {
	case err != nil || len(r.json) == 0:
		return nil
	case found.Text == nil:
		return c.members(r, nil, names)
	case found.Kind == jsonx.Object:
		return c.members(r, []string{keyData}, names)
	}
	return nil
}

// members returns an object with some members of the object at a path of an
// answer, nil when the answer is none.
func (c *call) members(r *reply, path, names []string) []byte {
	if !bytes.HasPrefix(bytes.TrimLeft(r.json, " \t\r\n"), []byte{'{'}) {
		return nil
	}
	out := []byte{'{'}
	for _, name := range names {
		found, err := c.at(r, append(path[:len(path):len(path)], name))
		if err != nil {
			return nil
		}
		if found.Text == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(jsonx.AppendString(out, name), ':')
		out = append(out, found.Text...)
	}
	return append(out, '}')
}

// headerObject shows a header with names in lower case; of fields that occur
// several times the values are joined.
func headerObject(h http.Header) jsonx.Value {
	b := jsonx.NewBuilder(len(h))
	for name, values := range h {
		if len(values) == 0 {
			continue
		}
		b.Set(strings.ToLower(name), jsonx.StringValue(strings.ToValidUTF8(strings.Join(values, ", "), string(utf8.RuneError))))
	}
	return b.Value()
}
