package server_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestJSONServer drives json-server of npm through testdata/json-server.yaml.
func TestJSONServer(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		posts := jsonServerPosts()
		vendor := testkit.StartJSONServer(t, []byte(`{"posts":`+posts.String()+`,"comments":[{"id":1,"postId":3,"text":"a"},{"id":2,"postId":4,"text":"b"},{"id":3,"postId":3,"text":"c"}],"profile":{"name":"Typicode"}}`))
		c := newJSONServer(p, vendor)
		c.pagesOf(posts)
		c.filters()
		c.records(vendor)
		c.refusals()
	})
}

// jsonServer is an account of a json-server.
type jsonServer struct{ *called }

func newJSONServer(p *platform, vendor testkit.JSONServer) jsonServer {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "json-server.yaml"))
	p.must(err)
	product, err := definition.Read(text)
	p.must(err)
	c := &called{platform: p}
	c.integration = p.call("POST", "/integration", product.String()).want(201).text("id")
	c.installation = p.call("POST", "/environment-integration", `{"integration_id":"`+c.integration+`"}`).want(201).text("id")
	c.account = p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+c.installation+`","authentication_method":"api_key","context":{"url":"`+vendor.URL+`"}}`).want(201).text("id")
	return jsonServer{c}
}

// jsonServerPosts are records in an order that is not that of their ids.
func jsonServerPosts() jsonx.Value {
	var posts []jsonx.Value
	for i := range 237 {
		id := (i*101)%237 + 1 // each once, since 101 and 237 have no common factor
		posts = append(posts, jsonx.MustParse(fmt.Sprintf(`{"id":%d,"title":"Post %[1]d","views":%d,"big":9007199254740991}`, id, id%10)))
	}
	return jsonx.ArrayValue(posts...)
}

// pagesOf reads all posts in every way that json-server pages in.
func (c jsonServer) pagesOf(posts jsonx.Value) {
	c.t.Helper()
	var want []string
	for _, post := range posts.Items() {
		want = append(want, post.Get("id").String())
	}
	for _, way := range []string{"posts", "posts-by-page", "posts-by-offset", "posts-by-expression"} {
		for _, limit := range []string{"", "limit=7&", "limit=100&", "limit=237&", "limit=1000&"} {
			if all, _ := c.walk("/" + way + "?" + limit); !slices.Equal(all, want) {
				c.t.Errorf("%s %s: %d posts of %d, or another order", way, limit, len(all), len(want))
			}
		}
	}
	if all, _ := c.walk("/comments?post_id=3&limit=1&"); !slices.Equal(all, []string{"1", "3"}) {
		c.t.Errorf("comments of post 3: %v", all)
	}
}

// filters holds that what the caller asks for reaches json-server.
func (c jsonServer) filters() {
	c.t.Helper()
	for _, way := range []string{"posts", "posts-by-page", "posts-by-offset"} {
		for query, want := range map[string]int{"views=3": 24, "views=3&views=4": 48, "id_gte=10&id_lte=19": 10, "title_like=" + url.QueryEscape("^Post 1\\d$"): 10, "q=Post%20199": 1, "views=99": 0} {
			if all, _ := c.walk("/" + way + "?" + query + "&limit=9&"); len(all) != want {
				c.t.Errorf("%s?%s: %d posts, want %d", way, query, len(all), want)
			}
		}
		sorted, _ := c.walk("/" + way + "?_sort=id&_order=desc&limit=50&")
		if len(sorted) != 237 || sorted[0] != "237" || sorted[236] != "1" {
			c.t.Errorf("%s backwards: %v", way, sorted)
		}
	}
	if found := c.proxy("POST", "/posts/search", `{"text":"Post 199"}`).want(200).JSON.Get("result"); found.Len() != 1 {
		c.t.Errorf("search: got %s", found)
	}
}

// records creates, reads, changes, replaces and deletes posts.
func (c jsonServer) records(vendor testkit.JSONServer) {
	c.t.Helper()
	var created []string
	for i := range 5 {
		post := c.proxy("POST", "/posts", `{"title":"New `+strconv.Itoa(i)+`","tags":["ü",null],"deep":{"b":1,"a":2.50}}`).want(201)
		if got := post.JSON.Without("id").String(); got != `{"title":"New `+strconv.Itoa(i)+`","tags":["ü",null],"deep":{"b":1,"a":2.5}}` {
			c.t.Errorf("created %s", got)
		}
		created = append(created, post.JSON.Get("id").String())
	}
	if all, _ := c.walk("/posts?q=New&_sort=id&limit=2&"); !slices.Equal(all, created) {
		c.t.Errorf("created %v, and listed are %v", created, all)
	}
	id := created[0]
	if got := c.proxy("PATCH", "/posts/"+id, `{"title":"Newer"}`).want(200); got.text("title") != "Newer" || !got.JSON.Get("deep").Exists() {
		c.t.Errorf("changed: got %s", got.Text)
	}
	if got := c.proxy("POST", "/posts/replace", `{"id":`+id+`,"title":"Newest"}`).want(200).JSON.Get("result"); got.Len() != 2 {
		c.t.Errorf("replaced: got %s", got)
	}
	if got := c.proxy("GET", "/posts/"+id, "").want(200).text("title"); got != "Newest" {
		c.t.Errorf("after the change: %q", got)
	}
	c.proxy("POST", "/posts", `{"id":"a/b ü","title":"Odd"}`).want(201)
	if got := c.proxy("GET", "/posts/"+url.PathEscape("a/b ü"), "").want(200); got.text("title") != "Odd" {
		c.t.Errorf("an odd id: got %s", got.Text)
	}
	if got := c.proxy("GET", "/profile/profile", "").want(200).Text; !strings.Contains(got, "Typicode") {
		c.t.Errorf("profile: got %s", got)
	}
	saved, err := os.ReadFile(vendor.File)
	c.must(err)
	if n := jsonx.MustParse(string(saved)).Get("posts").Len(); n != 237+6 {
		c.t.Errorf("json-server has %d posts", n)
	}
	for _, id := range append(created, "a/b ü") {
		if got := c.proxy("DELETE", "/posts/"+url.PathEscape(id), "").want(200).text("id"); got != id {
			c.t.Errorf("deleted: got %q", got)
		}
		c.proxy("GET", "/posts/"+url.PathEscape(id), "").want(404)
	}
}

// refusals holds what the caller is told when json-server refuses.
func (c jsonServer) refusals() {
	c.t.Helper()
	for _, call := range [][3]string{{"GET", "/posts/999", ""}, {"PATCH", "/posts/999", `{"a":1}`}, {"DELETE", "/posts/999", ""}} {
		got := c.proxy(call[0], call[1], call[2]).want(404)
		const want = `{"statusCode":404,"error":"Not Found","message":"Not Found","code":"remote_error","truto_is_remote_error":true,"raw_response":{}}`
		if body := got.JSON.Without("request_id").String(); body != want {
			c.t.Errorf("%s %s: got %s", call[0], call[1], body)
		}
	}
	// It answers with the stack of its error, as text.
	got := c.proxy("POST", "/posts", `{"id":1}`).want(500)
	if remote, _ := got.JSON.Get("truto_is_remote_error").Bool(); !remote || !strings.Contains(got.text("raw_response"), "duplicate id") {
		c.t.Errorf("an id twice: got %s", got.Text)
	}
	response := c.stream("POST", "/proxy/posts?truto_body_passthrough=true&integrated_account_id="+c.account, strings.NewReader("{bad"), "application/json")
	defer response.Body.Close()
	if response.StatusCode != 400 {
		c.t.Errorf("a broken body: got %s", response.Status)
	}
}
