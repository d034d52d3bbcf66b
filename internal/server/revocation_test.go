package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// revocations returns what became of an account's credentials, the newest first,
// as "outcome: detail".
func (g *granted) revocations(account string) []string {
	g.t.Helper()
	var all []string
	for _, r := range g.get("/token-revocation?integrated_account_id=" + account).want(200).JSON.Get("result").Items() {
		all = append(all, strings.TrimSuffix(r.Get("outcome").Str()+": "+r.Get("detail").Str(), ": "))
	}
	return all
}

// wantRevocation waits for the outcome of an account's only revocation.
func (g *granted) wantRevocation(account, want string) {
	g.t.Helper()
	g.eventually("account "+account+" has an outcome", func() bool {
		all := g.revocations(account)
		return len(all) == 1 && !strings.HasPrefix(all[0], "pending")
	})
	if got := g.revocations(account)[0]; got != want {
		g.t.Errorf("got %q, want %q", got, want)
	}
}

func (g *granted) delete(account string) {
	g.t.Helper()
	g.call("DELETE", "/integrated-account/"+account, "").want(200)
}

// storedRevocationSecrets counts the tokens that still wait in the database.
func (g *granted) storedRevocationSecrets() (n int) {
	g.t.Helper()
	g.must(g.raw().QueryRow("SELECT count(*) FROM token_revocation WHERE request_secret IS NOT NULL").Scan(&n))
	return n
}

// TestDeletedAccountIsRevoked is RFC 7009 for each way in which accounts are
// deleted: the vendor is told once, what it said is kept, the token is not.
func TestDeletedAccountIsRevoked(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		var accounts []string
		for i := range 5 {
			accounts = append(accounts, g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken(fmt.Sprint("a", i))))
		}
		g.delete(accounts[0])
		g.call("POST", "/integrated-account/bulk-delete", `{"ids":["`+accounts[1]+`"]}`).want(200)
		g.call("PATCH", "/integrated-account/"+accounts[2], `{"tenant_id":"other"}`).want(200)
		g.call("POST", "/integrated-account/bulk-delete", `{"tenant_id":"other"}`).want(200)
		g.call("DELETE", "/environment-integration/"+g.installation, "").want(200)
		for i, id := range accounts {
			g.wantRevocation(id, "revoked")
			if got := g.vendor.TokenCounts(fmt.Sprint("a", i)).Revoked; got != 1 {
				t.Errorf("account %d: revoked %d times", i, got)
			}
			g.get("/integrated-account/" + id).want(404)
		}
		if got := g.requests("/oauth/revoke"); got != len(accounts) {
			t.Errorf("the vendor was asked %d times", got)
		}
		if n := g.storedRevocationSecrets(); n != 0 {
			t.Errorf("%d tokens are left in the database", n)
		}
		if n := p.auditEntries("credential.revoked"); n != len(accounts) {
			t.Errorf("%d audit entries", n)
		}
	})
}

// TestRevocationOutcomes has the vendor say, and the definition hold, what they
// may.
func TestRevocationOutcomes(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		for name, e := range map[string]struct{ oddity, want string }{
			"refused":   {"status: 401, body: {error: invalid_client}", "refused: status 401, invalid_client"},
			"gone":      {"status: 400, body: {error: invalid_token}", "revoked: status 400, invalid_token"},
			"neither":   {"status: 400, body: {error: unsupported_token_type}", "not_supported: status 400, unsupported_token_type"},
			"elsewhere": {`status: 302, header: {Location: "https://elsewhere.example"}`, "refused: status 302"},
		} {
			g.odd("  - {path: /oauth/revoke, " + e.oddity + "}\n")
			account := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken(name))
			g.delete(account)
			g.wantRevocation(account, e.want)
			if got := g.vendor.TokenCounts(name).Revoked; got != 0 {
				t.Errorf("%s: revoked %d times", name, got)
			}
		}
		g.odd("  - {path: /oauth/revoke, times: 1, status: 400, body: {error: unsupported_token_type}}\n")
		account := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken("access"))
		g.delete(account)
		g.wantRevocation(account, "revoked")
		for name, e := range map[string]struct{ override, method, want string }{
			"no endpoint": {`{"credentials":{"oauth2":{"config":{"auth":{"revokePath":""}}}}}`, "oauth2", "not_supported: the integration names no revocation endpoint (auth.revokePath)"},
			"no tokens":   {`{}`, "api_key", "not_supported: api_key has no way to be revoked by us"},
		} {
			g.call("PATCH", "/environment-integration/"+g.installation, `{"override":`+e.override+`}`).want(200)
			account := g.importToken(e.method, jsonx.MustParse(`{"token":"x"}`), g.vendor.IssueToken(name))
			g.delete(account)
			g.wantRevocation(account, e.want)
		}
	})
}

// TestRevocationIsTriedAgain has a vendor away that comes back.
func TestRevocationIsTriedAgain(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.odd("  - {path: /oauth/revoke, times: 1, status: 503, header: {Retry-After: \"1\"}}\n  - {path: /oauth/revoke, times: 1, fault: hang-up}\n")
		account := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken("acme"))
		g.delete(account)
		g.wantRevocation(account, "revoked")
		if got := g.get("/token-revocation?integrated_account_id=" + account).JSON.Get("result").Items()[0].Get("attempts").String(); got != "3" {
			t.Errorf("tried %s times", got)
		}
	})
}

// TestTokenOfADeletedAccountIsRevoked deletes an account while the vendor is asked
// for a new token: none of the two may stay good.
func TestTokenOfADeletedAccountIsRevoked(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{Rotation: simulator.RotationLenient})
		g.odd("  - {path: /oauth/token, oauth: {latency: 1s}}\n")
		account := g.connectFor("acme", -60)
		done := make(chan struct{})
		go func() {
			defer close(done)
			g.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+account+`"}`)
		}()
		g.eventually("the vendor is asked", func() bool { return g.vendor.TokenCounts("acme").Asked == 1 })
		g.delete(account)
		<-done
		g.eventually("both tokens are given back", func() bool { return strings.Join(g.revocations(account), ", ") == "revoked, revoked" })
	})
}

// TestRevocationIsGivenUpAfterADay has a vendor that never comes back. The day has
// passed in the database.
func TestRevocationIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		g.odd("  - {path: /oauth/revoke, status: 503, header: {Retry-After: \"1\"}}\n")
		account := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken("acme"))
		g.delete(account)
		g.eventually("the vendor was asked", func() bool { return strings.Join(g.revocations(account), "") == "pending: status 503" })
		_, err := p.raw().Exec("UPDATE token_revocation SET created_at = created_at - 86400000")
		p.must(err)
		g.wantRevocation(account, "unreachable: status 503")
		if n := g.storedRevocationSecrets(); n != 0 {
			t.Errorf("%d tokens are left in the database", n)
		}
	})
}

// TestSandboxCopyIsNotRevoked: the account that it was made of goes on.
func TestSandboxCopyIsNotRevoked(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		account := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken("acme"))
		sandbox := g.call("POST", "/sandbox-integrated-account", `{"id":"`+account+`"}`).want(201).text("id")
		g.call("DELETE", "/sandbox-integrated-account/"+sandbox, "").want(200)
		g.wantRevocation(sandbox, "not_supported: the account is a sandbox copy, and its token that of the account")
		g.contact(account).want(200)
		g.delete(account)
		g.wantRevocation(account, "revoked")
	})
}

// TestUnreadableAccountCanBeDeleted: what was tampered with must not stay.
func TestUnreadableAccountCanBeDeleted(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		g := newGranted(t, p, simulator.OAuth{})
		account := g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken("acme"))
		_, err := p.raw().Exec("UPDATE integrated_account SET secret_version = secret_version + 1")
		p.must(err)
		g.delete(account)
		g.wantRevocation(account, "not_supported: the stored credential cannot be read")
	})
}

// TestReplacedTokenIsRevokedOnDemand connects an account again: its old token is
// given back only where the definition says so, and the new one stays good.
func TestReplacedTokenIsRevokedOnDemand(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		l := newLinked(t, p, simulator.OAuth{Consent: simulator.ConsentAllow}, "")
		account := l.connectAccount()
		l.newLink(`{"integrated_account_id":"` + account + `"}`).connectAccount()
		if got := l.revocations(account); len(got) != 0 {
			t.Errorf("without being asked for: %v", got)
		}
		l.call("PATCH", "/environment-integration/"+l.installation, `{"override":{"credentials":{"oauth2":{"config":{"options":{"revokeOnReconnect":true}}}}}}`).want(200)
		l.newLink(`{"integrated_account_id":"` + account + `"}`).connectAccount()
		l.wantRevocation(account, "revoked")
		l.contact(account).want(200)
	})
}
