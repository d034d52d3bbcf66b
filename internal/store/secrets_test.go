package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

// secretKind is a sealed column with two rows that hold a secret in it.
type secretKind struct {
	table, key, column string
	ids                [2]string
	read               func(s *store.Store, id string) (string, error)
}

func (k secretKind) name() string { return k.table + "." + k.column }

// secretOf is the secret of the first or second row of a kind.
func secretOf(n int) string { return fmt.Sprintf(`{"secret":"number %d"}`, n) }

// everyKind writes two secrets of each kind that there is.
func (w *world) everyKind() []secretKind {
	w.t.Helper()
	ctx, environment := context.Background(), w.environment()
	w.load(2)
	page, err := w.store.ListAccounts(ctx, environment, sinew.ListQuery{Limit: 2})
	w.must(err)
	accounts := page.Rows
	account := func(column string, of func(*sinew.AccountRecord) *sinew.JSON) secretKind {
		k := secretKind{table: "integrated_account", key: "id", column: column, read: func(s *store.Store, id string) (string, error) {
			r, err := s.AccountWithSecrets(ctx, environment, id)
			return string(*of(&r)), err
		}}
		for n, a := range accounts {
			k.ids[n] = a.ID
			_, err := w.store.UpdateAccount(ctx, environment, a.ID, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
				*of(r) = sinew.JSON(secretOf(n))
				return nil, nil
			})
			w.must(err)
		}
		return k
	}
	kinds := []secretKind{
		account("context_secret", func(r *sinew.AccountRecord) *sinew.JSON { return &r.Secrets.Context }),
		account("integration_override_secret", func(r *sinew.AccountRecord) *sinew.JSON { return &r.Secrets.IntegrationOverride }),
		account("unified_model_override_secret", func(r *sinew.AccountRecord) *sinew.JSON { return &r.Secrets.UnifiedModelOverride }),
	}
	installation := secretKind{table: "environment_integration", key: "id", column: "override_secret"}
	integration := secretKind{table: "integration", key: "id", column: "config_secret"}
	installed := func(s *store.Store, id string) (i sinew.IntegrationRecord, r sinew.InstallationRecord, err error) {
		all, err := s.EnvironmentIntegrations(ctx, environment, sinew.ListQuery{Limit: 100})
		if err != nil {
			return i, r, err
		}
		for _, ei := range all.Rows {
			if ei.ID == id || ei.IntegrationID == id {
				return s.InstallationSecrets(ctx, ei)
			}
		}
		return i, r, errors.New("there is no such installation")
	}
	for n, a := range accounts {
		installation.ids[n], integration.ids[n] = a.EnvironmentIntegrationID, a.IntegrationID
		_, err := w.store.UpdateEnvironmentIntegration(ctx, environment, a.EnvironmentIntegrationID, func(r *sinew.InstallationRecord) error {
			r.OverrideSecret = sinew.JSON(secretOf(n))
			return nil
		}, func(sinew.EnvironmentIntegration) sinew.Event { return noEvent(w) })
		w.must(err)
		_, err = w.store.UpdateIntegration(ctx, w.team.ID, a.IntegrationID, func(r *sinew.IntegrationRecord) error {
			r.ConfigSecret = sinew.JSON(secretOf(n))
			return nil
		})
		w.must(err)
	}
	installation.read = func(s *store.Store, id string) (string, error) {
		_, r, err := installed(s, id)
		return string(r.OverrideSecret), err
	}
	integration.read = func(s *store.Store, id string) (string, error) {
		i, _, err := installed(s, id)
		return string(i.ConfigSecret), err
	}
	gate := secretKind{table: "static_gate", key: "id", column: "token_secret", read: func(s *store.Store, id string) (string, error) {
		_, token, err := s.StaticGateToken(ctx, environment, id)
		return token, err
	}}
	link := secretKind{table: "link_token", key: "id", column: "context_secret", read: func(s *store.Store, id string) (string, error) {
		t, err := s.LinkToken(ctx, environment, id)
		return string(t.Context), err
	}}
	attempt := secretKind{table: "connect_attempt", key: "id", column: "secret", read: func(s *store.Store, id string) (string, error) {
		a, err := s.DeviceAttempt(ctx, id)
		return string(a.Secret), err
	}}
	call := secretKind{table: "idempotent_call", key: "id", column: "answer", read: func(s *store.Store, id string) (string, error) {
		c, err := s.Call(ctx, environment, id)
		return string(c.Answer), err
	}}
	revocation := secretKind{table: "token_revocation", key: "id", column: "request_secret", read: func(s *store.Store, id string) (string, error) {
		r, err := s.PendingRevocation(ctx, id)
		return string(r.Requests), err
	}}
	install := secretKind{table: "account_install", key: "account_id", column: "state", read: func(s *store.Store, id string) (string, error) {
		r, err := s.InstallRun(ctx, environment, id)
		return string(r.State), err
	}}
	delivery := secretKind{table: "inbound_webhook", key: "id", column: "request", read: func(s *store.Store, id string) (string, error) {
		d, err := s.InboundWebhook(ctx, environment, id)
		if err != nil {
			return "", err
		}
		return string(d.Request.Body), nil
	}}
	now := w.store.Now()
	for n, a := range accounts {
		arrived := w.arrival(a, "", 0)
		arrived.Status, arrived.Request.Body = sinew.InboundProcessed, []byte(secretOf(n))
		_, err := w.store.AcceptInbound(ctx, []sinew.InboundArrival{arrived})
		w.must(err)
		w.must(testkit.Raw(w.t, w.db).QueryRow("SELECT id FROM inbound_webhook WHERE account_id = $1", a.ID).Scan(&delivery.ids[n]))
		g := sinew.StaticGate{EnvironmentID: environment, Name: "g", Domain: "d", CreatedAt: now, UpdatedAt: now}
		w.must(w.store.CreateStaticGate(ctx, &g, secretOf(n)))
		gate.ids[n] = g.ID
		hash := sha256.Sum256([]byte(secretOf(n)))
		l := sinew.LinkToken{EnvironmentID: environment, TenantID: "t", Context: sinew.JSON(secretOf(n)), ExpiresAt: now.Add(time.Hour), CreatedAt: now}
		w.must(w.store.CreateLinkToken(ctx, &l, hash[:]))
		link.ids[n] = l.ID
		t := sinew.ConnectAttempt{
			EnvironmentID: environment, LinkTokenID: l.ID, EnvironmentIntegrationID: a.EnvironmentIntegrationID, IntegrationName: "x", Method: sinew.MethodOAuth2,
			Mode: sinew.ModeDevice, Status: sinew.AttemptRedirect, Secret: sinew.JSON(secretOf(n)), Deadline: now.Add(time.Hour), CreatedAt: now,
		}
		w.must(w.store.CreateAttempt(ctx, &t, sinew.AttemptHashes{}))
		attempt.ids[n] = t.ID
		c := sinew.IdempotentCall{ID: fmt.Sprint("call ", n), EnvironmentID: environment, AccountID: a.ID, RequestHash: []byte("h"), HeldUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour), CreatedAt: now}
		_, _, err = w.store.ClaimCall(ctx, c)
		w.must(err)
		c.Answer = []byte(secretOf(n))
		w.must(w.store.FinishCall(ctx, c))
		call.ids[n] = c.ID
		w.must(w.store.Revoke(ctx, a.IntegratedAccount, sinew.Revocation{Outcome: sinew.RevocationPending, Requests: sinew.JSON(secretOf(n))}))
		w.must(testkit.Raw(w.t, w.db).QueryRow("SELECT id FROM token_revocation WHERE account_id = $1", a.ID).Scan(&revocation.ids[n]))
		run := fmt.Sprint("run ", n)
		_, err = w.store.UpdateAccount(ctx, environment, a.ID, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
			r.Install = run
			return nil, nil
		})
		w.must(err)
		current, err := w.store.SaveInstall(ctx, environment, a.ID, sinew.InstallRun{ID: run, State: []byte(secretOf(n))}, sinew.EmptyObject)
		if err != nil || !current {
			w.t.Fatalf("the run is not the account's: %v", err)
		}
		install.ids[n] = a.ID
	}
	return append(kinds, installation, integration, gate, link, attempt, call, revocation, install, delivery)
}

// wantSecrets reads all of them through a store that has no key in memory.
func (w *world) wantSecrets(kinds []secretKind) {
	w.t.Helper()
	fresh := w.another()
	for _, k := range kinds {
		for n, id := range k.ids {
			if got, err := k.read(fresh.store, id); err != nil || got != secretOf(n) {
				w.t.Errorf("%s: got %s, %v, want %s", k.name(), got, err, secretOf(n))
			}
		}
	}
}

// TestEveryKindOfSecretIsSealedAnew exchanges the data keys with a secret in every sealed
// column that there is.
func TestEveryKindOfSecretIsSealedAnew(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		kinds := w.everyKind()
		number := w.renew()
		if done := w.reseal(); done.Values != 2*len(kinds) || done.Unreadable != nil {
			t.Errorf("sealed anew: %+v, want %d values", done, 2*len(kinds))
		}
		w.prune(number)
		w.wantSecrets(kinds)
	})
}

// TestEveryKindOfSecretFailsClosed swaps the secrets of two rows in the database: each is
// refused, with an audit entry that names its place, and opens again once it is back.
func TestEveryKindOfSecretFailsClosed(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		kinds := w.everyKind()
		raw := testkit.Raw(t, w.db)
		for _, k := range kinds {
			swap := func() {
				t.Helper()
				var sealed [2][]byte
				for n, id := range k.ids {
					w.must(raw.QueryRow("SELECT "+k.column+" FROM "+k.table+" WHERE "+k.key+" = $1", id).Scan(&sealed[n]))
				}
				for n, id := range k.ids {
					_, err := raw.Exec("UPDATE "+k.table+" SET "+k.column+" = $2 WHERE "+k.key+" = $1", id, sealed[1-n])
					w.must(err)
				}
			}
			before := len(w.tampered())
			swap()
			for _, id := range k.ids {
				got, err := k.read(w.store, id)
				if tampered := (*seal.TamperedError)(nil); !errors.As(err, &tampered) || strings.Contains(got, "number") {
					t.Errorf("%s: got %q, %v", k.name(), got, err)
				}
			}
			if now := w.tampered(); len(now) != before+2 {
				t.Errorf("%s: %d audit entries, want 2", k.name(), len(now)-before)
			}
			swap()
		}
		w.wantSecrets(kinds)
	})
}

// tampered are the audit entries of what did not open.
func (w *world) tampered() (entries []sinew.AuditEntry) {
	w.t.Helper()
	all, err := w.store.AuditEntries(context.Background(), w.environment(), 1000)
	w.must(err)
	for _, e := range all {
		if e.Action == store.ActionTampered {
			entries = append(entries, e)
		}
	}
	return entries
}
