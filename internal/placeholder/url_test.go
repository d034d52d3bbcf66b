package placeholder_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

func TestRenderURL(t *testing.T) {
	t.Parallel()
	root := jsonx.MustParse(`{
		"sub":"acme","Sub":"ACME","host":"acme.example.com","dc":"eu","dc2":"com.au","scheme":"http","port":8443,
		"id":"7","path_id":"a/b c?d#e%f","uni":"é","arr":[1,"a,b"],"empty":"","dash":"a-b","deep":"a.b","nul":null,
		"instance":"https://na1.example.com","instance_slash":"HTTPS://NA1.Example.com/","with_path":"https://x.example.com:8443/api/v2/",
		"v6":"http://[2001:db8::1]:8080/x","t":true,"q":"a b&c=d","ph":"{{id}}","long":"1/2/3"}`)
	for _, c := range []struct{ base, path, want string }{
		{"https://api.example.com", "/tickets", "https://api.example.com/tickets"},
		{"https://api.example.com/", "tickets", "https://api.example.com/tickets"},
		{"https://api.example.com//", "//tickets", "https://api.example.com/tickets"},
		{"https://api.example.com/v1", "", "https://api.example.com/v1"},
		{"https://api.example.com/v1", "/", "https://api.example.com/v1/"},
		{"https://api.example.com", "?a=b", "https://api.example.com?a=b"},
		{"https://api.example.com/v1", "/a/", "https://api.example.com/v1/a/"},
		{"https://api.example.com/v1", "/a//b", "https://api.example.com/v1/a//b"},
		{"HTTPS://API.Example.com", "/a", "https://api.example.com/a"},
		{"http://127.0.0.1:9090", "/a", "http://127.0.0.1:9090/a"},
		{"http://[::1]:9090", "/a", "http://[::1]:9090/a"},
		{"https://{{sub}}.example.com/api", "/tickets/{{id}}", "https://acme.example.com/api/tickets/7"},
		{"https://{{Sub}}.example.com", "/x", "https://acme.example.com/x"},
		{"https://{{deep}}.example.com", "/x", "https://a.b.example.com/x"},
		{"https://{{sub}}-api.example.com", "/x", "https://acme-api.example.com/x"},
		{"https://api-{{dc}}.example.com", "/x", "https://api-eu.example.com/x"},
		{"https://{{host}}/api", "/x", "https://acme.example.com/api/x"},
		{"https://{{host}}", "/x", "https://acme.example.com/x"},
		{"https://api.{{host}}", "/x", "https://api.acme.example.com/x"},
		{"https://www.vendor.{{dc}}", "/x", "https://www.vendor.eu/x"},
		{"https://www.vendor.{{dc2}}", "/x", "https://www.vendor.com.au/x"},
		{"{{scheme}}://{{host}}:{{port}}", "/x", "http://acme.example.com:8443/x"},
		{"https://x.example.com:{{port}}", "/x", "https://x.example.com:8443/x"},
		{"{{instance}}", "/services/{{id}}", "https://na1.example.com/services/7"},
		{"{{instance_slash}}", "/s", "https://na1.example.com/s"},
		{"{{with_path}}", "/s", "https://x.example.com:8443/api/v2/s"},
		{"{{with_path}}/t", "s", "https://x.example.com:8443/api/v2/t/s"},
		{"{{instance}}", "", "https://na1.example.com"},
		{"{{instance}}", "?x={{id}}", "https://na1.example.com?x=7"},
		{"{{v6}}", "/y", "http://[2001:db8::1]:8080/x/y"},
		{"https://{{nope?:eu}}.example.com", "/x", "https://eu.example.com/x"},
		{"https://{{nope|sub}}.example.com", "/x", "https://acme.example.com/x"},
		{"https://x.example.com", "/a/{{path_id}}/b", "https://x.example.com/a/a%2Fb%20c%3Fd%23e%25f/b"},
		{"https://x.example.com", "/a/{{uni}}", "https://x.example.com/a/%C3%A9"},
		{"https://x.example.com", "/a/{{arr}}", "https://x.example.com/a/1%2Ca%2Cb"},
		{"https://x.example.com", "/a/{{t}}", "https://x.example.com/a/true"},
		{"https://x.example.com", "/a/{{id:null}}", "https://x.example.com/a/7"},
		{"https://x.example.com", "/a/v{{id}}.json", "https://x.example.com/a/v7.json"},
		{"https://x.example.com", "/Users('{{id}}')", "https://x.example.com/Users('7')"},
		{"https://x.example.com", "/a b/\"é\"", "https://x.example.com/a%20b/%22%C3%A9%22"},
		{"https://x.example.com", "/100%/a%2Fb", "https://x.example.com/100%25/a%2Fb"},
		{"https://x.example.com", "/a:{{id}}:run", "https://x.example.com/a:7:run"},
		{"https://x.example.com", "/a/{{nope:undefined}}", "https://x.example.com/a/"},
		{"https://x.example.com", "/a{{empty}}/b", "https://x.example.com/a/b"},
		{"https://x.example.com", "{{long}}", "https://x.example.com/1%2F2%2F3"},
		{"https://x.example.com", "/{{ph}}", "https://x.example.com/%7B%7Bid%7D%7D"},
		{"https://x.example.com", "/a?q={{q}}&r=1", "https://x.example.com/a?q=a%20b%26c%3Dd&r=1"},
		{"https://x.example.com", "/a?q={{nope}}", "https://x.example.com/a?q=%7B%7Bnope%7D%7D"},
		{"https://x.example.com", "/a?q={{nope:undefined}}&n={{nul}}", "https://x.example.com/a?q=&n="},
		{"https://x.example.com", "/a?f[b]={{id}}", "https://x.example.com/a?f[b]=7"},
		{"https://x.example.com", "https://other.example.com/b/{{id}}", "https://other.example.com/b/7"},
	} {
		t.Run(c.base+" "+c.path, func(t *testing.T) {
			u, err := placeholder.CompileURL(c.base, c.path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := u.Render(root)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestCompileURLRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, path string }{
		{"", "/x"},
		{"", ""},
		{"api.example.com", "/x"},
		{"ftp://api.example.com", "/x"},
		{"file:///etc/passwd", ""},
		{"javascript://x", ""},
		{"//api.example.com", "/x"},
		{"https://", "/x"},
		{"https:///x", ""},
		{"https://user@api.example.com", "/x"},
		{"https://user:pw@api.example.com", "/x"},
		{"https://{{a}}@api.example.com", "/x"},
		{"https://api.example.com:99999", "/x"},
		{"https://api.example.com#x", "/x"},
		{"https://api.example.com", "/x#y"},
		{"https://api.example.com", "/x?a#y"},
		{"https://api.example.com", "/a/../b"},
		{"https://api.example.com", "/a/./b"},
		{"https://api.example.com", "/a/%2e%2E/b"},
		{"https://api.example.com", `/a\b`},
		{"https://api.example.com", "/a\nb"},
		{"https://api.example.com", "/{{items[0]}}"},
		{"https://{{sub[0]}}.example.com", "/x"},
		{"https://a b.example.com", "/x"},
		{"https://a_b.example.com", "/x"},
		{"https://é.example.com", "/x"},
		{"https://-a.example.com", "/x"},
		{"https://a..example.com", "/x"},
		{"https://api.example.com:80a", "/x"},
		{"https://[::1", "/x"},
		{"https://[{{a}}]", "/x"},
		{"{{base}}.example.com", "/x"},
		{"{{base}}:8080", "/x"},
		{"{{a}}{{b}}", "/x"},
	} {
		if _, err := placeholder.CompileURL(c.base, c.path); err == nil {
			t.Errorf("%q with %q was taken", c.base, c.path)
		} else if sinew.KindOf(err) != sinew.KindInvalid {
			t.Errorf("%q with %q: got %v", c.base, c.path, err)
		}
	}
	var e *placeholder.SyntaxError
	if _, err := placeholder.CompileURL("https://x.example.com", "/{{a:foo}}"); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
}

// injections are values of an account that try to send a call elsewhere.
func injections() (host, path, port, origin []string) {
	both := []string{
		"", "\x00", "a\x00", "a\r\nHost: evil.com", "a\nb", "a\tb", "\x7f", "a\u0085b",
	}
	host = append([]string{
		"acme.evil.com/", "evil.com/", "evil.com/x?", "acme@evil", "acme@evil.com", "user:pw@evil.com", "acme#", "#", "evil.com#", "acme?", "evil.com?",
		"acme/", "/", "//evil.com", "/..", "..", ".", "../", "acme.", ".acme", "a..b", "acme\\", "\\evil.com", "evil.com\\@x", "acme:80", "evil.com:443/", ":80", ":",
		"acme evil", " acme", "acme ", "acme%2eevil", "evil.com%2f", "evil.com%23", "%00", "acme%", "acme\u3002evil\u3002com\u3002", "acme．evil", "acme｡evil", "ａcme", "é", "xn--\u00e9",
		"[::1]", "[::ffff:127.0.0.1]", "::1", "acme,evil", "acme;evil", "acme|evil", "acme&evil", "acme=evil", "acme_evil", "acme*", "acme!", "acme'", `acme"`, "<acme>", "{{sub}}", "${sub}",
		"-acme", "https://evil.com", "https://evil.com/", "javascript:alert(1)", strings.Repeat("a", 64), strings.Repeat("a.", 150) + "a", "a\u200bb", "a\u00adb", "\ufeffacme",
	}, both...)
	path = append([]string{
		"..", ".", "../", "../admin", "../../admin", "x/../../admin", "./", "a/./b", "a/..", "..\\", "..\\..\\admin", "a\\..\\b",
		"%2e%2e", "%2E%2e", ".%2e", "%2e", "%252e%252e", "%25252e%25252e", "%2e%2e%2fadmin", "..%2f", "..%5cadmin", "%2e%2e/admin", "/..", "/../x",
	}, both...)
	port = append([]string{"0", "65536", "-1", "80x", "80/", "80@evil.com", "80#", "80?", " 80", "1e3", "٣", "80:80", "443/../", "99999999999"}, both...)
	origin = append([]string{
		"evil.com", "//evil.com", "http:/evil.com", "https:evil.com", "ftp://evil.com", "file:///etc/passwd", "gopher://evil.com", "javascript:alert(1)", "data:text/html,x", "https://",
		"https:///x", "https://user@evil.com", "https://user:pw@evil.com", "https://a.com@evil.com", "https://a.com?", "https://a.com/?x=1", "https://a.com#", "https://a.com/#x", "https://a.com\\@evil.com",
		"https://a.com/../x", "https://a.com/./x", "https://a.com/%2e%2e/x", "https://a.com//x", "https://a.com/a b", "https://a.com/%zz", "https://a.com/%0d%0a", "https://a.com:0", "https://a.com:99999", "https://a.com:", "https://a.com:80x",
		"https://a b.com", "https://a_b.com", "https://é.com", "https://a\u3002com", "https://[::1", "https://[fe80::1%25eth0]", "https://[::1]x", "https://::1", "https://-a.com", "https://a..com", "https://.a.com", "https://%61.com",
		"https://a.com/é", " https://a.com", "https://a.com ", "h\nttps://a.com", "{{sub}}", "https://{{sub}}",
	}, both...)
	return host, path, port, origin
}

func TestInjections(t *testing.T) {
	t.Parallel()
	host, path, port, origin := injections()
	tried := 0
	for _, c := range []struct {
		base, path string
		values     []string
	}{
		{"https://{{v}}.example.com/api", "/x", host},
		{"https://{{v}}", "/x", host},
		{"https://api-{{v}}.example.com", "/x", without(host, "-acme")},
		{"https://x.example.com", "/a/{{v}}", path},
		{"https://x.example.com", "/a/{{v}}/b", path},
		{"https://x.example.com:{{v}}", "/x", port},
		{"{{v}}", "/x", origin},
		{"{{v}}://x.example.com", "/x", append([]string{"ftp", "https:", "javascript", "https://evil.com/", "file", "http\t"}, "")},
	} {
		u, err := placeholder.CompileURL(c.base, c.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range c.values {
			tried++
			got, err := u.Render(jsonx.ObjectValue(jsonx.Member{Name: "v", Value: jsonx.StringValue(value)}))
			var e *sinew.Error
			switch {
			case err == nil:
				t.Errorf("%s%s with %q gives %s", c.base, c.path, value, got)
			case !errors.As(err, &e) || e.Kind != sinew.KindInvalid || len(e.Failures) != 1 || e.Failures[0].Path != "{{v}}":
				t.Errorf("%s%s with %q: got %v", c.base, c.path, value, err)
			case len(value) > 2 && value != "ftp" && value != "file" && strings.Contains(e.Message, value) && !strings.Contains("{{v}}", value):
				t.Errorf("%q is repeated in %q", value, e.Message)
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d injections", tried)
	}
	t.Logf("%d injections", tried)
}

func without(values []string, one string) []string {
	var rest []string
	for _, value := range values {
		if value != one {
			rest = append(rest, value)
		}
	}
	return rest
}

// Dots in a value must not move a call to another domain.
func TestDotsInHosts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, value string }{
		{"https://www.vendor.{{v}}", "com.evil.net"},
		{"https://www.vendor.{{v}}", "evil.net"},
		{"https://vendor{{v}}", "com.evil.net"},
		{"https://vendor.co{{v}}", "m.evil.net"},
		{"https://{{w}}.vendor.{{v}}", "evil.net"},
	} {
		u, err := placeholder.CompileURL(c.base, "/x")
		if err != nil {
			t.Fatal(err)
		}
		root := jsonx.ObjectValue(jsonx.Member{Name: "v", Value: jsonx.StringValue(c.value)}, jsonx.Member{Name: "w", Value: jsonx.StringValue("w")})
		if got, err := u.Render(root); err == nil {
			t.Errorf("%s with %s gives %s", c.base, c.value, got)
		}
	}
}

func TestUnresolvedInURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, path, holder, code string }{
		{"https://{{sub}}.example.com", "/x", "{{sub}}", placeholder.CodeUnresolved},
		{"{{base}}", "/x", "{{base}}", placeholder.CodeUnresolved},
		{"https://x.example.com", "/a/{{query.id}}", "{{query.id}}", placeholder.CodeUnresolved},
		{"https://x.example.com", "/a/{{nul}}", "{{nul}}", placeholder.CodeUnresolved},
		{"https://x.example.com", "/a/{{id:null}}", "{{id:null}}", placeholder.CodeUnresolved},
		{"https://x.example.com:{{port}}", "/a", "{{port}}", placeholder.CodeUnresolved},
		{"https://x.example.com", "/a/{{obj}}", "{{obj}}", placeholder.CodeUnsafe},
		{"https://x.example.com", "/a/{{objs}}", "{{objs}}", placeholder.CodeUnsafe},
		{"https://{{sub:undefined}}.example.com", "/x", "{{sub:undefined}}", placeholder.CodeUnsafe},
	} {
		u, err := placeholder.CompileURL(c.base, c.path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = u.Render(jsonx.MustParse(`{"nul":null,"obj":{"a":1},"objs":[{"a":1}]}`))
		var e *sinew.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Failures[0].Path != c.holder {
			t.Errorf("%s%s: got %v", c.base, c.path, err)
		}
	}
}

func FuzzURL(f *testing.F) {
	host, path, _, origin := injections()
	for _, value := range host {
		f.Add("https://{{v}}.example.com", "/x", value)
	}
	for _, value := range path {
		f.Add("https://x.example.com", "/a/{{v}}/b?c={{v}}", value)
	}
	for _, value := range origin {
		f.Add("{{v}}", "/x", value)
	}
	f.Fuzz(func(t *testing.T, base, path, value string) {
		root := jsonx.ObjectValue(jsonx.Member{Name: "v", Value: jsonx.StringValue(value)})
		if u, err := placeholder.CompileURL(base, path); err == nil {
			_, _ = u.Render(root)
		}
		// Whatever the value, host and segments of a fixed template stay.
		for _, c := range []struct{ base, path, host string }{
			{"https://{{v}}.example.com/api", "/x", ".example.com"},
			{"https://x.example.com/api", "/x/{{v}}/y", "x.example.com"},
		} {
			u, err := placeholder.CompileURL(c.base, c.path)
			if err != nil {
				t.Fatal(err)
			}
			text, err := u.Render(root)
			if err != nil {
				continue
			}
			got, err := url.Parse(text)
			if err != nil || got.Scheme != "https" || !strings.HasSuffix(got.Host, c.host) || got.User != nil || got.RawQuery != "" || got.Fragment != "" {
				t.Fatalf("%q gives %s", value, text)
			}
			if joined := got.JoinPath(); joined.EscapedPath() != got.EscapedPath() || strings.Count(got.EscapedPath(), "/") != strings.Count(c.base[8:]+c.path, "/") {
				t.Fatalf("%q gives %s", value, text)
			}
		}
	})
}
