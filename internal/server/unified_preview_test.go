package server_test

import (
	"strings"
	"testing"
)

// TestPreview tries changes of a mapping: on a live answer, which is asked for once;
// on a recorded one; and on a method that writes, which the vendor never sees.
func TestPreview(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		preview := func(method, more string) *reply {
			t.Helper()
			return m.call("POST", "/unified/crm/contacts/meta/"+method+"/preview", `{"integrated_account_id":"`+m.account+`",`+more+`}`)
		}
		m.vendor.says(200, twoContacts)
		before := m.vendor.count()
		got := preview("list", `"config":{"response_mapping":{"name":"$uppercase(response.name)","email":null,"rank":"response.id * 2"}},"query":{"truto_ignore_remote_data":"true"}`).want(200)
		if want := `[{"path":"result[0].name","op":"changed","from":"Ann","to":"ANN"},{"path":"result[0].rank","op":"added","to":2},{"path":"result[1].name","op":"changed","from":"Bob","to":"BOB"},{"path":"result[1].rank","op":"added","to":4}]`; got.JSON.Get("changes").String() != want {
			t.Errorf("got %s", got.JSON.Get("changes"))
		}
		if m.vendor.count() != before+1 {
			t.Errorf("the vendor was asked %d times", m.vendor.count()-before)
		}
		if got := m.unified("GET", "/contacts", "").want(200).JSON.At("result", "0", "name").Str(); got != "Ann" {
			t.Errorf("the change was saved: %s", got)
		}

		before = m.vendor.count()
		got = preview("get", `"id":"7","layer":"account","config":{"response_mapping":"{'vip': response.vip}"},"sample":{"body":{"id":7,"name":"Ann","vip":true}}`).want(200)
		if want := `{"id":"7","name":"Ann","vip":true,"remote_data":{"id":7,"name":"Ann","vip":true}}`; got.JSON.At("after", "body").String() != want {
			t.Errorf("got %s", got.JSON.Get("after"))
		}
		got = preview("create", `"body":{"name":"Eve"},"config":{"request_body_mapping":{"kind":"'person'"}}`).want(200)
		if sent := got.JSON.At("after", "explain", "calls", "0", "request", "body").Str(); sent != `{"name":"Eve","kind":"person"}` {
			t.Errorf("a method that writes: %s", got.JSON.At("after", "explain"))
		}
		got = preview("get", `"id":"7","config":{"response_mapping":{"name":"$number(response.name)"}},"sample":{"body":{"id":7,"name":"Ann"}}`).want(200)
		if got.JSON.At("before", "status").String() != "200" || !strings.Contains(got.JSON.At("after", "error").Str(), "response_mapping") {
			t.Errorf("a change that fails: %s", got.Text)
		}
		got = preview("get", `"id":"7","config":{},"sample":{"status":404,"body":{"message":"gone"}}`).want(200)
		if got.JSON.At("after", "status").String() != "404" || got.JSON.At("after", "error").Str() != "gone" {
			t.Errorf("a recorded refusal: %s", got.Text)
		}
		if m.vendor.count() != before {
			t.Error("the vendor was asked")
		}
		if entries := m.logs("").want(200).JSON.Get("result"); entries.Len() != 2 {
			t.Errorf("the log has %d calls", entries.Len())
		}
		preview("get", `"config":{"response_mapping":"{"}`).failure("config.response_mapping", "expression")
		preview("get", `"config":{"wrong":1}`).failure("config.wrong", "unknown_field")
		preview("get", `"layer":"top","config":{}`).failure("layer", "enum")
		m.call("POST", "/unified/hris/contacts/meta/get/preview", `{"integrated_account_id":"`+m.account+`","config":{}}`).want(404)
		m.as(m.accountToken(m.account)).call("POST", "/unified/crm/contacts/meta/get/preview", `{"integrated_account_id":"`+m.account+`","config":{}}`).want(403)
	})
}
