package connect

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/view"
)

const parameterState = "state"

// The codes of browsers that go no further.
const (
	// CodeRejected: an answer of a vendor that belongs to no attempt.
	CodeRejected = "connect_rejected"
	// CodeStarted: the ticket of an attempt is used up, or it has taken too long.
	CodeStarted = "connect_started"
	// CodeElsewhere: another browser has started the attempt.
	CodeElsewhere = "connect_elsewhere"
)

// Browser is what an attempt's own pages do with a browser: where it goes, and its
// cookie.
type Browser struct {
	Location string
	Cookie   Cookie
}

// Cookie binds a browser to an attempt. An empty value removes it.
type Cookie struct {
	Name, Value, Path string
	Life              time.Duration
	Secure            bool
}

func (s *Service) cookie(attemptID, value string) Cookie {
	return Cookie{Name: CookieName(attemptID), Value: value, Path: s.path("/connect"), Life: s.Times.Consent, Secure: s.base.Scheme == "https"}
}

// CookieName is the name of the cookie of an attempt. Each has its own, so that
// several windows do not disturb each other.
func CookieName(attemptID string) string { return "connect_" + attemptID }

func rejected(code, message string) error {
	return sinew.Errorf(sinew.KindInvalid, "%s", message).WithCode(code)
}

// Start sends a browser to the vendor's consent page, by the ticket of an attempt.
// cookie is what the browser has of an earlier start, which it may repeat; another
// one may not. Invalid with CodeStarted when the ticket is no longer good.
func (s *Service) Start(ctx context.Context, id, ticket, cookie string) (Browser, error) {
	again := rejected(CodeStarted, "This window cannot start the connection: it was started already, or has taken too long. Close it and try again")
	if !sinew.IsUUID(id) || len(ticket) != secretLength {
		return Browser{}, again
	}
	state, browser := randomSecret(), randomSecret()
	hashes := sinew.AttemptHashes{Ticket: s.hash(kindTicket, ticket), State: s.hash(kindState, state), Browser: s.hash(kindBrowser, browser)}
	a, err := s.Store.StartAttempt(ctx, id, hashes, s.hash(kindBrowser, cookie), s.Store.Now().Add(s.Times.Consent))
	if sinew.IsNotFound(err) {
		return Browser{}, again
	}
	if err != nil {
		return Browser{}, err
	}
	b, err := s.resume(ctx, a)
	if err != nil {
		return Browser{}, err
	}
	location := ""
	switch {
	case b.token.Burnt():
		err = s.Store.FailAttempt(ctx, a.ID, failedWith(FailedUsed, "This link has been used already."), view.ConnectionError)
	case a.Method == sinew.MethodOAuth1:
		location, err = s.consentOAuth1(&b)
	default:
		location, err = s.consentURL(&b, state)
	}
	if err != nil {
		err = s.fail(ctx, &b, err)
	}
	if location == "" {
		location = s.pageURL(&b)
	}
	return Browser{Location: location, Cookie: s.cookie(a.ID, browser)}, err
}

// resume takes up an attempt whose customer was away, or ends it.
func (s *Service) resume(ctx context.Context, a sinew.ConnectAttempt) (begun, error) {
	b, err := s.takeUp(ctx, a)
	if isLasting(err) && b.token.ID != "" {
		err = errors.Join(err, s.fail(ctx, &b, err))
	}
	return b, err
}

// takeUp reads what an attempt is about.
func (s *Service) takeUp(ctx context.Context, a sinew.ConnectAttempt) (begun, error) {
	b := begun{attempt: a, subject: subject{label: a.IntegrationName}}
	var err error
	if b.memory, err = recall(a.Secret); err != nil {
		return b, err
	}
	token, err := s.Store.LinkToken(ctx, a.EnvironmentID, a.LinkTokenID)
	if err != nil {
		return b, err
	}
	b.token = token
	about, err := s.subject(ctx, token, a.IntegrationName, string(a.Method))
	if err == nil {
		b.subject = about
	}
	// Else the integration was changed meanwhile.
	return b, err
}

// Return takes the answer of a vendor's consent page, by the name of the
// integration whose callback it came to. cookies reads the cookies of the browser.
// Invalid with CodeRejected when the answer belongs to no attempt, and CodeElsewhere
// when to one of another browser; any other that is not good ends its attempt, and the
// browser goes on to see that.
func (s *Service) Return(ctx context.Context, integration string, answer url.Values, cookies func(name string) string) (Browser, error) {
	states := answer[parameterState]
	if len(states) != 1 || len(states[0]) != secretLength {
		return Browser{}, unknownAnswer()
	}
	// From here on nobody waits for the browser: it may close at any time.
	ctx = context.WithoutCancel(ctx)
	a, browser, err := s.Store.ReturnAttempt(ctx, s.hash(kindState, states[0]), s.Store.Now().Add(s.Times.Vendor+s.Times.Vendor/2))
	if sinew.IsNotFound(err) {
		return Browser{}, unknownAnswer()
	}
	if err != nil {
		return Browser{}, err
	}
	if subtle.ConstantTimeCompare(s.hash(kindBrowser, cookies(CookieName(a.ID))), browser) != 1 {
		// The way back leads to the page of the browser that went, which another one
		// must not see.
		return Browser{}, errors.Join(
			rejected(CodeElsewhere, "Another browser than this one has started the connection. Close this window and try again where you began"),
			s.Store.FailAttempt(ctx, a.ID, failedWith(FailedBrowser, "The sign-in came back in another browser than it began in, or without its cookie. Please try again."), view.ConnectionError))
	}
	b, err := s.resume(ctx, a)
	if err != nil {
		return Browser{}, err
	}
	to := Browser{Location: s.pageURL(&b), Cookie: s.cookie(a.ID, "")}
	return to, s.take(ctx, &b, integration, answer)
}

func unknownAnswer() error {
	return rejected(CodeRejected, "This sign-in is not one that can be completed here: it was completed already, has taken too long, or was never begun. Close the window and try again")
}

// take exchanges the answer of a consent page and stores the account.
func (s *Service) take(ctx context.Context, b *begun, integration string, answer url.Values) error {
	var got *issued
	var err error
	switch {
	case integration != b.attempt.IntegrationName:
		// Answers to the callback of another integration are what a mix-up is made
		// of (RFC 9700 section 4.4).
		err = &consentError{failedWith(FailedIntegration, "The answer came to the address of another integration, and was not used. Please try again.")}
	case b.token.Burnt():
		err = &consentError{failedWith(FailedUsed, "This link has been used already.")}
	case b.attempt.Method == sinew.MethodOAuth1:
		got, err = s.exchangeOAuth1(ctx, b, answer)
	default:
		got, err = s.exchange(ctx, b, answer)
	}
	if refused, ok := errors.AsType[*consentError](err); ok {
		return s.Store.FailAttempt(ctx, b.attempt.ID, refused.AttemptError, view.ConnectionError)
	}
	if err != nil {
		return s.fail(ctx, b, err)
	}
	return s.complete(ctx, b, got)
}
