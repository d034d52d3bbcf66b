package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/unified"
)

// TestUnifiedPaging follows a list to its end: by the vendor's paging (behaviour 1),
// and by what a mapping says is next.
func TestUnifiedPaging(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		p.call("PATCH", "/integration/"+m.integration, `{"config":{"pagination":{"format":"cursor","config":{"cursor_key":"after","cursor_path":"next","limit_key":"size"}}}}`).want(200)
		m.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			text := `{"data":[{"id":1},{"id":2}],"next":"c2"}`
			if r.URL.Query().Get("after") == "c2" {
				text = `{"data":[{"id":3}],"next":null}`
			}
			_, _ = w.Write([]byte(text))
		})
		first := m.unified("GET", "/contacts?limit=2", "").want(200)
		if got := strings.Join(first.JSON.Names(), " "); got != "result next_cursor prev_cursor result_count" || first.JSON.Get("next_cursor").IsNull() {
			t.Errorf("the first page: %s", first.Text)
		}
		last := m.unified("GET", "/contacts?limit=2&next_cursor="+first.text("next_cursor"), "").want(200)
		if got := last.JSON.At("result", "0", "id").Str(); got != "3" || !last.JSON.Get("next_cursor").IsNull() {
			t.Errorf("the last page: %s", last.Text)
		}

		m.override("list", `{"response_mapping_method":"array","query_mapping":{"since":"query.next_cursor.page"},
			"response_mapping":"{'result': response.{'id': $string(id)}, 'next_cursor': response_body.next ? {'page': 'p' & response_body.next}}"}`)
		m.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			text := `{"data":[{"id":1},{"id":2}],"next":"2"}`
			if r.URL.Query().Get("since") == "p2" {
				text = `{"data":[{"id":3}]}`
			}
			_, _ = w.Write([]byte(text))
		})
		first = m.unified("GET", "/contacts", "").want(200)
		if got := first.JSON.At("result", "1", "remote_data"); got.String() != `{"id":2}` {
			t.Errorf("the first page by the mapping: %s", first.Text)
		}
		cursor := first.text("next_cursor")
		last = m.unified("GET", "/contacts?next_cursor="+cursor, "").want(200)
		if got := last.JSON.At("result", "0", "id").Str(); got != "3" || !last.JSON.Get("next_cursor").IsNull() {
			t.Errorf("the last page by the mapping: %s", last.Text)
		}
		changed := cursor[:len(cursor)-2] + map[bool]string{true: "BB", false: "AA"}[strings.HasSuffix(cursor, "AA")]
		m.unified("GET", "/contacts?next_cursor="+changed, "").failure("next_cursor", "cursor")
	})
}

// TestUnifiedExplain asks how an answer came about.
func TestUnifiedExplain(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelled(t, p)
	m.vendor.says(200, `{"id":7,"name":"Ann","mail":null,"x":{"y":1}}`)
	m.override("get", `{"response_mapping":{"phone":"response.x.tel","name":"$uppercase(response.name)","both":"response.id & response.x.y"}}`)
	m.own("get", `{"response_mapping":"{'vip': response.vip, 'y': response.x.y}"}`)
	r := m.unified("GET", "/contacts/7?explain=1&truto_exclude_fields=id", "").want(200)
	fields := map[string]jsonx.Value{}
	for _, f := range r.JSON.At("explain", "records", "0", "fields").Items() {
		fields[f.Get("field").Str()] = f
	}
	for field, want := range map[string]string{
		"id":    `{"field":"id","state":"present","expression":"$string(response.id)","layer":"base","sources":["response.id"],"left_out":"truto_exclude_fields"}`,
		"name":  `{"field":"name","state":"present","expression":"$uppercase(response.name)","layer":"environment","sources":["response.name"]}`,
		"email": `{"field":"email","state":"null","expression":"response.mail","layer":"base","source":"response.mail","reason":"response.mail is null"}`,
		"phone": `{"field":"phone","state":"absent","expression":"response.x.tel","layer":"environment","source":"response.x.tel","reason":"response.x has no tel"}`,
		"vip":   `{"field":"vip","state":"absent","expression":"response.vip","layer":"account","source":"response.vip","reason":"response has no vip"}`,
		"both":  `{"field":"both","state":"present","expression":"response.id & response.x.y","layer":"environment","sources":["response.id","response.x.y"]}`,
		"y":     `{"field":"y","state":"present","expression":"response.x.y","layer":"account","source":"response.x.y"}`,
	} {
		if got := fields[field].String(); got != want {
			t.Errorf("%s: got %s, want %s", field, got, want)
		}
	}
	explain := r.JSON.Get("explain")
	if got := explain.At("calls", "0", "request", "url").Str(); got != m.vendor.URL+"/v1/contacts/7?tenant=gold" {
		t.Errorf("the call: got %s", explain.Get("calls"))
	}
	if strings.Contains(r.Text, "canary") {
		t.Errorf("a secret is shown: %s", r.Text)
	}
	if got := explain.At("mapping", "layers", "response_mapping").Str(); got != "environment and account" {
		t.Errorf("layers: got %s", explain.Get("mapping"))
	}
	if got := explain.At("mapping", "versions", "environment", "version").String(); got != "1" {
		t.Errorf("versions: got %s", explain.Get("mapping"))
	}

	m.vendor.says(200, `{"data":[{"id":1},{"id":2,"gone":true}]}`)
	m.override("list", `{"response_mapping":"response.gone ? null : {'id': $string(response.id)}"}`)
	r = m.unified("GET", "/contacts?explain=1", "").want(200)
	if got := r.JSON.At("explain", "records", "1", "dropped"); got.String() != "true" || r.JSON.Get("result").Len() != 1 {
		t.Errorf("a record that is dropped: got %s", r.JSON.At("explain", "records"))
	}
	if got := r.JSON.At("explain", "records", "0", "fields"); !strings.Contains(got.String(), `{"field":"phone","state":"unmapped"`) {
		t.Errorf("a field of the schema that nothing makes: got %s", got)
	}
	m.vendor.says(500, `{"message":"broken"}`)
	if r = m.unified("GET", "/contacts/7?explain=1", "").want(500); r.JSON.At("explain", "calls").Len() != 1 {
		t.Errorf("an error: got %s", r.Text)
	}
	m.as(m.accountToken(m.account)).call("GET", "/unified/crm/contacts/7?explain=1", "").want(403)
}

// TestUnifiedLog finds a unified call in the log, with the calls of the vendor that
// it was made of.
func TestUnifiedLog(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.override("get", `{"before":[{"type":"request","config":{"resource":"contacts","method":"get","id":"9"}}]}`)
		m.vendor.says(200, `{"id":7,"name":"Ann"}`)
		m.unified("GET", "/contacts/7", "").want(200)
		m.unified("POST", "/contacts/explode", "{}").want(404)
		entries := m.logs("").want(200).JSON.Get("result").Items()
		if len(entries) != 2 {
			t.Fatalf("got %d records", len(entries))
		}
		failed, ok := entries[0], entries[1]
		if ok.Get("request_type").Str() != "unified" || ok.Get("resource").Str() != "crm/contacts" || ok.Get("calls").Len() != 2 || ok.Get("http_url").Str() == "" || ok.Get("status_code").String() != "200" {
			t.Errorf("got %s", ok)
		}
		if failed.Get("code").Str() != "method_not_found" || failed.Get("method").Str() != "explode" {
			t.Errorf("got %s", failed)
		}
	})
}

// TestUnifiedFiles passes a download on as it comes, and an upload with the names
// of the vendor's.
func TestUnifiedFiles(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelledBy(t, p, `{"get": {"response_mapping": {"id": "response.id"}},
		"upload": {"path_mapping":"'/files'","method":"upload","request_body_mapping":{"title":"body.name"},"file_upload":{"rename":{"file":"attachment"}},"response_mapping":{"id":"response.id"}}}`)
	p.call("PATCH", "/integration/"+m.integration, `{"config":{"resources":{"contacts":{"upload":{"method":"post","path":"/upload","body_format":"multipart"}}}}}`).want(200)
	m.vendor.serves(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		_, _ = w.Write([]byte("%PDF\x00\x01"))
	})
	if r := m.unified("GET", "/contacts/7", "").want(200); r.Text != "%PDF\x00\x01" || r.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("got %q %v", r.Text, r.Header)
	}
	m.vendor.says(201, `{"id":5}`)
	form := "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nPlan\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n"
	got := m.call("POST", "/unified/crm/contacts/upload?integrated_account_id="+m.account, form, "Content-Type", "multipart/form-data; boundary=b").want(201)
	last := m.vendor.last()
	if got.JSON.At("result", "id").String() != "5" || !strings.HasPrefix(last.Line, "POST /v1/files") {
		t.Errorf("got %s, the vendor %s", got.Text, last.Line)
	}
	for _, part := range []string{`name="title"`, "Plan", `name="attachment"; filename="a.txt"`, "hello"} {
		if !strings.Contains(last.Body, part) {
			t.Errorf("the vendor got %q, without %s", last.Body, part)
		}
	}
	if strings.Contains(last.Body, `name="name"`) {
		t.Errorf("a field that was mapped went out too: %q", last.Body)
	}
}

// TestUnifiedReleases pins, tries and takes back versions of a mapping.
func TestUnifiedReleases(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.vendor.says(200, `{"id":7,"name":"Ann"}`)
		name := func() string {
			t.Helper()
			return m.unified("GET", "/contacts/7", "").want(200).text("name")
		}
		row := m.override("get", `{"response_mapping":{"name":"'one'"}}`)
		const rows = "/environment-unified-model-resource-method/"
		m.call("PATCH", rows+row, `{"config":{"response_mapping":{"name":"'two'"}}}`).want(200)
		if got := name(); got != "two" {
			t.Errorf("the newest: got %s", got)
		}
		m.call("PATCH", rows+row, `{"release":{"active":1}}`).want(200)
		if got := name(); got != "one" {
			t.Errorf("pinned: got %s", got)
		}
		// The smallest part of a hundred that the account is in, and one less.
		least := int64(1)
		for !unified.InCanary(m.account, least) {
			least++
		}
		for percent, want := range map[int64]string{least: "two", least - 1: "one"} {
			if percent < 1 || percent > 99 {
				continue
			}
			m.call("PATCH", rows+row, fmt.Sprintf(`{"release":{"active":1,"canary":{"version":2,"percent":%d}}}`, percent)).want(200)
			if got := name(); got != want {
				t.Errorf("a canary of %d %%: got %s, want %s", percent, got, want)
			}
		}
		m.call("POST", rows+row+"/rollback", `{"version":1}`).want(200)
		if got := name(); got != "one" {
			t.Errorf("rolled back: got %s", got)
		}
	})
}
