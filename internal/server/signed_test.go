package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/testkit"
)

// signedContacts are the resources of the simulated vendor that take signatures,
// and the secret of each.
var signedContacts = map[string]string{
	"contacts-oauth1":     "consumer_secret",
	"contacts-digest":     "password",
	"contacts-digest-md5": "password",
	"contacts-digest-int": "password",
	"contacts-digest-old": "password",
	"contacts-sigv4":      "secret_access_key",
}

// signedTexts are texts that are signed in one encoding and sent in another unless
// both are the right one.
var signedTexts = []string{
	"plain", "a b", "a+b", "a%20b", "a/b", "a&b=c", "é ü", "日本語", "~-._", "!*'()", `"quoted"`, "a;b,c", "x=", "#?", "😀", "a%2Fb", "$@:[]|^`{}", `back\slash`,
}

// TestSignaturesOfTheVendor calls what the simulated vendor gives to signed
// requests alone, with texts that are hard to encode in the path, the query and the
// body.
func TestSignaturesOfTheVendor(t *testing.T) {
	t.Parallel()
	for resource, secret := range signedContacts {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			c, vendor := newSimulated(t, newPlatform(t))
			want := vendor.Records("contacts")
			if all, _ := c.walk("/" + resource + "?limit=100&"); len(all) != len(want) || all[len(all)-1] != want[len(want)-1].Get("id").String() {
				t.Errorf("%d records of %d", len(all), len(want))
			}
			for i, odd := range signedTexts {
				c.signedCalls(resource, odd, i)
			}
			path := "/integrated-account/" + c.account
			if secret == "password" {
				path += "/credentials"
			}
			c.call("PATCH", path, fmt.Sprintf(`{"context":{%q:"wrong"}}`, secret)).want(200)
			got := c.proxy("GET", "/"+resource+"/C-0001", "").want(401)
			if got.JSON.Get("raw_response").Get("code").Str() != "bad_signature" {
				t.Errorf("a wrong secret: got %s", got.Text)
			}
		})
	}
}

// signedCalls creates a record with a text in it, looks for it, and gets one that
// does not exist.
func (c *called) signedCalls(resource, odd string, i int) {
	c.t.Helper()
	created := c.proxy("POST", "/"+resource, fmt.Sprintf(`{"name":%q,"email":"odd-%d@example.com"}`, odd, i))
	if created.Status != 201 || created.text("name") != odd {
		c.t.Errorf("creating %q: got %d %s", odd, created.Status, created.Text)
		return
	}
	found := c.proxy("GET", "/"+resource+"?name="+url.QueryEscape(odd), "").want(200).JSON.Get("result")
	if found.Len() != 1 || found.Items()[0].Get("id").Str() != created.text("id") {
		c.t.Errorf("looking for %q: got %s", odd, found)
	}
	missing := c.proxy("GET", "/"+resource+"/"+url.PathEscape(odd), "").want(404)
	if missing.text("message") != fmt.Sprintf("contact %q does not exist", odd) {
		c.t.Errorf("getting %q: got %s", odd, missing.Text)
	}
}

// TestSignaturesInEveryPlace signs by OAuth 1.0a with every hash and in every
// place, and what is uploaded besides.
func TestSignaturesInEveryPlace(t *testing.T) {
	t.Parallel()
	c, _ := newSimulated(t, newPlatform(t))
	const secrets = `"consumer_key":"simulator-consumer","consumer_secret":"simulator-consumer-secret","token":"simulator-token","token_secret":"simulator-token-secret"`
	for _, hash := range []string{"HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"} {
		for _, place := range []string{"header", "query", "body"} {
			for i, odd := range signedTexts {
				if testkit.Race && i%4 > 0 {
					continue
				}
				method := fmt.Sprintf(`{"methodConfig":{"method":"post","path":"/signed/oauth1/files","body_format":"form","query":{"q":"{{body.odd}}"},"body":{"odd":"{{body.odd}}"},
					"authorization":{"format":"oauth1","config":{"signature_method":%q,"transmission":%q,%s}}},"odd":%q}`, hash, place, secrets, odd)
				if got := c.custom("POST", "/signed/oauth1/files?second="+url.QueryEscape(odd), method); got.Status != 201 {
					t.Errorf("%s in the %s, %q: got %d %s", hash, place, odd, got.Status, got.Text)
				}
			}
		}
	}
}

// TestSignaturesAreUsedOnce holds that signatures of calls at the same time differ,
// and that a nonce that the vendor takes no more is replaced without anybody seeing
// it.
func TestSignaturesAreUsedOnce(t *testing.T) {
	t.Parallel()
	c, vendor := newSimulated(t, newPlatform(t))
	for resource := range signedContacts {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 15 {
					if got := c.proxy("GET", "/"+resource+"/C-0001", ""); got.Status != 200 {
						t.Errorf("%s: got %d %s", resource, got.Status, got.Text)
					}
				}
			})
		}
		group.Wait()
	}
	if status := c.get("/integrated-account/" + c.account).text("status"); status != "active" {
		t.Errorf("the account is %s", status)
	}
	seen := map[string]bool{}
	for _, r := range vendor.Requests() {
		if signature := r.Header.Get("Authorization"); strings.Contains(signature, "nc=") || strings.Contains(signature, "oauth_nonce=") {
			if seen[signature] {
				t.Errorf("%s was sent twice", signature)
			}
			seen[signature] = true
		}
	}
}
