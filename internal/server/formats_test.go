package server_test

import (
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAnswersInOtherFormats(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"resources":{"things":{"list":{"path":"/things","response_path":"r.thing"},"get":{"path":"/things/{{id}}"},
		"table":{"path":"/table","api_response_format":"csv"},"text":{"path":"/text","api_response_format":"text"}},
		"rows":{"list":{"path":"/rows"}}}}`)
	for _, e := range []struct{ path, contentType, body, want string }{
		{"/things", "application/xml", `<r><thing id="1"><n>a</n></thing><thing id="2"/></r>`, `{"result":[{"_attributes":{"id":"1"},"n":{"_text":"a"}},{"_attributes":{"id":"2"}}],"next_cursor":null,"prev_cursor":null,"result_count":2}`},
		{"/things/1", "text/xml; charset=iso-8859-1", "<a>\xe9</a>", `{"a":{"_text":"é"}}`},
		{"/rows", "application/x-ndjson", "{\"a\":1}\n{\"a\":9007199254740993}\n", `{"result":[{"a":1},{"a":9007199254740993}],"next_cursor":null,"prev_cursor":null,"result_count":2}`},
		{"/rows", "text/csv", "a,b\n1,\"x,y\"\n", `{"result":[{"a":"1","b":"x,y"}],"next_cursor":null,"prev_cursor":null,"result_count":1}`},
		{"/things/1", "text/csv", "a,b\n1,2\n", "a,b\n1,2\n"},
		{"/rows", "text/plain", "just text", `{"result":["just text"],"next_cursor":null,"prev_cursor":null,"result_count":1}`},
		{"/things/1", "text/html", "<h1>Hi</h1>", "<h1>Hi</h1>"},
		{"/things/1", "application/json; charset=utf-16le", "{\x00\"\x00a\x00\"\x00:\x001\x00}\x00", `{"a":1}`},
	} {
		c.vendor.says(200, e.body, "Content-Type", e.contentType)
		if got := c.proxy("GET", e.path, "").want(200).Text; got != e.want {
			t.Errorf("%s %s: got %s, want %s", e.path, e.contentType, got, e.want)
		}
	}
	c.vendor.says(200, "a;b\n1;2\n", "Content-Type", "text/plain")
	if got := c.proxy("POST", "/things/text", "").want(200).Text; got != "a;b\n1;2\n" {
		t.Errorf("text: got %s", got)
	}
	c.vendor.says(200, "<a><b></a>", "Content-Type", "application/xml")
	c.proxy("GET", "/things/1", "").want(200)
	c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Errorf("accepts %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, `{"zipped":true}`)
		z.Close()
	})
	if got := c.proxy("GET", "/things/1", "").want(200).Text; got != `{"zipped":true}` {
		t.Errorf("gzip: got %s", got)
	}
}

// TestFilesPassUnread holds that a definition can say that an answer is a file,
// which is passed on byte for byte whatever it holds.
func TestFilesPassUnread(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"resources":{"things":{"get":{"path":"/things/{{id}}","api_response_format":"binary"},"file":{"path":"/file","api_response_format":"binary"}}}}`)
	for contentType, body := range map[string]string{
		"application/json": "{ \"a\": 1.10 }\n", "application/xml": "<a b='1'/>\n", "text/csv": "a;b\r\n", "text/plain": "Gr\xfc\xdfe", "text/html": "", "": "\x00\x01",
	} {
		c.vendor.says(200, body, "Content-Type", contentType)
		for _, call := range [][2]string{{"GET", "/things/1"}, {"POST", "/things/file"}} {
			got := c.proxy(call[0], call[1], "").want(200)
			if got.Text != body || contentType != "" && got.Header.Get("Content-Type") != contentType {
				t.Errorf("%s %s: got %q as %s", call[1], contentType, got.Text, got.Header.Get("Content-Type"))
			}
		}
	}
	c.vendor.says(404, `{"message":"no such file"}`)
	if got := c.proxy("GET", "/things/1", "").want(404).text("message"); got != "no such file" {
		t.Errorf("a refusal: got %q", got)
	}
}

func TestBodiesInOtherFormats(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"resources":{"things":{
		"xml":{"method":"post","path":"/x","body_format":"xml","body_format_config":{"root":"thing"}},
		"form":{"method":"post","path":"/x","body_format":"form"},"raw":{"method":"post","path":"/x","body_format":"raw","body":"<q>{{body.text}}</q>","headers":{"Content-Type":"text/xml"}},
		"parts":{"method":"post","path":"/x","body_format":"multipart"}}}}`)
	c.vendor.says(200, `{}`)
	c.proxy("POST", "/things/xml", `{"name":"a & b"}`).want(200)
	if last := c.vendor.last(); !strings.Contains(last.Body, "<thing><name>a &amp; b</name></thing>") || !strings.Contains(last.Header.Get("Content-Type"), "xml") {
		t.Errorf("xml: the vendor got %+v", last)
	}
	c.call("POST", "/proxy/things/form?integrated_account_id="+c.account, "a=1&b[c]=2", "Content-Type", "application/x-www-form-urlencoded").want(200)
	if last := c.vendor.last(); last.Body != "a=1&b%5Bc%5D=2" {
		t.Errorf("form: the vendor got %+v", last)
	}
	c.proxy("POST", "/things/raw", `{"text":"hello"}`).want(200)
	if last := c.vendor.last(); last.Body != "<q>hello</q>" || last.Header.Get("Content-Type") != "text/xml" {
		t.Errorf("raw: the vendor got %+v", last)
	}
	c.proxy("POST", "/things/parts", `{"a":"1","file":{"filename":"f.txt","content_type":"text/plain","content":"hi"}}`).want(200)
	if last := c.vendor.last(); !strings.Contains(last.Body, `filename="f.txt"`) || !strings.Contains(last.Body, "hi") || !strings.HasPrefix(last.Header.Get("Content-Type"), "multipart/form-data") {
		t.Errorf("multipart: the vendor got %+v", last)
	}
}

func TestDigestAuthorization(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{"authorization":{"format":"digest","config":{"username":"ann","password":"{{api_key}}"}}}`)
	hash := func(text string) string {
		sum := md5.Sum([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
		field := func(name string) string {
			for _, part := range strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Digest "), ",") {
				if key, value, _ := strings.Cut(strings.TrimSpace(part), "="); key == name {
					return strings.Trim(value, `"`)
				}
			}
			return ""
		}
		want := hash(hash("ann:vendor:key-canary-1") + ":n0nce:" + field("nc") + ":" + field("cnonce") + ":auth:" + hash(r.Method+":"+r.URL.RequestURI()))
		w.Header().Set("Content-Type", "application/json")
		if field("response") != want {
			w.Header().Set("WWW-Authenticate", `Digest realm="vendor", nonce="n0nce", qop="auth", algorithm=MD5`)
			w.WriteHeader(401)
			io.WriteString(w, `{"message":"who are you"}`)
			return
		}
		fmt.Fprint(w, `{"id":1}`)
	})
	for i := range 3 {
		c.proxy("GET", "/things/1", "").want(200)
		if got := c.vendor.count(); got != i+2 {
			t.Errorf("call %d: the vendor was asked %d times", i, got)
		}
	}
	if got := c.get("/integrated-account/" + c.account).want(200).text("status"); got != "active" {
		t.Errorf("the account is %s", got)
	}
}
