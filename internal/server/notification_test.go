package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/testkit"
)

// tells makes a Slack destination for a receiver.
func (p *platform) tells(r *receiver, members string) *reply {
	p.t.Helper()
	return p.call("POST", "/notification-destination", `{"type":"slack","label":"Ops","config":{"webhook_url":"`+r.URL+`/services/T0/B0/canary-slack"`+members+`}}`).want(201)
}

// told returns the texts that a receiver was told, once they are so many.
func (r *receiver) told(n int) (texts []string) {
	r.t.Helper()
	for _, e := range r.wait(n) {
		texts = append(texts, e.JSON.Get("text").Str())
	}
	return texts
}

// holds fails the test unless a text has all parts.
func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

// eachMailPlatform runs a test against servers with a mail server.
func eachMailPlatform(t *testing.T, run func(t *testing.T, p *platform, m *testkit.MailServer)) {
	t.Helper()
	eachPlatformConfig(t, func(t *testing.T, c config.Config) {
		m := testkit.NewMailServer(t, "sinew", "canary-smtp", false)
		c.Mail = config.Mail{Host: "127.0.0.1", Port: m.Port, Encryption: "starttls", Username: "sinew", Password: "canary-smtp", From: "sinew@example.com", CAFile: m.CAFile}
		run(t, startPlatform(t, c), m)
	})
}

// TestNotificationDestinations is the resource: what it takes, what it shows, and what
// it does not.
func TestNotificationDestinations(t *testing.T) {
	t.Parallel()
	eachMailPlatform(t, func(t *testing.T, p *platform, m *testkit.MailServer) {
		r := newReceiver(t)
		slack := p.tells(r, `,"ignored_status_codes":[404]`)
		id := slack.text("id")
		if got := slack.text("config", "webhook_url"); got != r.URL+"/***" || strings.Contains(slack.Text, "canary") || slack.JSON.Get("event_types").String() != `["all"]` || slack.JSON.At("config", "ignored_status_codes").String() != "[404]" {
			t.Errorf("got %s", slack.Text)
		}
		p.call("POST", "/notification-destination/test", `{"id":"`+id+`"}`).want(200)
		holds(t, r.told(1)[0], "Test of a notification destination", p.environment.ID)

		// What a client has read can be sent back.
		p.call("PATCH", "/notification-destination/"+id, `{"label":"People","config":{"webhook_url":"`+r.URL+`/***"},"event_types":["webhook_deactivated"]}`).want(200)
		p.call("POST", "/notification-destination/test", `{"id":"`+id+`"}`).want(200)
		r.wait(2)
		got := p.get("/notification-destination/" + id).want(200)
		if got.text("label") != "People" || got.text("last_sent_at") == "" || got.JSON.At("config", "ignored_status_codes").String() != "[404]" || got.JSON.Get("event_types").String() != `["webhook_deactivated"]` {
			t.Errorf("got %s", got.Text)
		}
		r.answers(func(int, received) (int, http.Header) { return 404, nil })
		if got := p.call("POST", "/notification-destination/test", `{"id":"`+id+`"}`).want(502); got.text("code") != "notification_test_failed" {
			t.Errorf("got %s", got.Text)
		}
		if got := p.get("/notification-destination/" + id).text("last_error"); !strings.Contains(got, "404") {
			t.Errorf("the last error is %q", got)
		}

		// One that is yet to be made can be tried.
		email := `"type":"email","config":{"to":["ops@example.com"],"bcc":["audit@example.com"],"subject_prefix":"[Desk]"}`
		p.call("POST", "/notification-destination/test", `{`+email+`}`).want(200)
		letter := m.Wait(t, 1)[0]
		holds(t, letter.Text, "Subject: [Desk] Test of a notification destination", "This is a test")
		if want := []string{"ops@example.com", "audit@example.com"}; !slices.Equal(letter.To, want) || !letter.TLS || letter.User != "sinew" {
			t.Errorf("got %+v", letter)
		}
		m.Refuse(testkit.Refusal(550, "no such sender"))
		p.call("POST", "/notification-destination/test", `{`+email+`}`).want(502)
		made := p.call("POST", "/notification-destination", `{`+email+`}`).want(201)
		if list := p.get("/notification-destination?type=email").want(200); list.JSON.Get("result").Len() != 1 || strings.Contains(p.get("/notification-destination").Text, "canary") {
			t.Errorf("got %s", list.Text)
		}
		p.call("DELETE", "/notification-destination/"+made.text("id"), "").want(200)
		p.get("/notification-destination/" + made.text("id")).want(404)
		for body, path := range map[string]string{
			`{"type":"slack"}`:             "config",
			`{"type":"slack","config":{}}`: "config.webhook_url",
			`{"type":"slack","config":{"webhook_url":"https://10.0.0.1/x"}}`:                                    "config.webhook_url",
			`{"type":"slack","config":{"webhook_url":"https://a.example/","to":["a@example.com"]}}`:             "config.to",
			`{"type":"slack","config":{"webhook_url":"https://a.example/","ignored_status_codes":[99]}}`:        "config.ignored_status_codes.0",
			`{"type":"email","config":{"to":[]}}`:                                                               "config.to",
			`{"type":"email","config":{"to":["a@example.com, b@example.com"]}}`:                                 "config.to.0",
			`{"type":"email","config":{"to":["a@example.com\r\nBcc: b@example.com"]}}`:                          "config.to.0",
			`{"type":"email","config":{"to":["a@example.com"],"cc":["nobody"]}}`:                                "config.cc.0",
			`{"type":"email","config":{"to":["a@example.com"],"subject_prefix":"a\nb"}}`:                        "config.subject_prefix",
			`{"type":"pager","config":{}}`:                                                                      "type",
			`{"type":"slack","event_types":["everything"],"config":{"webhook_url":"https://a.example/"}}`:       "event_types.0",
			`{"type":"slack","label":"` + strings.Repeat("x", 201) + `","config":{"webhook_url":"https://a/"}}`: "label",
		} {
			if got := p.call("POST", "/notification-destination", body).want(400); !strings.Contains(got.Text, `"`+path+`"`) {
				t.Errorf("%s: got %s", body, got.Text)
			}
		}
		p.call("POST", "/notification-destination/test", `{}`).want(400)
	})
	p := newPlatform(t)
	p.call("POST", "/notification-destination", `{"type":"email","config":{"to":["a@example.com"]}}`).failure("type", "unavailable")
}

// TestNotices holds that people are told of each thing that they are to be told of, by
// either way, after failures too, and of nothing else.
func TestNotices(t *testing.T) {
	t.Parallel()
	eachMailPlatform(t, func(t *testing.T, p *platform, m *testkit.MailServer) {
		r, off := newReceiver(t), newReceiver(t)
		r.answers(func(n int, _ received) (int, http.Header) {
			if n == 1 {
				return 500, nil
			}
			return 200, nil
		})
		p.tells(r, "")
		silent := p.tells(off, "").text("id")
		p.call("PATCH", "/notification-destination/"+silent, `{"is_active":false}`).want(200)
		p.call("POST", "/notification-destination", `{"type":"email","event_types":["api_token_events"],"config":{"to":["ops@example.com"]}}`).want(201)

		p.newToken(p.environment.ID) // refused once
		texts := r.told(2)
		holds(t, texts[1], "An API token was created", "(test)", "/api-token/")
		if texts[0] != texts[1] {
			t.Errorf("told %q, then %q", texts[0], texts[1])
		}
		holds(t, m.Wait(t, 1)[0].Text, "Subject: [Sinew] An API token was created")
		token, _, err := p.server.Core.Access.CreateAPIToken(t.Context(), p.environment.ID, "second", "", time.Hour)
		p.must(err)
		r.wait(3)
		p.must(p.server.Core.Access.RevokeAPIToken(t.Context(), p.environment.ID, token.ID))
		holds(t, r.told(4)[3], "An API token was deleted", token.ID, "second")

		// A webhook that fails for three days, then for five.
		c := newEngine(t, p, `{}`)
		hooks := newReceiver(t)
		hooks.answers(func(int, received) (int, http.Header) { return 500, nil })
		id := p.subscribe(hooks, `,"event_types":["integrated_account:updated"]`).text("id")
		age := func(days int) {
			_, err := p.raw().Exec("UPDATE webhook SET failing_since = $1 WHERE id = $2", time.Now().Add(-time.Duration(days)*24*time.Hour).UnixMilli(), id)
			p.must(err)
		}
		age(3)
		p.rename(c.account, "one")
		holds(t, r.told(5)[4], "A webhook takes nothing, and will be switched off", id, hooks.URL, "Nothing was taken since", "It is switched off at", "/webhook/"+id+"/attempts")
		age(5)
		p.rename(c.account, "two")
		holds(t, r.told(6)[5], "A webhook is switched off", id, "took nothing for five days", "is_active", "/replay")
		p.call("PATCH", "/webhook/"+id, `{"is_active":true}`).want(200)
		holds(t, r.told(7)[6], "A webhook is switched on", id)
		p.call("PATCH", "/webhook/"+id, `{"is_active":true}`).want(200) // nothing new
		p.call("PATCH", "/webhook/"+id, `{"is_active":false}`).want(200)
		holds(t, r.told(8)[7], "A webhook is switched off", "over the API")
		if strings.Contains(strings.Join(r.told(8), ""), "/hooks\"") || len(off.all()) > 0 || len(m.Wait(t, 3)) != 3 {
			t.Errorf("told %q, and %d letters", off.told(0), len(m.Wait(t, 0)))
		}
	})
}

// TestErrorSummaries holds that failed calls are told of together: by account and
// status, without those that nobody wants to hear of, each once.
func TestErrorSummaries(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		r := newReceiver(t)
		quiet := p.call("POST", "/notification-destination", `{"type":"slack","event_types":["webhook_activated"],"config":{"webhook_url":"`+r.URL+`"}}`).want(201).text("id")
		var jobs int
		count := func() int {
			p.must(p.raw().QueryRow("SELECT count(*) FROM job WHERE kind = 'summarize_errors'").Scan(&jobs))
			return jobs
		}
		if count() != 0 {
			t.Error("errors are summarised for nobody")
		}
		p.call("DELETE", "/notification-destination/"+quiet, "").want(200)
		id := p.tells(r, `,"ignored_status_codes":[404]`).text("id")
		status := http.StatusTeapot
		c.vendor.serves(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"message":"no coffee for key-canary-1"}`))
		})
		fail := func(code, times int) {
			status = code
			for range times {
				c.proxy("GET", "/things", "").want(code)
			}
		}
		fail(418, 3)
		fail(503, 1)
		fail(404, 2)
		fail(200, 1)
		// Records get older, and the window is over.
		pass := func() {
			time.Sleep(300 * time.Millisecond) // records are written in portions
			for _, statement := range []string{
				"UPDATE notification_destination SET summarized_until = summarized_until - 1200000",
				"UPDATE job SET run_at = 0 WHERE kind = 'summarize_errors' AND state = 'ready'",
			} {
				_, err := p.raw().Exec(statement)
				p.must(err)
			}
			_, err := testkit.RawLogs(t, testkitOf(p)).Exec("UPDATE request_log SET created_at = created_at - 16000")
			p.must(err)
		}
		pass()
		text := r.told(1)[0]
		holds(t, text, "4 calls failed", "3 × engine, status 418, account "+c.account, "1 × engine, status 503", "no coffee", "/log?log_type=unified_proxy_api")
		if strings.Contains(text, "404,") || strings.Contains(text, "canary") {
			t.Errorf("told\n%s", text)
		}
		// What was told of is over: the next summary begins where this one ended.
		var until int64
		p.must(p.raw().QueryRow("SELECT summarized_until FROM notification_destination").Scan(&until))
		if age := time.Since(time.UnixMilli(until)); age < 15*time.Second || age > 30*time.Second {
			t.Errorf("the summary went up to %s ago", age)
		}
		_, err := testkit.RawLogs(t, testkitOf(p)).Exec("DELETE FROM request_log")
		p.must(err)
		fail(500, 1)
		pass()
		holds(t, r.told(2)[1], "One call failed", "status 500")
		p.call("PATCH", "/notification-destination/"+id, `{"event_types":["webhook_activated"]}`).want(200)
		var none any
		p.must(p.raw().QueryRow("SELECT summarized_until FROM notification_destination").Scan(&none))
		if none != nil {
			t.Errorf("errors are summarised until %v", none)
		}
	})
}

// TestLimitsAreToldOf holds that people are told once of a caller that has reached its
// limit, however often it is refused.
func TestLimitsAreToldOf(t *testing.T) {
	t.Parallel()
	eachPlatformConfig(t, func(t *testing.T, c config.Config) {
		c.LimitToken = 20
		p := startPlatform(t, c)
		r := newReceiver(t)
		p.tells(r, "")
		refused := 0
		for range 40 {
			if p.get("/webhook").Status == http.StatusTooManyRequests {
				refused++
			}
		}
		holds(t, r.told(1)[0], "Calls are refused", "API token: ", "20 requests in 10 seconds", "limit-token")
		time.Sleep(200 * time.Millisecond)
		if told := r.told(1); len(told) != 1 || refused < 10 {
			t.Errorf("refused %d times, told %q", refused, told)
		}
		if err := p.server.Core.Store.NotifyOnce(t.Context(), sinew.Notice{EnvironmentID: p.environment.ID, Type: sinew.NoticeMaxRequests}, "limit:"+p.principal().TokenID, time.Hour); err != nil {
			t.Error(err)
		}
		time.Sleep(100 * time.Millisecond)
		if told := r.told(1); len(told) != 1 {
			t.Errorf("another node told it again: %q", told)
		}
	})
}
