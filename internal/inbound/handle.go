package inbound

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The verdicts of handle_verification.
const (
	verdictVerify  = "verify"
	verdictMeta    = "meta"
	verdictPayload = "payload"
)

// verdict is what handle_verification says of a delivery.
type verdict struct {
	kind string
	// reply answers a handshake.
	reply Reply
	// patch is what the context is to learn, Missing for nothing.
	patch jsonx.Value
}

// Reply is the answer to a delivery.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// judge asks handle_verification. Both of its dialects are taken: an object with a
// type, and one with the status of an answer.
func (h *hook) judge(ctx context.Context, in shaped, more map[string]jsonx.Value) (verdict, error) {
	if h.handle == nil {
		return verdict{kind: verdictPayload}, nil
	}
	said, err := h.handle.Value(ctx, in.input(more))
	if err != nil {
		return verdict{}, err
	}
	v := verdict{kind: said.Get("type").Str(), patch: said.Get("update_context")}
	if v.patch.Kind() != jsonx.Object {
		v.patch = jsonx.Value{}
	}
	response := said.Get("verification_response")
	if response.Kind() != jsonx.Object {
		response = said
	}
	answers := said.Get("statusCode").Exists() || said.Get("status_code").Exists() || said.Get("verification_response").Exists()
	switch {
	case v.kind == verdictVerify, v.kind == "" && answers:
		v.kind = verdictVerify
		v.reply, err = newReply(response)
		return v, err
	case v.kind == verdictMeta, v.kind == verdictPayload:
		return v, nil
	case v.kind == "":
		v.kind = verdictPayload
		return v, nil
	}
	return v, sinew.Errorf(sinew.KindInvalid, "handle_verification says that the type is %.40q; it is verify, meta or payload", v.kind).WithCode("invalid_definition")
}

// maxReply bounds the answer to a handshake, in bytes.
const maxReply = 64 << 10

// newReply makes the answer to a handshake. Whoever calls has not been recognised, and
// may be a browser on its way to us from elsewhere: so the answer is never a page, nor
// a redirect, nor a cookie.
func newReply(v jsonx.Value) (Reply, error) {
	r := Reply{Status: http.StatusOK, Header: http.Header{"Content-Security-Policy": {"default-src 'none'; sandbox"}}}
	for _, name := range []string{"status_code", "statusCode"} {
		if status, ok := v.Get(name).Int(); ok {
			r.Status = int(status)
		}
	}
	if r.Status < 200 || r.Status > 599 || r.Status >= 300 && r.Status < 400 {
		return r, sinew.Errorf(sinew.KindInvalid, "handle_verification answers with the status %d", r.Status).WithCode("invalid_definition")
	}
	contentType := "text/plain; charset=utf-8"
	switch body := v.Get("body"); body.Kind() {
	case jsonx.Missing, jsonx.Null:
	case jsonx.String:
		r.Body = []byte(body.Str())
	default:
		r.Body, contentType = body.Bytes(), "application/json"
	}
	if len(r.Body) > maxReply {
		return r, sinew.Errorf(sinew.KindInvalid, "handle_verification answers with more than %d KiB", maxReply>>10).WithCode("invalid_definition")
	}
	for name, value := range v.Get("headers").Members() {
		text, ok := value.Text()
		switch name = http.CanonicalHeaderKey(name); {
		case !ok || !plainHeader(name, text):
		case name == "Content-Type" && !slices.Contains([]string{"text/plain", "application/json"}, mediaType(text)):
		case name == "Content-Type":
			contentType = text
		case ownHeader(name):
		default:
			r.Header.Set(name, text)
		}
	}
	r.Header.Set("Content-Type", contentType)
	return r, nil
}

func mediaType(text string) string {
	text, _, _ = strings.Cut(text, ";")
	return strings.ToLower(strings.TrimSpace(text))
}

// ownHeader reports whether a header field is the connection's, the browser's or ours.
func ownHeader(name string) bool {
	return slices.Contains([]string{
		"Connection", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Trailer", "Upgrade", "Keep-Alive", "Te", "Location", "Refresh", "Set-Cookie",
		"Content-Security-Policy", "X-Content-Type-Options", "Server-Timing", "Clear-Site-Data", "Strict-Transport-Security", "Link", "Date", "X-Request-Id", "Service-Worker-Allowed",
	}, name) || strings.HasPrefix(name, "Access-Control-") || strings.HasPrefix(name, "Proxy-")
}

func plainHeader(name, value string) bool {
	for _, c := range []byte(name) {
		if !(c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return false
		}
	}
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c > '~' {
			return false
		}
	}
	return name != "" && len(name) <= 100 && len(value) <= 4096
}
