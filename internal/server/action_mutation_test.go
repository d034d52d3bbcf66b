package server_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// everyAction has each type of step, in forms that run.
const everyAction = `{
	"post_install":{"steps":[
		{"type":"request","name":"me","config":{"path":"/contacts/C-0001","headers":{"X-A":"{{plan}}"},"query":{"a":"{{plan:undefined}}"},"response_path":"$"}},
		{"type":"transform","config":{"expression":"{'id': $previous.id}"},"run_if":"plan = 'gold'"},
		{"type":"update_context","config":{"expression":"$previous"}}]},
	"validation":[{"type":"proxy","resource":"contacts","method":"list","query":{"limit":1}}],
	"post_connect_user_form":{"steps":[{"type":"form","config":{"fields":[
		{"name":"a","type":"single_select","data_source":{"type":"proxy","resource":"companies","query":{"limit":"{{b}}"}},"options":{"value":"id","label":"name & id"},"depends_on":["b"]},
		{"name":"b","type":"text","validation":"value != 'x'","transform":"value & '!'","default":"1"}]}},{"type":"get_context"}]},
	"custom":{"steps":[
		{"type":"request","config":{"resource":"companies","method":"get","id":"{{body.id|plan}}","query":{"x":[1,"{{query.kind}}"]},"body":{"y":"{{previous:json}}"}}},
		{"type":"set_context","config":{"seen":"{{previous.name}}"}},{"type":"get_context"},{"type":"update_context"}]}}`

// strangeValues are what a definition holds by mistake.
func strangeValues() []jsonx.Value {
	deep := jsonx.IntValue(1)
	for range 60 {
		deep = jsonx.ArrayValue(jsonx.ObjectValue(jsonx.Member{Name: "a", Value: deep}))
	}
	return []jsonx.Value{
		jsonx.NullValue(), jsonx.IntValue(-1), jsonx.BoolValue(true), jsonx.StringValue(""), jsonx.StringValue("{{"), jsonx.StringValue("{{a.b.c}}"), jsonx.StringValue("$("),
		jsonx.StringValue("$"), jsonx.StringValue("$.**.$$"), jsonx.StringValue("function($x){$x}"), jsonx.StringValue("$map([1..100000], function($i){$i})"), jsonx.StringValue("../..//x?y#z"),
		jsonx.StringValue("request"), jsonx.StringValue("form"), jsonx.StringValue(strings.Repeat("é", 5000)), jsonx.ArrayValue(), jsonx.ObjectValue(), jsonx.ArrayValue(jsonx.NullValue()), deep,
		jsonx.ObjectValue(jsonx.Member{Name: "steps", Value: jsonx.ArrayValue()}), jsonx.StringValue("(function($f){$f($f)})(function($f){$f($f)})"),
	}
}

// TestMutatedActions saves actions that somebody got wrong in one place, and uses
// those that are taken: every request gets an answer, no account stays connecting,
// and nothing is the server's fault.
func TestMutatedActions(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	a := newActing(t, p, `{}`)
	id := a.connected().text("id")
	browser := p.as(p.accountToken(id))
	random := rand.New(rand.NewPCG(7, 11))
	base := jsonx.MustParse(everyAction)
	all := places(base)[1:]
	taken, refused := 0, 0
	for range testkit.Thin(300) {
		path, value := all[random.IntN(len(all))].path, strangeValues()[random.IntN(len(strangeValues()))]
		mutated := put(base, path, value)
		what := strings.Join(path, ".") + " = " + cutText(value.String())
		saved := p.call("PATCH", "/environment-integration/"+a.installation, jsonx.ObjectValue().SetAt(mutated, "override", "actions").String())
		if saved.Status == http.StatusBadRequest {
			if refused++; saved.JSON.At("details", "failures").Len() == 0 {
				t.Errorf("%s: refused with %.300s", what, saved.Text)
			}
			continue
		}
		saved.want(200)
		taken++
		for _, r := range []*reply{
			p.act(id, "custom", `{"id":"co/0001"}`), browser.get("/connect/form"), browser.call("POST", "/connect/form/options", `{"field":"a","values":{"b":"2"}}`),
			browser.call("POST", "/link-token/post-connect-form", `{"a":"co/0001","b":"2"}`), p.call("POST", "/integrated-account/run-post-install-actions", `{"id":"`+id+`"}`),
		} {
			if r.Status == http.StatusInternalServerError || r.Status >= 400 && (r.text("message") == "" || r.text("code") == "") {
				t.Errorf("%s: %s answers %d %.300s", what, r.call, r.Status, r.Text)
			}
		}
		if got := p.settled(id); strings.Contains(got.text("last_error"), "inside the platform") {
			t.Errorf("%s: the account says %s", what, got.text("last_error"))
		}
		// A form is for an active account.
		p.call("PATCH", "/integrated-account/"+id, `{"status":"active"}`).want(200)
	}
	t.Logf("%d refused, %d taken", refused, taken)
	if refused == 0 || taken == 0 {
		t.Error("that is no trial of both")
	}
	p.stop()
	if strings.Contains(p.log.String(), `"msg":"panic"`) || strings.Contains(p.log.String(), "the work panicked") {
		t.Error("something panicked")
	}
}

func cutText(text string) string { return text[:min(len(text), 80)] }
