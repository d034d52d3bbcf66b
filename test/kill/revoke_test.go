package kill_test

import (
	"fmt"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	// keptKeys have an API key, which no vendor revokes; copies are of the first accounts.
	keptKeys, copies = 5, 3
	// untilGivenUp is about how long the command takes before it waits for vendors, for
	// each account, on the slower database.
	untilGivenUp = 3 * time.Millisecond
	connectors   = 8
)

// TestKilledWhileRevoking is V10: the kill switch is ended again and again, with no
// server beside it, and used once more. Every account is gone then, the vendor has
// revoked each token once, and the report names those that it could not revoke. -revoked
// 10000 is the proof at its full size.
func TestKilledWhileRevoking(t *testing.T) {
	t.Parallel()
	testkit.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		i := newInstallation(t, db)
		connected := time.Now()
		vendor := connectMany(t, i, *revokedFlag)
		t.Logf("connected %d accounts in %s", *revokedFlag, time.Since(connected).Round(time.Millisecond))
		arguments := append([]string{"revoke", "--integration", "sim", "--egress-allow", "127.0.0.0/8"}, i.flags()...)
		preview, err := exec.Command(i.program, append(arguments, "--dry-run")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, preview)
		}
		kills := 0
		longest := 900*time.Millisecond + time.Duration(*revokedFlag)*untilGivenUp
		var took time.Duration
		for range min(rounds(10), 10) {
			command := exec.Command(i.program, arguments...)
			started := time.Now()
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			<-after(random, longest/8)
			_ = command.Process.Kill()
			if command.Wait() != nil {
				kills++
			}
			took += time.Since(started)
		}
		started := time.Now()
		out, err := exec.Command(i.program, arguments...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("killed %d times within %s, then %s:\n%s", kills, took.Round(time.Millisecond), time.Since(started).Round(time.Millisecond), out)
		for n := range *revokedFlag {
			if got := vendor.TokenCounts(fmt.Sprint("a", n)).Revoked; got != 1 {
				t.Errorf("account %d: its token was revoked %d times", n, got)
			}
		}
		wantRevocations(t, i)
		wantForetold(t, string(preview), string(out))
	})
}

// wantForetold compares what was foretold with what has happened: the accounts that were
// to be revoked have been, and the reasons of the others are the same.
func wantForetold(t *testing.T, preview, report string) {
	t.Helper()
	_, report, _ = strings.Cut(report, "their vendors are told\n")
	words := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	told := strings.Replace(words(preview), "sim pending", "sim revoked", 1)
	told = strings.Replace(told, fmt.Sprintf("revoked 0, pending %d", *revokedFlag), fmt.Sprintf("revoked %d, pending 0", *revokedFlag), 1)
	if got := words(report); got != told {
		t.Errorf("foretold:\n%s\nreported:\n%s", told, got)
	}
}

// connectMany makes the accounts, and leaves no server behind.
func connectMany(t *testing.T, i *installation, accounts int) *simulator.Simulator {
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
	connect := func(w *writer, method string, context jsonx.Value) string {
		body := jsonx.MustParse(`{"tenant_id":"t"}`).With("environment_integration_id", jsonx.StringValue(installed)).
			With("authentication_method", jsonx.StringValue(method)).With("context", context)
		account, err := w.send(server.url, "POST", "/integrated-account", body.String())
		if err != nil {
			t.Errorf("connect: %v", err)
		}
		return account.Get("id").Str()
	}
	var work sync.WaitGroup
	for first := range connectors {
		work.Go(func() {
			w := newWriter("connect", newRand(1, 1), c.token, "")
			defer w.client.CloseIdleConnections()
			for n := first; n < accounts; n += connectors {
				id := connect(w, "oauth2", jsonx.ObjectValue().SetAt(vendor.IssueToken(fmt.Sprint("a", n)), "oauth", "token"))
				if n < copies {
					c.send(server, "POST", "/sandbox-integrated-account", `{"id":"`+id+`"}`)
				}
			}
			for range keptKeys {
				if first == 0 {
					connect(w, "api_key", jsonx.MustParse(`{"token":"x"}`))
				}
			}
		})
	}
	work.Wait()
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
	if want := fmt.Sprint(0, *revokedFlag+keptKeys+copies, *revokedFlag+keptKeys+copies, *revokedFlag, 0); got != want {
		t.Errorf("accounts, records, accounts with records, revoked, secrets: got %s, want %s", got, want)
	}
}
