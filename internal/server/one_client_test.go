package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// client is a program over one model: it lists a resource, reads the first record, and
// makes one, in the words of the model alone.
type client struct {
	resource string
	query    string // of every call
	body     string // of what it makes; mark is a text in it
	mark     string
	// writeOnly is a member of the body that no record has.
	writeOnly string
}

// programs has a program for each model of the catalogue.
func programs() map[string]client {
	return map[string]client{
		"accounting":        {resource: "items", body: `{"name":"Mark","code":"mark","type":"service","unit_price":5,"sales_account":{"id":"7"}}`, mark: "Mark"},
		"ats":               {resource: "candidates", body: `{"name":"Ann Lee","first_name":"Ann","last_name":"Lee","emails":[{"email":"ann@mark.example"}],"owner":{"id":"7"}}`, mark: "ann@mark.example"},
		"calendar":          {resource: "events", body: `{"title":"Mark","calendar":{"id":"7"},"start":{"date_time":"2026-05-04T09:00:00Z","time_zone":"UTC"},"end":{"date_time":"2026-05-04T10:00:00Z","time_zone":"UTC"}}`, mark: "Mark"},
		"crm":               {resource: "contacts", body: `{"first_name":"Ann","last_name":"Lee","emails":[{"email":"ann@mark.example"}]}`, mark: "ann@mark.example"},
		"file-storage":      {resource: "drive-items", body: `{"name":"Mark","type":"folder","parent":{"id":"7"}}`, mark: "Mark"},
		"hris":              {resource: "employees", body: `{"first_name":"Mark","last_name":"Lee","emails":[{"email":"ann@mark.example","type":"work"}],"start_date":"2026-05-04","location":{"id":"7","name":"Berlin"}}`, mark: "Mark"},
		"instant-messaging": {resource: "messages", query: "channel[id]=7&workspace[id]=8", body: `{"channel":{"id":"7"},"workspace":{"id":"8"},"body":{"content":"Mark","format":"text"}}`, mark: "Mark"},
		"knowledge-base":    {resource: "pages", body: `{"title":"Mark","space":{"id":"7"},"collection":{"id":"7"},"parent":{"id":"8","type":"page"},"body":{"content":"x","format":"markdown"}}`, mark: "Mark", writeOnly: "body"},
		"ticketing":         {resource: "tickets", body: `{"name":"Mark","description":"x","collection":{"id":"7"},"contact":{"id":"8"},"ticket_type":{"id":"1"}}`, mark: "Mark"},
		"user-directory":    {resource: "users", body: `{"first_name":"Ann","last_name":"Lee","name":"Ann Lee","username":"ann@mark.example","emails":[{"email":"ann@mark.example","is_primary":true}],"password":"pw-Mark-77"}`, mark: "ann@mark.example", writeOnly: "password"},
	}
}

// TestOneClientForAllVendors runs one program for each model, unchanged, against every
// vendor that the model is mapped to, which answer as their documentation says: the
// records validate, and what is written reaches the vendor where it takes it.
func TestOneClientForAllVendors(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, model := range catalog.Models() {
		p.call("POST", "/unified-model-catalog/"+model+"/install", "").want(201)
	}
	for _, model := range catalog.Models() {
		program, ok := programs()[model]
		if !ok || len(catalog.Mappings(model)) < 3 {
			t.Errorf("there is no program for %s, or it has less than three vendors", model)
		}
		for i, integration := range catalog.Mappings(model) {
			if testkit.Race && i > 0 {
				continue // data, which the detector has nothing to say about
			}
			t.Run(model+"/"+integration, func(t *testing.T) {
				t.Parallel()
				program.run(newMapped(t, p.with(t), model, integration))
			})
		}
	}
}

func (c client) run(m *mapped) {
	m.t.Helper()
	ask := func(verb, path, body string) *reply {
		return m.call(verb, "/unified/"+m.model+"/"+c.resource+path+"?"+strings.TrimPrefix(c.query+"&integrated_account_id="+m.account, "&"), body)
	}
	for name := range jsonx.MustParse(c.body).Members() {
		if name != c.writeOnly && !m.schemas.At(c.resource, "schema", "properties", name).Exists() {
			m.t.Errorf("the model has no %s, which the program writes", name)
		}
	}
	m.answersAs(c.resource + ".list")
	list := ask("GET", "", "").want(200).JSON.Get("result")
	if list.Len() == 0 {
		m.t.Fatalf("the list is empty")
	}
	for _, record := range list.Items() {
		m.validates(c.resource, record)
	}
	id := list.Items()[0].Get("id").Str()
	if m.answersAs(c.resource + ".get") {
		m.validates(c.resource, ask("GET", "/"+url.PathEscape(id), "").want(200).JSON)
	}
	if !m.answersAs(c.resource + ".create") {
		if r := ask("POST", "", c.body).want(404); r.text("code") != "method_not_found" {
			m.t.Errorf("what the vendor cannot do: got %s", r.Text)
		}
		return
	}
	before := m.vendor.count()
	answer := ask("POST", "", c.body)
	if answer.Status != 200 && answer.Status != 201 { // which of both is the vendor's choice
		m.t.Fatalf("got %d %s", answer.Status, answer.Text)
	}
	made := answer.JSON
	m.validates(c.resource, made)
	if sent := m.vendor.bodiesSince(before); made.Get("id").Str() == "" || !strings.Contains(sent, c.mark) {
		m.t.Errorf("made %s; the vendor got\n%s", made, sent)
	}
}

// answersAs has the vendor answer as in the first case of a call that succeeds; false
// when the model has no such method there.
func (m *mapped) answersAs(call string) bool {
	m.t.Helper()
	for _, c := range m.cases.Get("cases").Items() {
		if c.Get("call").Str() != call || c.Get("error").Exists() || !c.Get("result").Exists() || c.Get("result").Kind() == jsonx.Array && c.Get("result").Len() == 0 {
			continue
		}
		exchanges := c.Get("exchanges").Items()
		if len(exchanges) == 0 {
			exchanges = []jsonx.Value{c}
		}
		m.answersInTurn(exchanges)
		return true
	}
	return false
}

// bodiesSince are the lines and bodies of the requests after the first n.
func (v *vendor) bodiesSince(n int) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var b strings.Builder
	for _, r := range v.requests[n:] {
		b.WriteString(r.Line + "\n" + r.Body + "\n")
	}
	return b.String()
}
