package server_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/testkit"
)

// otherPlatform is another installation on the other engine of database where there is
// one.
func otherPlatform(t *testing.T, p *platform) *platform {
	t.Helper()
	if p.config.DatabaseURL != "" {
		return startPlatform(t, platformConfig(t, testkit.NewSQLite(t)))
	}
	return startPlatform(t, platformConfig(t, testkit.NewPostgres(t)))
}

// TestReceiversAreInBundles moves webhooks, notification destinations and workflows from
// one engine of database to the other: they go on with their secrets, hear of what happens
// from then on and of nothing twice; beside the original they are switched off.
func TestReceiversAreInBundles(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		r := newReceiver(t)
		hook := p.subscribe(r, `,"event_types":["batch_job:*","integrated_account:*"],"ordered":true,"signature_encoding":"hex"`)
		rotated := p.call("POST", "/webhook/"+hook.text("id")+"/rotate-secret", `{"overlap_seconds":3600}`).want(200)
		p.call("PATCH", "/webhook/"+p.subscribe(r, "").text("id"), `{"is_active":false}`).want(200)
		p.tells(r, `,"ignored_status_codes":[404]`)
		p.call("POST", "/workflow", `{"trigger_name":"integrated_account:created","label":"Tell","config":{"steps":[
			{"type":"run","action":"custom_webhook","config":{"url":"`+r.URL+`/flow","headers":{"Authorization":"Bearer canary-of-the-flow"},"body":{"event":"{{event.event}}"}}}]}}`).want(201)
		_, installation := p.install("desk")
		p.connect(installation, "acme-1", "")
		r.wait(3) // created and active, and the workflow
		public, private := newIdentity(t)
		path := filepath.Join(t.TempDir(), "environment.age")
		counts, err := p.server.Core.Export(t.Context(), p.environment, public, path)
		p.must(err)
		if counts["webhook"] != 2 || counts["notification_destination"] != 1 || counts["workflow"] != 1 {
			t.Errorf("the file has %v", counts)
		}
		content, err := os.ReadFile(path)
		p.must(err)
		into := func(other *platform) {
			t.Helper()
			_, err := other.server.Core.Import(t.Context(), other.environment, bytes.NewReader(content), strings.NewReader(private), server.AnySigner)
			p.must(err)
		}
		staging := p.inEnvironment("staging")
		into(staging)
		for _, list := range []string{"/webhook", "/notification-destination", "/workflow"} {
			for _, row := range staging.get(list).want(200).JSON.Get("result").Items() {
				if row.Get("is_active").String() != "false" {
					t.Errorf("a copy is active: %s", row)
				}
			}
		}
		p.stop()
		fresh := otherPlatform(t, p)
		before := len(r.all())
		into(fresh)
		into(fresh) // changes nothing
		if got := fresh.get("/webhook").want(200).ids(); len(got) != 2 {
			t.Errorf("there are %d webhooks", len(got))
		}
		moved := fresh.get("/webhook/" + hook.text("id")).want(200)
		if moved.text("target_url") != r.URL+"/hooks" || moved.JSON.Get("ordered").String() != "true" || moved.text("signature_encoding") != "hex" || moved.JSON.Get("event_types").Len() != 2 {
			t.Errorf("the webhook is %s", moved.Text)
		}
		if got := fresh.get("/notification-destination").want(200).JSON.At("result", "0"); got.Get("is_active").String() != "true" || got.At("config", "webhook_url").Str() != r.URL+"/***" {
			t.Errorf("the destination is %s", got)
		}
		for _, row := range fresh.get("/notification-destination").want(200).ids() {
			fresh.call("POST", "/notification-destination/test", `{"id":"`+row+`"}`).want(200)
		}
		installed := fresh.get("/environment-integration").want(200).ids()[0]
		fresh.connect(installed, "acme-2", "")
		told := map[string]int{}
		for _, e := range r.wait(before + 4)[before:] {
			switch {
			case e.JSON.Get("event").Str() == "integrated_account:created" && e.Header.Get("Authorization") == "Bearer canary-of-the-flow":
				told["workflow"]++
			case e.JSON.Get("webhook_id").Exists():
				told[e.JSON.Get("event").Str()]++
				for _, secret := range []string{hook.text("standard_secret"), rotated.text("standard_secret")} {
					verifier, err := standardwebhooks.NewWebhook(secret)
					p.must(err)
					if err := verifier.Verify([]byte(e.Body), e.Header); err != nil {
						t.Errorf("by a secret of before: %v", err)
					}
				}
			default:
				told["destination"]++
			}
		}
		if len(told) != 4 || told["integrated_account:created"] != 1 || told["integrated_account:active"] != 1 || told["workflow"] != 1 || told["destination"] != 1 {
			t.Errorf("told of %v", told)
		}
	})
}
