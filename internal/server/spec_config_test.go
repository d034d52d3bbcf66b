package server_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestSpec02TopLevel runs the keys of spec 02 section 2, and what section 12
// says about them.
func TestSpec02TopLevel(t *testing.T) {
	t.Parallel()
	runExamples(t, map[string]example{
		"base_url with placeholders": {
			config: `{"base_url":"{{base_url}}/{{region}}/api"}`, context: `,"region":"eu"`, call: "GET /things", says: "[]", line: "GET /eu/api/things",
		},
		"base_url of a method": {
			config: `{"base_url":"https://nowhere.example","resources":{"things":{"list":{"path":"/x","base_url":"VENDOR/own"}}}}`, call: "GET /things", says: "[]", line: "GET /own/x",
		},
		"headers, with placeholders": {
			config:  `{"headers":{"Accept":"application/vnd.x+json","X-Team":"{{team}}","X-Both":"config"},"resources":{"things":{"list":{"path":"/x","headers":{"x-both":"method"}}}}}`,
			context: `,"team":"a b"`, call: "GET /things", says: "[]",
			header: map[string]string{"Accept": "application/vnd.x+json", "X-Team": "a b", "X-Both": "method"},
		},
		"null removes a header that a method sets": {
			config: `{"headers":{"X-Gone":null},"resources":{"things":{"list":{"path":"/x","headers":{"X-Gone":"1","X-Kept":"1"}}}}}`, call: "GET /things", says: "[]",
			header: map[string]string{"X-Gone": "", "X-Kept": "1"},
		},
		"null removes what is sent without being asked for": {
			config: `{"headers":{"Accept":null,"user-agent":null}}`, call: "GET /things", says: "[]", header: map[string]string{"Accept": "", "User-Agent": ""},
		},
		"12.20 null at method level": {
			config: `{"headers":{"X-All":"1"},"resources":{"things":{"list":{"path":"/x","headers":{"X-All":null}}}}}`, call: "GET /things", says: "[]", header: map[string]string{"X-All": ""},
		},
		"configured headers replace the usual ones": {
			config: `{"headers":{"user-agent":"own/1","content-type":"application/vnd.api+json"}}`, call: "POST /things", body: `{}`,
			header: map[string]string{"User-Agent": "own/1", "Content-Type": "application/vnd.api+json"},
		},
		"12.17 header values hold placeholders, not JSONata": {
			config: `{"headers":{"X-Text":"$now() {{plan}}"}}`, context: `,"plan":"gold"`, call: "GET /things", says: "[]", header: map[string]string{"X-Text": "$now() gold"},
		},
		"query, defaults under the method's under the caller's": {
			config: `{"query":{"a":"config","b":"config","c":"config","k":"{{api_key}}"},"resources":{"things":{"list":{"path":"/x","query":{"b":"method","c":"method"}}}}}`,
			call:   "GET /things?c=caller&d=caller", says: "[]", line: "GET /x?a=config&b=method&c=caller&k=key-canary-1&d=caller",
		},
		"query null":                       {config: `{"query":null}`, call: "GET /things?a=1", says: "[]", line: "GET /things?a=1"},
		"query_array_format comma":         {config: `{"query_array_format":"comma"}`, call: "GET /things?ids[]=1&ids[]=2", says: "[]", line: "GET /things?ids=1,2"},
		"query_array_format brackets":      {config: `{"query_array_format":"brackets"}`, call: "GET /things?ids[]=1&ids[]=2", says: "[]", line: "GET /things?ids%5B%5D=1&ids%5B%5D=2"},
		"query_array_format indices":       {config: `{"query_array_format":"indices"}`, call: "GET /things?ids[]=1&ids[]=2", says: "[]", line: "GET /things?ids%5B0%5D=1&ids%5B1%5D=2"},
		"query_array_format repeat":        {config: `{"query_array_format":"repeat"}`, call: "GET /things?ids[]=1&ids[]=2", says: "[]", line: "GET /things?ids=1&ids=2"},
		"query_array_format null":          {config: `{"query_array_format":null}`, call: "GET /things?ids[]=1", says: "[]", line: "GET /things?ids%5B0%5D=1"},
		"query_array_format of a method":   {config: `{"query_array_format":"comma","resources":{"things":{"list":{"path":"/x","query_array_format":"repeat"}}}}`, call: "GET /things?ids[]=1&ids[]=2", says: "[]", line: "GET /x?ids=1&ids=2"},
		"nested objects in the query":      {call: "GET /things?created_at[gt]=2024-01-02&a[b][c]=1", says: "[]", line: "GET /things?created_at%5Bgt%5D=2024-01-02&a%5Bb%5D%5Bc%5D=1"},
		"a query that nests in the method": {config: `{"resources":{"things":{"list":{"path":"/x","query":{"page":{"size":"{{query.size?:5:int}}"},"ids":[1,2]}}}}}`, call: "GET /things", says: "[]", line: "GET /x?page%5Bsize%5D=5&ids%5B0%5D=1&ids%5B1%5D=2"},
		"label, logo, icon, tool_tags, required_headers, webhook and actions do not touch a call": {
			config: `{"label":"L","logo":null,"icon":"https://x.example/i.png","tool_tags":{"things":["support"]},"required_headers":["X-A"],"webhook":null,
				"actions":{"post_install":{"steps":[{"type":"set_context","config":{"a":"1"}}]},"validation":{"type":"request","config":{"path":"/me"}}}}`,
			call: "GET /things/1", says: `{"id":1}`, line: "GET /things/1", text: `{"id":1}`,
		},
	})
}

// TestSpec02Authorization runs the formats of spec 02 section 4.
func TestSpec02Authorization(t *testing.T) {
	t.Parallel()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:pw-canary-1"))
	auth := func(format, config string) string {
		return `{"authorization":{"format":"` + format + `"` + map[bool]string{true: `,"config":` + config}[config != ""] + `}}`
	}
	e := func(config, header, value string) example {
		return example{config: config, context: `,"username":"ann","password":"pw-canary-1","oauth":{"token":{"access_token":"token-canary-1"}}`, call: "GET /things", says: "[]", header: map[string]string{header: value}}
	}
	runExamples(t, map[string]example{
		"bearer, the access token unless given":      e(auth("bearer", ""), "Authorization", "Bearer token-canary-1"),
		"bearer with value":                          e(auth("bearer", `{"value":"{{api_key}}"}`), "Authorization", "Bearer key-canary-1"),
		"12.2 bearer with token":                     e(auth("bearer", `{"token":"{{oauth.token.access_token}}"}`), "Authorization", "Bearer token-canary-1"),
		"header, static":                             e(auth("header", `{"header_name":"X-API-Key","header_value":"v1 {{api_key}}"}`), "X-Api-Key", "v1 key-canary-1"),
		"header, dynamic":                            e(auth("header", `{"expression":"{ 'X-Url': url, 'X-Verb': requestOptions.method, 'X-Key': context.api_key }"}`), "X-Key", "key-canary-1"),
		"basic":                                      e(auth("basic", `{"username":"{{username}}","password":"{{password}}"}`), "Authorization", basic),
		"12.3 roots: credentials":                    e(auth("header", `{"header_name":"X-K","header_value":"{{credentials.api_key}}"}`), "X-K", "key-canary-1"),
		"12.3 roots: context":                        e(auth("header", `{"header_name":"X-K","header_value":"{{context.api_key}}"}`), "X-K", "key-canary-1"),
		"12.3 roots: access_token":                   e(auth("header", `{"header_name":"X-K","header_value":"{{access_token}}"}`), "X-K", "token-canary-1"),
		"12.3 roots: context.access_token is bearer": e(auth("bearer", `{"value":"{{context.access_token|access_token}}"}`), "Authorization", "Bearer token-canary-1"),
		"scaffold of api_key":                        e(auth("header", `{"header_name":"Authorization","header_value":"Bearer {{credentials.api_key}}"}`), "Authorization", "Bearer key-canary-1"),
		"scaffold of basic":                          e(auth("basic", `{"username":"{{credentials.username}}","password":"{{credentials.password}}"}`), "Authorization", basic),
		"a key in the query": {
			config: `{"query":{"api_key":"{{api_key}}"}}`, call: "GET /things", says: "[]", line: "GET /things?api_key=key-canary-1", header: map[string]string{"Authorization": ""},
		},
		"of a method, in place of the config's": {
			config: `{"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"resources":{"things":{"list":{"path":"/x","authorization":{"format":"header","config":{"header_name":"X-Own","header_value":"{{api_key}}"}}}}}}`,
			call:   "GET /things", says: "[]", header: map[string]string{"Authorization": "", "X-Own": "key-canary-1"},
		},
		"no_auth": {
			config: `{"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"resources":{"things":{"list":{"path":"/x","no_auth":true}}}}`, call: "GET /things", says: "[]", header: map[string]string{"Authorization": ""},
		},
	})
	t.Run("the expression sees url, method, headers and body", func(t *testing.T) {
		t.Parallel()
		c := newPlatform(t).example(t, `{"headers":{"X-A":"1"},"query":{"v":"2"},"authorization":{"format":"header","config":{"expression":"{ 'X-Seen': requestOptions.method & ' ' & url & ' ' & requestOptions.headers.`+"`x-a`"+` & ' ' & requestOptions.body }"}}}`, "")
		c.ask("POST /things?q=1", `{"n":1}`).want(200)
		if got, want := c.vendor.last().Header.Get("X-Seen"), "POST "+c.vendor.URL+`/things?v=2&q=1 1 {"n":1}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("ignore_credentials_on_redirect", func(t *testing.T) {
		t.Parallel()
		for _, flag := range []string{"", `,"ignore_credentials_on_redirect":true`, `,"ignore_credentials_on_redirect":false`} {
			c := newPlatform(t).example(t, `{"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},"resources":{"things":{"get":{"path":"/things/{{id}}"`+flag+`}}}}`, "")
			other := newVendor(t)
			other.says(200, `{"id":"there"}`)
			c.vendor.says(302, "", "Location", strings.Replace(other.URL, "127.0.0.1", "127.0.0.2", 1)+"/there")
			got := c.ask("GET /things/1", "")
			if got.Status == 200 && other.last().Header.Get("Authorization") != "" {
				t.Errorf("%s: the other host got the credential", flag)
			}
			c.vendor.says(302, "", "Location", other.URL+"/there")
			c.ask("GET /things/1", "").want(200)
			if got := other.last(); got.Line != "GET /there" || got.Header.Get("Authorization") != "" {
				t.Errorf("%s: the other host got %+v", flag, got)
			}
		}
	})
}
