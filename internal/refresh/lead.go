package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/retry"
	"github.com/sinewhq/sinew/internal/upstream"
)

// lead is one flight: it claims the refresh, or waits for the node that has.
func (s *Service) lead(ctx context.Context, environmentID, accountID, seen string, force bool) (Account, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.times.Vendor)
	defer cancel()
	for first := true; ; first = false {
		if err := s.awaitAnswer(ctx, accountID); err != nil {
			return Account{}, err
		}
		claim, state, ok, err := s.leases.ClaimRefresh(ctx, environmentID, accountID, s.node, force, s.times.Lease)
		if err != nil {
			return Account{}, err
		}
		if ok {
			return s.hold(ctx, claim, seen)
		}
		if state.HeldUntil.IsZero() {
			// Left alone after failures. Whoever waited for the node that failed gets
			// what it got; whoever comes later may have a token that was stored before.
			return s.given(ctx, environmentID, accountID, seen, state, first)
		}
		if err := s.awaitHolder(ctx, accountID, state); err != nil {
			return Account{}, err
		}
	}
}

// given returns the account's token when it is another one than seen, and why
// there is none otherwise.
func (s *Service) given(ctx context.Context, environmentID, accountID, seen string, state sinew.RefreshState, first bool) (Account, error) {
	a, err := s.read(ctx, environmentID, accountID)
	if err != nil {
		return a, err
	}
	if a.token().AccessToken != seen {
		return a, nil
	}
	if a.Record.Status == sinew.StatusNeedsReauth && a.Record.LastError == state.LastError {
		return Account{}, refused(codeOf(state.Unresolved), state.LastError)
	}
	if first {
		return Account{}, failed("%s; the next try is at %s", state.LastError, state.NotBefore.UTC().Format(time.RFC3339))
	}
	return Account{}, failed("%s", state.LastError)
}

func failed(format string, args ...any) error {
	return sinew.Errorf(sinew.KindUpstream, "The token could not be refreshed: "+format, args...).WithCode(CodeFailed)
}

// awaitHolder returns when the node that refreshes is done, or its lease has run
// out.
func (s *Service) awaitHolder(ctx context.Context, accountID string, seen sinew.RefreshState) error {
	tick := time.NewTicker(s.times.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return failed("another node has been at it for too long")
		case <-tick.C:
		}
		state, err := s.leases.RefreshState(ctx, accountID)
		if err != nil {
			return err
		}
		if state.HeldUntil.IsZero() || !state.HeldUntil.After(s.leases.Now()) || state.TokenFence != seen.TokenFence {
			return nil
		}
	}
}

func (s *Service) read(ctx context.Context, environmentID, accountID string) (Account, error) {
	record, whole, err := s.accounts.AsItIs(ctx, environmentID, accountID)
	return Account{Record: record, Whole: whole}, err
}

// hold refreshes under a claim, unless the token is another one by now.
func (s *Service) hold(ctx context.Context, c sinew.RefreshClaim, seen string) (a Account, err error) {
	asked := false
	defer func() {
		if !asked {
			// Nothing was sent. A release that fails runs out by itself.
			_ = s.leases.ReleaseRefresh(ctx, c)
		}
	}()
	if a, err = s.read(ctx, c.EnvironmentID, c.AccountID); err != nil {
		return a, err
	}
	token := a.token()
	if token.AccessToken != seen {
		return a, nil
	}
	ask, err := s.asking(&a, token)
	if err != nil {
		return a, err
	}
	stop := s.keep(ctx, c)
	defer stop()
	asked = true
	fresh, err := ask(ctx)
	if err != nil {
		return s.fail(ctx, c, a, err)
	}
	return s.store(ctx, c, a, fresh)
}

// asking prepares to ask for a new token: by the action of the definition where it
// has one, by the standard request otherwise.
func (s *Service) asking(a *Account, token credential.Token) (ask func(context.Context) (credential.Token, error), err error) {
	r := &a.Record
	config, variables, err := definition.OfAccount(r)
	if err != nil {
		return nil, err
	}
	values := a.Whole.With("context", a.Whole).With("credentials", a.Whole).With("environment_variables", variables)
	grant, err := credential.NewGrant(r.AuthenticationMethod, config.At("credentials", string(r.AuthenticationMethod), "config"), values)
	if _, replaced := definition.Action(config, definition.ActionRefresh); replaced {
		// The steps say all that there is to ask; of the grant, the usual life is left.
		return func(ctx context.Context) (credential.Token, error) { return s.askByAction(ctx, r, token, grant.Life) }, nil
	}
	if !credential.Refreshable(r.AuthenticationMethod, token) {
		return nil, sinew.Errorf(sinew.KindInvalid, "The account has no refresh token, so that only a new connection brings another token").WithCode(CodeNotRefreshable)
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", r.ID, err)
	}
	request := grant.Fetch
	if !credential.Fetches(r.AuthenticationMethod) {
		request = func() *upstream.Request { return grant.Refresh(token.RefreshToken) }
	}
	made := request()
	made.Limits = upstream.Limits{FirstByte: s.times.Vendor, Total: s.times.Vendor}
	return func(ctx context.Context) (credential.Token, error) { return s.ask(ctx, grant, made, token) }, nil
}

// keep renews a claim until the vendor has answered.
func (s *Service) keep(ctx context.Context, c sinew.RefreshClaim) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(s.times.Lease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				// One that is lost or fails is no reason to stop: the answer counts.
				if _, err := s.leases.ExtendRefresh(ctx, c, s.times.Lease); err != nil && ctx.Err() == nil {
					s.log.Warn("extend refresh", "account", c.AccountID, "error", err.Error())
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

// sendError is a request that brought no answer.
type sendError struct {
	cause error
	// unsent says that the vendor did not get it.
	unsent bool
}

func (e *sendError) Error() string { return e.cause.Error() }
func (e *sendError) Unwrap() error { return e.cause }

// ask asks the vendor, once.
func (s *Service) ask(ctx context.Context, grant credential.Grant, request *upstream.Request, before credential.Token) (credential.Token, error) {
	response, err := s.sender.Do(ctx, request)
	if err != nil {
		return credential.Token{}, &sendError{err, neverLeft(err)}
	}
	body, err := response.ReadAll()
	if err != nil {
		return credential.Token{}, &sendError{err, false}
	}
	return credential.ReadToken(response.Status, response.Header, body, before.Value, s.leases.Now(), grant.Life)
}

// askByAction lets the definition's own action ask, once.
func (s *Service) askByAction(ctx context.Context, r *sinew.AccountRecord, before credential.Token, life time.Duration) (credential.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, s.times.Vendor)
	defer cancel()
	answer, sent, err := s.exchange.RefreshToken(ctx, r.EnvironmentID, r.ID)
	if err != nil {
		return credential.Token{}, &sendError{err, !sent}
	}
	return credential.ReadToken(answer.Status, answer.Header, answer.Body, before.Value, s.leases.Now(), life)
}

// neverLeft reports whether there was no connection to ask over.
func neverLeft(err error) bool {
	known, ok := errors.AsType[*sinew.Error](err)
	return ok && (known.Code == upstream.CodeBlocked || known.Code == upstream.CodeHost || known.Code == upstream.CodeUnreachable || known.Code == upstream.CodeURL || known.Code == upstream.CodeHeader)
}

// store keeps what the vendor issued: in the journal first, then in the database.
func (s *Service) store(ctx context.Context, c sinew.RefreshClaim, a Account, token credential.Token) (Account, error) {
	// The vendor will not say it again: from here on no time limit but that of the
	// database counts.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.times.Store)
	defer cancel()
	found := answer{Claim: c, Token: token.Value, Scopes: token.Scopes, ExpiresAt: token.ExpiresAt}
	held, err := s.journal.Put(ctx, found.entry())
	if err != nil {
		// The database may take it all the same.
		s.log.Error("write journal", "account", c.AccountID, "error", err.Error())
	}
	fresh, stored, err := s.apply(ctx, found)
	if err != nil {
		if held == nil {
			return Account{}, fmt.Errorf("account %s: the new token is lost: %w", c.AccountID, err)
		}
		held.Leave()
		return Account{}, fmt.Errorf("account %s: the new token waits in the journal: %w", c.AccountID, err)
	}
	if held != nil {
		held.Done()
	}
	if stored {
		s.metrics.ObserveRefresh(a.Record.IntegrationName, "stored")
		fresh.issued = true
		return fresh, nil
	}
	s.metrics.ObserveRefresh(a.Record.IntegrationName, "overtaken")
	s.log.Warn("a refresh was overtaken by a later one", "account", c.AccountID, "fence", c.Fence)
	before := a.Record
	a, err = s.read(ctx, c.EnvironmentID, c.AccountID)
	a.issued = err == nil
	if sinew.IsNotFound(err) || err == nil && a.token().AccessToken == "" {
		// Deleted while the vendor was asked: nobody will use the token.
		if givenUp := s.accounts.GiveBack(ctx, &before, token); givenUp != nil {
			s.log.Error("give back the token of a deleted account", "account", c.AccountID, "error", givenUp.Error())
		}
	}
	return a, err
}

// apply stores an answer. stored is false when a later token is there, or no
// account any more: it stays gone.
func (s *Service) apply(ctx context.Context, found answer) (fresh Account, stored bool, err error) {
	change := s.accounts.TokenRefreshed(account.NewToken{Token: found.Token, Scopes: found.Scopes, RefreshAt: credential.RefreshAt(found.ExpiresAt, s.leases.Now())})
	if fresh.Record, stored, err = s.leases.StoreToken(ctx, found.Claim, change); err != nil {
		if sinew.IsNotFound(err) {
			err = nil
		}
		return fresh, false, err
	}
	if stored {
		fresh.Whole, err = s.accounts.Whole(ctx, &fresh.Record)
	}
	return fresh, stored, err
}

// fail ends a claim that brought no token: for good, when the vendor refused the
// credential and nobody has brought another one meanwhile, and for a while
// otherwise.
func (s *Service) fail(ctx context.Context, c sinew.RefreshClaim, a Account, cause error) (Account, error) {
	refusal, isRefusal := errors.AsType[*credential.Refusal](cause)
	send, isSend := errors.AsType[*sendError](cause)
	failure := sinew.RefreshFailure{Reason: cause.Error(), Unresolved: c.Unresolved}
	failure.NotBefore = s.leases.Now().Add(retry.Backoff(c.Failures+1, s.times.Backoff, s.times.Longest))
	if isRefusal && refusal.RetryAfter > 0 {
		failure.NotBefore = s.leases.Now().Add(refusal.RetryAfter)
	}
	if isRefusal && refusal.Condemns() {
		return s.condemn(ctx, c, a, failure)
	}
	// A token that is fetched anew is not spent by asking.
	if !credential.Fetches(a.Record.AuthenticationMethod) && (isRefusal && refusal.Unknown || isSend && !send.unsent) {
		failure.Unresolved = true
	}
	ended, err := s.leases.FailRefresh(ctx, c, failure, nil)
	if err != nil {
		return Account{}, err
	}
	s.metrics.ObserveRefresh(a.Record.IntegrationName, "failed")
	if !ended {
		return s.newer(ctx, a, failed("%s", cause))
	}
	return Account{}, failed("%s", cause)
}

// condemn takes an account's credentials for lost.
func (s *Service) condemn(ctx context.Context, c sinew.RefreshClaim, a Account, failure sinew.RefreshFailure) (Account, error) {
	code, reason := codeOf(c.Unresolved), failure.Reason
	if c.Unresolved {
		reason = CodeUnknown + ": the vendor was asked for a new token and its answer was lost; it no longer takes the old one: " + reason
	}
	failure.Reason, failure.NotBefore = reason, s.leases.Now().Add(s.times.Refused)
	ended, err := s.leases.FailRefresh(ctx, c, failure, s.accounts.TokenRefused(reason))
	if err != nil {
		return Account{}, err
	}
	lost := refused(code, reason)
	if !ended {
		// The token was another node's by then: what it has stored is good.
		return s.newer(ctx, a, lost)
	}
	s.metrics.ObserveRefresh(a.Record.IntegrationName, map[string]string{CodeRefused: "refused", CodeUnknown: "unknown"}[code])
	return Account{}, lost
}

// codeOf is that of a refusal.
func codeOf(unresolved bool) string {
	if unresolved {
		return CodeUnknown
	}
	return CodeRefused
}

func refused(code, reason string) error {
	return sinew.Errorf(sinew.KindUnauthenticated, "The vendor refuses to refresh the token, the account has to be connected again: %s", reason).WithCode(code)
}

// newer returns the account when its token has changed since, and the error
// otherwise.
func (s *Service) newer(ctx context.Context, before Account, otherwise error) (Account, error) {
	now, err := s.read(ctx, before.Record.EnvironmentID, before.Record.ID)
	if err != nil {
		return now, err
	}
	if now.token().AccessToken == before.token().AccessToken {
		return Account{}, otherwise
	}
	return now, nil
}
