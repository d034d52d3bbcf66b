package inbound

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// hook is what a definition says of deliveries.
type hook struct {
	config    jsonx.Value
	transform *expression.Expression // nil for none
	handle    *expression.Expression
	name      *expression.Expression // delivery_id
	verifier  verifier               // nil where there is nothing to verify
	// signedHandshake says that a handshake is signed too.
	signedHandshake bool
	// mayLearn are the members that a handshake without a signature may set.
	mayLearn []string
	window   time.Duration // in which the same bytes are the same delivery
	lookup   lookup
	// broken says why the definition makes nothing of deliveries, nil for one that does.
	broken error
}

// lookup finds the accounts of a delivery to an installation.
type lookup struct {
	field string // "" where the definition says nothing
	value string
}

// idleWindow is the window of signatures without a timestamp: such a delivery may
// well come twice, with the same bytes and another meaning.
const idleWindow = time.Minute

// newHook reads the webhook of an effective config; ok is false when there is none.
func (s *Service) newHook(effective jsonx.Value) (h *hook, ok bool) {
	config := effective.Get("webhook")
	if config.Kind() != jsonx.Object || config.Len() == 0 {
		return nil, false
	}
	h = &hook{config: config}
	for part, into := range map[string]**expression.Expression{"payload_transform": &h.transform, "handle_verification": &h.handle, "delivery_id": &h.name} {
		source := config.Get(part).Str()
		if strings.TrimSpace(source) == "" {
			continue
		}
		x, err := s.expressions.Compile(source)
		if err != nil {
			h.broken = fmt.Errorf("%s: %w", part, err)
		}
		*into = x
	}
	signature := config.Get("signature_verification")
	if signature.Kind() == jsonx.Object {
		h.verifier = newVerifier(signature, s.keys)
	}
	h.signedHandshake, _ = config.Get("signed_handshake").Bool()
	for _, member := range config.Get("handshake_context").Items() {
		h.mayLearn = append(h.mayLearn, member.Str())
	}
	h.window = windowOf(config)
	of := signature.Get("config")
	h.lookup = lookup{field: of.Get("context_lookup_field_name").Str(), value: of.Get("context_lookup_field_value").Str()}
	return h, true
}

func windowOf(config jsonx.Value) time.Duration {
	if seconds, ok := config.Get("replay_window").Float(); ok && seconds >= 0 {
		return time.Duration(seconds * float64(time.Second))
	}
	signature := config.At("signature_verification", "config")
	format := config.At("signature_verification", "format").Str()
	if signature.Get("timestamp").Exists() || signature.Get("timestamp_tolerance").Exists() || format == "clerk" || format == "standard_webhooks" {
		return 2 * tolerance(signature) // it may be off either way
	}
	return idleWindow
}

// verify holds a delivery against the signature that the definition asks for. checked
// is false where it asks for none.
func (h *hook) verify(ctx context.Context, r *Request, root jsonx.Value) (checked bool, refusal *Refusal) {
	if h.verifier == nil {
		return false, nil
	}
	return true, h.verifier.verify(ctx, r, root)
}

// shape brings a delivery into the form that payload_transform makes of it. events
// are the elements of an array of events, nil for another form.
func (h *hook) shape(ctx context.Context, in shaped, more map[string]jsonx.Value) (out shaped, events []jsonx.Value, err error) {
	if h.transform == nil {
		return in, nil, nil
	}
	made, err := h.transform.Value(ctx, in.input(more))
	if err != nil {
		return in, nil, err
	}
	switch {
	case isEvents(made):
		return in, eventsOnly(made), nil
	case made.Kind() == jsonx.Object && made.Get("event_type").Exists():
		return in, []jsonx.Value{made}, nil
	case !made.Exists() || made.IsNull():
		return in, nil, nil
	case made.Kind() == jsonx.Object && isEnvelope(made):
		out = in
		for name, into := range map[string]*jsonx.Value{"body": &out.body, "headers": &out.headers, "query": &out.query} {
			if v := made.Get(name); v.Exists() {
				*into = v
			}
		}
		return out, nil, nil
	}
	out = in
	out.body = made
	return out, nil, nil
}

// isEvents reports whether a value is an array of events; an empty one is too. An
// expression that found nothing to say, as of a handshake, leaves objects that lack
// this and that.
func isEvents(v jsonx.Value) bool {
	if v.Kind() != jsonx.Array {
		return false
	}
	for _, item := range v.Items() {
		if item.Kind() != jsonx.Object || !item.Get("event_type").Exists() && !isHollow(item) {
			return false
		}
	}
	return true
}

// isHollow reports whether an object has no members but those of an event.
func isHollow(v jsonx.Value) bool {
	for name := range v.Members() {
		if !slices.Contains([]string{"resource_type", "resource", "resource_id", "raw"}, name) {
			return false
		}
	}
	return true
}

// eventsOnly leaves out what names neither an event nor a record.
func eventsOnly(v jsonx.Value) []jsonx.Value {
	events := make([]jsonx.Value, 0, v.Len())
	for _, item := range v.Items() {
		if item.Get("event_type").Exists() || item.Get("resource_id").Exists() {
			events = append(events, item)
		}
	}
	return events
}

// isEnvelope reports whether an object has no members but those of a delivery.
func isEnvelope(v jsonx.Value) bool {
	for name := range v.Members() {
		if name != "body" && name != "headers" && name != "query" && name != "method" {
			return false
		}
	}
	return v.Get("body").Exists()
}

// key tells a delivery apart from others: by what the vendor calls it, or by its bytes
// and its signature. How long it does is up to the first of them or the window.
func (h *hook) key(ctx context.Context, r *Request, kept time.Duration) (key string, lasts time.Duration) {
	if h.name != nil {
		if v, err := h.name.Value(ctx, r.shaped().input(nil)); err == nil {
			name, ok := v.Text()
			if number, isNumber := v.NumberText(); isNumber {
				name, ok = number, true
			}
			if ok && name != "" {
				return digest("id", name), kept
			}
		}
	}
	if h.window == 0 {
		return "", 0
	}
	parts := []string{"bytes", r.Method, r.rawQuery(), string(r.Body)}
	for _, token := range h.signatureTokens() {
		values, refusal := valuesOf(token, r)
		if refusal == nil {
			parts = append(parts, token, strings.Join(values, ","))
		}
	}
	return digest(parts...), h.window
}

// signatureTokens are the header fields that the signature goes by.
func (h *hook) signatureTokens() []string {
	config := h.config.At("signature_verification", "config")
	var tokens []string
	add := func(text string) {
		if i := strings.Index(text, "$header."); i >= 0 {
			name, _, _ := strings.Cut(text[i:], ":")
			tokens = append(tokens, name)
		}
	}
	for _, p := range config.Get("parts").Items() {
		add(p.Str())
	}
	add(config.Get("compare_with").Str())
	for _, names := range svixHeaders {
		for _, name := range names {
			add("$header." + name)
		}
	}
	return append(tokens, "$header.Authorization")
}

// digest makes one text of several, whichever bytes they hold.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// maxValues bounds the accounts that one delivery is for.
const maxValues = 100

// values returns what tells the accounts of a delivery.
func (h *hook) values(ctx context.Context, s *Service, r *Request) ([]string, error) {
	in := r.shaped()
	var v jsonx.Value
	if strings.Contains(h.lookup.value, "{{") {
		t, err := placeholder.CompileText(h.lookup.value)
		if err != nil {
			return nil, err
		}
		made, unresolved := t.Render(in.root())
		if len(unresolved) > 0 {
			return nil, nil
		}
		v = made
	} else {
		x, err := s.expressions.Compile(h.lookup.value)
		if err != nil {
			return nil, err
		}
		if v, err = x.Value(ctx, in.input(nil)); err != nil {
			return nil, err
		}
	}
	list := []jsonx.Value{v}
	if v.Kind() == jsonx.Array {
		list = v.Items()
	}
	var values []string
	seen := map[string]bool{}
	for _, one := range list {
		text, ok := one.Text()
		if number, isNumber := one.NumberText(); isNumber {
			text, ok = number, true
		}
		if ok && text != "" && !seen[text] {
			seen[text] = true
			values = append(values, text)
		}
	}
	if len(values) > maxValues {
		return nil, sinew.Errorf(sinew.KindUnprocessable, "The delivery names more than %d accounts", maxValues).WithCode("too_many_accounts")
	}
	return values, nil
}
