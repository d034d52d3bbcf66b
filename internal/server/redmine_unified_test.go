package server_test

import (
	"slices"
	"strings"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// unified calls Redmine by the ticketing model: what comes back fits the schema.
func (r *redmine) unified(seed redmineSeed) {
	r.t.Helper()
	r.call("POST", "/unified-model-catalog/ticketing/install", "").want(201)
	text, _ := catalog.Model("ticketing")
	model, err := definition.Read(text)
	r.must(err)
	m := &mapped{product: &product{called: r.called}, schemas: model.Get("resources")}
	ask := func(verb, path, query, body string) *reply {
		r.t.Helper()
		return r.call(verb, "/unified/ticketing/"+path+"?"+query+"integrated_account_id="+r.account, body)
	}

	var all []string
	for cursor, pages := "", 0; pages < 20; pages++ {
		page := ask("GET", "tickets", "limit=50&collection[id]="+seed.project+"&next_cursor="+cursor+"&", "").want(200)
		m.validates("tickets", page.JSON.Get("result"))
		for _, ticket := range page.JSON.Get("result").Items() {
			all = append(all, ticket.Get("id").Str())
		}
		if cursor = page.text("next_cursor"); cursor == "" {
			break
		}
	}
	slices.Sort(all)
	want := slices.Sorted(slices.Values(seed.issues))
	if !slices.Equal(all, want) {
		r.t.Errorf("the list has %d tickets of %d", len(all), len(want))
	}

	made := ask("POST", "tickets", "", `{"name":"Unified","description":"By the model","collection":{"id":"`+seed.project+`"}}`).want(201)
	id := made.text("id")
	got := ask("GET", "tickets/"+id, "", "").want(200)
	if got.text("name") != "Unified" || got.text("description") != "By the model" || got.text("collection", "id") != seed.project || got.text("remote_data", "subject") != "Unified" {
		r.t.Errorf("got %s", got.Text)
	}
	m.validates("tickets", got.JSON)
	ask("PATCH", "tickets/"+id, "", `{"name":"Changed"}`).want(200)
	if got := ask("GET", "tickets/"+id, "truto_ignore_remote_data=1&", "").want(200); got.text("name") != "Changed" || got.JSON.Get("remote_data").Exists() {
		r.t.Errorf("got %s", got.Text)
	}
	explained := ask("GET", "tickets/"+id, "explain=1&", "").want(200).JSON.At("explain", "records", "0", "fields")
	if !slices.ContainsFunc(explained.Items(), func(f jsonx.Value) bool {
		return f.Get("field").Str() == "name" && f.Get("source").Str() == "response.subject"
	}) {
		r.t.Errorf("the explanation: %s", explained)
	}
	ask("DELETE", "tickets/"+id, "", "").want(200)
	if gone := ask("GET", "tickets/"+id, "", "").want(404); gone.JSON.Get("truto_is_remote_error").String() != "true" {
		r.t.Errorf("got %s", gone.Text)
	}
	if refused := ask("POST", "tickets", "", `{"name":" ","collection":{"id":"`+seed.project+`"}}`).want(422); !strings.Contains(refused.text("message"), "blank") {
		r.t.Errorf("got %s", refused.Text)
	}
	for _, resource := range []string{"users", "collections", "ticket_status", "ticket_priorities", "ticket_types"} {
		page := ask("GET", resource, "", "").want(200).JSON.Get("result")
		m.validates(resource, page)
		if page.Len() == 0 {
			r.t.Errorf("there are no %s", resource)
		}
	}
}
