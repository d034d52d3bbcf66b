package server_test

import (
	"net/http"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// plantConnections plants secrets in link tokens and in attempts to connect: in
// their contexts, forms and pages, finished, abandoned and wrong.
func (f *flock) plantConnections() {
	f.t.Helper()
	name := f.get("/integration/" + f.integration).want(200).text("name")
	context := f.context().Without("subdomain").Without("api_key")
	secret := f.linkToken(`{"tenant_id":"` + f.tenant + `","context":` + context.String() + `}`)
	unused := f.linkToken(`{"tenant_id":"` + f.tenant + `","context":` + f.context().String() + `}`)
	f.secrets = append(f.secrets, secret, unused)
	f.planted += 2
	holder := f.as(secret)
	page := func() string {
		return `"page":{"link_token":"` + secret + `","state":` + f.next() + `}`
	}
	submit := func(body string) *reply {
		f.t.Helper()
		return f.look(holder.call("POST", "/connect/"+name+"/authorize", body))
	}
	f.look(holder.get("/connect/session")).want(200)

	// Abandoned on the way, before and behind the start.
	submit(`{"format":"oauth2",` + page() + `}`).want(201)
	attempt := submit(`{"format":"oauth2",` + page() + `}`).want(201)
	started := newBrowser(f.t).open(attempt.text("redirect_url")).want(f.t, http.StatusFound)
	f.search("the way to the vendor", []byte(started.Header.Get("Location")))
	f.secrets = append(f.secrets, started.Cookies()[0].Value, started.next(f.t).Query().Get("state"))
	f.planted += 2

	for _, body := range []string{
		`{"format":"api_key","values":{"nothing":` + f.next() + `}}`,
		`{"format":"api_key","values":{"api_key":[` + f.next() + `]}}`,
		`{"format":"api_key","values":` + f.next() + `}`,
		`{"format":` + f.next() + `}`,
		`{"format":"api_key","mode":` + f.next() + `}`,
		`{"format":"api_key","page":{"x":{"y":` + f.next() + `}}}`,
	} {
		submit(body).want(400)
	}
	f.look(f.as(f.bare()).get("/connect/session")).want(401)
	f.look(holder.get("/connect/session/attempt/" + f.bare())).want(404)
	f.look(holder.get("/connect/session?integration=" + f.bare())).want(404)
	for _, query := range []string{"state=" + f.bare(), "code=" + f.bare(), "state=" + strings.Repeat("A", 43) + "&code=" + f.bare(), "error=" + f.bare()} {
		f.look(holder.get("/connect/" + name + "/callback?" + query)).want(400)
	}
	f.look(holder.get("/connect/session/attempt/" + attempt.text("id") + "/start?ticket=" + f.bare())).want(400)

	values := jsonx.MustParse(`{"subdomain":"acme"}`).With("api_key", jsonx.StringValue(f.bare()))
	done := submit(`{"format":"api_key","values":` + values.String() + `,` + page() + `}`).want(201)
	// Its validation cannot reach the vendor.
	if got := f.settled(done.text("integrated_account_id")).text("status"); got != "validation_error" {
		f.t.Errorf("the account is %s", got)
	}
	f.look(holder.get("/connect/session/attempt/" + done.text("id"))).want(200)
	f.look(holder.get("/connect/session?attempt=" + done.text("id"))).want(200)
	f.look(f.get("/integrated-account/" + done.text("integrated_account_id"))).want(200)
}
