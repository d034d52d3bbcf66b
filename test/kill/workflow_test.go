package kill_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestKilledInAWorkflow ends the server while runs are under way, whose two steps place
// an order and file it. Every account that was renamed has its run; no order is placed
// twice, and a run that cannot know whether it has placed its own says so.
func TestKilledInAWorkflow(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		i := newInstallation(t, db)
		token, orders, files := i.newToken(), newLedger(t), newLedger(t)
		accounts := []string{orderAccount(t, i, token, orders.URL)}
		c := &connections{t: t, i: i, token: token}
		server := i.serve()
		installed := c.send(server, "GET", "/integrated-account/"+accounts[0], "").Get("environment_integration_id").Str()
		for range 9 {
			accounts = append(accounts, c.send(server, "POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{"api_key":"k"}}`).Get("id").Str())
		}
		workflow := c.send(server, "POST", "/workflow", `{"trigger_name":"integrated_account:updated","config":{"steps":[
			{"type":"run","action":"proxy_request","config":{"resource":"orders","method":"create","body":"{{payload.name:int}}"}},
			{"type":"run","action":"custom_webhook","config":{"url":"`+files.URL+`","body":"{{payload.name:int}}"}}]}}`).Get("id").Str()
		renamed := 0
		for range rounds(5) {
			var work sync.WaitGroup
			for _, account := range accounts {
				renamed++
				name := fmt.Sprintf(`{"name":"%d"}`, renamed)
				work.Go(func() { c.send(server, "PATCH", "/integrated-account/"+account, name) })
			}
			work.Wait()
			<-after(random, 60*time.Millisecond)
			server.kill()
			c.endJobs()
			server = i.serve()
		}
		completed, unknown := 0, 0
		for deadline := time.Now().Add(time.Minute); completed+unknown < renamed; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d runs have completed and %d do not know, of %d", completed, unknown, renamed)
			}
			completed, unknown = 0, 0
			for _, run := range c.send(server, "GET", "/workflow-run?limit=500&workflow_id="+workflow, "").Get("result").Items() {
				steps := run.At("result", "steps").Items()
				switch status := run.Get("status").Str(); {
				case status == "completed":
					completed++
				case status == "failed" && len(steps) == 1 && steps[0].Get("code").Str() == "outcome_unknown":
					unknown++
				case status == "failed":
					t.Fatalf("a run has failed: %s", run)
				}
			}
		}
		placed, filed := 0, 0
		for n := 1; n <= renamed; n++ {
			order := fmt.Sprint(n)
			if orders.placed(order) > 1 {
				t.Errorf("order %s was placed %d times", order, orders.placed(order))
			}
			placed, filed = placed+min(orders.placed(order), 1), filed+min(files.placed(order), 1)
		}
		if filed != completed || placed < completed || placed > completed+unknown {
			t.Errorf("%d orders were placed and %d filed by %d runs, %d more do not know", placed, filed, completed, unknown)
		}
		t.Logf("%d runs, %d of which do not know what came of their order", renamed, unknown)
		server.kill()
	})
}
