package kill_test

import (
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	// batchedAccounts are deleted by one batch job.
	batchedAccounts = 160
	// longestBatch is how long a server lives at most before it is ended.
	longestBatch = 60 * time.Millisecond
)

// TestKilledWhileDeleting ends the server again and again while a batch job deletes
// accounts. In the end each is gone, and has one event of that, and the job has
// counted each once.
func TestKilledWhileDeleting(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		i := newInstallation(t, db)
		c := &connections{t: t, i: i, token: i.newToken()}
		server := i.serve()
		integration := c.send(server, "POST", "/integration", `{"name":"desk","config":{"label":"Desk","base_url":"https://vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}}}}`).Get("id").Str()
		installed := c.send(server, "POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).Get("id").Str()
		var work sync.WaitGroup
		for n := range 4 {
			work.Go(func() {
				w := newWriter("connect", newRand(uint64(n), 1), c.token, "")
				defer w.client.CloseIdleConnections()
				for range batchedAccounts / 4 {
					if _, err := w.send(server.url, "POST", "/integrated-account", `{"tenant_id":"gone","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{}}`); err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		id := c.send(server, "POST", "/integrated-account/bulk-delete", `{"query":{"tenant_id":"gone"}}`).Get("batch_job_id").Str()
		for range rounds(3) {
			<-after(random, longestBatch)
			server.kill()
			c.endJobs()
			server = i.serve()
		}
		status := ""
		for end := time.Now().Add(time.Minute); status != "completed"; time.Sleep(20 * time.Millisecond) {
			job := c.send(server, "GET", "/batch-job/"+id, "")
			if status = job.Get("status").Str(); time.Now().After(end) || status == "failed" {
				t.Fatalf("the job does not end: %s", job)
			}
			if matched, deleted := job.Get("matched_count").String(), job.Get("deleted_count").String(); status == "completed" && (matched != "160" || deleted != "160") {
				t.Errorf("matched %s, deleted %s", matched, deleted)
			}
		}
		check := newChecker(t, i, c.token)
		defer check.close()
		for statement, want := range map[string]int{
			"SELECT count(*) FROM integrated_account":                                                 0,
			"SELECT count(DISTINCT account_id) FROM event WHERE type = 'integrated_account:deleted'":  batchedAccounts,
			"SELECT count(*) FROM event WHERE type = 'integrated_account:deleted'":                    batchedAccounts,
			"SELECT count(*) FROM event WHERE type = 'batch_job:completed'":                           1,
			"SELECT count(DISTINCT account_id) FROM token_revocation WHERE outcome = 'not_supported'": batchedAccounts,
		} {
			var got int
			if err := check.sql.QueryRowContext(t.Context(), statement).Scan(&got); err != nil || got != want {
				t.Errorf("%s: got %d, want %d (%v)", statement, got, want, err)
			}
		}
		server.kill()
	})
}
