package proxy

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// vendorTiming is how long the vendor took.
type vendorTiming struct{ Vendor time.Duration }

// newRemoteError reads a vendor's refusal; nil when the vendor did not refuse.
func newRemoteError(plan *definition.Plan, r *sinew.AccountRecord, response *upstream.Response, body []byte) *RemoteError {
	if response.Status < http.StatusBadRequest {
		return nil
	}
	raw := rawBody(body)
	remote := &RemoteError{Status: response.Status, Raw: raw, Message: findMessage(raw), Header: upstream.ResponseHeader(response.Header)}
	normalizeRetryAfter(remote.Header, time.Now())
	if remote.Message == "" {
		remote.Message = http.StatusText(response.Status)
	}
	if response.Status == http.StatusForbidden {
		visible, err := jsonx.ParseString(string(r.Context.Or(sinew.EmptyObject)))
		if err == nil {
			remote.MissingScopes = account.MissingScopes(plan.Scopes, visible)
		}
	}
	return remote
}

// rawBody is the vendor's body as JSON where it is that, otherwise as text.
func rawBody(body []byte) jsonx.Value {
	if value, err := jsonx.ParseLenient(body); err == nil {
		return value
	}
	return jsonx.StringValue(strings.ToValidUTF8(string(body), string(utf8.RuneError)))
}

// maxMessage bounds the text taken for a message, in bytes.
const maxMessage = 1000

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
		text := v.Get(name).Str()
		if text == "" && v.Get(name).Kind() == jsonx.Array && v.Get(name).Len() > 0 {
			text = v.Get(name).Items()[0].Str()
		}
		if text = strings.TrimSpace(text); text != "" {
			return text[:min(len(text), maxMessage)]
		}
	}
	return ""
}
