package server_test

import (
	"encoding/xml"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"

	"github.com/sinewhq/sinew/internal/testkit"
)

// literalDefinition puts a value of the account, of the caller's query and of
// the caller's body wherever a request can hold one.
const literalDefinition = `{"headers":{"X-Account":"{{value}}","X-Both":"[{{value}}{{query.v}}]"},"query":{"own":"{{value}}","both":"[{{value}}{{query.v}}]","deep":{"list":["{{value}}"]}},
	"authorization":{"format":"basic","config":{"username":"user","password":"{{value}}"}},
	"resources":{"values":{
		"get":{"path":"/path/{{id}}/x-{{query.v}}-y"},
		"json":{"method":"post","path":"/json","body":{"v":"{{body.v}}","both":"[{{body.v}}{{value}}]","deep":{"list":["{{body.v:json|body.v}}"]}}},
		"form":{"method":"post","path":"/form","body_format":"form","body":{"v":"{{body.v}}","both":"[{{body.v}}{{value}}]"}},
		"parts":{"method":"post","path":"/parts","body_format":"multipart","body":{"v":"{{body.v}}","both":"[{{body.v}}{{value}}]"}},
		"raw":{"method":"post","path":"/raw","body_format":"raw","body":"[{{body.v}}{{value}}]","headers":{"Content-Type":"text/plain"}},
		"xml":{"method":"post","path":"/xml","body_format":"xml","body":{"root":{"v":"{{body.v}}","both":{"_attributes":{"a":"{{body.v}}"},"_text":"[{{body.v}}{{value}}]"}}}}}}}`

// literalTexts are values that some language would read as code.
func literalTexts() []string {
	return []string{
		"{{api_key}}", "{{context.api_key}}", "a{{value}}b", "{{query.v}}{{api_key}}", "{{{api_key}}}", "{{api_key:json}}", "{{.}}", "}}{{", "${api_key}", "${{ api_key }}", "#{api_key}", "<%= api_key %>", "$uppercase('x')", "$$", "$&", "$1", "$`", "$truto_merge",
		`{"$truto_merge":"{{context:json}}"}`, "%7B%7Bapi_key%7D%7D", "%0d%0aX-Evil: 1", "%00", "%", "%zz", "'; DROP TABLE team; --", `"`, `'`, `\`, `\"`, `a"b\c`, "`", "<script>alert(1)</script>", "]]>", "<!-- -->", "&amp;", "&lt;x&#13;", "<?xml?>", "--boundary--", "a=b&c=d", "a;b", "a,b", "a+b c",
		"é😀", "\u202eabc", "a\u2028b", "a/b", "a?x=1", "a#y", "http://evil.com/", "//evil.com", "a:b@c", "undefined", "null", "true", "1e5", "007", "9007199254740993", "[]", "{}", "*", "..a", "a..", "~", "a|b", "a^b",
	}
}

// TestValuesAreNeverCode sends values that look like templates, expressions and
// the syntax of every format, through every place of a request (reliability
// X3): the vendor gets them as they were.
func TestValuesAreNeverCode(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), literalDefinition)
	c.vendor.says(200, `{"id":1}`)
	for i, value := range literalTexts() {
		if testkit.Race && i%5 > 0 {
			continue
		}
		c.setValue(value)
		c.literalPath(value)
		for _, format := range []string{"json", "form", "parts", "raw", "xml"} {
			c.proxy("POST", "/values/"+format+"?v="+url.QueryEscape(value)+"&plain="+url.QueryEscape(value), literalBody(value, "")).want(200)
			c.literalHead(value)
			c.literalIn(format, value)
		}
		c.custom("POST", "/anything?v="+url.QueryEscape(value)+"&plain="+url.QueryEscape(value), literalBody(value, `,"methodConfig":{"path":"/json","query":{"own":"{{value}}"},"body":{"v":"{{body.v}}","both":"[{{body.v}}{{value}}]","deep":{"list":["{{body.v}}"]}}}`)).want(200)
		c.literalHead(value)
		c.literalIn("json", value)
	}
}

func (c *called) setValue(value string) {
	c.t.Helper()
	c.call("PATCH", "/integrated-account/"+c.account, `{"context":{"value":`+quoted(value)+`}}`).want(200)
}

func literalBody(value, more string) string { return `{"v":` + quoted(value) + more + `}` }

// literalPath holds that an id and a value of the query are one segment each, or
// are refused.
func (c *called) literalPath(value string) {
	c.t.Helper()
	before := c.vendor.count()
	r := c.proxy("GET", "/values/"+url.PathEscape(value)+"?v="+url.QueryEscape(value)+"&plain="+url.QueryEscape(value), "")
	if r.Status == 400 && r.text("code") == "unsafe_placeholder_value" && strings.Contains(value, "..") && c.vendor.count() == before {
		return
	}
	r.want(200)
	target, _, _ := strings.Cut(strings.TrimPrefix(c.vendor.last().Line, "GET /path/"), "?")
	id, rest, _ := strings.Cut(target, "/")
	got, err := url.PathUnescape(id)
	inner, innerErr := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(rest, "x-"), "-y"))
	if err != nil || innerErr != nil || got != value || inner != value {
		c.t.Errorf("%q in the path arrived as %s", value, c.vendor.last().Line)
	}
	c.literalHead(value)
}

// literalHead holds the query, the headers and the credential of the last
// request against the value.
func (c *called) literalHead(value string) {
	c.t.Helper()
	last := c.vendor.last()
	_, raw, _ := strings.Cut(last.Line, "?")
	query, err := url.ParseQuery(raw)
	request := http.Request{Header: last.Header}
	user, password, _ := request.BasicAuth()
	for name, got := range map[string]string{"own": query.Get("own"), "plain": query.Get("plain"), "X-Account": last.Header.Get("X-Account"), "password": password} {
		if got != value || err != nil {
			c.t.Errorf("%q arrived as %s %q in %s", value, name, got, last.Line)
		}
	}
	if got, want := last.Header.Get("X-Both"), "["+value+value+"]"; got != want || user != "user" || last.Header.Get("X-Evil") != "" {
		c.t.Errorf("%q arrived as %+v", value, last.Header)
	}
}

// literalIn holds the body of the last request against the value.
func (c *called) literalIn(format, value string) {
	c.t.Helper()
	last := c.vendor.last()
	got, both := "", ""
	switch format {
	case "json":
		v, err := jsonx.ParseString(last.Body)
		c.must(err)
		got, both = v.Get("v").Str(), v.Get("both").Str()
		if item := v.At("deep", "list", "0"); item.Str() != value && item.String() != value {
			c.t.Errorf("%q arrived as %s", value, item)
		}
	case "form":
		form, err := url.ParseQuery(last.Body)
		c.must(err)
		got, both = form.Get("v"), form.Get("both")
	case "parts":
		form := readForm(c.t.(*testing.T), last)
		got, both = form["v"], form["both"]
	case "raw":
		got, both = value, last.Body
	case "xml":
		var document struct {
			V    string `xml:"v"`
			Both struct {
				A    string `xml:"a,attr"`
				Text string `xml:",chardata"`
			} `xml:"both"`
		}
		c.must(xml.Unmarshal([]byte(last.Body), &document))
		got, both = document.V, document.Both.Text
		if document.Both.A != value {
			c.t.Errorf("%q arrived as the attribute %q", value, document.Both.A)
		}
	}
	if got != value || both != "["+value+value+"]" {
		c.t.Errorf("%s: %q arrived as %q and %q in %s", format, value, got, both, last.Body)
	}
}

// readForm reads a multipart form.
func readForm(t *testing.T, r *vendorRequest) map[string]string {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	form := map[string]string{}
	for reader := multipart.NewReader(strings.NewReader(r.Body), parameters["boundary"]); ; {
		part, err := reader.NextPart()
		if err != nil {
			return form
		}
		text, _ := io.ReadAll(part)
		form[part.FormName()] = string(text)
	}
}

// TestLineBreaksStayOutOfHeaders puts line breaks into every place of a request.
// In a body and a query they are text; a header that held one is refused, and
// nobody is called.
func TestLineBreaksStayOutOfHeaders(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{"resources":{"things":{"get":{"path":"/things/{{id}}","query":{"q":"{{query.v}}"}},"create":{"method":"post","path":"/things","query":{"q":"{{value}}"}},
			"header":{"path":"/things","headers":{"X-Value":"{{value}}"}},"type":{"method":"post","path":"/things","headers":{"Content-Type":"{{value}}"}},
			"bearer":{"path":"/things","authorization":{"format":"bearer","config":{"value":"{{value}}"}}},"basic":{"path":"/things","authorization":{"format":"basic","config":{"username":"{{value}}","password":"x"}}},
			"own":{"path":"/things","authorization":{"format":"header","config":{"header_name":"X-Key","header_value":"{{value}}"}}},
			"expression":{"path":"/things","authorization":{"format":"header","config":{"expression":"{'X-Key': context.value}"}}},
			"names":{"path":"/things","authorization":{"format":"header","config":{"expression":"{context.value: 'x'}"}}},
			"digest":{"path":"/things","authorization":{"format":"digest","config":{"username":"{{value}}","password":"x"}}},
			"oauth1":{"path":"/things","authorization":{"format":"oauth1","config":{"consumer_key":"{{value}}","consumer_secret":"x","realm":"{{value}}"}}},
			"sigv4":{"path":"/things","authorization":{"format":"aws_sigv4","config":{"access_key_id":"{{value}}","secret_access_key":"x","region":"{{value}}","service":"s3"}}},
			"query":{"path":"/things","authorization":{"format":"query","config":{"name":"key","value":"{{value}}"}}}}}}`)
		c.vendor.says(200, `{"id":1}`)
		for _, value := range []string{"a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "\r\n\r\nGET /evil HTTP/1.1\r\n", "a\r\n b", "a\x01b", "a\x7fb"} {
			c.setValue(value)
			for _, method := range []string{"header", "type", "bearer", "own", "expression", "names", "oauth1", "sigv4"} {
				before := c.vendor.count()
				r := c.proxy("POST", "/things/"+method, "{}")
				if r.Status != 400 || r.text("code") != "invalid_header" && r.text("code") != "unsafe_placeholder_value" || r.text("message") == "" || c.vendor.count() != before {
					t.Errorf("%q as %s: got %d %s, %d calls", value, method, r.Status, r.Text, c.vendor.count()-before)
				}
			}
			for _, method := range []string{"basic", "query", "digest"} { // these encode it, or do not send it yet
				if r := c.proxy("POST", "/things/"+method, "{}"); r.Status != 200 && (r.Status != 400 || r.text("code") != "unsafe_placeholder_value") {
					t.Errorf("%q as %s: got %d %s", value, method, r.Status, r.Text)
				}
			}
			c.proxy("GET", "/things/7?v="+url.QueryEscape(value)+"&plain="+url.QueryEscape(value), "").want(200)
			if query := c.vendor.last().query(); query.Get("q") != value || query.Get("plain") != value {
				t.Errorf("%q arrived as %v", value, query)
			}
			c.proxy("POST", "/things", literalBody(value, "")).want(200)
			if last := c.vendor.last(); last.Body != literalBody(value, "") || last.query().Get("q") != value {
				t.Errorf("%q arrived as %s %s", value, last.Line, last.Body)
			}
			for _, path := range []string{"/proxy/things/", "/custom/things/"} {
				before := c.vendor.count()
				if r := c.get(path + url.PathEscape(value) + "?integrated_account_id=" + c.account); r.Status != 400 || c.vendor.count() != before {
					t.Errorf("%q in %s: got %d %s", value, path, r.Status, r.Text)
				}
			}
			if c.vendor.last().Header.Get("X-Evil") != "" {
				t.Errorf("%q became a header", value)
			}
		}
		if c.vendor.saw("/evil") {
			t.Error("a value became a request")
		}
	})
}
