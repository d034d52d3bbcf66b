package account

import (
	"context"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// Why a credential is not revoked at its vendor. The texts are the same for the
// same reason, so that reports can count them.
const (
	reasonUnreadable = "the stored credential cannot be read"
	reasonCopy       = "the account is a sandbox copy, and its token that of the account"
	reasonNoToken    = "the account holds no token"
	reasonNoEndpoint = "the integration names no revocation endpoint (auth.revokePath)"
	reasonConfig     = "the integration does not make a request to the revocation endpoint"
)

// GiveUp returns the revocation of the credential of an account, which is about to
// lose it. readable is false when its secrets are not in the record.
func GiveUp(r *sinew.AccountRecord, readable bool) sinew.Revocation {
	unrevoked := func(reason string) sinew.Revocation {
		return sinew.Revocation{Outcome: sinew.RevocationNotSupported, Detail: reason}
	}
	switch {
	case !readable:
		return unrevoked(reasonUnreadable)
	case !hasTokens(r.AuthenticationMethod):
		return unrevoked(fmt.Sprintf("%s has no way to be revoked by us", r.AuthenticationMethod))
	case r.SandboxOf != "":
		return unrevoked(reasonCopy)
	}
	grant, whole, err := grantOf(r)
	if err != nil {
		return unrevoked(reasonConfig)
	}
	token, ok := credential.StoredToken(whole)
	if !ok {
		return unrevoked(reasonNoToken)
	}
	return revocation(grant, token)
}

// revocation asks a vendor to revoke a token.
func revocation(grant credential.Grant, token credential.Token) sinew.Revocation {
	requests := grant.Revocations(token)
	if len(requests) == 0 {
		return sinew.Revocation{Outcome: sinew.RevocationNotSupported, Detail: reasonNoEndpoint}
	}
	return sinew.Revocation{Outcome: sinew.RevocationPending, Requests: credential.WriteRequests(requests)}
}

func hasTokens(method sinew.AuthenticationMethod) bool {
	return method == sinew.MethodOAuth2 || credential.Fetches(method)
}

// grantOf returns how tokens of an account are asked for, and its whole context.
// Large values of the context are not in it.
func grantOf(r *sinew.AccountRecord) (grant credential.Grant, whole jsonx.Value, err error) {
	config, variables, err := definition.OfAccount(r)
	if err != nil {
		return grant, whole, err
	}
	if whole, err = joinContext(r.Context, r.Secrets.Context); err != nil {
		return grant, whole, err
	}
	values := whole.With("context", whole).With("credentials", whole).With("environment_variables", variables)
	grant, err = credential.NewGrant(r.AuthenticationMethod, config.At("credentials", string(r.AuthenticationMethod), "config"), values)
	return grant, whole, err
}

// Removal is what is written when an account is deleted. Its timeline goes with it.
func Removal(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval {
	revocation := GiveUp(r, readable)
	kind, _ := fire(r, cause{Trigger: TriggerDelete})
	return sinew.AccountRemoval{Event: view.DeletedAccount(r.IntegratedAccount, kind), Revocation: revocation}
}

// replaced gives the token that an account had back where the definition wants
// that, once the account has another one. before is the record as it was; by
// default the old token is left alone, since vendors may end the whole grant.
func replaced(before sinew.AccountRecord, r *sinew.AccountRecord) {
	config, _, err := definition.OfAccount(&before)
	if err != nil {
		return // nothing says what to do
	}
	wanted, _ := config.At("credentials", string(before.AuthenticationMethod), "config", "options", "revokeOnReconnect").Bool()
	if !wanted || sharesToken(before, r) {
		return
	}
	if given := GiveUp(&before, true); given.Outcome == sinew.RevocationPending {
		r.Revocations = append(r.Revocations, given)
	}
}

// sharesToken reports whether an account has kept a token that it had: vendors may
// issue the same one again.
func sharesToken(before sinew.AccountRecord, r *sinew.AccountRecord) bool {
	earlier, errEarlier := joinContext(before.Context, before.Secrets.Context)
	whole, err := joinContext(r.Context, r.Secrets.Context)
	if errEarlier != nil || err != nil {
		return true
	}
	old, _ := credential.StoredToken(earlier)
	token, _ := credential.StoredToken(whole)
	return old.AccessToken == token.AccessToken || old.RefreshToken != "" && old.RefreshToken == token.RefreshToken
}

// GiveBack gives back a token that was issued for an account which has gone, or
// has given up its credential, while the vendor was asked. r is the account as it
// was then.
func (s *Service) GiveBack(ctx context.Context, r *sinew.AccountRecord, token credential.Token) error {
	grant, _, err := grantOf(r)
	if err != nil {
		return err
	}
	given := revocation(grant, token)
	if given.Outcome != sinew.RevocationPending {
		return nil
	}
	return s.store.Revoke(ctx, r.IntegratedAccount, given)
}

// Revocations returns one page of what became of credentials that were given up.
func (s *Service) Revocations(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Revocation], error) {
	return s.store.Revocations(ctx, p.EnvironmentID, q)
}

// RemovalIn is Removal in a run of the kill switch.
func RemovalIn(runID string) func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval {
	return func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval {
		removed := Removal(r, readable)
		removed.Revocation.RunID = runID
		return removed
	}
}

// ReasonGivenUp is the last error of an account that was left without its
// credential.
const ReasonGivenUp = "the credential was revoked by the operator; the customer has to connect again"

// WithoutCredential is the change of an account that stays when its credential is
// given up in a run of the kill switch.
func (s *Service) WithoutCredential(runID string) func(*sinew.AccountRecord) ([]sinew.Event, error) {
	return func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		given := GiveUp(r, true)
		given.RunID = runID
		r.Revocations = append(r.Revocations, given)
		r.Secrets.Context, r.RefreshAt, r.Install = "", new(time.Time), sinew.NoInstall
		kind, ok := fire(r, cause{Trigger: TriggerRevoke, Reason: ReasonGivenUp, Actor: actorOperator})
		if !ok {
			return nil, nil
		}
		return s.changed(r, kind)
	}
}

// actorOperator stands in timelines for whoever uses the command line.
const actorOperator = "operator"
