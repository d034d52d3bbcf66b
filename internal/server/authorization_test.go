package server_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

// TestOAuth1AccountsSign calls for accounts of the format oauth, whose
// definition has no authorization: every request is signed.
func TestOAuth1AccountsSign(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]struct{ credential, override, context, key, secret string }{
		"client of the definition": {`"client":{"id":"ck-1","secret":"cs-canary-1"}`, ``, ``, "ck-1", "cs-canary-1"},
		"consumer names":           {`"consumerKey":"ck-2","consumerSecret":"cs-canary-2"`, ``, ``, "ck-2", "cs-canary-2"},
		"app of the installation":  {`"client":{"id":"ck-1","secret":"cs-canary-1"}`, `{"credentials":{"client":{"id":"ck-3","secret":"cs-canary-3"}}}`, ``, "ck-3", "cs-canary-3"},
		"app of the account":       {`"fields":[{"name":"consumer_key"},{"name":"consumer_secret","type":"password"}]`, ``, `,"consumer_key":"ck-4","consumer_secret":"cs-canary-4"`, "ck-4", "cs-canary-4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			v := newVendor(t)
			integration := p.call("POST", "/integration", `{"name":"signed","config":{"label":"Signed","base_url":"`+v.URL+`","credentials":{"format":"oauth","config":{"tokenUrl":"`+v.URL+`/token",`+e.credential+`}},
				"resources":{"things":{"list":{"path":"/things"},"open":{"method":"post","path":"/open","no_auth":true}}}}}`).want(201).text("id")
			installation := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).want(201).text("id")
			if e.override != "" {
				p.call("PATCH", "/environment-integration/"+installation, `{"override":`+e.override+`}`).want(200)
			}
			account := p.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+installation+`","authentication_method":"oauth",
				"context":{"oauth":{"token":{"access_token":"at-canary-1","access_token_secret":"ts-canary-1"}}`+e.context+`}}`).want(201).text("id")
			v.says(401, `{"message":"no"}`)
			p.get("/proxy/things?q=a%20b&integrated_account_id=" + account).want(401)
			header, ok := strings.CutPrefix(v.last().Header.Get("Authorization"), "OAuth ")
			if !ok {
				t.Fatalf("the vendor got %v", v.last().Header)
			}
			sent := map[string]string{}
			for _, pair := range strings.Split(header, ",") {
				name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
				sent[name], _ = url.PathUnescape(strings.Trim(value, `"`))
			}
			if sent["oauth_consumer_key"] != e.key || sent["oauth_token"] != "at-canary-1" || sent["oauth_signature_method"] != "HMAC-SHA1" {
				t.Errorf("the vendor got %v", sent)
			}
			parameters := "oauth_consumer_key=" + e.key + "&oauth_nonce=" + sent["oauth_nonce"] + "&oauth_signature_method=HMAC-SHA1&oauth_timestamp=" + sent["oauth_timestamp"] + "&oauth_token=at-canary-1&oauth_version=1.0&q=a%20b"
			mac := hmac.New(sha1.New, []byte(e.secret+"&ts-canary-1"))
			mac.Write([]byte("GET&" + url.QueryEscape(v.URL+"/things") + "&" + strings.ReplaceAll(url.QueryEscape(parameters), "+", "%20")))
			if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); sent["oauth_signature"] != want {
				t.Errorf("signature %q, want %q", sent["oauth_signature"], want)
			}
			v.says(200, `{}`)
			p.call("POST", "/proxy/things/open?integrated_account_id="+account, `{}`).want(200)
			if v.last().Header.Get("Authorization") != "" {
				t.Error("no_auth: the request is signed")
			}
		})
	}
}
