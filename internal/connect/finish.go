package connect

import (
	"context"
	"errors"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// issued is what a vendor gave for a consent.
type issued struct {
	token jsonx.Value
	// scopes are those that were granted, nil when the vendor does not say, which
	// means those that were asked for (RFC 6749 section 5.1).
	scopes []string
}

// rebinds is how often a claim is made anew because another attempt was faster.
const rebinds = 3

// store makes an account of what the customer and the vendor gave. From there on the
// account's steps are how the attempt goes on. late is for a token of the journal,
// which must not take the place of what another attempt of the link has stored.
func (s *Service) store(ctx context.Context, b *begun, got *issued, late bool) error {
	values := b.memory.Values
	claim := sinew.ConnectClaim{EnvironmentID: b.attempt.EnvironmentID, AttemptID: b.attempt.ID, LinkTokenID: b.token.ID, Late: late}
	if got != nil {
		if got.scopes == nil {
			got.scopes = b.attempt.RequestedScopes
		}
		claim.GrantedScopes = got.scopes
		values = values.With("oauth", s.oauthOf(b, got))
	}
	var err error
	for range rebinds {
		claim.AccountID, claim.Bound = b.account, b.token.AccountID
		_, err = s.Accounts.Connect(ctx, account.Connection{
			Claim: claim, Method: b.attempt.Method, Values: values, Context: b.given, Persist: b.account != "" && b.token.Options.PersistContext,
			StaticGateID: b.token.Options.StaticGateID, TenantID: b.token.TenantID, Installation: *b.record.EnvironmentIntegration,
			Region: b.token.Options.Region, IsSandbox: b.token.Options.IsSandbox,
		})
		if late || !isRebound(err) {
			return err
		}
		if b.token, err = s.Store.LinkToken(ctx, b.token.EnvironmentID, b.token.ID); err == nil {
			b.subject, err = s.subject(ctx, b.token, b.attempt.IntegrationName, string(b.attempt.Method))
		}
		if err != nil {
			return err
		}
	}
	return err
}

func isRebound(err error) bool {
	known, ok := errors.AsType[*sinew.Error](err)
	return ok && known.Code == sinew.CodeLinkTokenBound
}

// oauthOf is the oauth member of the account's context: the token, what was
// granted, and what is missing of what was asked for.
func (s *Service) oauthOf(b *begun, got *issued) jsonx.Value {
	missing := jsonx.NullValue()
	if list := missingScopes(b.attempt.RequestedScopes, got.scopes); len(list) > 0 {
		missing = jsonx.StringsValue(list)
	}
	scope := jsonx.NullValue()
	if got.scopes != nil {
		scope = jsonx.StringsValue(got.scopes)
	}
	return jsonx.ObjectValue(
		jsonx.Member{Name: "token", Value: got.token},
		jsonx.Member{Name: "scope", Value: scope},
		jsonx.Member{Name: "missing_scopes", Value: missing},
	)
}
