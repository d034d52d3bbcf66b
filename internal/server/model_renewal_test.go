package server_test

import (
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// copied is a platform whose team has a copy of the catalogue's crm.
type copied struct {
	*platform
	model string // id
	team  string
}

func newCopied(t *testing.T, p *platform) *copied {
	t.Helper()
	model := p.call("POST", "/unified-model-catalog/crm/install", "").want(201).text("unified_model_id")
	return &copied{p, model, p.get("/unified-model/" + model).want(200).text("team_id")}
}

// row finds a mapping of the copy.
func (c *copied) row(integration, resource, method string) jsonx.Value {
	c.t.Helper()
	list := c.get(basePath + "?unified_model_id=" + c.model + "&integration_name=" + integration + "&resource_name=" + resource + "&method_name=" + method).want(200).JSON.Get("result")
	if list.Len() != 1 {
		c.t.Fatalf("%d mappings of %s/%s to %s", list.Len(), resource, method, integration)
	}
	return list.Items()[0]
}

// ages makes the copy one of a former catalogue: what change does to the entry is done
// to what the team has as well.
func (c *copied) ages(change func(entry jsonx.Value) jsonx.Value) {
	c.t.Helper()
	_, err := c.server.Core.Store.RenewCatalogCopy(c.t.Context(), c.team, c.model, "test", func(saved *sinew.CatalogCopy) error {
		entry := change(jsonx.MustParse(string(saved.Entry)))
		saved.Entry, saved.Digest = sinew.JSON(entry.String()), "former"
		saved.Model.Resources = sinew.JSON(entry.Get("resources").String())
		for i := range saved.Rows {
			r := &saved.Rows[i]
			if config := entry.At("mappings", r.IntegrationName, r.ResourceName, r.MethodName); config.Exists() {
				r.Config = sinew.JSON(config.String())
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// renewals are the mappings of an answer, with their states.
func renewals(r *reply) string {
	var all []string
	for _, m := range r.JSON.Get("mappings").Items() {
		all = append(all, m.Get("state").Str()+" "+m.Get("integration_name").Str()+" "+m.Get("resource_name").Str()+"."+m.Get("method_name").Str()+
			" "+paths(m.Get("changes"))+" "+paths(m.Get("conflicts")))
	}
	return strings.Join(all, "\n")
}

func paths(changes jsonx.Value) string {
	var all []string
	for _, one := range changes.Items() {
		all = append(all, one.Get("op").Str()+":"+one.Get("path").Str())
	}
	return "[" + strings.Join(all, ",") + "]"
}

// TestCopiesOfTheCatalogueAreRenewed takes over what a newer catalogue has: shown first,
// never by itself, as versions that can be taken back, with what the team changed.
func TestCopiesOfTheCatalogueAreRenewed(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newCopied(t, p)
		path := "/unified-model/" + c.model + "/catalog-update"
		fresh := c.get(path).want(200)
		if fresh.JSON.Get("up_to_date").String() != "true" || renewals(fresh) != "" || c.get("/unified-model/"+c.model).want(200).JSON.At("catalog", "update_available").String() != "false" {
			t.Errorf("a new copy: got %s", fresh.Text)
		}
		list, get := c.row("hubspot", "contacts", "list"), c.row("hubspot", "contacts", "get")
		wasName := list.At("config", "response_mapping", "name")
		schema := []string{"resources", "contacts", "schema", "properties", "emails"}
		c.ages(func(entry jsonx.Value) jsonx.Value {
			entry = entry.SetAt(jsonx.Value{}, schema...).SetAt(jsonx.StringValue("old"), "mappings", "hubspot", "contacts", "list", "response_mapping", "name")
			entry = entry.SetAt(jsonx.StringValue("old"), "mappings", "hubspot", "contacts", "get", "documentation_link")
			entry = entry.SetAt(jsonx.MustParse(`{"old":"1"}`), "mappings", "hubspot", "contacts", "get", "query")
			return entry.SetAt(jsonx.Value{}, "mappings", "pipedrive", "contacts", "list").SetAt(jsonx.Value{}, "mappings", "pipedrive", "contacts", "get").
				SetAt(jsonx.MustParse(`{}`), "mappings", "pipedrive", "contacts", "shout")
		})
		// What the team does itself: a mapping of its own, a change, one that the catalogue
		// changes too, and one deleted.
		c.call("DELETE", basePath+"/"+c.row("pipedrive", "contacts", "get").Get("id").Str(), "").want(200)
		c.call("PATCH", basePath+"/"+c.row("pipedrive", "contacts", "list").Get("id").Str(), `{"config":{"query":{"mine":"1"}}}`).want(200)
		c.call("PATCH", basePath+"/"+list.Get("id").Str(), `{"config":{"query":{"mine":"1"}}}`).want(200)
		c.call("PATCH", basePath+"/"+get.Get("id").Str(), `{"config":{"query":{"old":"mine"}}}`).want(200)
		shout := c.createMapping(basePath, c.model, "shout", `{"resource":"contacts"}`).text("id")

		if got := c.get("/unified-model/"+c.model).want(200).JSON.At("catalog", "update_available").String(); got != "true" {
			t.Errorf("update_available: got %s", got)
		}
		for _, one := range c.get("/unified-model").want(200).JSON.Get("result").Items() {
			if got := one.At("catalog", "update_available").String(); got != "true" {
				t.Errorf("in the list: got %s", got)
			}
		}
		seen := c.get(path).want(200)
		got := renewals(seen)
		for _, want := range []string{"changed hubspot contacts.list [changed:response_mapping.name] []", "changed hubspot contacts.get [", "new pipedrive contacts.get"} {
			if !strings.Contains(got, want) {
				t.Errorf("shown: got\n%s\nwant %s", got, want)
			}
		}
		if got := paths(seen.JSON.Get("changes")); got != "[added:resources.contacts.schema.properties.emails]" {
			t.Errorf("of the model: got %s", got)
		}
		if now := c.row("hubspot", "contacts", "list"); now.At("config", "response_mapping", "name").Str() != "old" {
			t.Error("looking changed something")
		}
		version := seen.JSON.Get("version").String()
		c.call("POST", path, `{"version":99}`).want(409)
		c.call("POST", path, `{"version":`+version+`,"integrations":["nothing"]}`).failure("integrations", "not_found")
		p.stranger().get(path).want(404)
		p.stranger().call("POST", path, `{"version":`+version+`}`).want(404)

		// One product first: the others stay as they are.
		one := c.call("POST", path, `{"version":`+version+`,"integrations":["pipedrive"]}`).want(200)
		if got := renewals(one); !strings.Contains(got, "new pipedrive contacts.get") || strings.Contains(got, "hubspot") {
			t.Errorf("one product: got\n%s", got)
		}
		if got := c.get("/unified-model/"+c.model).want(200).JSON.At("catalog", "update_available").String(); got != "true" {
			t.Errorf("after one product: update_available is %s", got)
		}
		done := c.call("POST", path, `{"version":`+one.JSON.Get("version").String()+`}`).want(200)
		if got := renewals(done); strings.Contains(got, "pipedrive") {
			t.Errorf("the rest: got\n%s", got)
		}
		now := c.row("hubspot", "contacts", "list")
		if !jsonx.Equal(now.At("config", "response_mapping", "name"), wasName) || now.At("config", "query", "mine").Str() != "1" || now.Get("version").String() != "4" {
			t.Errorf("renewed: got %s", now)
		}
		if own := c.row("hubspot", "contacts", "get"); own.At("config", "query", "old").Str() != "mine" {
			t.Errorf("the team's own is gone: %s", own.At("config", "query"))
		}
		c.get(basePath + "/" + shout).want(200)
		if got := c.get("/unified-model/" + c.model).want(200).JSON; got.At("catalog", "update_available").String() != "false" || !got.At(schema...).Exists() {
			t.Errorf("got %s", got.Get("catalog"))
		}
		// The machinery of versions holds for it.
		rowPath := basePath + "/" + now.Get("id").Str()
		if got := paths(c.get(rowPath + "/diff").want(200).JSON.Get("result")); got != "[changed:response_mapping.name]" {
			t.Errorf("diff: got %s", got)
		}
		if got := c.call("POST", rowPath+"/rollback", `{"version":3}`).want(200).JSON.At("config", "response_mapping", "name").Str(); got != "old" {
			t.Errorf("rolled back: got %s", got)
		}
		again := c.call("POST", path, `{"version":`+done.JSON.Get("version").String()+`}`).want(200)
		if again.JSON.Get("up_to_date").String() != "true" || again.JSON.Get("version").String() != done.JSON.Get("version").String() {
			t.Errorf("again: got %s", again.Text)
		}
		// A model of the team's own has nothing to do with the catalogue.
		own := c.createModel("our-own", "deny")
		if r := c.get("/unified-model/" + own + "/catalog-update").want(404); r.text("code") != "not_in_catalog" {
			t.Errorf("got %s", r.Text)
		}
		if got := c.get("/unified-model/" + own).want(200).JSON.Get("catalog").String(); got != "null" {
			t.Errorf("catalog of a model of its own: %s", got)
		}
	})
}

// TestConflictsWithTheCatalogue keeps what the team changed where the catalogue changed
// the same, unless the caller wants it otherwise.
func TestConflictsWithTheCatalogue(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newCopied(t, p)
		path := "/unified-model/" + c.model + "/catalog-update"
		list, get := c.row("hubspot", "contacts", "list"), c.row("hubspot", "contacts", "get")
		name := list.At("config", "response_mapping", "name")
		age := func() {
			c.ages(func(entry jsonx.Value) jsonx.Value {
				for _, method := range []string{"list", "get"} {
					entry = entry.SetAt(jsonx.StringValue("old"), "mappings", "hubspot", "contacts", method, "response_mapping", "name")
				}
				return entry
			})
			c.call("PATCH", basePath+"/"+list.Get("id").Str(), `{"config":{"response_mapping":{"name":"mine"}}}`).want(200)
		}
		age()
		c.call("DELETE", basePath+"/"+get.Get("id").Str(), "").want(200)
		version := c.get(path).want(200).JSON.Get("version").String()
		kept := c.call("POST", path, `{"version":`+version+`}`).want(200)
		if got, want := renewals(kept), "kept hubspot contacts.list [] [changed:response_mapping.name]"; !strings.Contains(got, want) || !strings.Contains(got, "deleted hubspot contacts.get") {
			t.Errorf("got\n%s", got)
		}
		conflict := kept.JSON.At("mappings", "0", "conflicts", "0")
		if kept.JSON.At("mappings", "0", "state").Str() == "kept" && (conflict.Get("from").Str() != "mine" || !jsonx.Equal(conflict.Get("to"), name)) {
			t.Errorf("the conflict: got %s", conflict)
		}
		if got := c.row("hubspot", "contacts", "list").At("config", "response_mapping", "name").Str(); got != "mine" {
			t.Errorf("got %s", got)
		}
		age()
		version = c.get(path).want(200).JSON.Get("version").String()
		c.call("POST", path, `{"version":`+version+`,"conflicts":"take"}`).want(200)
		for _, method := range []string{"list", "get"} {
			if got := c.row("hubspot", "contacts", method).At("config", "response_mapping", "name"); !jsonx.Equal(got, name) {
				t.Errorf("%s: got %s", method, got)
			}
		}
	})
}

// TestUnifiedModelsAreAskedFor is sharing by ask: a team asks, the owner approves or
// refuses.
func TestUnifiedModelsAreAskedFor(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		other := p.stranger()
		model := p.createModel("asked", "ask")
		path := "/unified-model/" + model + "/request"
		install := func(status int) *reply {
			return other.call("POST", "/environment-unified-model", `{"unified_model_id":"`+model+`"}`).want(status)
		}
		if r := install(403); r.text("code") != "not_shared" || !strings.Contains(r.text("message"), path) {
			t.Errorf("got %s", r.Text)
		}
		if got := other.get("/unified-model/" + model).want(200).JSON.Get("can_install").String(); got != "false" {
			t.Errorf("can_install is %s", got)
		}
		p.call("POST", path, "").failure("id", "own_unified_model")
		asked := other.call("POST", path, "").want(201)
		if asked.text("status") != "pending" || other.call("POST", path, "").want(201).text("id") != asked.text("id") {
			t.Errorf("got %s", asked.Text)
		}
		install(403)
		other.get(path).want(404)
		answer := func(status string) {
			t.Helper()
			p.call("PATCH", path+"/"+asked.text("id"), `{"status":"`+status+`"}`).want(200)
		}
		other.call("PATCH", path+"/"+asked.text("id"), `{"status":"approved"}`).want(404)
		answer("refused")
		install(403)
		if got := other.call("POST", path, "").want(201).text("status"); got != "pending" {
			t.Errorf("asked again: %s", got)
		}
		if got := p.get(path + "?status=pending").want(200).JSON.Get("result").Len(); got != 1 {
			t.Errorf("the owner sees %d requests", got)
		}
		answer("approved")
		install(201)
		answer("refused")
		install(200)
		p.call("PATCH", path+"/"+model, `{"status":"approved"}`).want(404)
		open, closed := p.createModel("open", "allow"), p.createModel("closed", "deny")
		other.call("POST", "/unified-model/"+open+"/request", "").failure("id", "not_needed")
		other.call("POST", "/unified-model/"+closed+"/request", "").want(404)
	})
}
