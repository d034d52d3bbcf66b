package kill_test

import (
	"fmt"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	// revokedAccounts have a token, keptKeys an API key, which no vendor revokes.
	revokedAccounts = 300
	keptKeys        = 5
	// longestRevoke is about as long as the command takes for all of them.
	longestRevoke = 900 * time.Millisecond
)

// TestKilledWhileRevoking is V10: the kill switch is ended again and again, with no
// server beside it, and used once more. Every account is gone then, the vendor has
// revoked each token once, and the report names those that it could not revoke.
func TestKilledWhileRevoking(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		i := newInstallation(t, db)
		vendor := connectMany(t, i)
		arguments := append([]string{"revoke", "--integration", "sim", "--egress-allow", "127.0.0.0/8"}, i.flags()...)
		kills := 0
		for range rounds(10) {
			command := exec.Command(i.program, arguments...)
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			<-after(random, longestRevoke)
			_ = command.Process.Kill()
			if command.Wait() != nil {
				kills++
			}
		}
		out, err := exec.Command(i.program, arguments...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("killed %d times, then:\n%s", kills, out)
		for n := range revokedAccounts {
			if got := vendor.TokenCounts(fmt.Sprint("a", n)).Revoked; got != 1 {
				t.Errorf("account %d: its token was revoked %d times", n, got)
			}
		}
		wantRevocations(t, i)
	})
}

// connectMany makes the accounts, and leaves no server behind.
func connectMany(t *testing.T, i *installation) *simulator.Simulator {
	t.Helper()
	vendor := simulator.New(simulator.Options{})
	listener := httptest.NewServer(vendor)
	t.Cleanup(listener.Close)
	quirks, err := simulator.ReadOddities([]byte("oddities:\n  - {path: /oauth/revoke, delay: 30ms}\n"))
	if err != nil {
		t.Fatal(err)
	}
	vendor.SetQuirks(quirks...)
	c := &connections{t: t, i: i, token: i.newToken()}
	server := i.serve()
	defer server.kill()
	integration := jsonx.NewBuilder(2).Set("name", jsonx.StringValue("sim")).Set("config", simulator.Integration(listener.URL, simulator.AuthBearer)).Value()
	id := c.send(server, "POST", "/integration", integration.String()).Get("id").Str()
	installed := c.send(server, "POST", "/environment-integration", `{"integration_id":"`+id+`"}`).Get("id").Str()
	connect := func(method string, context jsonx.Value) {
		body := jsonx.MustParse(`{"tenant_id":"t"}`).With("environment_integration_id", jsonx.StringValue(installed)).
			With("authentication_method", jsonx.StringValue(method)).With("context", context)
		c.send(server, "POST", "/integrated-account", body.String())
	}
	for n := range revokedAccounts {
		connect("oauth2", jsonx.ObjectValue().SetAt(vendor.IssueToken(fmt.Sprint("a", n)), "oauth", "token"))
	}
	for range keptKeys {
		connect("api_key", jsonx.MustParse(`{"token":"x"}`))
	}
	return vendor
}

// wantRevocations looks into the database: no account is left, each has one record,
// and no token is kept.
func wantRevocations(t *testing.T, i *installation) {
	t.Helper()
	var accounts, records, distinct, revoked, secrets int
	err := testkit.Raw(t, i.db).QueryRow(`SELECT (SELECT count(*) FROM integrated_account), count(*), count(DISTINCT account_id),
		count(*) FILTER (WHERE outcome = 'revoked'), count(request_secret) FROM token_revocation`).Scan(&accounts, &records, &distinct, &revoked, &secrets)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(accounts, records, distinct, revoked, secrets)
	if want := fmt.Sprint(0, revokedAccounts+keptKeys, revokedAccounts+keptKeys, revokedAccounts, 0); got != want {
		t.Errorf("accounts, records, accounts with records, revoked, secrets: got %s, want %s", got, want)
	}
}
