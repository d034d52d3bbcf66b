package connect

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/url"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// grant is how the tokens of an attempt are asked for.
func (b *begun) grant() (credential.Grant, error) {
	return credential.NewGrant(b.attempt.Method, b.credential.Config, b.values(b.memory.Values))
}

// asked are the scopes to ask for: what the link token says, what its unified models
// need, or else those of the integration.
func (b *begun) asked(g credential.Grant) []string {
	if b.scopes != nil {
		return b.scopes
	}
	return g.Scopes
}

// beginOAuth2 returns where the customer goes: where the way to the vendor starts,
// or the page that takes a code. Whether the definition makes an address of a
// consent page is found out here, and not on the way.
func (s *Service) beginOAuth2(ctx context.Context, b *begun) (redirect string, err error) {
	g, err := b.grant()
	if err != nil {
		return "", err
	}
	b.attempt.RequestedScopes = b.asked(g)
	if b.byDevice() {
		return s.beginDevice(ctx, b, g)
	}
	if _, err := g.ConsentURL(credential.Consent{}); err != nil {
		return "", err
	}
	if g.PKCE {
		b.memory.Verifier = randomSecret()
	}
	ticket := randomSecret()
	if err := s.enter(ctx, b, sinew.AttemptRedirect, sinew.AttemptHashes{Ticket: s.hash(kindTicket, ticket)}); err != nil {
		return "", err
	}
	return s.startURL(b.attempt.ID, ticket), nil
}

func (s *Service) startURL(id, ticket string) string {
	u := s.base.JoinPath("connect", "session", "attempt", id, "start")
	u.RawQuery = url.Values{"ticket": {ticket}}.Encode()
	return u.String()
}

// consentURL is the vendor's consent page for an attempt, whose answer brings the
// state back.
func (s *Service) consentURL(b *begun, state string) (string, error) {
	g, err := b.grant()
	if err != nil {
		return "", err
	}
	consent := credential.Consent{RedirectURI: s.callbackURL(b.attempt.IntegrationName), State: state, Scopes: b.attempt.RequestedScopes}
	if b.memory.Verifier != "" {
		sum := sha256.Sum256([]byte(b.memory.Verifier))
		consent.Challenge = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return g.ConsentURL(consent)
}

// exchange turns the answer of a consent page into a token.
func (s *Service) exchange(ctx context.Context, b *begun, answer url.Values) (*issued, error) {
	g, err := b.grant()
	if err != nil {
		return nil, err
	}
	if refused := readConsent(&g, b.label, answer); refused != nil {
		return nil, refused
	}
	return s.ask(ctx, b, g, g.Exchange(answer.Get("code"), s.callbackURL(b.attempt.IntegrationName), b.memory.Verifier))
}

// consentError is an answer of a consent page that is no code.
type consentError struct{ sinew.AttemptError }

func (e *consentError) Error() string { return e.Message }

// readConsent makes sure that an answer holds a code, and that it is the vendor's
// (RFC 9207 section 2.4).
func readConsent(g *credential.Grant, label string, answer url.Values) *consentError {
	for _, name := range []string{"code", "error", "iss"} {
		if len(answer[name]) > 1 {
			return &consentError{failedWith(FailedAnswer, "The answer of "+label+" makes no sense: it says the same thing twice. Please try again.")}
		}
	}
	switch {
	case answer.Has("iss") && !g.IssuedBy(answer.Get("iss")):
		return &consentError{failedWith(FailedIssuer, "The answer came from another server than that of "+label+", and was not used. Please try again.")}
	case answer.Has("error"):
		return &consentError{denied(label, answer.Get("error"), answer.Get("error_description"))}
	case answer.Get("code") == "":
		return &consentError{failedWith(FailedAnswer, "The answer of "+label+" makes no sense: there is no code in it. Please try again.")}
	}
	return nil
}

// fetchToken connects by a token that the vendor gives for what the customer has
// filled in.
func (s *Service) fetchToken(ctx context.Context, b *begun) error {
	g, err := b.grant()
	if err != nil {
		return err
	}
	g.Scopes = b.asked(g)
	b.attempt.RequestedScopes = g.Scopes
	if err := s.enter(ctx, b, sinew.AttemptExchanging, sinew.AttemptHashes{}); err != nil {
		return err
	}
	got, err := s.ask(ctx, b, g, g.Fetch())
	if err != nil {
		return s.fail(ctx, b, err)
	}
	return s.complete(ctx, b, got)
}

// ask sends a request for a token, once.
func (s *Service) ask(ctx context.Context, b *begun, g credential.Grant, request *upstream.Request) (*issued, error) {
	status, header, body, err := s.send(ctx, request)
	if err != nil {
		return nil, err
	}
	token, err := credential.ReadToken(status, header, body, s.earlier(b), s.Store.Now(), g.Life)
	if err != nil {
		return nil, err
	}
	return &issued{token: token.Value, scopes: token.Scopes}, nil
}

// earlier is what stays of an earlier token under one that does not have it. Some
// vendors issue a refresh token with the first consent only.
func (s *Service) earlier(b *begun) jsonx.Value {
	refresh := b.before.At("oauth", "token", "refresh_token")
	if b.record.AuthenticationMethod != b.attempt.Method || !refresh.Exists() {
		return jsonx.ObjectValue()
	}
	return jsonx.ObjectValue(jsonx.Member{Name: "refresh_token", Value: refresh})
}
