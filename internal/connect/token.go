package connect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The codes of errors.
const (
	// CodeInvalidToken: the link token is unknown, expired, or used up.
	CodeInvalidToken = "invalid_token"
	// CodeInvalidIntegration: not installed, switched off, or another one than the
	// link token is for.
	CodeInvalidIntegration = "invalid_integration"
	// CodeNoApp: the vendor wants an OAuth app, and the environment has none.
	CodeNoApp = "app_credentials_not_configured"
	// CodeRedirectURI: not on the environment's list.
	CodeRedirectURI = "redirect_uri_not_allowed"
)

// TokenRequest asks for a link token.
type TokenRequest struct {
	TenantID, AccountID string // exactly one
	Context             jsonx.Value
	UnifiedModels       jsonx.Value
	Options             sinew.LinkOptions
}

// CreateToken makes a link token and returns its secret, which is not kept: a
// random UUID, as clients expect. Its 122 random bits are what the wire form
// holds.
func (s *Service) CreateToken(ctx context.Context, p sinew.Principal, in TokenRequest) (secret string, err error) {
	if (in.TenantID == "") == (in.AccountID == "") {
		return "", sinew.InvalidField("tenant_id", "exactly_one", "send tenant_id to connect a new account, or integrated_account_id to connect that one again, and not both")
	}
	if err := s.checkOptions(ctx, p, in); err != nil {
		return "", err
	}
	if in.Options.UnifiedModels, err = s.readModels(ctx, p.EnvironmentID, in.UnifiedModels); err != nil {
		return "", err
	}
	token := sinew.LinkToken{EnvironmentID: p.EnvironmentID, TenantID: in.TenantID, Options: in.Options, CreatedAt: s.Store.Now()}
	token.ExpiresAt = token.CreatedAt.Add(sinew.LinkTokenLife)
	credentials, err := s.credentialsFor(ctx, &token, in)
	if err != nil {
		return "", err
	}
	if failures := givenFailures(in.Context, credentials); len(failures) > 0 {
		return "", sinew.Invalid(failures...)
	}
	if in.Context.Len() > 0 {
		token.Context = sinew.JSON(in.Context.String())
	}
	random, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("make link token: %w", err)
	}
	secret = random.String()
	return secret, s.Store.CreateLinkToken(ctx, &token, s.hash(kindToken, secret))
}

func (s *Service) checkOptions(ctx context.Context, p sinew.Principal, in TokenRequest) error {
	for _, scope := range in.Options.Scopes {
		if scope == "" || strings.ContainsAny(scope, " \t\r\n") {
			return sinew.InvalidField("scopes", "value", "must be a list of scopes, each without spaces")
		}
	}
	if err := s.Accounts.CheckGate(ctx, p, in.Options.StaticGateID); err != nil {
		return err
	}
	return s.checkRedirect(ctx, p.EnvironmentID, in.Options.RedirectURI)
}

// checkRedirect holds an address against those that the environment allows, letter
// by letter (RFC 9700 section 2.1).
func (s *Service) checkRedirect(ctx context.Context, environmentID, address string) error {
	if address == "" {
		return nil
	}
	environment, err := s.Store.Environment(ctx, environmentID)
	if err != nil {
		return err
	}
	if slices.Contains(environment.RedirectURIs, address) {
		return nil
	}
	failure := sinew.InvalidField("redirect_uri", "not_allowed", "is not among the redirect_uris of the environment; add it with PATCH /environment/{id}")
	return failure.WithCode(CodeRedirectURI)
}

// credentialsFor returns the ways to connect that a token may be used for, and makes
// it one for an account if one is asked for.
func (s *Service) credentialsFor(ctx context.Context, token *sinew.LinkToken, in TokenRequest) ([]definition.Credential, error) {
	if in.AccountID != "" {
		o, err := s.forAccount(ctx, token, in.AccountID)
		return o.credentials, err
	}
	if in.Context.Len() == 0 {
		return nil, nil // nothing depends on them
	}
	installed, err := s.Store.EnabledInstallations(ctx, token.EnvironmentID)
	if err != nil {
		return nil, err
	}
	var credentials []definition.Credential
	for i := range installed {
		o, err := s.offers.get(&installed[i])
		if err != nil {
			return nil, err
		}
		credentials = append(credentials, o.credentials...)
	}
	return credentials, nil
}

// givenFailures are the members of a token's context that no way to connect takes
// of those that have a field of their name. The customer could not put them right.
func givenFailures(given jsonx.Value, credentials []definition.Credential) []sinew.Failure {
	refused, taken := map[string]sinew.Failure{}, map[string]bool{}
	for _, c := range credentials {
		_, failures := c.ValidateGiven(given)
		for _, f := range c.Fields {
			path := "context." + f.Name
			if i := slices.IndexFunc(failures, func(failure sinew.Failure) bool { return failure.Path == path }); i >= 0 {
				refused[path] = failures[i]
			} else {
				taken[path] = true
			}
		}
	}
	var failures []sinew.Failure
	for name := range given.Members() {
		if failure, bad := refused["context."+name]; bad && !taken["context."+name] {
			failures = append(failures, failure)
		}
	}
	return failures
}

// forAccount makes a token one for an account that is there, and returns what can
// be connected of it.
func (s *Service) forAccount(ctx context.Context, token *sinew.LinkToken, accountID string) (offer, error) {
	if !sinew.IsUUID(accountID) {
		return offer{}, sinew.NotFound("Integrated account", accountID)
	}
	a, err := s.Store.Account(ctx, token.EnvironmentID, accountID)
	if err != nil {
		return offer{}, err
	}
	token.AccountID, token.TenantID, token.Reconnects = a.ID, a.TenantID, true
	override, err := jsonx.ParseString(string(a.IntegrationOverride.Or(sinew.EmptyObject)))
	if err != nil {
		return offer{}, fmt.Errorf("account %s: read integration override: %w", a.ID, err)
	}
	o, err := readOffer(a.EnvironmentIntegration, override)
	if err != nil {
		return o, err
	}
	if !slices.ContainsFunc(o.credentials, func(c definition.Credential) bool { return !wantsApp(c) }) {
		return o, noApp(o.label)
	}
	return o, nil
}

func noApp(label string) *sinew.Error {
	return sinew.Errorf(sinew.KindInvalid, "%s needs an OAuth app of yours, and this environment has none: set client.id and client.secret in the override of the installed integration", label).WithCode(CodeNoApp)
}

// Authenticate returns the link token that a bearer token is, as a principal. One
// that is used up is still good for looking at its attempts. Unauthenticated when
// it is unknown or expired, in the same words for both.
func (s *Service) Authenticate(ctx context.Context, bearer string) (sinew.Principal, error) {
	if !sinew.IsUUID(bearer) {
		return sinew.Principal{}, invalidToken()
	}
	token, err := s.Store.LinkTokenByHash(ctx, s.hash(kindToken, bearer))
	if sinew.IsNotFound(err) {
		return sinew.Principal{}, invalidToken()
	}
	if err != nil {
		return sinew.Principal{}, err
	}
	if !token.ExpiresAt.After(s.Store.Now()) {
		return sinew.Principal{}, invalidToken()
	}
	return sinew.Principal{Kind: sinew.PrincipalLinkToken, TokenID: token.ID, TeamID: token.TeamID, EnvironmentID: token.EnvironmentID}, nil
}

// Completing recognises link tokens that have connected their account a short while
// ago, as that account: their holder may complete it.
type Completing struct{ *Service }

// Authenticate returns the account of a link token. Unauthenticated when it has
// none yet, or none any more.
func (c Completing) Authenticate(ctx context.Context, bearer string) (sinew.Principal, error) {
	link, err := c.Service.Authenticate(ctx, bearer)
	if err != nil {
		return sinew.Principal{}, err
	}
	token, err := c.token(ctx, link)
	if err != nil {
		return sinew.Principal{}, err
	}
	if token.AccountID == "" || !token.Burnt() || c.Store.Now().After(token.BurntAt.Add(afterwards)) {
		return sinew.Principal{}, invalidToken()
	}
	return sinew.Principal{Kind: sinew.PrincipalAccountToken, TokenID: token.AccountID, TeamID: token.TeamID, EnvironmentID: token.EnvironmentID, AccountID: token.AccountID}, nil
}

// token returns the token of a principal, which may be used up.
func (s *Service) token(ctx context.Context, p sinew.Principal) (sinew.LinkToken, error) {
	token, err := s.Store.LinkToken(ctx, p.EnvironmentID, p.TokenID)
	if sinew.IsNotFound(err) {
		return token, invalidToken()
	}
	return token, err
}

// usable returns the token of a principal. Unauthenticated when it is used up.
func (s *Service) usable(ctx context.Context, p sinew.Principal) (sinew.LinkToken, error) {
	token, err := s.token(ctx, p)
	if err == nil && token.Burnt() {
		err = invalidToken()
	}
	return token, err
}

func invalidToken() error {
	return sinew.Errorf(sinew.KindUnauthenticated, "The link is not valid: it is unknown, has expired, or was used already").WithCode(CodeInvalidToken)
}
