package account

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// actorRefresh stands in timelines for the refreshing of tokens.
const actorRefresh = "refresh"

// NewToken is what a vendor issued for an account.
type NewToken struct {
	// Token is stored as context.oauth.token.
	Token jsonx.Value
	// Scopes are stored as context.oauth.scope; nil leaves them as they are.
	Scopes []string
	// RefreshAt is when it is to be refreshed, the zero time for never.
	RefreshAt time.Time
}

// Refreshable reports whether something could be exchanged for a new token of an
// account, in the standard way or by an action of its definition.
func Refreshable(r *sinew.AccountRecord, t credential.Token) bool {
	return credential.Refreshable(r.AuthenticationMethod, t) || (t.AccessToken != "" || t.RefreshToken != "") && definition.RefreshesByAction(r)
}

// HasFirst reports whether the first token of an account, which has none, can be got:
// for a refresh token that it came with, or by its fields. One that has given its
// credential up fetches none before it is connected again.
func HasFirst(r *sinew.AccountRecord, t credential.Token) bool {
	return (t.RefreshToken != "" || credential.Fetches(r.AuthenticationMethod) && r.Status != sinew.StatusNeedsReauth) && Refreshable(r, t)
}

// TokenRefreshed is the change of an account by a token that was refreshed. The
// rest of its context stays as it is by then. An account that had lost its
// credentials is active again. A token that is good for less than the one before is
// an event and a step of the timeline; what is missing stands in
// context.oauth.missing_scopes.
func (s *Service) TokenRefreshed(t NewToken) func(*sinew.AccountRecord) ([]sinew.Event, error) {
	return func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		lost, err := setToken(r, t)
		if err != nil {
			return nil, err
		}
		causes := []cause{{Trigger: TriggerCallSucceeded, Actor: actorRefresh}}
		if len(lost) > 0 {
			causes = append(causes, cause{Trigger: TriggerScopesLost, Reason: "the vendor no longer grants " + strings.Join(lost, " "), Actor: actorRefresh})
		}
		var events []sinew.Event
		for _, c := range causes {
			kind, ok := fire(r, c)
			if !ok {
				continue
			}
			more, err := s.changed(r, kind)
			if err != nil {
				return nil, err
			}
			events = append(events, more...)
		}
		return events, nil
	}
}

// TokenRefused is the change of an account whose refresh was refused for good.
func (s *Service) TokenRefused(reason string) func(*sinew.AccountRecord) ([]sinew.Event, error) {
	return func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		r.RefreshAt = new(time.Time)
		kind, ok := fire(r, cause{Trigger: TriggerRefreshRefused, Reason: reason, Actor: actorRefresh})
		if !ok {
			return nil, nil
		}
		return s.changed(r, kind)
	}
}

// changed stamps a change and makes its event.
func (s *Service) changed(r *sinew.AccountRecord, kind sinew.EventType) ([]sinew.Event, error) {
	r.UpdatedAt = now()
	e, err := s.event(kind, &r.AccountView)
	return []sinew.Event{e}, err
}

// setToken returns the scopes that the token before was good for and this one is
// not.
func setToken(r *sinew.AccountRecord, t NewToken) (lost []string, err error) {
	secretPaths, err := secretPathsOf(&r.AccountView)
	if err != nil {
		return nil, err
	}
	whole, err := joinContext(r.Context, r.Secrets.Context)
	if err != nil {
		return nil, fmt.Errorf("account %s: read context: %w", r.ID, err)
	}
	whole = whole.SetAt(t.Token, keyOAuth, "token")
	if t.Scopes != nil {
		before := scopesOf(whole, "scope")
		whole = regrant(whole, t.Scopes)
		lost = MissingScopes(before, whole)
	}
	setContext(r, whole, secretPaths)
	r.RefreshAt = &t.RefreshAt
	return lost, nil
}

// scopesOf reads a list of scopes of a context's oauth member.
func scopesOf(whole jsonx.Value, name string) (scopes []string) {
	for _, scope := range whole.At(keyOAuth, name).Items() {
		if scope.Str() != "" && !slices.Contains(scopes, scope.Str()) {
			scopes = append(scopes, scope.Str())
		}
	}
	return scopes
}

// regrant writes the scopes that a token is good for, and which are missing of
// those that were asked for or granted before: a refresh may bring fewer (RFC 6749
// section 6), or some of them back.
func regrant(whole jsonx.Value, granted []string) jsonx.Value {
	wanted := scopesOf(whole, "scope")
	for _, scope := range scopesOf(whole, "missing_scopes") {
		if !slices.Contains(wanted, scope) {
			wanted = append(wanted, scope)
		}
	}
	whole = whole.SetAt(jsonx.StringsValue(granted), keyOAuth, "scope")
	missing := jsonx.Value{}
	if list := MissingScopes(wanted, whole); len(list) > 0 {
		missing = jsonx.StringsValue(list)
	}
	return whole.SetAt(missing, keyOAuth, "missing_scopes")
}

// receive takes a token that came with a context, from an import or an operator:
// it gets the moment of its expiry, and its refresh is scheduled.
func (s *Service) receive(r *sinew.AccountRecord, whole jsonx.Value) jsonx.Value {
	now := s.store.Now()
	if token := whole.At(keyOAuth, "token"); token.Kind() == jsonx.Object {
		whole = whole.SetAt(credential.Imported(token, now), keyOAuth, "token")
	}
	r.RefreshAt = new(time.Time)
	switch token, ok := credential.StoredToken(whole); {
	case !ok && HasFirst(r, token):
		*r.RefreshAt = now // its first token
	case ok && Refreshable(r, token):
		*r.RefreshAt = credential.RefreshAt(token.ExpiresAt, now)
	}
	return whole
}
