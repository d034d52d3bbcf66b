package credential_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestDeviceRequests holds what is sent where (RFC 8628 sections 3.1 and 3.4).
func TestDeviceRequests(t *testing.T) {
	t.Parallel()
	g, err := credential.NewGrant(sinew.MethodOAuth2, jsonx.MustParse(`{"client":{"id":"app","secret":"s"},"tokenParams":{"audience":"api"},
		"auth":{"tokenHost":"https://vendor.example","tokenPath":"/token","deviceAuthorizationHost":"https://{{subdomain}}.login.example","deviceAuthorizationPath":"/device"}}`),
		jsonx.MustParse(`{"subdomain":"acme"}`))
	if err != nil {
		t.Fatal(err)
	}
	ask, poll := g.AuthorizeDevice([]string{"a", "b"}), g.PollDevice("device-1")
	for _, e := range []struct{ got, want string }{
		{ask.URL, "https://acme.login.example/device"},
		{string(ask.Body), "client_id=app&scope=a+b"},
		{poll.URL, "https://vendor.example/token"},
		{string(poll.Body), "audience=api&client_id=app&device_code=device-1&grant_type=" + url.QueryEscape("urn:ietf:params:oauth:grant-type:device_code")},
		{poll.Header.Get("Authorization"), "Basic YXBwOnM="},
	} {
		if e.got != e.want {
			t.Errorf("got %s, want %s", e.got, e.want)
		}
	}
}

// TestReadDevice reads answers of device authorization endpoints, good and bad.
func TestReadDevice(t *testing.T) {
	t.Parallel()
	const usual = `"device_code":"d","user_code":"U","verification_uri":"https://v.example/d"`
	good := func(change func(*credential.Device)) credential.Device {
		d := credential.Device{Code: "d", UserCode: "U", VerificationURI: "https://v.example/d", Life: 10 * time.Minute, Interval: 5 * time.Second}
		change(&d)
		return d
	}
	for name, e := range map[string]struct {
		body string
		want credential.Device
		code string
	}{
		"as little as may be": {body: `{` + usual + `}`, want: good(func(*credential.Device) {})},
		"all": {body: `{` + usual + `,"verification_uri_complete":"https://v.example/d?c=U","expires_in":60,"interval":"2"}`, want: good(func(d *credential.Device) {
			d.VerificationURIComplete, d.Life, d.Interval = "https://v.example/d?c=U", time.Minute, 2*time.Second
		})},
		"an older name":        {body: `{"device_code":"d","user_code":"U","verification_url":"https://v.example/d","expires_in":1e300,"interval":-1}`, want: good(func(d *credential.Device) { d.Life = time.Hour })},
		"a complete script":    {body: `{` + usual + `,"verification_uri_complete":"javascript:alert(1)"}`, want: good(func(*credential.Device) {})},
		"a form":               {body: `device_code=d&user_code=U&verification_uri=https%3A%2F%2Fv.example%2Fd&interval=7`, want: good(func(d *credential.Device) { d.Interval = 7 * time.Second })},
		"no user code":         {body: `{"device_code":"d","verification_uri":"https://v.example/d"}`, code: credential.CodeTokenAnswer},
		"a script":             {body: `{"device_code":"d","user_code":"U","verification_uri":"javascript:alert(1)"}`, code: credential.CodeTokenAnswer},
		"an address with user": {body: `{"device_code":"d","user_code":"U","verification_uri":"https://v@evil.example"}`, code: credential.CodeTokenAnswer},
		"no device code":       {body: `{"user_code":"U"}`, code: credential.CodeTokenAnswer},
		"an error":             {body: `{"error":"invalid_scope"}`, code: "invalid_scope"},
		"a page":               {body: `<html>`, code: credential.CodeTokenAnswer},
	} {
		d, err := credential.ReadDevice(http.StatusOK, http.Header{}, []byte(e.body), time.Now())
		refusal, _ := errors.AsType[*credential.Refusal](err)
		if refusal == nil {
			refusal = &credential.Refusal{}
		}
		if diff := cmp.Diff(e.want, d); diff != "" || refusal.Code != e.code {
			t.Errorf("%s: error %v, (-want +got):\n%s", name, err, diff)
		}
	}
}
