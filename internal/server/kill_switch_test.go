package server_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/revocation"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/simulator"
)

// kill uses the kill switch and returns the report, a line for each row.
func (g *granted) kill(scope sinew.RevocationScope) (lines []string) {
	g.t.Helper()
	r, err := g.server.Core.Revoke(context.Background(), g.config, scope, time.Minute, func(server.Revoking) {})
	g.must(err)
	return reportLines(r.Counts)
}

func reportLines(counts []sinew.RevocationCount) (lines []string) {
	for _, c := range counts {
		lines = append(lines, fmt.Sprintf("%s %s %d %s", c.IntegrationName, c.Outcome, c.Count, c.Detail))
	}
	return lines
}

func (g *granted) connectTenant(name, tenant string) string {
	g.t.Helper()
	id := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken(name))
	g.call("PATCH", "/integrated-account/"+id, `{"tenant_id":"`+tenant+`"}`).want(200)
	return id
}

// TestKillSwitchTakesItsScope is V10: by integration, tenant, age, environment, or
// all, and nothing else.
func TestKillSwitchTakesItsScope(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		other := *g
		other.platform = p.inEnvironment("staging")
		other.installation = other.call("POST", "/environment-integration", `{"integration_id":"`+g.get("/environment-integration/"+g.installation).text("integration_id")+`"}`).want(201).text("id")
		_, desk := p.install("desk")
		for name, e := range map[string]struct {
			scope sinew.RevocationScope
			left  []string
		}{
			"integration": {sinew.RevocationScope{IntegrationName: "desk"}, []string{"old", "new", "elsewhere"}},
			"tenant":      {sinew.RevocationScope{TenantID: "a"}, []string{"new", "elsewhere", "desk"}},
			"environment": {sinew.RevocationScope{EnvironmentID: p.environment.ID}, []string{"elsewhere"}},
			"age":         {sinew.RevocationScope{CreatedBefore: time.Now().Add(-time.Hour)}, []string{"new", "elsewhere", "desk"}},
			"both":        {sinew.RevocationScope{IntegrationName: "oauth-vendor", TenantID: "b"}, []string{"old", "elsewhere", "desk"}},
			"all":         {sinew.RevocationScope{All: true}, nil},
		} {
			ids := map[string]string{
				"old": g.connectTenant(name+"-old", "a"), "new": g.connectTenant(name+"-new", "b"),
				"elsewhere": other.connectTenant(name+"-elsewhere", "c"), "desk": p.connect(desk, "d", "").text("id"),
			}
			_, err := p.raw().Exec("UPDATE integrated_account SET created_at = created_at - 7200000 WHERE id = $1", ids["old"])
			p.must(err)
			preview, err := p.server.Core.PreviewRevocation(t.Context(), e.scope)
			p.must(err)
			told := 0
			for _, c := range preview {
				told += c.Count
			}
			g.kill(e.scope)
			for which, id := range ids {
				reader := p
				if which == "elsewhere" {
					reader = other.platform
				}
				want, revoked := 404, 1
				for _, left := range e.left {
					if left == which {
						want, revoked = 200, 0
					}
				}
				reader.get("/integrated-account/" + id).want(want)
				if got := g.vendor.TokenCounts(name + "-" + which).Revoked; which != "desk" && got != revoked {
					t.Errorf("%s: the token of %s was revoked %d times", name, which, got)
				}
			}
			if told != len(ids)-len(e.left) {
				t.Errorf("%s: the preview has %d accounts: %v", name, told, reportLines(preview))
			}
			g.kill(sinew.RevocationScope{All: true})
		}
	})
}

// TestKillSwitchKeepsAccounts leaves them for their customers to connect again,
// with nothing that could be used until then.
func TestKillSwitchKeepsAccounts(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		tokens, key := g.connectTenant("acme", "a"), g.importToken("api_key", jsonx.MustParse(`{"token":"`+simulator.DefaultAPIKey+`","plan":"gold"}`), jsonx.Value{})
		broken := g.connectTenant("broken", "a")
		_, err := p.raw().Exec("UPDATE integrated_account SET secret_version = secret_version + 1 WHERE id = $1", broken)
		p.must(err)
		want := []string{
			"oauth-vendor not_supported 1 api_key has no way to be revoked by us",
			"oauth-vendor not_supported 1 the stored credential cannot be read",
			"oauth-vendor revoked 1 ",
		}
		if diff := cmp.Diff(want, g.kill(sinew.RevocationScope{All: true, Keep: true})); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
		for _, id := range []string{tokens, key} {
			g.wantAccount(id, "needs_reauth", account.ReasonGivenUp)
			if got := g.contact(id).Status; got == 200 {
				t.Errorf("account %s can be called", id)
			}
			g.wantAccount(id, "needs_reauth", account.ReasonGivenUp)
			record, err := p.server.Core.Store.AccountWithSecrets(t.Context(), p.environment.ID, id)
			p.must(err)
			if record.Secrets.Context != "" {
				t.Errorf("account %s keeps secrets", id)
			}
		}
		g.setToken(tokens, g.vendor.IssueToken("acme"))
		g.contact(tokens).want(200)
	})
}

// errStop stops a run.
var errStop = errors.New("stopped")

// stoppedRuns stops a run after its first batch.
type stoppedRuns struct {
	revocation.Runs
	batches int
}

func (s *stoppedRuns) GiveUp(ctx context.Context, run sinew.RevocationRun, environmentID string, after *sinew.Position, remove func(*sinew.AccountRecord, bool) sinew.AccountRemoval, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (*sinew.Position, error) {
	if s.batches++; s.batches > 1 {
		return nil, errStop
	}
	return s.Runs.GiveUp(ctx, run, environmentID, after, remove, update)
}

// TestKillSwitchGoesOn stops a run that keeps its accounts after its first batch:
// the next one takes the rest, and no account twice.
func TestKillSwitchGoesOn(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		const accounts = 120
		for i := range accounts {
			g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken(fmt.Sprint("a", i)))
		}
		scope := sinew.RevocationScope{IntegrationName: "oauth-vendor", Keep: true}
		stopped := revocation.NewSwitch(&stoppedRuns{Runs: p.server.Core.Store}, p.server.Core.Accounts)
		run, resumed, err := stopped.Begin(t.Context(), scope)
		p.must(err)
		if err := stopped.GiveUp(t.Context(), run); !errors.Is(err, errStop) || resumed {
			t.Fatalf("got %v, resumed %t", err, resumed)
		}
		if diff := cmp.Diff([]string{fmt.Sprintf("oauth-vendor revoked %d ", accounts)}, g.kill(scope)); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
		for i := range accounts {
			if got := g.vendor.TokenCounts(fmt.Sprint("a", i)).Revoked; got != 1 {
				t.Errorf("account %d: revoked %d times", i, got)
			}
		}
		if _, resumed, err = stopped.Begin(t.Context(), scope); err != nil || resumed {
			t.Errorf("a finished run goes on: %v", err)
		}
	})
}

// TestPreviewForetellsTheRun compares what is foretold with what a run then does: what is
// pending there is revoked here, and all else is the same. A sandbox copy is none to be
// revoked, though the account whose token it has goes before it.
func TestPreviewForetellsTheRun(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		for _, keep := range []bool{true, false} {
			name := fmt.Sprint("acme", keep)
			original := g.connectTenant(name, "a")
			g.call("POST", "/sandbox-integrated-account", `{"id":"`+original+`"}`).want(201)
			g.importToken("api_key", jsonx.MustParse(`{"token":"`+simulator.DefaultAPIKey+`"}`), jsonx.Value{})
			broken := g.connectTenant("broken", "a")
			_, err := p.raw().Exec("UPDATE integrated_account SET secret_version = secret_version + 1 WHERE id = $1", broken)
			p.must(err)
			scope := sinew.RevocationScope{EnvironmentID: p.environment.ID, Keep: keep}
			before := p.auditEntries("credential.tampered")
			foretold, err := p.server.Core.PreviewRevocation(t.Context(), scope)
			p.must(err)
			if p.auditEntries("credential.tampered") != before {
				t.Error("a preview has left an audit entry")
			}
			for i := range foretold {
				if foretold[i].Outcome == sinew.RevocationPending {
					foretold[i].Outcome = sinew.RevocationRevoked
				}
			}
			if diff := cmp.Diff(reportLines(foretold), g.kill(scope)); diff != "" {
				t.Errorf("keep %v (-foretold +done):\n%s", keep, diff)
			}
			if got := g.vendor.TokenCounts(name).Revoked; got != 1 {
				t.Errorf("keep %v: the token was revoked %d times", keep, got)
			}
			g.kill(sinew.RevocationScope{All: true})
		}
	})
}

// TestKillSwitchWantsItsScopeSaid refuses a scope that names nothing, as a caller might
// send by mistake.
func TestKillSwitchWantsItsScopeSaid(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	_, desk := p.install("desk")
	account := p.connect(desk, "a", "").text("id")
	for name, scope := range map[string]sinew.RevocationScope{"nothing": {}, "only keep": {Keep: true}, "both": {All: true, TenantID: "a"}} {
		_, err := p.server.Core.Revoke(t.Context(), p.config, scope, time.Minute, func(server.Revoking) {})
		if known := (*sinew.Error)(nil); !errors.As(err, &known) || known.Code != "revocation_scope" {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := p.server.Core.PreviewRevocation(t.Context(), scope); err == nil {
			t.Errorf("%s: it was foretold", name)
		}
	}
	p.get("/integrated-account/" + account).want(200)
}
