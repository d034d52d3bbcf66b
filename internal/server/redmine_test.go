package server_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestRedmine drives a Redmine of Debian's packages through the definition of
// the catalogue: every method of it.
func TestRedmine(t *testing.T) {
	t.Parallel()
	vendor := testkit.StartRedmine(t)
	seed := seedRedmine(t, vendor)
	// One after the other: the lists of users and projects are of all there are.
	var turn sync.Mutex
	eachPlatform(t, func(t *testing.T, p *platform) {
		turn.Lock()
		defer turn.Unlock()
		r := newRedmine(p, vendor)
		r.pages(seed)
		r.records()
		r.files()
		r.refusals(vendor)
		r.xml(seed)
		r.coverage()
		r.unified(seed)
	})
}

// redmine is an account of a Redmine, and what was tried with it.
type redmine struct {
	*called
	// name tells what this test makes from what others do.
	name  string
	tried map[string]bool
}

// newRedmine installs the definition of the catalogue and connects Redmine's
// administrator.
func newRedmine(p *platform, vendor testkit.RedmineServer) *redmine {
	p.t.Helper()
	r := &redmine{called: &called{platform: p}, name: filepath.Base(p.t.Name()), tried: map[string]bool{}}
	r.installation = p.call("POST", "/catalog/redmine/install", "").want(201).text("id")
	r.account = r.connectKey(vendor, vendor.Key)
	return r
}

func (r *redmine) connectKey(vendor testkit.RedmineServer, key string) (account string) {
	r.t.Helper()
	return r.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+r.installation+`","authentication_method":"api_key",
		"context":{"url":"`+vendor.URL+`","api_key":"`+key+`"}}`).want(201).text("id")
}

// ask calls a method of the definition. The query ends in & where there is one.
func (r *redmine) ask(call, id, query, body string, headers ...string) *reply {
	r.t.Helper()
	r.tried[call] = true
	resource, method, _ := strings.Cut(call, ".")
	verb, path := proxyRoute(resource, method, id)
	return r.call(verb, path+"?"+query+"integrated_account_id="+r.account, body, headers...)
}

// coverage holds what was tried against the definition.
func (r *redmine) coverage() {
	r.t.Helper()
	text, _ := catalog.Text("redmine")
	config, err := definition.ReadConfig(text)
	r.must(err)
	for resource, methods := range config.Get("resources").Members() {
		for method := range methods.Members() {
			if !r.tried[resource+"."+method] {
				r.t.Errorf("%s.%s was not tried", resource, method)
			}
		}
	}
}

// redmineSeed is a project with issues that were made through the server.
type redmineSeed struct {
	project string
	issues  []string
}

func seedRedmine(t *testing.T, vendor testkit.RedmineServer) redmineSeed {
	t.Helper()
	r := newRedmine(newPlatform(t), vendor)
	seed := redmineSeed{project: r.ask("projects.create", "", "", `{"project":{"name":"Seed","identifier":"seed"}}`).want(201).JSON.Get("id").String()}
	for i := range 237 {
		issue := r.ask("issues.create", "", "", fmt.Sprintf(`{"issue":{"project_id":%s,"subject":"Issue %d"}}`, seed.project, i)).want(201)
		seed.issues = append(seed.issues, issue.JSON.Get("id").String())
	}
	return seed
}

// pages reads the issues in pages of several sizes.
func (r *redmine) pages(seed redmineSeed) {
	r.t.Helper()
	backwards := slices.Clone(seed.issues)
	slices.Reverse(backwards)
	for limit, want := range map[string]int{"": 10, "limit=7&": 34, "limit=50&": 5, "limit=100&": 3, "limit=5000&": 3} {
		all, pages := r.walk("/issues?project_id=" + seed.project + "&sort=id&" + limit)
		if pages != want || !slices.Equal(all, seed.issues) {
			r.t.Errorf("%s: %d pages with %d issues, want %d and all %d in their order", limit, pages, len(all), want, len(seed.issues))
		}
	}
	if all, _ := r.walk("/issues?limit=60&project_id=" + seed.project + "&"); !slices.Equal(all, backwards) {
		r.t.Errorf("the usual order: got %d issues", len(all))
	}
	if all, pages := r.walk("/issues?project_id=" + seed.project + "&status_id=closed&"); len(all) != 0 || pages != 1 {
		r.t.Errorf("closed issues: %d pages with %d", pages, len(all))
	}
}

// lifecycle is what happens to the records of one resource: they are created,
// listed in pages, read, changed and deleted.
type lifecycle struct {
	resource string
	count    int
	// query goes with create and list.
	query string
	// wrapper is the member that bodies have their fields in.
	wrapper string
	// fields are those of the n-th record.
	fields func(n int) string
	// change holds one member with its new value; "" where nothing changes.
	change string
	// keeps leaves the records for what comes after.
	keeps bool
}

// records takes every resource through its life.
func (r *redmine) records() {
	r.t.Helper()
	projects := r.live(lifecycle{
		resource: "projects", count: 5, wrapper: "project", keeps: true, change: `"description":"Changed"`,
		fields: func(n int) string { return fmt.Sprintf(`"name":"Project %d","identifier":"%s-%d"`, n, r.name, n) },
	})
	project := projects[0]
	within := "project_id=" + project + "&"
	users := r.live(lifecycle{
		resource: "users", count: 5, wrapper: "user", query: "name=" + r.name + "&", keeps: true, change: `"lastname":"Changed"`,
		fields: func(n int) string {
			return fmt.Sprintf(`"login":"%s%d","firstname":"%[1]s","lastname":"User","mail":"%[1]s%d@example.com","password":"correct horse"`, r.name, n)
		},
	})
	issues := r.live(lifecycle{
		resource: "issues", count: 5, wrapper: "issue", query: within, keeps: true, change: `"subject":"Changed"`,
		fields: func(n int) string { return fmt.Sprintf(`"project_id":%s,"subject":"Issue %d"`, project, n) },
	})
	activity := r.ask("time_entry_activities.list", "", "", "").want(200).JSON.Get("result").Items()[0].Get("id").String()
	r.live(lifecycle{
		resource: "time_entries", count: 5, wrapper: "time_entry", query: within, change: `"comments":"Changed"`,
		fields: func(n int) string {
			return fmt.Sprintf(`"issue_id":%s,"hours":%d.5,"activity_id":%s`, issues[0], n, activity)
		},
	})
	named := func(n int) string { return fmt.Sprintf(`"name":"%s %d"`, r.name, n) }
	r.live(lifecycle{resource: "versions", count: 5, wrapper: "version", query: within, change: `"name":"Changed"`, fields: named})
	r.live(lifecycle{resource: "issue_categories", count: 5, wrapper: "issue_category", query: within, change: `"name":"Changed"`, fields: named})
	r.live(lifecycle{resource: "groups", count: 5, wrapper: "group", change: `"name":"Changed ` + r.name + `"`, fields: named})
	role := r.ask("roles.list", "", "", "").want(200).JSON.Get("result").Items()[0].Get("id").String()
	r.live(lifecycle{
		resource: "memberships", count: 5, wrapper: "membership", query: within,
		fields: func(n int) string { return fmt.Sprintf(`"user_id":%s,"role_ids":[%s]`, users[n], role) },
	})
	r.live(lifecycle{
		resource: "relations", count: 4, wrapper: "relation", query: "issue_id=" + issues[0] + "&",
		fields: func(n int) string { return fmt.Sprintf(`"issue_to_id":%s,"relation_type":"relates"`, issues[n+1]) },
	})
	r.oddities(project, users[0], role)
	for _, user := range users {
		r.ask("users.delete", user, "", "").want(200)
		r.ask("users.get", user, "", "").want(404)
	}
	for _, issue := range issues {
		r.ask("issues.delete", issue, "", "").want(200)
		r.ask("issues.get", issue, "", "").want(404)
	}
	for _, project := range projects {
		r.ask("projects.delete", project, "", "").want(200)
		r.gone("projects.get", project)
	}
}

// live takes records through their life and returns their ids.
func (r *redmine) live(l lifecycle) (ids []string) {
	r.t.Helper()
	for n := range l.count {
		created := r.ask(l.resource+".create", "", l.query, `{"`+l.wrapper+`":{`+l.fields(n)+`}}`).want(201)
		id := created.JSON.Get("id").String()
		got := r.ask(l.resource+".get", id, "", "").want(200)
		if got.JSON.Get("id").String() != id {
			r.t.Errorf("%s: created %s, got %s", l.resource, created.Text, got.Text)
		}
		ids = append(ids, id)
	}
	for _, limit := range []string{"", "limit=2&", "limit=3&"} {
		r.tried[l.resource+".list"] = true
		all, _ := r.walk("/" + l.resource + "?" + l.query + limit)
		all = slices.DeleteFunc(all, func(id string) bool { return l.resource == "projects" && !slices.Contains(ids, id) })
		slices.Sort(all)
		if diff := cmp.Diff(slices.Sorted(slices.Values(ids)), all); diff != "" {
			r.t.Errorf("%s with %q (-created +listed):\n%s", l.resource, limit, diff)
		}
	}
	if l.change != "" {
		if got := r.ask(l.resource+".update", ids[0], "", `{"`+l.wrapper+`":{`+l.change+`}}`).want(200).Text; got != "{}" {
			r.t.Errorf("%s: the answer to a change is %s", l.resource, got)
		}
		if got := r.ask(l.resource+".get", ids[0], "", "").want(200).Text; !strings.Contains(got, l.change) {
			r.t.Errorf("%s: the change is not in %s", l.resource, got)
		}
	}
	if l.keeps {
		return ids
	}
	for _, id := range ids {
		if got := r.ask(l.resource+".delete", id, "", "").want(200); got.Text != `{"id":"`+id+`"}` {
			r.t.Errorf("%s: the answer to a deletion is %s", l.resource, got.Text)
		}
		r.ask(l.resource+".get", id, "", "").want(404)
	}
	return ids
}

// gone waits until there is no such record: what belongs to a project is deleted
// in the background.
func (r *redmine) gone(call, id string) {
	r.t.Helper()
	for began := time.Now(); r.ask(call, id, "", "").Status != 404; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			r.t.Fatalf("%s: %s is still there", call, id)
		}
	}
}

// oddities tries what has no usual life.
func (r *redmine) oddities(project, user, role string) {
	r.t.Helper()
	if got := r.ask("users.me", "", "", "").want(200); got.JSON.At("result", "login").Str() != "admin" {
		r.t.Errorf("the user behind the key: got %s", got.Text)
	}
	for _, name := range []string{"issue_statuses", "trackers", "issue_priorities"} {
		if got := r.ask(name+".list", "", "", "").want(200); got.JSON.Get("result").Len() < 3 || !got.JSON.Get("next_cursor").IsNull() {
			r.t.Errorf("%s: got %s", name, got.Text)
		}
	}
	if got := r.ask("roles.get", role, "", "").want(200); got.JSON.Get("permissions").Len() == 0 {
		r.t.Errorf("role: got %s", got.Text)
	}
	membership := r.ask("memberships.create", "", "project_id="+project+"&", `{"membership":{"user_id":`+user+`,"role_ids":[`+role+`]}}`).want(201).JSON.Get("id").String()
	r.ask("memberships.update", membership, "", `{"membership":{"role_ids":[4]}}`).want(200)
	if got := r.ask("memberships.get", membership, "", "").want(200).JSON.Get("roles").String(); !strings.Contains(got, `"id":4`) {
		r.t.Errorf("membership: got %s", got)
	}
	page := "project_id=" + project + "&"
	r.ask("wiki_pages.update", "Start", page, `{"wiki_page":{"text":"One"}}`).want(201)
	r.ask("wiki_pages.update", "Start", page, `{"wiki_page":{"text":"Two"}}`).want(200)
	if got := r.ask("wiki_pages.get", "Start", page, "").want(200); got.text("text") != "Two" {
		r.t.Errorf("wiki page: got %s", got.Text)
	}
	if got := r.ask("wiki_pages.list", "", page, "").want(200).JSON.Get("result"); got.Len() != 1 {
		r.t.Errorf("wiki pages: got %s", got)
	}
	r.ask("wiki_pages.delete", "Start", page, "").want(200)
	r.ask("wiki_pages.get", "Start", page, "").want(404)

	// One request, however often it is sent.
	body := `{"issue":{"project_id":` + project + `,"subject":"Onlyone"}}`
	first := r.ask("issues.create", "", "", body, "Idempotency-Key", "once-"+r.name).want(201)
	again := r.ask("issues.create", "", "", body, "Idempotency-Key", "once-"+r.name).want(201)
	if first.Text != again.Text || again.Header.Get("Idempotent-Replayed") != "true" {
		r.t.Errorf("a repeat made %s after %s", again.Text, first.Text)
	}
	r.tried["search.list"] = true
	if found, _ := r.walk("/search?q=Onlyone&limit=1&"); !slices.Equal(found, []string{first.JSON.Get("id").String()}) {
		r.t.Errorf("found %v, want %s", found, first.JSON.Get("id"))
	}
	r.ask("issues.delete", first.JSON.Get("id").String(), "", "").want(200)
}

// files uploads files and downloads them, byte for byte whatever they hold.
func (r *redmine) files() {
	r.t.Helper()
	blob := make([]byte, 1<<20)
	_, _ = rand.Read(blob)
	project := r.ask("projects.create", "", "", `{"project":{"name":"Files","identifier":"files-`+r.name+`"}}`).want(201).JSON.Get("id").String()
	files := map[string][]byte{
		"blob.bin": blob, "report.xml": []byte("<?xml version=\"1.0\"?>\n<a b='1'>x</a>\n"), "data.json": []byte("{ \"a\": 1.10 }\n"),
		"rows.csv": []byte("a;b\r\n1;2\r\n"), "latin.txt": {'G', 'r', 0xfc, 0xdf, 'e', 0, '\n'},
	}
	var uploads []string
	for name, content := range files {
		upload := r.upload(name, content)
		uploads = append(uploads, `{"token":`+upload.Get("token").String()+`,"filename":"`+name+`"}`)
	}
	issue := r.ask("issues.create", "", "", `{"issue":{"project_id":`+project+`,"subject":"Files","uploads":[`+strings.Join(uploads, ",")+`]}}`).want(201).JSON.Get("id").String()
	attachments := r.ask("issues.get", issue, "include=attachments&", "").want(200).JSON.Get("attachments").Items()
	if len(attachments) != len(files) {
		r.t.Fatalf("%d attachments of %d", len(attachments), len(files))
	}
	for _, attachment := range attachments {
		id, name := attachment.Get("id").String(), attachment.Get("filename").Str()
		got := r.ask("attachments.download", "", "attachment_id="+id+"&", "").want(200)
		if got.Text != string(files[name]) {
			r.t.Errorf("%s (%s) came back otherwise: %d bytes of %d", name, got.Header.Get("Content-Type"), len(got.Text), len(files[name]))
		}
	}
	id := attachments[0].Get("id").String()
	r.ask("attachments.update", id, "", `{"attachment":{"description":"Changed"}}`).want(200)
	if got := r.ask("attachments.get", id, "", "").want(200); got.text("description") != "Changed" {
		r.t.Errorf("attachment: got %s", got.Text)
	}
	r.ask("attachments.delete", id, "", "").want(200)
	r.ask("attachments.get", id, "", "").want(404)
	r.ask("projects.delete", project, "", "").want(200)
}

// upload sends a file as the body of a request.
func (r *redmine) upload(name string, content []byte) jsonx.Value {
	r.t.Helper()
	r.tried["uploads.create"] = true
	path := "/proxy/uploads?truto_body_passthrough=true&filename=" + name + "&integrated_account_id=" + r.account
	response := r.stream(http.MethodPost, path, bytes.NewReader(content), "text/anything")
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	r.must(err)
	upload, err := jsonx.Parse(text)
	if err != nil || response.StatusCode != 201 || upload.Get("token").Str() == "" {
		r.t.Fatalf("upload of %s: %d %s", name, response.StatusCode, text)
	}
	return upload
}

// refusals holds what the caller is told when Redmine refuses.
func (r *redmine) refusals(vendor testkit.RedmineServer) {
	r.t.Helper()
	refused := func(got *reply, status int, message, raw string) {
		r.t.Helper()
		got.want(status)
		want := fmt.Sprintf(`{"statusCode":%d,"error":%q,"message":%q,"code":"remote_error","truto_is_remote_error":true,"raw_response":%s}`, status, http.StatusText(status), message, raw)
		if diff := cmp.Diff(want, got.JSON.Without("request_id").Without("truto_error_insight").String()); diff != "" {
			r.t.Errorf("%s (-want +got):\n%s", got.call, diff)
		}
		if got.Header.Get("X-Runtime") == "" {
			r.t.Errorf("%s: the vendor's headers are missing: %v", got.call, got.Header)
		}
	}
	refused(r.ask("issues.get", "999999", "", ""), 404, "Not Found", `""`)
	refused(r.ask("issues.update", "999999", "", `{"issue":{"subject":"x"}}`), 404, "Not Found", `""`)
	refused(r.ask("issues.list", "", "project_id=999999&", ""), 404, "Not Found", `""`)
	refused(r.ask("issues.create", "", "", `{"issue":{"project_id":999999}}`), 422, "Subject cannot be blank; Project cannot be blank; Tracker cannot be blank; Status cannot be blank",
		`{"errors":["Subject cannot be blank","Project cannot be blank","Tracker cannot be blank","Status cannot be blank"]}`)
	refused(r.ask("projects.create", "", "", `{"project":{"name":"x","identifier":"seed"}}`), 422, "Identifier has already been taken", `{"errors":["Identifier has already been taken"]}`)

	// A user who may do little.
	user := r.ask("users.create", "", "", `{"user":{"login":"nobody`+r.name+`","firstname":"No","lastname":"Body","mail":"nobody`+r.name+`@example.com","generate_password":true}}`).want(201).JSON
	administrator := r.account
	r.account = r.connectKey(vendor, user.Get("api_key").Str())
	refused(r.ask("users.list", "", "", ""), 403, "Forbidden", `""`)
	account := r.get("/integrated-account/" + r.account).want(200)
	if account.text("status") != "active" || account.text("last_forbidden_error", "resource") != "users" || account.text("last_forbidden_error", "method") != "list" {
		r.t.Errorf("after a 403: %s", account.Text)
	}

	// A key that is not one any more.
	r.call("PATCH", "/integrated-account/"+r.account+"/credentials", `{"context":{"api_key":"nonsense"}}`).want(200)
	refused(r.ask("users.me", "", "", ""), 401, "Unauthorized", `""`)
	if got := r.get("/integrated-account/" + r.account).want(200); got.text("status") != "needs_reauth" || got.text("last_error") == "" {
		r.t.Errorf("after a 401: %s", got.Text)
	}
	r.call("PATCH", "/integrated-account/"+r.account+"/credentials", `{"context":{"api_key":"`+user.Get("api_key").Str()+`"}}`).want(200)
	r.ask("users.me", "", "", "").want(200)
	if got := r.get("/integrated-account/" + r.account).want(200); got.text("status") != "active" {
		r.t.Errorf("after a success: %s", got.Text)
	}
	r.account = administrator
}

// xml reads and writes issues in Redmine's other format, which the definition
// does not use.
func (r *redmine) xml(seed redmineSeed) {
	r.t.Helper()
	config := `{"methodConfig":{"method":"get","path":"/issues.xml","api_response_format":"xml","response_path":"issues.issue","query":{"sort":"id","project_id":"` + seed.project + `"},
		"pagination":{"format":"offset","config":{"offset_key":"offset","limit_key":"limit","max_limit":100,"total_count_path":"issues._attributes.total_count"}}}}`
	var all []string
	cursor := ""
	for first := true; first || cursor != ""; first = false {
		page := r.custom("POST", "/issues?limit=90&next_cursor="+url.QueryEscape(cursor), config).want(200)
		for _, issue := range page.JSON.Get("result").Items() {
			all = append(all, issue.At("id", "_text").Str())
		}
		cursor = page.text("next_cursor")
	}
	if !slices.Equal(all, seed.issues) {
		r.t.Errorf("as XML: %d issues of %d", len(all), len(seed.issues))
	}
	subject := `<b> & "ü" ` + strconv.Itoa(len(all))
	created := r.custom("POST", "/issues", `{"methodConfig":{"method":"post","path":"/issues.xml","body_format":"xml","body":{"issue":{"project_id":"{{body.project}}","subject":"{{body.subject}}"}},"response_path":"issue"},
		"project":`+seed.project+`,"subject":`+jsonx.StringValue(subject).String()+`}`).want(201)
	id := created.JSON.At("result", "id", "_text").Str()
	if got := r.ask("issues.get", id, "", "").want(200); got.text("subject") != subject {
		r.t.Errorf("as XML: created %s", got.Text)
	}
	r.ask("issues.delete", id, "", "").want(200)
	refused := r.custom("POST", "/issues", `{"methodConfig":{"method":"post","path":"/issues.xml","body_format":"xml","body":{"issue":{"project_id":"`+seed.project+`"}}}}`).want(422)
	if refused.text("message") != "Subject cannot be blank" {
		r.t.Errorf("as XML: refused with %s", refused.Text)
	}
}
