package server_test

import (
	"strings"
	"testing"
)

// TestDamagedAccountsSaySo writes into the rows of accounts what is not the JSON
// that the server keeps there. Every answer stays JSON: that of the account
// names it, and lists show the others beside it.
func TestDamagedAccountsSaySo(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		id, neighbour := p.connect(installation, "a", "").text("id"), p.connect(installation, "b", "").text("id")
		copied := p.call("POST", "/sandbox-integrated-account", `{"id":"`+id+`"}`).want(201).text("id")
		mine := p.as(p.accountToken(id))
		db := openDatabase(t, p.config)
		for _, column := range []string{"context", "unified_model_override", "integration_override", "last_action_result", "last_forbidden_error"} {
			texts := []string{`{"broken":"canary-text" nonsense`, `{"a":1}}`, `{"a":1,}`, `{`, `canary-text`}
			if column == "context" || strings.HasSuffix(column, "override") {
				texts = append(texts, `[1]`, `"canary-text"`, `7`, `null`)
			}
			for _, text := range texts {
				db.exec("UPDATE integrated_account SET "+column+" = $2 WHERE id = $1", id, text)
				db.exec("UPDATE integrated_account SET "+column+" = $2 WHERE id = $1", copied, text)
				for _, r := range []*reply{
					p.get("/integrated-account/" + id),
					p.get("/integrated-account/" + id + "?view=summary"),
					mine.get("/integrated-account/me"),
					p.call("PATCH", "/integrated-account/"+id, `{"name":"x"}`),
					p.call("PATCH", "/integrated-account/"+id+"/credentials", `{"context":{"api_key":"x"}}`),
					p.call("POST", "/sandbox-integrated-account", `{"id":"`+id+`"}`),
					p.get("/proxy/contacts?integrated_account_id=" + id),
				} {
					if r.want(500); r.text("code") != "account_damaged" || !strings.Contains(r.text("message"), "The stored "+column+" of integrated account "+id) || strings.Contains(r.Text, "canary-text") {
						t.Errorf("%s with %s %s: got %s", r.call, column, text, r.Text)
					}
				}
				for _, path := range []string{"/integrated-account", "/integrated-account?view=summary", "/sandbox-integrated-account"} {
					r := p.get(path).want(200)
					if path != "/sandbox-integrated-account" && len(r.ids()) != 3 || strings.Contains(r.Text, "canary-text") {
						t.Errorf("%s with %s %s: got %s", path, column, text, r.Text)
					}
				}
				p.get("/integrated-account/" + neighbour).want(200)
			}
			for _, row := range []string{id, copied} {
				db.exec("UPDATE integrated_account SET "+column+" = '{}' WHERE id = $1", row)
			}
		}
		if !strings.Contains(p.log.String(), "stored JSON is damaged") {
			t.Error("the log does not say what lists pass over")
		}
		db.exec("UPDATE integrated_account SET context = 'nonsense' WHERE id = $1", id)
		p.call("DELETE", "/integrated-account/"+id, "").want(200)
	})
}
