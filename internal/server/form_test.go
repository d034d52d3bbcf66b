package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// formActions is a form with every type of field, and steps behind it.
const formActions = `{"post_connect_user_form":{"steps":[
	{"type":"form","config":{"fields":[
		{"name":"mode","type":"single_select","label":"Mode","required":true,"options":["live",{"value":"trial","label":"Trial run","subText":"Writes nothing"}]},
		{"name":"country","type":"text","label":"Country","required":true,"validation":"$length(value) = 2 ? true : 'has two letters'","transform":"$lowercase(value)"},
		{"name":"company","type":"single_select","label":"Company","required":true,"depends_on":["country"],"disabled_text":"Choose a country first",
			"data_source":{"type":"proxy","resource":"companies","method":"list","query":{"country":"{{country}}","limit":5,"name":"{{only:undefined}}"}},
			"options":{"value":"id","label":"name & ' (' & plan & ')'","subText":"domain"}},
		{"name":"contacts","type":"multi_select","label":"Contacts","depends_on":["company"],
			"data_source":{"type":"proxy","resource":"contacts","query":{"company_id":"{{company}}","q":"{{search}}"}},"options":{"value":"id","label":"name"}},
		{"name":"pin_code","type":"password","label":"PIN","validation":"value ~> /^[0-9]+$/"},
		{"name":"notify","type":"checkbox","label":"Tell me","default":true},
		{"name":"origin","type":"hidden","label":"","default":"form"}]}},
	{"type":"request","name":"ticket","config":{"method":"post","path":"/tickets","body":{"title":"Connected {{previous.company}}"}},"run_if":"previous.notify"},
	{"type":"update_context","config":"steps.ticket ? {'ticket': steps.ticket.id} : {}"}]}}`

// filling is a form of an account in a browser.
type filling struct {
	*acting
	account string
	browser *platform // with the account's token
}

func newFilling(t *testing.T, p *platform) *filling {
	t.Helper()
	a := newActing(t, p, formActions)
	account := a.connected().text("id")
	return &filling{acting: a, account: account, browser: p.as(p.accountToken(account))}
}

// choice is a company of a country and its contacts, of which it has three at least.
func (f *filling) choice(country string) (company string, contacts []string) {
	f.t.Helper()
	for _, c := range f.vendor.Records("companies") {
		company, contacts = c.Get("id").Str(), nil
		for _, person := range f.vendor.Records("contacts") {
			if person.Get("company_id").Str() == company {
				contacts = append(contacts, person.Get("id").Str())
			}
		}
		if c.Get("country").Str() == country && len(contacts) >= 3 {
			return company, contacts
		}
	}
	f.t.Fatalf("no company of %s has three contacts", country)
	return "", nil
}

func (f *filling) submit(body string) *reply {
	f.t.Helper()
	return f.browser.call("POST", "/link-token/post-connect-form", body)
}

// options returns the labels that a field offers.
func (f *filling) options(body string) (labels []string, r *reply) {
	f.t.Helper()
	r = f.browser.call("POST", "/connect/form/options", body).want(200)
	for _, o := range r.JSON.Get("result").Items() {
		labels = append(labels, o.Get("label").Str())
	}
	return labels, r
}

func TestFormIsShown(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		f := newFilling(t, p)
		got := f.browser.get("/connect/form").want(200)
		if got.Header.Get("Access-Control-Allow-Origin") != "*" || got.text("integration", "name") != "acting" || got.text("integration", "label") != "Simulator" {
			t.Errorf("the form is %s, %v", got.JSON.Get("integration"), got.Header)
		}
		var fields []string
		for _, v := range got.JSON.Get("fields").Items() {
			fields = append(fields, v.Get("name").Str()+" "+v.Get("type").Str()+" "+v.Get("has_data_source").String())
		}
		want := []string{
			"mode single_select false", "country text false", "company single_select true", "contacts multi_select true", "pin_code password false", "notify checkbox false", "origin hidden false",
		}
		if diff := cmp.Diff(want, fields); diff != "" {
			t.Errorf("the fields (-want +got):\n%s", diff)
		}
		options := `[{"value":"live","label":"live","subText":""},{"value":"trial","label":"Trial run","subText":"Writes nothing"}]`
		if diff := cmp.Diff(options, got.JSON.Get("fields").Items()[0].Get("options").String()); diff != "" {
			t.Errorf("the options (-want +got):\n%s", diff)
		}
		p.get("/connect/form").want(403)
		for _, path := range []string{"/connect/form", "/connect/form/options", "/link-token/post-connect-form"} {
			request, err := http.NewRequest("OPTIONS", p.url+path, http.NoBody)
			p.must(err)
			request.Header.Set("Origin", "https://customer.example")
			request.Header.Set("Access-Control-Request-Method", "POST")
			if r := p.send(request); r.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(r.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
				t.Errorf("%s: a browser may not call it: %d %v", path, r.Status, r.Header)
			}
		}
		p.call("PATCH", "/integrated-account/"+f.account, `{"status":"needs_reauth"}`).want(200)
		if got := f.browser.get("/connect/form").want(422).text("code"); got != "account_not_active" {
			t.Errorf("of an account that is not active: %s", got)
		}
		if got := f.submit(`{"mode":"live"}`).want(422).text("code"); got != "account_not_active" {
			t.Errorf("submitted for an account that is not active: %s", got)
		}
		_, installation := p.install("plain")
		plain := p.connect(installation, "acme-2", "").text("id")
		if got := p.as(p.accountToken(plain)).get("/connect/form").want(404).text("code"); got != "form_not_found" {
			t.Errorf("of an integration without: %s", got)
		}
	})
}

func TestOptionsComeFromTheVendor(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		f := newFilling(t, p)
		inCountry := 0
		var one jsonx.Value
		for _, c := range f.vendor.Records("companies") {
			if c.Get("country").Str() == "DE" {
				inCountry, one = inCountry+1, c
			}
		}
		var all []string
		cursor, pages := "", 0
		for pages = 1; pages < 20; pages++ {
			labels, r := f.options(`{"field":"company","values":{"country":"DE"},"cursor":"` + cursor + `"}`)
			all = append(all, labels...)
			if cursor = r.text("next_cursor"); cursor == "" {
				break
			}
		}
		if len(all) != inCountry || pages < 2 {
			t.Errorf("%d options on %d pages, the vendor has %d", len(all), pages, inCountry)
		}
		name := one.Get("name").Str()
		_, r := f.options(`{"field":"company","values":{"country":"DE"},"additional_context":{"only":"` + name + `"}}`)
		want := `[{"value":"` + one.Get("id").Str() + `","label":"` + name + ` (` + one.Get("plan").Str() + `)","subText":"` + one.Get("domain").Str() + `"}]`
		if diff := cmp.Diff(want, r.JSON.Get("result").String()); diff != "" {
			t.Errorf("the options (-want +got):\n%s", diff)
		}
		if labels, _ := f.options(`{"field":"mode","search":"TRIAL"}`); !cmp.Equal(labels, []string{"Trial run"}) {
			t.Errorf("of the definition's own: %v", labels)
		}
		f.vendor.Forget()
		if labels, _ := f.options(`{"field":"contacts","values":{"country":"DE","company":"` + one.Get("id").Str() + `"},"search":"Ada"}`); len(f.paths()) != 1 || !strings.Contains(f.paths()[0], "q=Ada") {
			t.Errorf("searched for by %v: %v", f.paths(), labels)
		}
		f.browser.call("POST", "/connect/form/options", `{"field":"company","values":{}}`).failure("values.country", "required")
		f.browser.call("POST", "/connect/form/options", `{"field":"nothing"}`).failure("field", "unknown_field")
		f.browser.call("POST", "/connect/form/options", `{"field":"notify"}`).failure("field", "value")
		f.odd("  - {path: /companies, status: 503, body: {message: down}}\n")
		if got := f.browser.call("POST", "/connect/form/options", `{"field":"company","values":{"country":"DE"}}`).want(503); got.text("code") != "remote_error" {
			t.Errorf("the vendor's refusal: %s", got.Text)
		}
		p.wantLogged(f.account, append(slicesOf("companies.list", pages+2), "contacts.list")...)
	})
}

func slicesOf(text string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = text
	}
	return all
}

func TestFormIsSubmitted(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		f := newFilling(t, p)
		company, contacts := f.choice("DE")
		got := f.submit(`{"mode":"trial","country":"DE","company":"` + company + `","contacts":["` + contacts[0] + `"],"pin_code":"271828"}`).want(200)
		if want := `{"success":true,"integrated_account_id":"` + f.account + `"}`; got.Text != want {
			t.Errorf("the answer is %s", got.Text)
		}
		context := p.get("/integrated-account/" + f.account).want(200).JSON.Get("context")
		want := `{"plan":"gold","mode":"trial","country":"de","company":"` + company + `","contacts":["` + contacts[0] + `"],"notify":true,"origin":"form","ticket":"` + context.Get("ticket").Str() + `"}`
		if diff := cmp.Diff(want, context.String()); diff != "" || context.Get("ticket").Str() == "" {
			t.Errorf("the context (-want +got):\n%s", diff)
		}
		if n := len(f.vendor.Records("tickets")); n != simulator.SeedTickets+1 {
			t.Errorf("the vendor has %d tickets", n)
		}
		events := p.accountEvents()
		if diff := cmp.Diff([]string{"integrated_account:post_connect_form_submitted", "integrated_account:updated"}, events[len(events)-2:]); diff != "" {
			t.Errorf("the events (-want +got):\n%s", diff)
		}
		var secrets int
		p.must(p.raw().QueryRow("SELECT count(*) FROM integrated_account WHERE context LIKE '%271828%'").Scan(&secrets))
		if secrets != 0 {
			t.Error("the password is stored in the open")
		}
		shown := f.browser.get("/connect/form").want(200).JSON.Get("values")
		if shown.Get("pin_code").Exists() || shown.Get("country").Str() != "de" {
			t.Errorf("the form shows %s", shown)
		}
		// A second time: what is left out stays.
		f.submit(`{"mode":"live","notify":false}`).want(200)
		context = p.get("/integrated-account/" + f.account).want(200).JSON.Get("context")
		if context.Get("mode").Str() != "live" || context.Get("company").Str() != company || len(f.vendor.Records("tickets")) != simulator.SeedTickets+1 {
			t.Errorf("the second time the context is %s", context)
		}
	})
}

// TestPasswordsOfAnAccountsOwnFormAreSealed is for a form that one account alone has.
func TestPasswordsOfAnAccountsOwnFormAreSealed(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		a := newActing(t, p, `{}`)
		id := a.settled(a.imported(`,"integration_override":{"actions":{"post_connect_user_form":{"type":"form","config":[{"name":"door_code","type":"password"}]}}}`).text("id")).text("id")
		p.as(p.accountToken(id)).call("POST", "/link-token/post-connect-form", `{"door_code":"canary-314159"}`).want(200)
		if got := p.get("/integrated-account/" + id).want(200).Text; strings.Contains(got, "314159") {
			t.Errorf("the account shows %s", got)
		}
		var open int
		p.must(p.raw().QueryRow("SELECT count(*) FROM integrated_account WHERE context LIKE '%314159%'").Scan(&open))
		if open != 0 {
			t.Error("the password is stored in the open")
		}
	})
}

func TestFormsAreChecked(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		f := newFilling(t, p)
		company, contacts := f.choice("DE")
		for _, c := range []struct{ body, path, code string }{
			{`{}`, "mode", "required"},
			{`{"mode":"live"}`, "country", "required"},
			{`{"mode":"live","country":"DE"}`, "company", "required"},
			{`{"mode":"other","country":"DE","company":"` + company + `"}`, "mode", "enum"},
			{`{"mode":["live"],"country":"DE","company":"` + company + `"}`, "mode", "type"},
			{`{"mode":"live","country":7,"company":"` + company + `"}`, "country", "type"},
			{`{"mode":"live","country":"DEU","company":"` + company + `"}`, "country", "value"},
			{`{"mode":"live","country":"DE","company":"` + company + `","contacts":"C-0001"}`, "contacts", "type"},
			{`{"mode":"live","country":"DE","company":"` + company + `","notify":"yes"}`, "notify", "type"},
			{`{"mode":"live","country":"DE","company":"` + company + `","pin_code":"abc"}`, "pin_code", "value"},
			{`{"mode":"live","country":"DE","company":"` + company + `","api_key":"stolen"}`, "api_key", "unknown_field"},
			{`{"mode":"live","company":"` + company + `"}`, "company", "required"},
			{`{"mode":"live","country":"` + strings.Repeat("x", 70_000) + `","company":"` + company + `"}`, "country", "too_long"},
		} {
			f.submit(c.body).failure(c.path, c.code)
		}
		if context := p.get("/integrated-account/" + f.account).want(200).JSON.Get("context").String(); context != `{"plan":"gold"}` {
			t.Errorf("a form that was refused wrote %s", context)
		}
		f.submit(`{"values":{"mode":"live","country":"DE","company":"` + company + `","contacts":["` + contacts[0] + `","` + contacts[1] + `"]},"additional_context":{"page":1}}`).want(200)
		f.submit(`{"values":{"contacts":["`+contacts[0]+`"]},"prevent_deselect":{"contacts":{"message":"Ask us to remove one"}}}`).failure("contacts", "deselected")
		f.submit(`{"values":{"contacts":["` + contacts[2] + `","` + contacts[1] + `","` + contacts[0] + `"]},"prevent_deselect":{"contacts":{"message":"x"}}}`).want(200)
		f.submit(`{"values":{"mode":"trial"},"disabled_fields":{"mode":{"message":"Fixed by contract"}}}`).failure("mode", "immutable")
		f.submit(`{"values":{"mode":"live"},"disabled_fields":{"mode":{"message":"Fixed by contract"}}}`).want(200)
		f.odd("  - {path: /tickets, status: 409, body: {message: full}}\n")
		if got := f.submit(`{"country":"FR"}`).want(409); got.text("message") != `post_connect_user_form, step 2 (request "ticket"): full` {
			t.Errorf("a step that fails: %s", got.Text)
		}
		if got := p.get("/integrated-account/"+f.account).text("context", "country"); got != "fr" {
			t.Errorf("what was filled in is lost: %s", got)
		}
	})
}

// TestChosenOptionsAreOffered refuses what a select of the vendor's records does not
// offer, with the fields that it depends on as they are submitted.
func TestChosenOptionsAreOffered(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		f := newFilling(t, p)
		company, contacts := f.choice("DE")
		abroad, others := f.choice("FR")
		f.vendor.Forget()
		f.submit(`{"mode":"live","country":"DE","company":"co/9999"}`).failure("company", "enum")
		f.submit(`{"mode":"live","country":"DE","company":"`+abroad+`"}`).failure("company", "enum")
		f.submit(`{"mode":"live","country":"DE","company":"`+company+`","contacts":["`+contacts[0]+`","`+others[0]+`"]}`).failure("contacts", "enum")
		if asked := f.paths(); len(asked) < 4 || !strings.Contains(asked[0], "country=DE") {
			t.Errorf("the vendor was asked for %v", asked)
		}
		f.submit(`{"mode":"live","country":"DE","company":"` + company + `","contacts":["` + contacts[0] + `"],"notify":false}`).want(200)
		// What the account has is no question for the vendor, until it depends on
		// something else.
		f.odd("  - {path: /contacts, status: 500}\n")
		f.submit(`{"contacts":["` + contacts[0] + `"]}`).want(200)
		f.submit(`{"contacts":["` + contacts[1] + `"]}`).want(500)
		f.odd("")
		f.submit(`{"country":"FR","company":"`+abroad+`","contacts":["`+contacts[0]+`"]}`).failure("contacts", "enum")
		f.submit(`{"country":"FR","company":"` + abroad + `","contacts":["` + others[0] + `"]}`).want(200)
	})
}

// TestOtherValuesAreAllowed takes what is no option where the field says so.
func TestOtherValuesAreAllowed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	a := newActing(t, p, `{"post_connect_user_form":{"type":"form","config":{"fields":[
		{"name":"mode","type":"single_select","options":["live"],"allow_other":true},
		{"name":"company","type":"single_select","allow_other":true,"data_source":{"type":"proxy","resource":"companies","method":"list"},"options":{"value":"id","label":"name"}}]}}}`)
	id := a.connected().text("id")
	p.as(p.accountToken(id)).call("POST", "/link-token/post-connect-form", `{"mode":"staged","company":"co/9999"}`).want(200)
	if got := p.get("/integrated-account/" + id).JSON.Get("context").String(); !strings.Contains(got, `"mode":"staged","company":"co/9999"`) {
		t.Errorf("the context is %s", got)
	}
}
