package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// newEcho is a vendor that answers with the headers that it got.
func newEcho() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := jsonx.NewBuilder(4)
		for name, values := range r.Header {
			b.Set(name, jsonx.StringValue(values[0]))
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b.Value().Bytes())
	})
}

// rerun asks for the steps of an account once more.
func (p *platform) rerun(account string) *reply {
	p.t.Helper()
	return p.call("POST", "/integrated-account/run-post-install-actions", `{"id":"`+account+`"}`).want(200)
}

// TestFailedAccountsRunTheirStepsAgain repairs what a step failed for.
func TestFailedAccountsRunTheirStepsAgain(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{"post_install":{"type":"request","config":{"path":"/contacts/{{contact}}"}},"validation":{"type":"request","config":{"path":"/companies/{{company}}"}}}`)
		id := a.imported("").text("id")
		if got := a.settled(id); got.text("status") != "post_install_error" {
			t.Fatalf("the account is %s", got.text("status"))
		}
		p.call("PATCH", "/integrated-account/"+id, `{"context":{"contact":"C-0001"}}`).want(200)
		if got := p.rerun(id).Text; got != `{"success":true}` {
			t.Errorf("the answer is %s", got)
		}
		if got := a.settled(id); got.text("status") != "validation_error" {
			t.Fatalf("the account is %s: %s", got.text("status"), got.text("last_error"))
		}
		p.call("PATCH", "/integrated-account/"+id, `{"context":{"company":"co/0001"}}`).want(200)
		p.rerun(id)
		if got := a.settled(id); got.text("status") != "active" || !got.JSON.Get("last_error").IsNull() {
			t.Fatalf("the account is %s: %s", got.text("status"), got.text("last_error"))
		}
		p.call("POST", "/integrated-account/run-post-install-actions", `{"id":"x"}`).want(404)
		p.stranger().call("POST", "/integrated-account/run-post-install-actions", `{"id":"`+id+`"}`).want(404)
		want := []string{"created", "post_install_error", "updated", "updated", "validation_error", "updated", "updated", "active"}
		for i := range want {
			want[i] = "integrated_account:" + want[i]
		}
		if diff := cmp.Diff(want, p.accountEvents()); diff != "" {
			t.Errorf("the events (-want +got):\n%s", diff)
		}
		p.wantTimeline(id,
			"connecting steps_passed active job", "validation_error rerun connecting api_token",
			"connecting validation_failed validation_error job", "post_install_error rerun connecting api_token",
			"connecting post_install_failed post_install_error job", "absent connect connecting api_token",
		)
	})
}

// TestTimelineIsAList pages, filters and fences a timeline.
func TestTimelineIsAList(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		id := p.connect(installation, "acme-1", "").text("id")
		for range 3 {
			p.call("PATCH", "/integrated-account/"+id, `{"status":"needs_reauth"}`).want(200)
			p.call("PATCH", "/integrated-account/"+id, `{"status":"active","name":"x"}`).want(200)
			p.call("PATCH", "/integrated-account/"+id, `{"name":"y"}`).want(200)
		}
		path := "/integrated-account/" + id + "/timeline"
		var walked []string
		cursor := ""
		for range 10 {
			page := p.get(path + "?limit=3&next_cursor=" + cursor).want(200)
			walked = append(walked, page.ids()...)
			if cursor = page.text("next_cursor"); cursor == "" {
				break
			}
		}
		all := p.get(path).want(200)
		if diff := cmp.Diff(all.ids(), walked); diff != "" || len(walked) != 8 {
			t.Errorf("%d changes (-whole +walked):\n%s", len(walked), diff)
		}
		if got := p.get(path + "?to=needs_reauth&trigger=update").want(200).ids(); len(got) != 3 {
			t.Errorf("%d changes to needs_reauth", len(got))
		}
		p.stranger().get(path).want(404)
		p.get("/integrated-account/x/timeline").want(404)
		p.call("DELETE", "/integrated-account/"+id, "").want(200)
		p.get(path).want(404)
		var left int
		p.must(p.raw().QueryRow("SELECT count(*) FROM account_timeline").Scan(&left))
		if left != 0 {
			t.Errorf("%d changes outlive their account", left)
		}
	})
}

// TestStatusesFollowTheVendor writes what calls show into the timeline.
func TestStatusesFollowTheVendor(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{}`)
		id := a.connected().text("id")
		a.odd("  - {path: /contacts, status: 401, times: 2}\n")
		for _, status := range []int{401, 401, 200} {
			p.get("/proxy/contacts?integrated_account_id=" + id).want(status)
		}
		p.wantTimeline(id,
			"needs_reauth call_succeeded active api_token", "active call_refused needs_reauth api_token",
			"connecting steps_passed active api_token", "absent connect connecting api_token")
	})
}

// TestInstallWaitsForTheVendor lets the vendor throttle a step.
func TestInstallWaitsForTheVendor(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{"post_install":{"steps":[
			{"type":"request","config":{"method":"post","path":"/tickets","body":{"title":"First"}}},
			{"type":"request","config":{"path":"/contacts/C-0001"}}]}}`)
		a.odd("  - {path: /contacts, status: 429, header: {Retry-After: '1'}, times: 1}\n")
		if got := a.connected(); got.text("status") != "active" || got.JSON.At("last_action_result", "steps").Len() != 2 {
			t.Errorf("the account is %s: %s", got.text("status"), got.JSON.Get("last_action_result"))
		}
		if n := len(a.vendor.Records("tickets")); n != simulator.SeedTickets+1 {
			t.Errorf("the step before was taken %d times", n-simulator.SeedTickets)
		}
	})
}

// TestInstallRetriesWhatMayPass lets the vendor be away: requests that may come twice
// are sent again, a bounded number of times, and the account says so meanwhile.
func TestInstallRetriesWhatMayPass(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{"post_install":{"steps":[
			{"type":"request","config":{"method":"post","path":"/tickets","body":{"title":"First"}}},
			{"type":"request","config":{"path":"/contacts/C-0001"}}]},
			"validation":[{"type":"proxy","resource":"companies","method":"list"}]}`)
		database := p.raw()
		hurry := func(id string) (r *reply) {
			p.eventually("the steps to end", func() bool {
				_, err := database.Exec("UPDATE job SET run_at = 0 WHERE kind = 'install_account' AND state = 'ready'")
				p.must(err)
				r = p.get("/integrated-account/" + id).want(200)
				return r.text("status") != "connecting"
			})
			return r
		}
		// It passes.
		a.odd("  - {path: /contacts, status: 503, header: {Retry-After: '100'}, times: 2}\n")
		id := a.imported("").text("id")
		var shown *reply
		p.eventually("the account to wait", func() bool {
			shown = p.get("/integrated-account/" + id).want(200)
			return shown.JSON.At("last_action_result", "retry_at").Exists()
		})
		result := shown.JSON.Get("last_action_result")
		again, err := time.Parse(time.RFC3339, result.Get("retry_at").Str())
		if shown.text("status") != "connecting" || !result.Get("success").IsNull() || result.At("steps", "1", "status_code").String() != "503" || result.At("steps", "1", "success").String() != "false" {
			t.Errorf("the account is %s meanwhile: %s", shown.text("status"), result)
		}
		if until := time.Until(again); err != nil || until < 80*time.Second || until > 101*time.Second {
			t.Errorf("it is tried again in %s, the vendor asked for 100 s", until)
		}
		got := hurry(id)
		if result = got.JSON.Get("last_action_result"); got.text("status") != "active" || result.Get("steps").Len() != 3 || result.Get("retry_at").Exists() {
			t.Errorf("the account is %s: %s", got.text("status"), result)
		}
		if n := len(a.vendor.Records("tickets")); n != simulator.SeedTickets+1 {
			t.Errorf("the step before was taken %d times", n-simulator.SeedTickets)
		}
		// It does not.
		a.odd("  - {path: /companies, status: 500, body: {message: down}}\n")
		a.vendor.Forget()
		got = hurry(a.imported("").text("id"))
		asked := 0
		for _, path := range a.paths() {
			if strings.HasPrefix(path, "GET /companies") {
				asked++
			}
		}
		if got.text("status") != "validation_error" || got.text("last_error") != "validation, step 1 (proxy): the vendor answered 500: down" || asked != 6 {
			t.Errorf("after %d requests the account is %s: %s", asked, got.text("status"), got.text("last_error"))
		}
		// What creates something is sent once.
		a.odd("  - {path: /tickets, status: 503}\n")
		a.vendor.Forget()
		got = hurry(a.imported("").text("id"))
		if got.text("status") != "post_install_error" || len(a.paths()) != 1 {
			t.Errorf("after %v the account is %s", a.paths(), got.text("status"))
		}
	})
}

// TestInstallGoesOnAfterAStop stops the server while a step is under way: the steps
// before it are not taken again.
func TestInstallGoesOnAfterAStop(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{"post_install":{"steps":[
			{"type":"request","name":"first","config":{"method":"post","path":"/tickets","body":{"title":"First"}}},
			{"type":"update_context","config":"{'ticket': $previous.id}"},
			{"type":"request","config":{"path":"/contacts/C-0001"}},
			{"type":"update_context","config":"{'both': steps.first.id & $previous.id}"}]}}`)
		asked := make(chan struct{}, 10)
		release := make(chan struct{})
		a.vendor.SetQuirks(simulator.QuirkFunc(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					asked <- struct{}{}
					<-release
				}
				next.ServeHTTP(w, r)
			})
		}))
		id := a.imported("").text("id")
		<-asked
		progress := p.get("/integrated-account/" + id).want(200)
		if progress.text("status") != "connecting" || progress.JSON.At("last_action_result", "steps").Len() != 2 || !progress.JSON.At("last_action_result", "success").IsNull() {
			t.Errorf("under way the account shows %s", progress.JSON.Get("last_action_result"))
		}
		// The claim is taken away, as from a node that has gone.
		_, err := p.server.Core.Store.RescueJobs(context.Background(), true)
		p.must(err)
		<-asked
		close(release)
		got := a.settled(id)
		ticket := got.text("context", "ticket")
		if got.text("status") != "active" || ticket == "" || got.text("context", "both") != ticket+"C-0001" {
			t.Errorf("the account is %s: %s", got.text("status"), got.JSON.Get("context"))
		}
		if n := len(a.vendor.Records("tickets")); n != simulator.SeedTickets+1 {
			t.Errorf("the first step was taken %d times", n-simulator.SeedTickets)
		}
	})
}

// TestLaterRunsOvertake connects an account again while its steps are under way: of
// the earlier run nothing counts.
func TestLaterRunsOvertake(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{"post_install":{"steps":[{"type":"request","config":{"path":"/contacts/C-0001"}},{"type":"request","config":{"path":"/contacts/{{contact}}"}}]}}`)
		asked, release := make(chan struct{}, 10), make(chan struct{}, 10)
		a.vendor.SetQuirks(simulator.QuirkFunc(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				<-release
				next.ServeHTTP(w, r)
			})
		}))
		id := a.imported("").text("id")
		<-asked
		p.call("PATCH", "/integrated-account/"+id, `{"context":{"contact":"C-0002"}}`).want(200)
		p.rerun(id)
		for range 4 {
			release <- struct{}{}
		}
		if got := a.settled(id); got.text("status") != "active" {
			t.Errorf("the account is %s: %s", got.text("status"), got.text("last_error"))
		}
		p.wantTimeline(id, "connecting steps_passed active job", "connecting rerun connecting api_token", "absent connect connecting api_token")
		if paths := a.paths(); len(paths) != 3 {
			t.Errorf("the vendor was asked for %v", paths)
		}
	})
}

// TestRunsEndWithTheirSteps takes the steps of an account away while they are under
// way, and runs them again: it is active, and the earlier run does nothing more.
func TestRunsEndWithTheirSteps(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{"post_install":{"steps":[{"type":"request","config":{"path":"/contacts/C-0001"}},{"type":"request","config":{"path":"/contacts/C-9999"}}]}}`)
		asked, release := make(chan struct{}, 10), make(chan struct{})
		a.vendor.SetQuirks(simulator.QuirkFunc(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				<-release
				next.ServeHTTP(w, r)
			})
		}))
		id := a.imported("").text("id")
		<-asked
		p.call("PATCH", "/environment-integration/"+a.installation, `{"override":{"actions":{"post_install":{"steps":[]}}}}`).want(200)
		p.rerun(id)
		close(release)
		var running int
		p.eventually("the job to end", func() bool {
			p.must(p.raw().QueryRow("SELECT count(*) FROM job WHERE kind = 'install_account' AND state IN ('ready', 'waiting', 'running')").Scan(&running))
			return running == 0
		})
		got := p.get("/integrated-account/" + id).want(200)
		if got.text("status") != "active" || !got.JSON.Get("last_action_result").IsNull() || len(a.paths()) != 1 {
			t.Errorf("the account is %s: %s, after %v", got.text("status"), got.JSON.Get("last_action_result"), a.paths())
		}
	})
}

// TestImportsWithoutStepsAreActive is what most integrations are.
func TestImportsWithoutStepsAreActive(t *testing.T) {
	t.Parallel()
	a := newActing(t, newPlatform(t), `{"post_install":{"steps":[]}}`)
	if got := a.imported("").text("status"); got != string(sinew.StatusActive) {
		t.Errorf("the account is %s", got)
	}
}
