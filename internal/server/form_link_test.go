package server_test

import (
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/simulator"
)

// TestFormByLinkToken lets the link token that has connected an account fill in its
// form for an hour, and do nothing else with the account.
func TestFormByLinkToken(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		f := &filling{acting: newActing(t, p, formActions)}
		company, _ := f.choice("DE")
		holder := p.as(p.linkToken(`{"tenant_id":"acme-1"}`))
		other := p.as(p.linkToken(`{"tenant_id":"acme-1"}`))
		paths := map[string]string{"/connect/form/options": `{"field":"mode"}`, "/link-token/post-connect-form": `{"mode":"live"}`}
		refused := func(caller *platform) {
			t.Helper()
			caller.get("/connect/form").want(401)
			for path, body := range paths {
				caller.call("POST", path, body).want(401)
			}
		}
		refused(holder)
		account := holder.call("POST", "/connect/acting/authorize", `{"format":"api_key","values":{"api_key":"`+simulator.DefaultAPIKey+`"}}`).want(201).text("integrated_account_id")
		refused(other)
		if got := holder.get("/connect/form").want(200).text("integrated_account_id"); got != account {
			t.Errorf("the form is that of %s, want %s", got, account)
		}
		holder.call("POST", "/connect/form/options", paths["/connect/form/options"]).want(200)
		holder.call("POST", "/link-token/post-connect-form", `{"values":{"mode":"live","country":"DE","company":"`+company+`"}}`).want(200)
		if got := p.get("/integrated-account/"+account).want(200).text("context", "country"); got != "de" {
			t.Errorf("the country is %q, want de", got)
		}
		for _, path := range []string{"/integrated-account/me", "/integrated-account/" + account, "/proxy/contacts"} {
			holder.get(path).want(401)
		}
		p.exec(`UPDATE link_token SET burnt_at = $1`, time.Now().Add(-61*time.Minute).UnixMilli())
		refused(holder)
	})
}
