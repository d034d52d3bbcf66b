package account

import (
	"context"
	"errors"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Connection is what a customer's form or consent brought.
type Connection struct {
	// Claim is the right to store it, and names the account that is connected
	// again, "" for a new one.
	Claim  sinew.ConnectClaim
	Method sinew.AuthenticationMethod
	// Values are what the customer filled in, checked, with the token that came of
	// the consent.
	Values jsonx.Value
	// Context is laid over them (spec 01 section 7.2).
	Context jsonx.Value
	// Persist keeps the account's earlier context below both.
	Persist bool
	// StaticGateID is the gate of the account; "" leaves that of an earlier one.
	StaticGateID string

	// The rest is for a new account.
	TenantID     string
	Installation sinew.EnvironmentIntegration
	Region       sinew.Region
	IsSandbox    bool
}

// Connect stores a connection: as a new account, or in the place of what the
// account had. Conflict when the claim is no longer good.
func (s *Service) Connect(ctx context.Context, in Connection) (sinew.AccountView, error) {
	if in.Claim.AccountID != "" {
		return s.reconnect(ctx, in)
	}
	r := newRecord(Import{
		TenantID: in.TenantID, AuthenticationMethod: in.Method, Region: in.Region, IsSandbox: in.IsSandbox, StaticGateID: in.StaticGateID,
	}, in.Installation)
	staged, err := s.stageConnection(ctx, &r.AccountView, in)
	if err != nil {
		return r.AccountView, err
	}
	setContext(&r, s.receive(&r, staged.over(jsonx.ObjectValue())), staged.secretPaths)
	r.ObjectStore = staged.keys
	events, err := s.Connected(&r, in.by())
	if err != nil {
		return r.AccountView, err
	}
	if err := s.store.ConnectAccount(ctx, in.Claim, r, events); err != nil {
		return r.AccountView, err
	}
	return r.AccountView, nil
}

func (s *Service) reconnect(ctx context.Context, in Connection) (sinew.AccountView, error) {
	current, err := s.store.Account(ctx, in.Claim.EnvironmentID, in.Claim.AccountID)
	if err != nil {
		return current, err
	}
	staged, err := s.stageConnection(ctx, &current, in)
	if err != nil {
		return current, err
	}
	changed, err := s.store.ReconnectAccount(ctx, in.Claim, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		before := *r
		below := jsonx.ObjectValue()
		if in.Persist {
			if below, err = joinContext(r.Context, r.Secrets.Context); err != nil {
				return nil, err
			}
			// A new token has nothing of the old one.
			below = below.SetAt(jsonx.Value{}, keyOAuth, "token")
		}
		r.AuthenticationMethod, r.LastForbiddenError = in.Method, ""
		if in.StaticGateID != "" {
			r.StaticGateID = in.StaticGateID
		}
		whole := s.receive(r, staged.over(below))
		setContext(r, whole, staged.secretPaths)
		r.ObjectStore = keepStored(whole, r.ObjectStore, staged.keys)
		r.UpdatedAt = now()
		replaced(before, r)
		return s.Connected(r, in.by())
	})
	return changed, err
}

// by names the link token in the account's timeline.
func (in Connection) by() string {
	return string(sinew.PrincipalLinkToken) + ":" + in.Claim.LinkTokenID
}

// stagedConnection is a connection whose large values are in the object store.
type stagedConnection struct {
	values, context jsonx.Value
	keys            map[string]string
	secretPaths     []string
}

func (s *Service) stageConnection(ctx context.Context, a *sinew.AccountView, in Connection) (staged stagedConnection, err error) {
	if staged.secretPaths, err = secretPathsOf(a); err != nil {
		return staged, err
	}
	staged.values = in.Values
	// The token is the vendor's, whatever else the caller lays over the rest.
	above := in.Context
	if above.At(keyOAuth, "token").Exists() {
		above = above.SetAt(jsonx.Value{}, keyOAuth, "token")
	}
	staged.context, staged.keys, err = s.stage(ctx, homeOf(&a.IntegratedAccount), above, staging{secretPaths: staged.secretPaths})
	return staged, err
}

// over lays what was filled in over a context, and the caller's context over
// that.
func (c stagedConnection) over(below jsonx.Value) jsonx.Value {
	return mergeContext(mergeContext(below, c.values), c.context)
}

// CheckGate makes sure that the environment has a static gate; "" is none.
func (s *Service) CheckGate(ctx context.Context, p sinew.Principal, id string) error {
	err := s.checkGate(ctx, p, id)
	if sinew.IsNotFound(err) {
		return sinew.InvalidField("truto_static_gate_id", "not_found", "is not a static gate of this environment").WithCause(errors.Unwrap(err))
	}
	return err
}
