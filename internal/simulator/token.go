package simulator

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The grant types of the token endpoint.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
	grantClient  = "client_credentials"
	grantKeka    = "kekaapi"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
)

// tokenRequest is what a client that has proved who it is asks for.
type tokenRequest struct {
	grant  string
	client string
	form   url.Values
}

func (t tokenRequest) get(name string) string { return t.form.Get(name) }

// token issues tokens (RFC 6749 section 3.2).
func (s *Simulator) token(w http.ResponseWriter, r *http.Request) {
	request, wrong := s.clientRequest(r)
	if wrong != nil {
		refuseToken(w, wrong)
		return
	}
	o := s.oauth(r)
	s.grants.asked(s.grants.ownerOf(request))
	var issued jsonx.Value
	if o.Error != "" {
		wrong = &mistake{http.StatusBadRequest, o.Error, "An error that was asked for"}
	} else {
		issued, wrong = s.issue(request, o)
	}
	if latency, err := time.ParseDuration(o.Latency); err == nil {
		select {
		case <-time.After(latency):
		case <-r.Context().Done():
			return
		}
	}
	if wrong != nil {
		refuseToken(w, wrong)
		return
	}
	writeToken(w, o.Answer, issued)
}

func (s *Simulator) issue(request tokenRequest, o OAuth) (jsonx.Value, *mistake) {
	switch request.grant {
	case grantCode:
		return s.grants.exchange(request, o)
	case grantRefresh:
		return s.grants.renew(request, o)
	case grantClient:
		scopes, wrong := knownScopes(request.get("scope"))
		if wrong != nil {
			return jsonx.Value{}, wrong
		}
		if o.Scopes != nil {
			scopes = common(scopes, o.Scopes)
		}
		return s.grants.fetch(request.client, scopes, o), nil
	case grantDevice:
		return s.grants.poll(request, o)
	case grantKeka:
		if !same(request.get("api_key"), s.options.APIKey) || request.get("scope") != ScopeKeka {
			return jsonx.Value{}, invalidGrant("The api_key or the scope is wrong")
		}
		return s.grants.fetch(request.client, []string{ScopeKeka}, o), nil
	}
	return jsonx.Value{}, &mistake{http.StatusBadRequest, "unsupported_grant_type", "The grant_type is not one of this server"}
}

// knownScopes reads the scopes that a client asks for: all of them unless it says.
func knownScopes(text string) ([]string, *mistake) {
	scopes := strings.Fields(text)
	for _, scope := range scopes {
		if !slices.Contains(Scopes(), scope) {
			return nil, &mistake{http.StatusBadRequest, "invalid_scope", "There is no scope " + scope}
		}
	}
	if len(scopes) == 0 {
		scopes = Scopes()
	}
	return scopes, nil
}

// clientRequest reads a form, or JSON, and checks the client, whose id and secret
// are in the header or in the body (RFC 6749 section 2.3.1).
func (s *Simulator) clientRequest(r *http.Request) (tokenRequest, *mistake) {
	form, wrong := readForm(r)
	if wrong != nil {
		return tokenRequest{}, wrong
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		if secret != "" {
			return tokenRequest{}, &mistake{http.StatusBadRequest, "invalid_request", "The client names itself in two ways"}
		}
		var errID, errSecret error
		id, errID = url.QueryUnescape(user)
		secret, errSecret = url.QueryUnescape(password)
		if errID != nil || errSecret != nil {
			id = ""
		}
	}
	if known := s.options.Clients[id]; known == "" || !same(known, secret) {
		return tokenRequest{}, &mistake{http.StatusUnauthorized, "invalid_client", "The client is not known, or its secret is wrong"}
	}
	return tokenRequest{grant: form.Get("grant_type"), client: id, form: form}, nil
}

func readForm(r *http.Request) (url.Values, *mistake) {
	unreadable := &mistake{http.StatusBadRequest, "invalid_request", "The body must be a form or a JSON object, with every parameter once"}
	form := url.Values{}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		object, wrong := readObject(r)
		if wrong != nil {
			return nil, unreadable
		}
		for name, value := range object.Members() {
			form.Set(name, text(value))
		}
		return form, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, unreadable
	}
	if form, err = url.ParseQuery(string(body)); err != nil {
		return nil, unreadable
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, unreadable
		}
	}
	return form, nil
}

// refuseToken answers an error of RFC 6749 section 5.2.
func refuseToken(w http.ResponseWriter, m *mistake) {
	if m.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="simulator"`)
	}
	w.Header().Set("Cache-Control", "no-store")
	reply(w, m.status, jsonx.NewBuilder(2).Set("error", jsonx.StringValue(m.code)).Set("error_description", jsonx.StringValue(m.message)).Value())
}

// revoke takes a token back (RFC 7009).
func (s *Simulator) revoke(w http.ResponseWriter, r *http.Request) {
	request, wrong := s.clientRequest(r)
	if wrong == nil && request.get("token") == "" {
		wrong = &mistake{http.StatusBadRequest, "invalid_request", "The token is missing"}
	}
	if wrong != nil {
		refuseToken(w, wrong)
		return
	}
	s.grants.giveBack(request.get("token"), request.client)
	w.WriteHeader(http.StatusOK)
}

// tokenCounts answers what was asked for on behalf of which account.
func (s *Simulator) tokenCounts(w http.ResponseWriter, _ *http.Request) {
	var rows []jsonx.Value
	for _, c := range s.AllTokenCounts() {
		rows = append(rows, jsonx.NewBuilder(5).Set("account", jsonx.StringValue(c.Account)).
			Set("asked", jsonx.IntValue(int64(c.Asked))).Set("issued", jsonx.IntValue(int64(c.Issued))).
			Set("reused", jsonx.IntValue(int64(c.Reused))).Set("revoked", jsonx.IntValue(int64(c.Revoked))).Value())
	}
	reply(w, http.StatusOK, listBody(rows))
}
