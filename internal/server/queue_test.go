package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestTheQueueIsShown looks at a delivery that waits for its second try, by every way
// that shows background work.
func TestTheQueueIsShown(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		r := newReceiver(t)
		r.answers(func(int, received) (int, http.Header) { return 503, http.Header{"Retry-After": {"3600"}} })
		p.subscribe(r, `,"event_types":["integrated_account:updated"]`)
		p.rename(c.account, "one")
		r.wait(1)

		var job jsonx.Value
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			list := p.get("/job?kind=deliver_webhook&state=ready").want(200)
			if items := list.JSON.Get("result").Items(); len(items) == 1 && items[0].Get("attempt").String() == "0" {
				job = items[0]
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("got %s", list.Text)
			}
		}
		if job.Get("environment_id").Str() != p.environment.ID || job.Get("max_attempts").String() == "0" || job.Get("args").Exists() {
			t.Errorf("the job is %s", job)
		}
		if other := p.inEnvironment("staging").get("/job").want(200); len(other.ids()) > 0 {
			t.Errorf("another environment sees %s", other.Text)
		}
		p.get("/job?state=lost").want(400)
		p.as(p.accountToken(c.account)).get("/job").want(403)

		// What is shown of the depth is some seconds old.
		var kind jsonx.Value
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			queue := p.get("/queue").want(200)
			for _, k := range queue.JSON.Get("kinds").Items() {
				if k.Get("kind").Str() == "deliver_webhook" {
					kind = k
				}
			}
			if kind.Get("scheduled").String() == "1" {
				if len(queue.JSON.Get("schedules").Items()) < 4 || queue.JSON.At("schedules").Items()[0].Get("next_run_at").Str() == "" {
					t.Errorf("the schedules are %s", queue.JSON.Get("schedules"))
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("got %s", queue.Text)
			}
		}
		if next, err := time.Parse(time.RFC3339, kind.Get("next_due_at").Str()); err != nil || time.Until(next) < 30*time.Minute || kind.Get("due").String() != "0" {
			t.Errorf("got %s", kind)
		}
		metrics := p.get("/metrics").want(200).Text
		for _, want := range []string{
			`job_queue_jobs{kind="deliver_webhook",state="scheduled"} 1`, `job_queue_oldest_due_seconds{kind="deliver_webhook"} 0`, `job_queue_retrying_jobs{kind="sweep_blobs"} 0`,
			`job_tries_total{kind="deliver_webhook",outcome="put_off"}`, `job_duration_seconds_count{kind="deliver_webhook"}`,
		} {
			if !strings.Contains(metrics, want) {
				t.Errorf("the metrics have no %s", want)
			}
		}
		ready := p.get("/readyz").want(200)
		if ready.text("state") != "ok" || !strings.Contains(ready.Text, `due, the first for`) {
			t.Errorf("got %s", ready.Text)
		}
	})
}
