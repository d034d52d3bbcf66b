package account

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Outcome is what a vendor call says about the account that it was made for.
type Outcome struct {
	Resource string
	Method   string
	// Status is the vendor's HTTP status.
	Status int
	// Message is the vendor's error text; it must hold no secret.
	Message string
	// Scopes are those that the method declares.
	Scopes []string
	// Actor is who called; see sinew.StatusChange.
	Actor string
}

// Record lets the account follow a vendor call (spec 01 section 12.1, 03
// section 1.6): 401 means that the credentials no longer work, 403 that a scope
// is missing, anything below 400 that they do work. It writes only when
// something changes, so a healthy account costs nothing.
func (s *Service) Record(ctx context.Context, a *sinew.AccountView, o Outcome) error {
	if !affects(&a.IntegratedAccount, o) {
		return nil
	}
	_, err := s.store.UpdateAccount(ctx, a.EnvironmentID, a.ID, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		kinds, err := follow(r, o)
		if err != nil || len(kinds) == 0 {
			return nil, err
		}
		r.UpdatedAt = now()
		events := make([]sinew.Event, len(kinds))
		for i, kind := range kinds {
			if events[i], err = s.event(kind, &r.AccountView); err != nil {
				return nil, err
			}
		}
		return events, nil
	})
	if sinew.IsNotFound(err) {
		return nil // deleted while its vendor answered
	}
	return err
}

// affects reports whether an outcome may change the account, as it was read
// before the call.
func affects(a *sinew.IntegratedAccount, o Outcome) bool {
	switch {
	case o.Status == 401:
		return a.Status == sinew.StatusActive
	case o.Status == 403:
		return true
	case o.Status < 400:
		return a.Status == sinew.StatusNeedsReauth || a.LastForbiddenError != ""
	}
	return false
}

func follow(r *sinew.AccountRecord, o Outcome) ([]sinew.EventType, error) {
	switch {
	case o.Status == 401:
		reason := o.Message
		if reason == "" {
			reason = "The vendor no longer accepts the credentials"
		}
		if kind, ok := fire(r, cause{Trigger: TriggerCallRefused, Reason: reason, Actor: o.Actor}); ok {
			return []sinew.EventType{kind}, nil
		}
		return nil, nil
	case o.Status == 403:
		return forbid(r, o)
	}
	var kinds []sinew.EventType
	if kind, ok := fire(r, cause{Trigger: TriggerCallSucceeded, Actor: o.Actor}); ok {
		kinds = append(kinds, kind)
	}
	if r.LastForbiddenError != "" {
		r.LastForbiddenError = ""
	}
	return kinds, nil
}

// forbid records a vendor's 403. The event is written on the transition only:
// when the last call was not forbidden for the same method.
func forbid(r *sinew.AccountRecord, o Outcome) ([]sinew.EventType, error) {
	before, err := parse(r.LastForbiddenError)
	if err != nil {
		return nil, err
	}
	visible, err := parse(r.Context)
	if err != nil {
		return nil, err
	}
	r.LastForbiddenError = sinew.JSON(jsonx.ObjectValue(
		jsonx.Member{Name: "resource", Value: jsonx.StringValue(o.Resource)},
		jsonx.Member{Name: "method", Value: jsonx.StringValue(o.Method)},
		jsonx.Member{Name: "missing_scopes", Value: jsonx.StringsValue(MissingScopes(o.Scopes, visible))},
		jsonx.Member{Name: "occurred_at", Value: jsonx.StringValue(now().Format(jsonx.TimeFormat))},
	).String())
	if before.Get("resource").Str() == o.Resource && before.Get("method").Str() == o.Method {
		return nil, nil
	}
	return []sinew.EventType{sinew.EventAccountForbiddenError}, nil
}

// MissingScopes returns the scopes that a method declares and the account's
// oauth.scope does not have.
func MissingScopes(declared []string, visible jsonx.Value) []string {
	granted := make(map[string]bool)
	for _, scope := range visible.At("oauth", "scope").Items() {
		granted[scope.Str()] = true
	}
	missing := []string{}
	for _, scope := range declared {
		if !granted[scope] {
			missing = append(missing, scope)
		}
	}
	return missing
}
