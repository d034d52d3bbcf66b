package credential_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/upstream"
)

func with(format, config string) credential.Authorization {
	return credential.Authorization{Format: format, Config: jsonx.MustParse(config), Account: "a1"}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format, config, url string
		header              http.Header
		want                string
	}{
		{"bearer", `{"value":"abc"}`, "", http.Header{"Authorization": {"Bearer abc"}}, ""},
		{"bearer", `{"token":"abc"}`, "", http.Header{"Authorization": {"Bearer abc"}}, ""},
		{"basic", `{"username":"Aladdin","password":"open sesame"}`, "", http.Header{"Authorization": {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}}, ""},
		{"basic", `{"username":"tést","password":"123£"}`, "", http.Header{"Authorization": {"Basic dMOpc3Q6MTIzwqM="}}, ""},
		{"basic", `{"username":"key"}`, "", http.Header{"Authorization": {"Basic a2V5Og=="}}, ""},
		{"basic", `{"username":12}`, "", http.Header{"Authorization": {"Basic MTI6"}}, ""},
		{"header", `{"header_name":"x-key","header_value":"k"}`, "", http.Header{"X-Key": {"k"}}, ""},
		{"query", `{"name":"key","value":"a b&c"}`, "https://h/p", http.Header{}, "https://h/p?key=a%20b%26c"},
		{"query", `{"name":"key","value":"v"}`, "https://h/p?key=old&a=%20+1&KEY=x&%6bey=y#f", http.Header{}, "https://h/p?a=%20+1&KEY=x&key=v"},
		{"query", `{"name":"a[b]","value":"v"}`, "https://h?a[b]=1", http.Header{}, "https://h?a%5Bb%5D=v"},
	} {
		r := &upstream.Request{URL: c.url}
		for range 2 { // attaching again replaces
			if err := credential.NewFormats().Attach(r, with(c.format, c.config)); err != nil {
				t.Fatalf("%s %s: %v", c.format, c.config, err)
			}
		}
		if diff := cmp.Diff(c.header, r.Header); diff != "" || r.URL != c.want {
			t.Errorf("%s %s: %q %s", c.format, c.config, r.URL, diff)
		}
	}
}

// Every format of the definition is carried out, and no error tells a secret.
func TestAttachRefuses(t *testing.T) {
	t.Parallel()
	const oneLine = placeholder.CodeUnsafe
	for _, c := range []struct{ format, config, code string }{
		{"kerberos", `{}`, credential.CodeFormat},
		{"", `{}`, credential.CodeFormat},
		{"bearer", `{}`, credential.CodeConfig},
		{"bearer", `{"value":"canary\r\nX-Admin: 1"}`, oneLine},
		{"bearer", `{"value":"canary\n"}`, oneLine},
		{"basic", `{"username":"u","password":"canary\n"}`, oneLine},
		{"header", `{"header_value":"canary"}`, credential.CodeConfig},
		{"header", `{"header_name":"X","header_value":"canary\r"}`, oneLine},
		{"query", `{"name":"k"}`, credential.CodeConfig},
		{"query", `{"value":"canary"}`, credential.CodeConfig},
		{"query", `{"name":"k","value":"canary\n"}`, oneLine},
		{"oauth1", `{"consumer_secret":"canary"}`, credential.CodeConfig},
		{"oauth1", `{"consumer_key":"canary\nx","consumer_secret":"canary"}`, oneLine},
		{"oauth1", `{"consumer_key":"k","token":"canary\n"}`, oneLine},
		{"oauth1", `{"consumer_key":"k","consumer_secret":"canary","realm":"canary\r\n"}`, oneLine},
		{"oauth1", `{"consumer_key":"k","consumer_secret":"canary","signature_method":"MD5"}`, credential.CodeConfig},
		{"oauth1", `{"consumer_key":"k","consumer_secret":"canary","transmission":"cookie"}`, credential.CodeConfig},
		{"oauth1", `{"consumer_key":"k","consumer_secret":"canary","transmission":"body"}`, credential.CodeConfig},
		{"oauth1", `{"consumer_key":"k","private_key":"canary","signature_method":"RSA-SHA1"}`, credential.CodeConfig},
		{"aws_sigv4", `{"access_key_id":"a","secret_access_key":"canary","service":"s3"}`, credential.CodeConfig},
		{"aws_sigv4", `{"access_key_id":"canary\n","secret_access_key":"canary","service":"s3","region":"r"}`, oneLine},
		{"digest", `{"password":"canary"}`, credential.CodeConfig},
		{"digest", `{"username":"u","password":"canary\n"}`, oneLine},
		{"jwt", `{"key":"canary"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"none","key":"canary"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"HS256"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"RS256","key":"canary"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"RS256","key":"-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"RS256","key":"-----BEGIN ENCRYPTED PRIVATE KEY-----\nY2FuYXJ5\n-----END ENCRYPTED PRIVATE KEY-----"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"HS256","key":"canary!","key_encoding":"base64"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"HS256","key":"canary","key_encoding":"hex"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"HS256","key":"canary","claims":"canary"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"HS256","key":"canary","lifetime":"canary"}`, credential.CodeConfig},
		{"jwt", `{"algorithm":"HS256","key":"canary","prefix":"canary\n"}`, oneLine},
		{"mtls", `{"certificate":"canary"}`, credential.CodeConfig},
		{"mtls", `{"private_key":"canary"}`, credential.CodeConfig},
		{"mtls", `{"certificate":"c","private_key":"k","authorization":{"format":"canary"}}`, credential.CodeFormat},
	} {
		r := &upstream.Request{Method: "POST", URL: "https://h/p", Body: []byte(`{}`), Header: http.Header{"Content-Type": {"application/json"}}}
		err := credential.NewFormats().Attach(r, with(c.format, c.config))
		var e *sinew.Error
		if !errors.As(err, &e) || e.Kind != sinew.KindInvalid || e.Code != c.code {
			t.Errorf("%s %s: got %v, want %s", c.format, c.config, err, c.code)
			continue
		}
		if strings.Contains(strings.ReplaceAll(err.Error(), `"canary" is not known`, ""), "canary") {
			t.Errorf("%s: the error tells the secret: %v", c.format, err)
		}
		if len(r.Header.Values("X-Admin")) > 0 {
			t.Errorf("%s: a header came through", c.format)
		}
	}
}

func TestEveryFormatIsThere(t *testing.T) {
	t.Parallel()
	formats := credential.NewFormats()
	properties := definition.Schema().At("properties", "authorization", "oneOf")
	if properties.Len() != len(formats) {
		t.Errorf("%d formats are described, %d carried out", properties.Len(), len(formats))
	}
	for _, variant := range properties.Items() {
		if name := variant.At("properties", "format", "const").Str(); formats[name] == nil {
			t.Errorf("%q is not carried out", name)
		}
	}
	accepted, err := formats.Challenge(&upstream.Request{URL: "https://h"}, with("bearer", `{"value":"x"}`), http.Header{"Www-Authenticate": {`Digest nonce="x"`}})
	if accepted != nil || err != nil {
		t.Errorf("again %v, %v", accepted != nil, err)
	}
}

func TestSetHeaders(t *testing.T) {
	t.Parallel()
	r := &upstream.Request{}
	if err := credential.SetHeaders(r, jsonx.MustParse(`{"x-a":"1","X-B":2,"X-C":null}`)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(http.Header{"X-A": {"1"}, "X-B": {"2"}}, r.Header); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`"x"`, `{"X":{}}`, `{"X":"a\r\nY: b"}`} {
		if err := credential.SetHeaders(r, jsonx.MustParse(bad)); sinew.KindOf(err) != sinew.KindInvalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
