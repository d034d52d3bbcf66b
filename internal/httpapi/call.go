package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/wire"
)

// MaxBody is the largest body that a request may carry, in bytes.
const MaxBody = 32 << 20

// Call is one request on its way through a handler.
type Call struct {
	Request   *http.Request
	Principal sinew.Principal
	// Query holds the query parameters, nested as the caller wrote them.
	Query jsonx.Value

	context   context.Context
	api       *API
	operation *Operation
	writer    http.ResponseWriter
	timing    *timing
	own       fields
}

// Context returns the context of the request.
func (c *Call) Context() context.Context { return c.context }

// Path returns a parameter of the path, decoded.
func (c *Call) Path(name string) string { return c.Request.PathValue(name) }

// WrittenPath returns the path of the request as the caller wrote it: encoded, with
// doubled and closing slashes, which the router does without.
func (c *Call) WrittenPath() string {
	if path, ok := c.Request.Context().Value(writtenPath{}).(string); ok {
		return path
	}
	return c.Request.URL.EscapedPath()
}

// ReadBody reads the body up to MaxBody. TooLarge when there is more.
func (c *Call) ReadBody() ([]byte, error) {
	if c.Request.ContentLength == 0 {
		return []byte{}, nil
	}
	text, err := io.ReadAll(http.MaxBytesReader(c.writer, c.Request.Body, MaxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, bodyTooLarge()
	}
	if err != nil {
		return nil, sinew.Errorf(sinew.KindInvalid, "The body ended before it was complete").WithCode("body_incomplete").WithCause(err)
	}
	return text, nil
}

func bodyTooLarge() error {
	return sinew.Errorf(sinew.KindTooLarge, "The body is larger than %d MiB", MaxBody>>20).WithCode("body_too_large")
}

// Value reads the body as any JSON value, whatever it is labelled. An empty body
// is Missing.
func (c *Call) Value() (jsonx.Value, error) {
	text, err := c.ReadBody()
	if err != nil || len(text) == 0 {
		return jsonx.Value{}, err
	}
	if c.operation.YAML && isYAML(c.Request.Header.Get("Content-Type")) {
		return parseYAML(text)
	}
	return ParseBody(text)
}

// isYAML reports whether a body is labelled as YAML (RFC 9512), by one of its old names
// too.
func isYAML(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && slices.Contains([]string{"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"}, media)
}

func parseYAML(text []byte) (jsonx.Value, error) {
	v, err := definition.Read(text)
	if err != nil {
		return v, sinew.InvalidField("", "syntax", "the body is not acceptable YAML: %v", err)
	}
	return v, nil
}

// ParseBody reads the text of a body as any JSON value. The error is what a
// caller gets whose body is none.
func ParseBody(text []byte) (jsonx.Value, error) {
	value, err := jsonx.Parse(text)
	if err != nil {
		return value, invalidJSON(err)
	}
	return value, nil
}

// Body reads the body as a JSON object, whatever it is labelled. An empty body
// is an empty object, since clients label nothing as JSON too.
func (c *Call) Body() (jsonx.Value, error) {
	value, err := c.Value()
	if err != nil {
		return value, err
	}
	if !value.Exists() {
		return jsonx.ObjectValue(), nil
	}
	if value.Kind() != jsonx.Object {
		return value, sinew.InvalidField("", "type", "the body must be a JSON object, and is %s", value.Kind())
	}
	return value, nil
}

func invalidJSON(err error) error {
	var syntax *jsonx.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	return sinew.InvalidField(dotted(syntax.Pointer), "syntax", "the body is not acceptable JSON: %s (byte %d)", syntax.Reason, syntax.Offset)
}

// Bind reads the body into the struct that the operation declares. Invalid
// names every member that is wrong.
func (c *Call) Bind(into any) error {
	body, err := c.Body()
	if err != nil {
		return err
	}
	failures := bind(body, into, knownMembers(c.operation))
	if len(failures) > 0 {
		return sinew.Invalid(failures...)
	}
	return c.checkEnvironment(body)
}

// checkEnvironment refuses an environment_id that is not the token's: the
// caller means another environment than the one that would be changed.
func (c *Call) checkEnvironment(body jsonx.Value) error {
	if id, ok := body.Get("environment_id").Text(); ok && id != c.Principal.EnvironmentID {
		return sinew.InvalidField("environment_id", "foreign", "the token belongs to another environment")
	}
	return nil
}

// RequestID returns the id that finds the request in the logs.
func (c *Call) RequestID() string { return obs.RequestID(c.Context()) }

// List reads the query of a list.
func (c *Call) List() (sinew.ListQuery, error) {
	list, failures := wire.CompileList(c.operation.Fields, c.Query, wire.ListOptions{})
	if len(failures) > 0 {
		return list.Query, sinew.Invalid(failures...)
	}
	if list.Cursor == "" {
		return list.Query, nil
	}
	position, err := c.api.cursors.Decode(c.cursorScope(), list.Query, list.Cursor)
	if err != nil {
		return list.Query, err
	}
	list.Query.After = &position
	return list.Query, nil
}

// cursorScope binds cursors to the list and to the environment.
func (c *Call) cursorScope() string {
	return c.Principal.EnvironmentID + " " + c.operation.Path + c.Path("id")
}

// JSON answers with a value and the operation's status.
func (c *Call) JSON(value any) (Answer, error) {
	body, err := jsonx.Marshal(value)
	if err != nil {
		return Answer{}, fmt.Errorf("encode answer: %w", err)
	}
	return Answer{Body: body}, nil
}

// Deleted answers a deletion.
func (c *Call) Deleted(id string) (Answer, error) { return c.JSON(deleted{ID: id}) }

// deleted is the answer to a deletion.
type deleted struct {
	ID string `json:"id" doc:"The id of what was deleted."`
}

// Page answers with one page of a list; add appends one row.
func (c *Call) Page(q sinew.ListQuery, next *sinew.Position, rows int, add func(dst []byte, i int) ([]byte, error)) (Answer, error) {
	b := append(c.api.buffers.get(), `{"result":`...)
	start := len(b)
	b = append(b, '[')
	var err error
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = add(b, i); err != nil {
			return Answer{}, fmt.Errorf("encode row %d: %w", i, err)
		}
	}
	b = append(b, ']')
	if c.operation.Alias && c.api.settings.ListAlias {
		end := len(b)
		b = append(b, `,"results":`...)
		b = append(b, b[start:end]...)
	}
	b = append(b, `,"next_cursor":`...)
	if next == nil {
		b = append(b, "null"...)
	} else {
		b = jsonx.AppendString(b, c.api.cursors.Encode(c.cursorScope(), q, *next))
	}
	b = append(b, `,"limit":`...)
	b = strconv.AppendInt(b, int64(q.Limit), 10)
	return Answer{Body: append(b, '}'), pooled: true}, nil
}

// param returns a query parameter that is one text; "" when it is absent or
// nested.
func (c *Call) param(name string) string { return c.Query.Get(name).Str() }
