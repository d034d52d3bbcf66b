package simulator

import (
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// defaultAccount is who consents unless login_hint says otherwise.
const defaultAccount = "user-1"

// authorize asks for consent (RFC 6749 section 4.1.1), or takes what the page's
// form says.
func (s *Simulator) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", "The parameters cannot be read")
		return
	}
	form, o := r.Form, s.oauth(r)
	// Until it is sure where an answer may go, it goes nowhere.
	switch {
	case s.options.Clients[form.Get("client_id")] == "":
		refuse(w, http.StatusBadRequest, "invalid_client", "The client_id is not known")
		return
	case len(form["redirect_uri"]) != 1 || !o.mayRedirect(form.Get("redirect_uri")):
		refuse(w, http.StatusBadRequest, "invalid_request", "The redirect_uri is not registered")
		return
	}
	asked, wrong := consentAsked(form, o)
	decision := or(form.Get("decision"), or(o.Consent, form.Get("auto")))
	switch {
	case wrong != nil:
		sendBack(w, r, url.Values{"error": {wrong.code}, "error_description": {wrong.message}, "iss": {o.issuer(r)}})
	case decision == ConsentDeny:
		sendBack(w, r, url.Values{"error": {"access_denied"}, "error_description": {"The consent was denied"}, "iss": {o.issuer(r)}})
	case decision == ConsentAllow:
		if form.Has("decision") {
			asked = common(asked, form["granted"])
		}
		if o.Scopes != nil {
			asked = common(asked, o.Scopes)
		}
		code := s.grants.newCode(&code{
			family:      &family{account: or(form.Get("account"), or(form.Get("login_hint"), defaultAccount)), client: form.Get("client_id"), scopes: asked},
			redirectURI: form.Get("redirect_uri"), challenge: form.Get("code_challenge"), expires: time.Now().Add(codeLife),
		})
		sendBack(w, r, url.Values{"code": {code}, "iss": {o.issuer(r)}})
	default:
		writeConsent(w, form, asked)
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// common returns those of a list that are in the other, too.
func common(list, other []string) []string {
	both := []string{}
	for _, item := range list {
		if slices.Contains(other, item) {
			both = append(both, item)
		}
	}
	return both
}

// mayRedirect reports whether answers may go to an address.
func (o OAuth) mayRedirect(address string) bool {
	if len(o.RedirectURIs) > 0 {
		return slices.Contains(o.RedirectURIs, address)
	}
	u, err := url.Parse(address)
	if err != nil || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// consentAsked returns the scopes that a client asks for.
func consentAsked(form url.Values, o OAuth) ([]string, *mistake) {
	for name, values := range form {
		if name != "granted" && len(values) > 1 { // RFC 6749 section 3.1
			return nil, &mistake{code: "invalid_request", message: "A parameter occurs twice"}
		}
	}
	if form.Get("response_type") != "code" {
		return nil, &mistake{code: "unsupported_response_type", message: "The response_type must be code"}
	}
	challenge, method := form.Get("code_challenge"), form.Get("code_challenge_method")
	switch {
	case challenge == "" && (o.RequirePKCE || method != ""):
		return nil, &mistake{code: "invalid_request", message: "A code_challenge is required"}
	case challenge != "" && method != "S256": // also when there is none, which means plain
		return nil, &mistake{code: "invalid_request", message: "The code_challenge_method must be S256"}
	}
	return knownScopes(form.Get("scope"))
}

// sendBack redirects to the client with an answer.
func sendBack(w http.ResponseWriter, r *http.Request, answer url.Values) {
	u, err := url.Parse(r.Form.Get("redirect_uri"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", "The redirect_uri is no address")
		return
	}
	query := u.Query()
	for name, values := range answer {
		query.Set(name, values[0])
	}
	if state := r.Form.Get("state"); state != "" {
		query.Set("state", state)
	}
	u.RawQuery = query.Encode()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", u.String())
	// Not with http.Redirect, which would repeat the code in a page.
	w.WriteHeader(http.StatusSeeOther)
}

// writeConsent writes the page that asks.
func writeConsent(w http.ResponseWriter, form url.Values, scopes []string) {
	var page strings.Builder
	field := func(kind, name, value, more string) {
		page.WriteString(`<input type="` + kind + `" name="` + name + `" value="` + html.EscapeString(value) + `"` + more + `>`)
	}
	page.WriteString("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Simulated vendor: consent</title>\n<h1>Let " +
		html.EscapeString(form.Get("client_id")) + " in?</h1>\n<form method=\"post\" action=\"" + pathAuthorize + "\">\n")
	for _, name := range []string{"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"} {
		if form.Has(name) {
			field("hidden", name, form.Get(name), "")
		}
	}
	page.WriteString("\n<p><label>Account ")
	field("text", "account", or(form.Get("login_hint"), defaultAccount), " required")
	page.WriteString("</label></p>\n")
	for _, scope := range scopes {
		page.WriteString("<p><label>")
		field("checkbox", "granted", scope, " checked")
		page.WriteString(" " + html.EscapeString(scope) + "</label></p>\n")
	}
	page.WriteString("<button name=\"decision\" value=\"" + ConsentAllow + "\">Allow</button>\n<button name=\"decision\" value=\"" + ConsentDeny + "\">Deny</button>\n</form>\n</html>\n")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, page.String())
}
