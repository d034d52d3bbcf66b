package credential_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// The requests of RFC 5849 section 1.2, with the secrets that stand there.
func TestOAuth1Examples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, url, config, nonce string
		time                             int64
		want                             string
	}{
		{
			"temporary credentials", "POST", "https://photos.example.net/initiate?oauth_callback=http%3A%2F%2Fprinter.example.com%2Fready",
			`{"consumer_key":"dpf43f3p2l4k3l03","consumer_secret":"kd94hf93k423kf44","realm":"Photos","version":false}`, "wIjqoS", 137131200,
			`OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131200", oauth_nonce="wIjqoS", oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"`,
		},
		{
			"token", "POST", "https://photos.example.net/token?oauth_verifier=hfdp7dh39dks9884",
			`{"consumer_key":"dpf43f3p2l4k3l03","consumer_secret":"kd94hf93k423kf44","token":"hh5s93j4hdidpola","token_secret":"hdhd0244k9j7ao03","realm":"Photos","version":false}`, "walatlh", 137131201,
			`OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="walatlh", oauth_token="hh5s93j4hdidpola", oauth_signature="gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D"`,
		},
		{
			"photo", "GET", "http://photos.example.net/photos?file=vacation.jpg&size=original",
			`{"consumer_key":"dpf43f3p2l4k3l03","consumer_secret":"kd94hf93k423kf44","token":"nnch734d00sl2jdk","token_secret":"pfkkdhi9sl3r4s00","realm":"Photos","version":false}`, "chapoH", 137131202,
			`OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_token="nnch734d00sl2jdk", oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"`,
		},
	} {
		r := &upstream.Request{Method: c.method, URL: c.url, Header: http.Header{}}
		if err := credential.SignOAuth1(r, with("oauth1", c.config), c.nonce, time.Unix(c.time, 0)); err != nil {
			t.Fatal(err)
		}
		if got := r.Header.Get("Authorization"); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// The base strings of sections 3.4.1.1 and 3.4.1.2.
func TestOAuth1BaseString(t *testing.T) {
	t.Parallel()
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	config := `{"consumer_key":"9djdj82h48djs9d2","token":"kkk9d7dh3k39sjv7","version":false}`
	const oauth = "oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	for _, c := range []struct {
		request upstream.Request
		want    string
	}{
		{
			upstream.Request{Method: "POST", URL: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", Body: []byte("c2&a3=2+q"), Header: form},
			"POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26" + oauth,
		},
		{upstream.Request{URL: "http://EXAMPLE.COM:80/r%20v/X?id=123"}, "GET&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&id%3D123%26" + oauth},
		{upstream.Request{URL: "https://www.example.net:8080/?q=1"}, "GET&https%3A%2F%2Fwww.example.net%3A8080%2F&" + oauth + "%26q%3D1"},
		{upstream.Request{Method: "post", URL: "https://example.net:443", Body: []byte("a=1")}, "POST&https%3A%2F%2Fexample.net%2F&" + oauth},
		{upstream.Request{URL: "https://h/?b=ä&a=%F0%9F%98%80"}, "GET&https%3A%2F%2Fh%2F&a%3D%25F0%259F%2598%2580%26b%3D%25C3%25A4%26" + oauth},
	} {
		if c.request.Header == nil {
			c.request.Header = http.Header{}
		}
		got, err := credential.BaseOAuth1(&c.request, with("oauth1", config), "7d8f3e4a", time.Unix(137131201, 0))
		if err != nil || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.request.URL, got, err, c.want)
		}
	}
}

// Another implementation computes the same signature of what is sent.
func TestOAuth1Verified(t *testing.T) {
	t.Parallel()
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	var questions, names []string
	for _, method := range []string{"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"} {
		for _, transmission := range []string{"header", "query", "body"} {
			for i, r := range []upstream.Request{
				{Method: "GET", URL: "https://api.example.net/r/1?z=9&b=x%20y&empty=&b=a%26b&u=%C3%A9&tilde=~%21%2A%27%28%29"},
				{Method: "POST", URL: "http://example.com:80/r%2Fs?a=1", Body: []byte("name=J+D&x=%3D%26&x=2"), Header: form},
				{Method: "PUT", URL: "https://example.com:8443/", Body: []byte(`{"a":1}`), Header: http.Header{"Content-Type": {"application/json"}}},
			} {
				if transmission == "body" && i != 1 {
					continue
				}
				r.Header = r.Header.Clone()
				config := jsonx.MustParse(`{"consumer_key":"key & co","consumer_secret":"s%cret","token":"tök/en","token_secret":"t+s","realm":"a \"b\""}`)
				config = config.With("signature_method", jsonx.StringValue(method)).With("transmission", jsonx.StringValue(transmission)).With("private_key", jsonx.StringValue(rsaKey(t)))
				a := credential.Authorization{Format: "oauth1", Config: config}
				for range 2 { // a second signature replaces the first
					if err := credential.NewFormats().Attach(&r, a); err != nil {
						t.Fatal(err)
					}
				}
				names = append(names, fmt.Sprintf("%s in %s of %s", method, transmission, r.URL))
				questions = append(questions, oauth1Question(&r, method, rsaPublic(t)))
			}
		}
	}
	for i, answer := range ask(t, "oauth1.mjs", questions) {
		if answer.String() != `{"ok":true}` {
			t.Errorf("%s: %s", names[i], answer)
		}
	}
}

func oauth1Question(r *upstream.Request, method, public string) string {
	b := jsonx.NewBuilder(8)
	b.Set("method", jsonx.StringValue(r.Method)).Set("url", jsonx.StringValue(r.URL)).Set("header", jsonx.StringValue(r.Header.Get("Authorization")))
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		b.Set("body", jsonx.StringValue(string(r.Body)))
	}
	b.Set("consumer_secret", jsonx.StringValue("s%cret")).Set("token_secret", jsonx.StringValue("t+s"))
	b.Set("signature_method", jsonx.StringValue(method)).Set("public_key", jsonx.StringValue(public))
	return b.Value().String()
}

// A signature in the query or body leaves the other parameters as they are.
func TestOAuth1Transmission(t *testing.T) {
	t.Parallel()
	r := &upstream.Request{Method: "POST", URL: "https://h/p?a=%20+1", Body: []byte("x=%41"), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	if err := credential.NewFormats().Attach(r, with("oauth1", `{"consumer_key":"k","consumer_secret":"s","transmission":"body","signature_method":"PLAINTEXT"}`)); err != nil {
		t.Fatal(err)
	}
	if got, want := string(r.Body), "x=%41&oauth_consumer_key=k&oauth_signature_method=PLAINTEXT&oauth_version=1.0&oauth_signature=s%26"; got != want || r.URL != "https://h/p?a=%20+1" {
		t.Errorf("got %s, %s", got, r.URL)
	}
	if r.Header.Get("Authorization") != "" {
		t.Error("the header holds one too")
	}
	r = &upstream.Request{URL: "https://h/p?a=%20+1", Header: http.Header{"Authorization": {"old"}}}
	if err := credential.NewFormats().Attach(r, with("oauth1", `{"consumer_key":"k","consumer_secret":"s","transmission":"query"}`)); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(r.URL)
	if err != nil || !strings.HasPrefix(u.RawQuery, "a=%20+1&oauth_consumer_key=k&") || u.Query().Get("oauth_nonce") == "" || r.Header.Get("Authorization") != "" {
		t.Errorf("got %s, %v", r.URL, err)
	}
}
