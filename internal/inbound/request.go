package inbound

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/wire"
)

const (
	// MaxBody is the largest body of a delivery, in bytes.
	MaxBody = 5 << 20
	// maxHeaders bounds the header fields that are kept of a delivery, in bytes.
	maxHeaders = 64 << 10
	// maxDecoded bounds a body out of its content coding.
	maxDecoded = 4 * MaxBody
)

// Request is a delivery as it came.
type Request struct {
	sinew.InboundRequest
	body  jsonx.Value // parsed, when it was asked for
	query jsonx.Value
	read  bool
}

// newRequest checks the form of a delivery.
func newRequest(r sinew.InboundRequest) (*Request, error) {
	size := 0
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size > maxHeaders {
		return nil, sinew.Errorf(sinew.KindTooLarge, "The header fields are larger than %d KiB", maxHeaders>>10).WithCode("headers_too_large")
	}
	return &Request{InboundRequest: r}, nil
}

// one returns a header field; ok is false when it is absent, or there more than once
// with different values, of which a sender and a reader may mean another one.
func (r *Request) one(name string) (value string, ok bool) {
	values := r.Header.Values(name)
	if len(values) == 0 || len(slices.Compact(slices.Clone(values))) > 1 {
		return "", false
	}
	return values[0], true
}

// parse reads the body and the query as expressions see them. A body that is not
// what it says it is is a text.
func (r *Request) parse() {
	if r.read {
		return
	}
	r.read = true
	r.body = parseBody(r.Header, r.Body)
	query, err := wire.ParseQuery(r.rawQuery())
	if err != nil || !query.Exists() {
		query = jsonx.ObjectValue()
	}
	r.query = query
}

func parseBody(header http.Header, text []byte) jsonx.Value {
	contentType := header.Get("Content-Type")
	if coding := header.Get("Content-Encoding"); coding != "" {
		plain, err := decompress(coding, text)
		if err != nil {
			return asText(text)
		}
		text = plain
	}
	decode := func() (jsonx.Value, error) {
		if wire.MediaType(contentType) == "multipart/form-data" {
			return wire.DecodeMultipart(contentType, text)
		}
		return wire.DecodeBody(wire.ResponseFormat("", contentType, text), contentType, text)
	}
	body, err := decode()
	if err != nil {
		return asText(text)
	}
	if !body.Exists() {
		return jsonx.NullValue()
	}
	return body
}

func decompress(coding string, text []byte) ([]byte, error) {
	r, err := wire.Decompress(coding, bytes.NewReader(text), maxDecoded)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func asText(text []byte) jsonx.Value {
	return jsonx.StringValue(strings.ToValidUTF8(string(text), "\uFFFD"))
}

func (r *Request) rawQuery() string {
	_, query, _ := strings.Cut(r.URL, "?")
	return query
}

// headers are the header fields by their lower-case names, several of one name with
// commas between them.
func (r *Request) headers() jsonx.Value {
	b := jsonx.NewBuilder(len(r.Header))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		b.Set(strings.ToLower(name), jsonx.StringValue(strings.ToValidUTF8(strings.Join(r.Header[name], ", "), "\uFFFD")))
	}
	return b.Value()
}

// shaped is a delivery as expressions see it: at first as it came, later as
// payload_transform has made it.
type shaped struct {
	body, headers, query jsonx.Value
	method               string
}

func (r *Request) shaped() shaped {
	r.parse()
	return shaped{body: r.body, headers: r.headers(), query: r.query, method: r.Method}
}

// input is what expressions see, with more variables beside it.
func (s shaped) input(more map[string]jsonx.Value) *expression.Input {
	in := &expression.Input{}
	for name, value := range map[string]jsonx.Value{"body": s.body, "headers": s.headers, "query": s.query, "method": jsonx.StringValue(s.method)} {
		in.Value(name, value)
		in.Bind(name, value)
	}
	for name, value := range more {
		in.Value(name, value)
		in.Bind(name, value)
	}
	return in
}

// root is the same for templates.
func (s shaped) root() jsonx.Value {
	return jsonx.NewBuilder(4).Set("body", s.body).Set("headers", s.headers).Set("query", s.query).Set("method", jsonx.StringValue(s.method)).Value()
}
