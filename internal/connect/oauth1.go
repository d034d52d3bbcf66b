package connect

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/upstream"
)

func (b *begun) oauth1() (credential.OAuth1Grant, error) {
	return credential.NewOAuth1Grant(b.credential.Config, b.values(b.memory.Values))
}

// beginOAuth1 asks for temporary credentials and returns where the customer starts
// (RFC 5849 section 2.1). The state that binds the answer to the attempt stands in
// the callback, which the protocol has no place for.
func (s *Service) beginOAuth1(ctx context.Context, b *begun) (redirect string, err error) {
	g, err := b.oauth1()
	if err != nil {
		return "", err
	}
	state, ticket := randomSecret(), randomSecret()
	request, err := g.RequestToken(s.callbackURL(b.attempt.IntegrationName) + "?" + url.Values{parameterState: {state}}.Encode())
	if err != nil {
		return "", err
	}
	token, secret, err := s.temporary(ctx, request)
	hashes := sinew.AttemptHashes{Ticket: s.hash(kindTicket, ticket), State: s.hash(kindState, state)}
	if err != nil {
		if err := s.enter(ctx, b, sinew.AttemptExchanging, sinew.AttemptHashes{}); err != nil {
			return "", err
		}
		return "", s.fail(ctx, b, err)
	}
	b.memory.Token, b.memory.TokenSecret = token, secret
	if err := s.enter(ctx, b, sinew.AttemptRedirect, hashes); err != nil {
		return "", err
	}
	return s.startURL(b.attempt.ID, ticket), nil
}

func (s *Service) temporary(ctx context.Context, request *upstream.Request) (token, secret string, err error) {
	status, header, body, err := s.send(ctx, request)
	if err != nil {
		return "", "", err
	}
	token, secret, _, err = credential.ReadOAuth1Token(status, header, body, s.Store.Now())
	return token, secret, err
}

// consentOAuth1 is the vendor's consent page for an attempt.
func (s *Service) consentOAuth1(b *begun) (string, error) {
	g, err := b.oauth1()
	if err != nil {
		return "", err
	}
	return g.ConsentURL(b.memory.Token)
}

// exchangeOAuth1 turns the answer of a consent page into a token.
func (s *Service) exchangeOAuth1(ctx context.Context, b *begun, answer url.Values) (*issued, error) {
	token, verifier := answer["oauth_token"], answer["oauth_verifier"]
	switch {
	case answer.Has("denied") || answer.Has("error"):
		return nil, &consentError{denied(b.label, "access_denied", "")}
	case len(token) != 1 || len(verifier) != 1 || subtle.ConstantTimeCompare([]byte(token[0]), []byte(b.memory.Token)) != 1:
		return nil, &consentError{failedWith(FailedAnswer, "The answer of "+b.label+" makes no sense: it is about something else. Please try again.")}
	}
	g, err := b.oauth1()
	if err != nil {
		return nil, err
	}
	request, err := g.Exchange(b.memory.Token, b.memory.TokenSecret, verifier[0])
	if err != nil {
		return nil, err
	}
	status, header, body, err := s.send(ctx, request)
	if err != nil {
		return nil, err
	}
	access, secret, more, err := credential.ReadOAuth1Token(status, header, body, s.Store.Now())
	if err != nil {
		return nil, err
	}
	return &issued{token: credential.OAuth1Token(access, secret, more)}, nil
}

// send sends a request to the vendor. The customer may go away meanwhile; the
// answer counts all the same.
func (s *Service) send(ctx context.Context, request *upstream.Request) (int, http.Header, []byte, error) {
	request.Limits = upstream.Limits{FirstByte: s.Times.Vendor, Total: s.Times.Vendor}
	response, err := s.Sender.Do(context.WithoutCancel(ctx), request)
	if err != nil {
		return 0, nil, nil, err
	}
	body, err := response.ReadAll()
	return response.Status, response.Header, body, err
}
