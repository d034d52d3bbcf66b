package account

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// ActionReadCredential is the audit action for a credential that left the
// server in an answer.
const ActionReadCredential = "credential.read"

// Me returns the account of an account token as file pickers need it: with the
// OAuth access token, which is audited, and with large values bare. Other
// secrets stay inside.
func (s *Service) Me(ctx context.Context, p sinew.Principal) (sinew.AccountView, error) {
	r, err := s.store.AccountWithSecrets(ctx, p.EnvironmentID, p.AccountID)
	if err != nil {
		return r.AccountView, err
	}
	if err := checkSound(&r.IntegratedAccount); err != nil {
		return r.AccountView, err
	}
	if err := s.hydrate(ctx, &r.AccountView, bare); err != nil {
		return r.AccountView, err
	}
	secret, err := parse(r.Secrets.Context)
	if err != nil {
		return r.AccountView, err
	}
	token := secret.At("oauth", "token", "access_token")
	if !token.Exists() {
		return r.AccountView, nil
	}
	whole, err := parse(r.Context)
	if err != nil {
		return r.AccountView, err
	}
	r.Context = sinew.JSON(whole.SetAt(token, "oauth", "token", "access_token").String())
	return r.AccountView, s.store.WriteAudit(ctx, sinew.AuditEntry{
		EnvironmentID: p.EnvironmentID, Actor: actor(p), Action: ActionReadCredential, Subject: r.ID,
		Detail: `{"field":"context.oauth.token.access_token"}`, CreatedAt: now(),
	})
}

// UpdateMe merges a context that was read with Me and sent back. Credentials in
// it are ignored: the token may have been refreshed meanwhile.
func (s *Service) UpdateMe(ctx context.Context, p sinew.Principal, patch jsonx.Value) (sinew.AccountView, error) {
	current, err := s.store.Account(ctx, p.EnvironmentID, p.AccountID)
	if err != nil {
		return current, err
	}
	secretPaths, err := secretPathsOf(&current)
	if err != nil {
		return current, err
	}
	visible, _ := splitContext(patch, secretPaths)
	if _, err := s.change(ctx, p, p.AccountID, change{patch: visible}); err != nil {
		return current, err
	}
	return s.Me(ctx, p)
}
