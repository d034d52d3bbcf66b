package server_test

import (
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// methods is a config with methods of the resource things.
func methods(members string) string { return `{"resources":{"things":{` + members + `}}}` }

// TestSpec02Methods runs the keys of a method, spec 02 section 7.1.
func TestSpec02Methods(t *testing.T) {
	t.Parallel()
	runExamples(t, map[string]example{
		"path with placeholders":       {config: methods(`"get":{"path":"/teams/{{team}}/things/{{id}}/{{query.kind}}"}`), context: `,"team":"a/b"`, call: "GET /things/7%2F8?kind=x", line: "GET /teams/a%2Fb/things/7%2F8/x"},
		"method, lower and upper case": {config: methods(`"put":{"method":"PUT","path":"/p"}`), call: "POST /things/put", body: `{"a":1}`, line: "PUT /p", sent: `{"a":1}`},
		"method, get unless given":     {config: methods(`"look":{"path":"/look"}`), call: "POST /things/look", body: `{"a":1}`, line: "GET /look", sent: nothingSent},
		"the caller's verb is not the vendor's": {
			config: methods(`"list":{"method":"post","path":"/search","body":{"q":"{{query.q}}"},"response_path":"hits"}`), call: "GET /things?q=ann", says: `{"hits":[{"id":1}]}`,
			line: "POST /search", sent: `{"q":"ann"}`, text: `{"result":[{"id":1}],"next_cursor":null,"prev_cursor":null,"result_count":1}`,
		},
		"headers over the config's":      {config: `{"headers":{"X-A":"1","X-B":"1"},` + methods(`"list":{"path":"/x","headers":{"x-a":"{{query.q}}"}}`)[1:], call: "GET /things?q=2", says: "[]", header: map[string]string{"X-A": "2", "X-B": "1"}},
		"query, which may nest":          {config: methods(`"list":{"path":"/x","query":{"filter":{"name":"{{query.name:undefined}}","kind":"a"}}}`), call: "GET /things?name=ann", says: "[]", line: "GET /x?filter%5Bname%5D=ann&filter%5Bkind%5D=a"},
		"query, nothing for :undefined":  {config: methods(`"list":{"path":"/x","query":{"updated_since":"{{query.updated_since:undefined}}"}}`), call: "GET /things", says: "[]", line: "GET /x"},
		"query, text without :undefined": {config: methods(`"list":{"path":"/x","query":{"s":"{{query.s}}"}}`), call: "GET /things", says: "[]", line: "GET /x?s=%7B%7Bquery.s%7D%7D"},
		"body, the caller's unless given": {
			call: "POST /things", body: `{"z":1.10,"a":9007199254740993,"t":"{{api_key}}"}`, sent: `{"z":1.10,"a":9007199254740993,"t":"{{api_key}}"}`,
		},
		"body, a template": {
			config: methods(`"create":{"method":"post","path":"/x","body":{"name":"{{body.name}}","n":"{{body.n:int}}","on":"{{body.on:bool}}","gone":"{{body.gone:undefined}}","no":"{{body.no:null}}","tags":["{{body.tags.0}}","x"],"kind":"{{body.kind|query.kind?:none}}","fixed":true}}`),
			call:   "POST /things", body: `{"name":"Ann","n":"7","on":"true","tags":["a"]}`, sent: `{"name":"Ann","n":7,"on":true,"no":null,"tags":["a","x"],"kind":"none","fixed":true}`,
		},
		"body, static":                   {config: methods(`"create":{"method":"post","path":"/x","body":{"a":[1,null]}}`), call: "POST /things", body: `{"b":1}`, sent: `{"a":[1,null]}`},
		"body, of a get":                 {config: methods(`"list":{"path":"/x","body":{"q":1}}`), call: "GET /things", says: "[]", line: "GET /x", sent: `{"q":1}`},
		"body, the caller's of a get":    {config: methods(`"look":{"path":"/x"}`), call: "POST /things/look", body: `{"b":1}`, sent: nothingSent},
		"body_format json":               {config: methods(`"create":{"method":"post","path":"/x","body_format":"json"}`), call: "POST /things", body: `{"a":1}`, sent: `{"a":1}`, header: map[string]string{"Content-Type": "application/json"}},
		"body_format form":               {config: methods(`"create":{"method":"post","path":"/x","body_format":"form"}`), call: "POST /things", body: `{"a":"x y","b":{"c":[1,2]}}`, sent: "a=x%20y&b%5Bc%5D%5B0%5D=1&b%5Bc%5D%5B1%5D=2", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
		"body_format form, array format": {config: methods(`"create":{"method":"post","path":"/x","body_format":"form","query_array_format":"brackets"}`), call: "POST /things", body: `{"a":[1,2]}`, sent: "a%5B%5D=1&a%5B%5D=2"},
		"body_format raw":                {config: methods(`"create":{"method":"post","path":"/x","body_format":"raw","body":"<q>{{body.q}}</q>","headers":{"Content-Type":"text/xml"}}`), call: "POST /things", body: `{"q":"hi"}`, sent: "<q>hi</q>", header: map[string]string{"Content-Type": "text/xml"}},
		"body_format xml":                {config: methods(`"create":{"method":"post","path":"/x","body_format":"xml","body_format_config":{"root":"thing","spaces":0,"declaration":false}}`), call: "POST /things", body: `{"name":{"_text":"a & b","_attributes":{"id":"1"}}}`, sent: `<thing><name id="1">a &amp; b</name></thing>`, header: map[string]string{"Content-Type": "application/xml"}},
		"body_format multipart, with its boundary": {
			config: methods(`"create":{"method":"post","path":"/x","body_format":"multipart","body_format_config":{"boundary":"edge"}}`), call: "POST /things", body: `{"a":"1","tags":["x","y"]}`,
			header: map[string]string{"Content-Type": "multipart/form-data; boundary=edge"},
			sent:   "--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--edge\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\nx\r\n--edge\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\ny\r\n--edge--\r\n",
		},
		"body_format form, whatever the config's header says": {
			config: `{"headers":{"Content-Type":"application/json"},` + methods(`"create":{"method":"post","path":"/x","body_format":"form"}`)[1:], call: "POST /things", body: `{"a":1}`, sent: "a=1", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		},
		"body_format form, under the method's own header": {
			config: methods(`"create":{"method":"post","path":"/x","body_format":"form","headers":{"content-type":"application/x-own"}}`), call: "POST /things", body: `{"a":1}`, sent: "a=1", header: map[string]string{"Content-Type": "application/x-own"},
		},
		"body_format multipart keeps its boundary": {
			config: methods(`"create":{"method":"post","path":"/x","body_format":"multipart","body_format_config":{"boundary":"edge"},"headers":{"Content-Type":"multipart/form-data"}}`), call: "POST /things", body: `{"a":"1"}`, header: map[string]string{"Content-Type": "multipart/form-data; boundary=edge"},
		},
		"truto_body_passthrough keeps the type": {
			config: `{"headers":{"Content-Type":"application/json"}}`, call: "POST /things?truto_body_passthrough=true", body: "{", sent: "{", header: map[string]string{"Content-Type": "application/json"},
		},
		"body_format_config content_type": {
			config: methods(`"create":{"method":"post","path":"/x","body_format_config":{"content_type":"application/vnd.api+json"}}`), call: "POST /things", body: `{}`, header: map[string]string{"Content-Type": "application/vnd.api+json"},
		},
		"response_path, dotted":              {config: methods(`"get":{"path":"/x","response_path":"data.0.item"}`), call: "GET /things/1", says: `{"data":[{"item":{"n":1.10}}]}`, text: `{"n":1.10}`},
		"12.15 response_path, JSONata":       {config: methods(`"list":{"path":"/x","response_path":"$.rows[kind='a'].{'id':id}"}`), call: "GET /things", says: `{"rows":[{"id":1,"kind":"a"},{"id":2,"kind":"b"}]}`, shows: map[string]string{"result": `[{"id":1}]`}},
		"response_path of an update":         {config: methods(`"update":{"method":"put","path":"/x","response_path":"data"}`), call: "PATCH /things/1", body: `{}`, says: `{"data":{"id":1}}`, line: "PUT /x", text: `{"id":1}`},
		"pagination null":                    {config: `{"pagination":{"format":"page","config":{"page_key":"page","limit_key":"size"}},` + methods(`"list":{"path":"/x","pagination":null}`)[1:], call: "GET /things?limit=5", says: `[{"id":1}]`, line: "GET /x?limit=5", shows: map[string]string{"next_cursor": "null"}},
		"add_query_to_body":                  {config: methods(`"list":{"method":"post","path":"/search","add_query_to_body":true}`), call: "GET /things?q=ann&f[a]=1", says: "[]", line: "POST /search", sent: `{"q":"ann","f":{"a":"1"}}`},
		"add_query_to_body, over a template": {config: methods(`"list":{"method":"post","path":"/search","add_query_to_body":true,"body":{"type":"a","q":"all"}}`), call: "GET /things?q=ann", says: "[]", line: "POST /search", sent: `{"type":"a","q":"ann"}`},
		"ignore_body":                        {config: methods(`"send":{"method":"post","path":"/x","ignore_body":true,"body":{"a":1}}`), call: "POST /things/send", body: `{"b":1}`, sent: nothingSent, header: map[string]string{"Content-Type": ""}},
		"set_body_to_null":                   {config: methods(`"send":{"method":"post","path":"/x","set_body_to_null":true}`), call: "POST /things/send", body: `{"b":1}`, sent: "null", header: map[string]string{"Content-Type": "application/json"}},
		"api_response_format xml":            {config: methods(`"get":{"path":"/x","api_response_format":"xml","response_path":"r.v"}`), call: "GET /things/1", says: `<r><v k="1">x</v></r>`, headers: []string{"Content-Type", "text/plain"}, text: `{"_attributes":{"k":"1"},"_text":"x"}`},
		"api_response_format text":           {config: methods(`"get":{"path":"/x","api_response_format":"text"}`), call: "GET /things/1", says: `{"a":1}`, text: `{"a":1}`, back: map[string]string{"Content-Type": "application/json"}},
		"api_response_format json":           {config: methods(`"get":{"path":"/x","api_response_format":"json","response_path":"a"}`), call: "GET /things/1", says: `{"a":1}`, headers: []string{"Content-Type", "text/html"}, text: `1`},
		"error_expression replaces":          {config: `{"error_expression":"{'status':500}",` + methods(`"get":{"path":"/x","error_expression":"data.bad ? 'bad'"}`)[1:], call: "GET /things/1", says: `{"ok":1}`, text: `{"ok":1}`},
		"error_expression null":              {config: `{"error_expression":"{'status':500}",` + methods(`"get":{"path":"/x","error_expression":null}`)[1:], call: "GET /things/1", says: `{"ok":1}`, text: `{"ok":1}`},
		"scopes":                             {config: methods(`"get":{"path":"/x","scopes":["a:read","b:read"]}`), context: `,"oauth":{"scope":["a:read"]}`, call: "GET /things/1", status: 403, says: `{}`, want: 403, shows: map[string]string{"truto_error_insight.forbidden_error.value.missing_scopes": `["b:read"]`}},
		"what documents a method does not touch it": {
			config: methods(`"get":{"path":"/x","description":"D","api_documentation_url":"https://x.example","query_schema":"type: object","body_schema":{"type":"object"},"response_schema":{"type":"object"},"examples":{"response":"{}","query":"a=1","body":"{}"}}`),
			call:   "GET /things/1", says: `{"ok":1}`, line: "GET /x", text: `{"ok":1}`,
		},
	})
}

// TestSpec02ParseErrors runs throw_error_on_parse_error: a plain failure, or a
// structured one with what came.
func TestSpec02ParseErrors(t *testing.T) {
	t.Parallel()
	broken := func(key string) example {
		return example{config: methods(`"get":{"path":"/x"` + key + `}`), call: "GET /things/1", says: `{"a":`, want: 502}
	}
	plainly, structured := broken(`,"throw_error_on_parse_error":true`), broken("")
	plainly.shows = map[string]string{"code": "upstream_parse_error", "truto_is_remote_error": "", "raw_response": ""}
	structured.shows = map[string]string{"code": "remote_error", "truto_is_remote_error": "true", "raw_response": `{"a":`}
	off, none := broken(`,"throw_error_on_parse_error":false`), broken(`,"throw_error_on_parse_error":null`)
	off.shows, none.shows = structured.shows, structured.shows
	xml := broken(`,"throw_error_on_parse_error":true,"api_response_format":"xml"`)
	xml.says, xml.shows = "<a><b></a>", plainly.shows
	labelled := broken(`,"throw_error_on_parse_error":true`)
	labelled.says, labelled.headers, labelled.shows = "<a><b></a>", []string{"Content-Type", "application/xml"}, plainly.shows
	text := labelled
	text.config, text.want, text.shows, text.text = methods(`"get":{"path":"/x"}`), 200, nil, "<a><b></a>"
	runExamples(t, map[string]example{"true, labelled XML": labelled, "absent, labelled XML": text, "true": plainly, "false": off, "null": none, "absent": structured, "true, xml": xml})
}

// TestSpec02Formats runs spec 02 section 7.5: GraphQL, SOAP, files.
func TestSpec02Formats(t *testing.T) {
	t.Parallel()
	const soap = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><Get><Id>{{id}}</Id></Get></soap:Body></soap:Envelope>`
	runExamples(t, map[string]example{
		"GraphQL": {
			config: methods(`"create":{"method":"post","path":"/graphql","response_path":"data.thingCreate.thing","error_expression":"$exists(response.body) ? null : $exists(errors) ? {'status': 400}",
				"body":{"query":"mutation($title: String!) { thingCreate(input: {title: $title}) { thing { id } } }","variables":{"title":"{{body.title}}"}}}`),
			call: "POST /things", body: `{"title":"a } \"b\" }}"}`, says: `{"data":{"thingCreate":{"thing":{"id":"t-1"}}}}`,
			line: "POST /graphql", sent: `{"query":"mutation($title: String!) { thingCreate(input: {title: $title}) { thing { id } } }","variables":{"title":"a } \"b\" }}"}}`, text: `{"id":"t-1"}`,
		},
		"GraphQL, an error within 200": {
			config: `{"error_expression":"$exists(body.errors) ? {'status': 422, 'message': body.errors[0].message}",` + methods(`"get":{"method":"post","path":"/graphql","body":{"query":"{ thing }"},"response_path":"data.thing"}`)[1:],
			call:   "GET /things/1", says: `{"data":null,"errors":[{"message":"no such thing"}]}`, want: 422, shows: map[string]string{"message": "no such thing"},
		},
		"SOAP, a text with placeholders": {
			config: methods(`"get":{"method":"post","path":"/soap","body_format":"raw","body":` + jsonx.StringValue(soap).String() + `,"headers":{"Content-Type":"text/xml","SOAPAction":"Get"},"response_path":"Envelope.Body.GetResponse.Name._text"}`),
			call:   "GET /things/7", headers: []string{"Content-Type", "text/xml; charset=utf-8"}, says: `<Envelope><Body><GetResponse><Name>Ann</Name></GetResponse></Body></Envelope>`,
			sent: strings.ReplaceAll(soap, "{{id}}", "7"), header: map[string]string{"Soapaction": "Get", "Content-Type": "text/xml"}, text: `"Ann"`,
		},
		"XML, of an object": {
			config: methods(`"create":{"method":"post","path":"/x","body_format":"xml","body":{"thing":{"_attributes":{"kind":"{{body.kind}}"},"name":{"_text":"{{body.name}}"}}},"api_response_format":"xml","response_path":"r.id._text"}`),
			call:   "POST /things", body: `{"kind":"a","name":"<Ann>"}`, headers: []string{"Content-Type", "application/octet-stream"}, says: `<r><id>9</id></r>`, text: `"9"`,
		},
		"a download": {
			call: "GET /things/1", headers: []string{"Content-Type", "application/pdf", "Content-Disposition", `attachment; filename="a.pdf"`}, says: "%PDF-1.7 \xff\xfe", text: "%PDF-1.7 \xff\xfe",
			back: map[string]string{"Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="a.pdf"`},
		},
		"a body that is passed through": {
			config: methods(`"create":{"method":"post","path":"/x","body":{"a":1},"body_format":"form"}`), call: "POST /things?truto_body_passthrough=true", body: "raw \x00 bytes", line: "POST /x", sent: "raw \x00 bytes",
		},
	})
	t.Run("an upload", func(t *testing.T) {
		t.Parallel()
		c := newPlatform(t).example(t, methods(`"create":{"method":"post","path":"/files/{{body.folder}}","body_format":"multipart"}`), "")
		form := "--B\r\nContent-Disposition: form-data; name=\"folder\"\r\n\r\nf 1\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--B--\r\n"
		c.ask("POST /things", form, "Content-Type", "multipart/form-data; boundary=B").want(200)
		last := c.vendor.last()
		_, parameters, err := mime.ParseMediaType(last.Header.Get("Content-Type"))
		c.must(err)
		got, err := multipart.NewReader(strings.NewReader(last.Body), parameters["boundary"]).ReadForm(1 << 20)
		c.must(err)
		if last.Line != "POST /files/f%201" || got.Value["folder"][0] != "f 1" || got.File["file"][0].Filename != "a.txt" || got.File["file"][0].Size != 5 {
			t.Errorf("the vendor got %s %q", last.Line, last.Body)
		}
	})
}

// TestSpec02Merge runs $truto_merge (spec 02 section 8.2) through calls.
func TestSpec02Merge(t *testing.T) {
	t.Parallel()
	merging := func(template string) string {
		return methods(`"create":{"method":"post","path":"/x","body":` + template + `}`)
	}
	runExamples(t, map[string]example{
		"one object":              {config: merging(`{"a":1,"$truto_merge":"{{body.extra:json}}"}`), call: "POST /things", body: `{"extra":{"a":2,"b":{"c":1}}}`, sent: `{"a":2,"b":{"c":1}}`},
		"several, later wins":     {config: merging(`{"$truto_merge":["{{body.x:json}}","{{body.y:json}}"]}`), call: "POST /things", body: `{"x":{"a":1,"d":{"e":1}},"y":{"a":2,"d":{"f":2}}}`, sent: `{"a":2,"d":{"e":1,"f":2}}`},
		"arrays are concatenated": {config: merging(`{"l":[1],"$truto_merge":"{{body:json}}"}`), call: "POST /things", body: `{"l":[2]}`, sent: `{"l":[1,2]}`},
		"a fallback":              {config: merging(`{"$truto_merge":"{{body.x:json|body.y:json}}"}`), call: "POST /things", body: `{"y":{"a":1}}`, sent: `{"a":1}`},
		"what is no object":       {config: merging(`{"a":1,"$truto_merge":"{{body.x:json}}"}`), call: "POST /things", body: `{"x":[1]}`, sent: `{"a":1}`},
		"what is missing":         {config: merging(`{"a":1,"$truto_merge":"{{body.x:json}}"}`), call: "POST /things", body: `{}`, sent: `{"a":1}`},
		"the caller's query":      {config: methods(`"list":{"method":"post","path":"/x","body":{"a":1,"$truto_merge":"{{query.filter:json}}"}}`), call: "GET /things?filter[b]=2", says: "[]", line: "POST /x", sent: `{"a":1,"b":"2"}`},
		"within the body": {
			config: merging(`{"q":"{{body.q}}","$truto_merge":"{{body.filters:json}}"}`), call: "POST /things", body: `{"q":"ann","filters":{"open":true,"t":"{{api_key}}"}}`, sent: `{"q":"ann","open":true,"t":"{{api_key}}"}`,
		},
		"in the query": {config: methods(`"list":{"path":"/x","query":{"a":"1","$truto_merge":"{{query.more:json}}"}}`), call: "GET /things?more[b]=2", says: "[]", line: "GET /x?a=1&b=2"},
	})
}

// TestSpec02Roots reads each root of section 8.3 in each place.
func TestSpec02Roots(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := p.example(t, `{"base_url":"{{base_url}}/{{environment_variables.V}}","query":{"k":"{{environment_variables.S}}"},"headers":{"X-V":"{{context.environment_variables.V}}"},
		"pagination":{"format":"page","config":{"page_key":"p","limit_key":"n"}},
		"resources":{"things":{"list":{"path":"/{{query.a}}","query":{"page":"{{pagination.page}}","per_page":"{{pagination.per_page}}"},"headers":{"X-Context":"{{context.plan}} {{credentials.plan}} {{plan}}"}},
			"update":{"method":"post","path":"/{{id}}","body":{"id":"{{id}}","q":"{{query.q}}","b":"{{body.b}}","plan":"{{plan}}","context":"{{context.query}}","whole":"{{body:json}}"}}}}}`, `,"plan":"gold","query":"mine","id":"own"`)
	c.platform.call("PATCH", "/environment-integration/"+c.installation, `{"override":{"environment_variables":{"V":"v3"},"secret_environment_variables":{"S":"s-canary-1"}}}`).want(200)
	c.vendor.says(200, `[]`)
	c.ask("GET /things?a=x&limit=7", "").want(200)
	last := c.vendor.last()
	if want := "GET /v3/x?k=s-canary-1&page=1&per_page=7&p=1&n=7"; last.Line != want || last.Header.Get("X-Context") != "gold gold gold" || last.Header.Get("X-V") != "v3" {
		t.Errorf("the vendor got %s %v, want %s", last.Line, last.Header, want)
	}
	c.ask("PATCH /things/7?q=1", `{"b":2}`).want(200)
	if got, want := c.vendor.last().Body, `{"id":"7","q":"1","b":"2","plan":"gold","context":"mine","whole":{"b":2}}`; got != want {
		t.Errorf("the vendor got %s, want %s", got, want)
	}
}
