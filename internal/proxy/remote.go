package proxy

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// RemoteError is a vendor's refusal.
type RemoteError struct {
	Status  int
	Message string
	// Header holds the vendor's headers that may be relayed.
	Header http.Header
	// Raw is the vendor's body: JSON where it is that, otherwise a text.
	Raw jsonx.Value
	// Metadata is what the definition's error expression adds.
	Metadata jsonx.Value
	// MissingScopes is set for a 403: what the method needs and the account
	// was not granted.
	MissingScopes []string
	vendorTiming
	// Insight is what a caller above adds to the diagnosis, Missing for nothing.
	Insight jsonx.Value
	// Extra are further members of the error that the caller sees.
	Extra jsonx.Value
	// Explanation is set for a call with Explain.
	Explanation *Explanation
}

// Forbidden diagnoses a 403.
func (e *RemoteError) Forbidden() jsonx.Value {
	return jsonx.ObjectValue(
		jsonx.Member{Name: "description", Value: jsonx.StringValue("The vendor refused the call for want of permission; missing_scopes are those that the method needs and the account was not granted")},
		jsonx.Member{Name: "value", Value: jsonx.ObjectValue(jsonx.Member{Name: "missing_scopes", Value: jsonx.StringsValue(e.MissingScopes)})},
	)
}

// vendorTiming is how long the vendor took.
type vendorTiming struct{ Vendor time.Duration }

func (e *RemoteError) Error() string {
	return "vendor answered " + strconv.Itoa(e.Status) + ": " + e.Message
}

// refusal makes the error of an answer that was judged a failure.
func (c *call) refusal(r *reply, v verdict) *RemoteError {
	body := r.json
	if r.Status < http.StatusBadRequest { // the others are scrubbed already
		if body == nil {
			body = c.inUTF8(r)
		}
		body = c.scrubbing().body(body)
		c.scrubbing().header(r.Header)
	} else if body == nil {
		body = r.raw
	}
	raw := rawBody(body)
	header := r.Header.Clone()
	for name, value := range v.headers.Members() {
		if text := c.scrubbing().text(headerText(value)); len(text) <= maxHeader {
			header.Set(name, text)
		}
	}
	remote := &RemoteError{
		Status: v.status, Raw: raw, Message: c.scrubbing().text(v.message), Metadata: c.scrubbing().value(v.metadata), Header: upstream.ResponseHeader(header),
	}
	q := quotaOf(r, v)
	q.limited = remote.Status == http.StatusTooManyRequests
	q.write(remote.Header)
	if remote.Message == "" {
		remote.Message = findMessage(raw)
	}
	if remote.Message = clip(remote.Message); remote.Message == "" {
		remote.Message = http.StatusText(remote.Status)
	}
	if remote.Status == http.StatusForbidden {
		visible, err := jsonx.ParseString(string(c.account.Context.Or(sinew.EmptyObject)))
		if err == nil {
			remote.MissingScopes = account.MissingScopes(c.scopes(), visible)
		}
	}
	return remote
}

// scopes are those that the call needs.
func (c *call) scopes() []string {
	if len(c.plan.Scopes) > 0 {
		return c.plan.Scopes
	}
	return c.Scopes
}

// unreadable is the error of an answer that says it is JSON and is not: with
// what came, or without where the definition wants a plain failure.
func (c *call) unreadable(r *reply) error {
	message := "The vendor's answer is not what it says it is: " + c.scrubbing().text(r.broken.Error())
	if c.plan.FailOnParseError {
		return sinew.Errorf(sinew.KindUpstream, "%s", message).WithCode("upstream_parse_error")
	}
	return &RemoteError{Status: http.StatusBadGateway, Message: message, Raw: rawBody(c.scrubbing().body(c.inUTF8(r))), Header: http.Header{}}
}

// rawBody is the vendor's body as JSON where it is that, otherwise as text. The
// character U+0000, which databases and readers of JSON refuse, is replaced.
func rawBody(body []byte) jsonx.Value {
	value, err := jsonx.ParseLenient(body)
	if err != nil {
		value = jsonx.StringValue(strings.ToValidUTF8(string(body), string(utf8.RuneError)))
	}
	if bytes.IndexByte(body, 0) < 0 && !bytes.Contains(body, []byte(`\u0000`)) {
		return value
	}
	return withoutZeroes(value)
}

func withoutZeroes(v jsonx.Value) jsonx.Value {
	clean := func(text string) string { return strings.ReplaceAll(text, "\x00", string(utf8.RuneError)) }
	switch v.Kind() {
	case jsonx.String:
		return jsonx.StringValue(clean(v.Str()))
	case jsonx.Array:
		items := make([]jsonx.Value, v.Len())
		for i, item := range v.Items() {
			items[i] = withoutZeroes(item)
		}
		return jsonx.ArrayValue(items...)
	case jsonx.Object:
		b := jsonx.NewBuilder(v.Len())
		for name, value := range v.Members() {
			b.Set(clean(name), withoutZeroes(value))
		}
		return b.Value()
	}
	return v
}

// What is taken of an answer for a message, which is kept with the account and
// in the log, and for one header, in bytes.
const (
	maxMessage = 1000
	maxHeader  = 8 << 10
)

// clip makes a text of a vendor's one that can be kept: not too long, and
// without the character that no database takes.
func clip(text string) string {
	text = strings.ReplaceAll(text, "\x00", string(utf8.RuneError))
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

// findMessage looks for a text that tells people what is wrong, under the names
// that vendors use: first beside each other, then deeper.
func findMessage(v jsonx.Value) string {
	level := []jsonx.Value{v}
	for range 4 {
		var next []jsonx.Value
		for _, value := range level {
			if text := messageOf(value); text != "" {
				return text
			}
			for _, inner := range value.Members() {
				next = append(next, inner)
			}
			next = append(next, value.Items()...)
		}
		level = next
	}
	if text, ok := v.Text(); ok && len(text) <= maxMessage && !strings.HasPrefix(strings.TrimSpace(text), "<") {
		return strings.TrimSpace(text)
	}
	return ""
}

func messageOf(v jsonx.Value) string {
	for _, name := range []string{
		"message", "msg", "errorMessage", "error_message", "error_description", "errorDescription",
		"description", "detail", "summary", "title", "reason", "error", "errors",
	} {
		said := v.Get(name)
		if said.Kind() == jsonx.Array && said.Len() > 0 {
			said = said.Items()[0]
		}
		text := said.Str()
		if text == "" {
			text = said.Get("_text").Str() // of XML
		}
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return ""
}
