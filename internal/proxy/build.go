package proxy

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/wire"
)

// userAgent is how the platform presents itself unless the definition says
// otherwise.
const userAgent = "sinew"

// The headers of the static gate's protocol (spec 04 section 8).
const (
	headerGateToken  = "Truto-StaticGate-Token"
	headerGateTarget = "Truto-Target-URL"
)

// build makes the request of a call.
func (s *Service) build(ctx context.Context, plan *definition.Plan, r *sinew.AccountRecord, scope jsonx.Value, c Call) (*upstream.Request, error) {
	target, err := plan.URL.Render(scope)
	if err != nil {
		return nil, err
	}
	query := mergedQuery(plan, scope, c)
	if !plan.AddQueryToBody || plan.Verb == http.MethodGet {
		target = withQuery(target, query, plan.QueryArrays)
	}
	content, mediaType, err := buildBody(plan, scope, c)
	if err != nil {
		return nil, err
	}
	request := &upstream.Request{Method: plan.Verb, URL: target, Header: http.Header{}, Body: content}
	if plan.Hosts != nil {
		request.Allows = plan.Hosts.Allows
	}
	setHeaders(request, plan, scope, mediaType)
	if err := authorize(request, plan, r, scope); err != nil {
		return nil, err
	}
	return s.throughGate(ctx, request, r)
}

// mergedQuery lays the caller's parameters over those of the definition.
func mergedQuery(plan *definition.Plan, scope jsonx.Value, c Call) jsonx.Value {
	own, _ := plan.QueryTo.Render(scope)
	if own.Kind() != jsonx.Object {
		own = jsonx.ObjectValue()
	}
	return jsonx.Overlay(own, forwarded(plan, c.Query))
}

// forwarded are the caller's parameters as the vendor gets them: without those
// that are meant for us, and the limit under the vendor's name for it.
func forwarded(plan *definition.Plan, query jsonx.Value) jsonx.Value {
	b := jsonx.NewBuilder(query.Len())
	for name, value := range query.Members() {
		switch {
		case name == "integrated_account_id", name == "next_cursor", strings.HasPrefix(name, "truto_"):
		case name == "limit":
			if key := plan.Pagination.Config.Get("limit_key").Str(); key != "" {
				b.Set(key, clamped(value, plan.Pagination.Config.Get("max_limit")))
			} else if plan.Pagination.Format == "" {
				b.Set(name, value)
			}
		default:
			b.Set(name, value)
		}
	}
	return b.Value()
}

// clamped lowers a page size to the vendor's largest.
func clamped(limit, most jsonx.Value) jsonx.Value {
	n, err := jsonx.ParseString(limit.Str())
	if err != nil {
		return limit
	}
	wanted, ok := n.Int()
	largest, bounded := most.Int()
	if ok && bounded && wanted > largest {
		return jsonx.IntValue(largest)
	}
	return limit
}

func withQuery(target string, query jsonx.Value, arrays string) string {
	text := wire.StringifyQuery(query, arrays)
	switch {
	case text == "":
		return target
	case strings.Contains(target, "?"):
		return target + "&" + text
	}
	return target + "?" + text
}

// buildBody returns the body and its media type; nil when none is sent.
func buildBody(plan *definition.Plan, scope jsonx.Value, c Call) (content []byte, mediaType string, err error) {
	switch {
	case plan.IgnoreBody:
		return nil, "", nil
	case plan.BodyIsNull:
		return []byte("null"), "application/json", nil
	}
	value := c.Body
	if plan.BodyTo != nil {
		value, _ = plan.BodyTo.Render(scope)
	} else if plan.Verb == http.MethodGet {
		return nil, "", nil
	}
	if plan.AddQueryToBody && plan.Verb != http.MethodGet {
		if !value.Exists() {
			value = jsonx.ObjectValue()
		}
		value = jsonx.Overlay(value, mergedQuery(plan, scope, c))
	}
	if !value.Exists() {
		return nil, "", nil
	}
	return encodeBody(plan, value)
}

func encodeBody(plan *definition.Plan, value jsonx.Value) (content []byte, mediaType string, err error) {
	switch plan.BodyFormat {
	case "json":
		return value.Bytes(), "application/json", nil
	case "form":
		return []byte(wire.StringifyQuery(value, plan.QueryArrays)), "application/x-www-form-urlencoded", nil
	case "raw":
		if text, ok := value.Text(); ok {
			return []byte(text), "text/plain; charset=utf-8", nil
		}
		return value.Bytes(), "application/json", nil
	}
	return nil, "", sinew.Errorf(sinew.KindInvalid, "%s.%s sends its body as %s, which this version does not do yet", plan.Resource, plan.Name, plan.BodyFormat).WithCode("body_format")
}

func setHeaders(request *upstream.Request, plan *definition.Plan, scope jsonx.Value, mediaType string) {
	h := request.Header
	h.Set("Accept", "application/json")
	h.Set("User-Agent", userAgent)
	if mediaType != "" {
		h.Set("Content-Type", mediaType)
	}
	headers, _ := plan.HeaderTo.Render(scope)
	for name, value := range headers.Members() {
		if strings.EqualFold(name, "Content-Type") && mediaType == "" {
			continue // there is no body to describe
		}
		h.Set(name, headerText(value))
	}
	for name, value := range plan.Headers.Members() {
		if value.IsNull() {
			h.Del(name)
			if strings.EqualFold(name, "User-Agent") {
				h[http.CanonicalHeaderKey(name)] = nil // keeps the transport from adding its own
			}
		}
	}
}

func headerText(v jsonx.Value) string {
	if text, ok := v.Text(); ok {
		return text
	}
	return v.String()
}

// authorize attaches the account's credential.
func authorize(request *upstream.Request, plan *definition.Plan, r *sinew.AccountRecord, scope jsonx.Value) error {
	if plan.NoAuth {
		return nil
	}
	a := plan.Authorization
	if a == nil {
		if a = definition.DefaultAuthorization(r.AuthenticationMethod); a == nil {
			return nil
		}
	}
	if a.Expression != "" {
		return sinew.Errorf(sinew.KindInvalid, "The authorization of this integration is an expression, which this version does not evaluate yet").WithCode("authorization_expression")
	}
	switch a.Format {
	case definition.AuthorizationBearer:
		token, err := resolve(a.Token, scope)
		if err != nil {
			return err
		}
		return setAuthorization(request, "Authorization", "Bearer "+token)
	case definition.AuthorizationHeader:
		value, err := resolve(a.HeaderValue, scope)
		if err != nil {
			return err
		}
		return setAuthorization(request, a.HeaderName, value)
	case definition.AuthorizationBasic:
		username, err := resolve(a.Username, scope)
		if err != nil {
			return err
		}
		password, err := resolve(a.Password, scope)
		if err != nil {
			return err
		}
		return setAuthorization(request, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(username+":"+password)))
	}
	return sinew.Errorf(sinew.KindInvalid, "The authorization format %q is not known", a.Format).WithCode("authorization_format")
}

// resolve renders a template of the authorization. One without a value is
// refused, rather than sent as it stands.
func resolve(template string, scope jsonx.Value) (string, error) {
	compiled, err := placeholder.CompileText(template)
	if err != nil {
		return "", sinew.Errorf(sinew.KindInvalid, "The authorization of this integration is not valid").WithCode("invalid_definition").WithCause(err)
	}
	text, unresolved := compiled.RenderText(scope)
	if len(unresolved) > 0 {
		return "", placeholder.UnresolvedError(unresolved)
	}
	return text, nil
}

// setAuthorization sets a header whose value came from a credential, which must
// not become another header.
func setAuthorization(request *upstream.Request, name, value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return sinew.Errorf(sinew.KindInvalid, "The credential of the account holds a line break, which a header cannot").WithCode(placeholder.CodeUnsafe)
	}
	request.Header.Set(name, value)
	return nil
}

// throughGate sends a request to the account's static gate, which forwards it.
func (s *Service) throughGate(ctx context.Context, request *upstream.Request, r *sinew.AccountRecord) (*upstream.Request, error) {
	if r.StaticGateID == "" {
		return request, nil
	}
	gate, token, err := s.gates.StaticGateToken(ctx, r.EnvironmentID, r.StaticGateID)
	if err != nil {
		return nil, fmt.Errorf("static gate of account %s: %w", r.ID, err)
	}
	// The gate is where the call goes, and the target where it is to go.
	target, err := url.Parse(request.URL)
	if err != nil {
		return nil, fmt.Errorf("address of the call: %w", err)
	}
	if request.Allows != nil && !request.Allows(target) {
		return nil, upstream.HostError(target)
	}
	request.Allows = nil
	request.Header.Set(headerGateTarget, request.URL)
	request.Header.Set(headerGateToken, token)
	// The gate follows redirects itself; one of its own is a mistake.
	request.URL, request.NoRedirects = "https://"+gate.Domain+"/", true
	return request, nil
}
