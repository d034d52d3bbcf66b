package definition_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	list := definition.Credentials(sample(t))
	if len(list) != 2 || list[0].Format != "oauth2" || list[1].Format != "api_key" {
		t.Fatalf("got %+v", list)
	}
	if diff := cmp.Diff(definition.Field{Name: "subdomain", Label: "Subdomain", Type: "text", Required: true, Transform: "lowercase"}, list[0].Fields[0], cmp.Comparer(jsonx.Equal)); diff != "" {
		t.Error(diff)
	}
	if plan := list[1].Fields[2]; plan.Default.Str() != "free" || len(plan.Options) != 2 || plan.Options[1].Label != "Paid" {
		t.Errorf("got %+v", plan)
	}
	if got := definition.Credentials(jsonx.MustParse(`{"credentials":{"format":"api_key","config":{"fields":[{"name":"k"}]}}}`)); len(got) != 1 || got[0].Fields[0].Label != "k" {
		t.Errorf("got %+v", got)
	}
	if got := definition.Credentials(jsonx.MustParse(`{"credentials":{"api_key":{"config":{"fields":[{"name":"k"}]}}}}`)); len(got) != 1 || got[0].Format != "api_key" {
		t.Errorf("got %+v", got)
	}
	if got := definition.Credentials(jsonx.MustParse(`{}`)); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	if _, ok := definition.FindCredential(sample(t), "oauth"); ok {
		t.Error("found a format that is not there")
	}
}

func TestSecretFields(t *testing.T) {
	t.Parallel()
	config := jsonx.MustParse(`{"credentials":{"api_key":{"format":"api_key","config":{"fields":[{"name":"subdomain"},{"name":"pin","type":"password"}]}},"oauth2":{"format":"oauth2","config":{"fields":[{"name":"pem","type":"password"}]}}}}`)
	got := definition.SecretFields(config)
	for _, want := range append(definition.ProtectedPaths(), "pin", "pem") {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if slices.Contains(got, "subdomain") || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
}

const form = `{"credentials":{"format":"api_key","config":{"fields":[
	{"name":"subdomain","required":true,"transform":"lowercase","pattern":"^[A-Za-z-]+$"},
	{"name":"key","type":"password","required":true},
	{"name":"email","format":"email"},{"name":"port","format":"number"},{"name":"org","format":"uuid","transform":"uppercase"},{"name":"site","format":"url"},
	{"name":"pin","transform":"sha256"},{"name":"ahead","pattern":"(?=x)x"},
	{"name":"plan","type":"single_select","default":"free","options":[{"value":"free"},{"value":"paid"},{"value":3}]}]}}}`

func formCredential() definition.Credential {
	c, _ := definition.FindCredential(jsonx.MustParse(form), "api_key")
	return c
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ context, want string }{
		{`{"subdomain":"Acme","key":"k"}`, `{"subdomain":"acme","key":"k","plan":"free"}`},
		{`{"extra":{"a":1},"subdomain":"a","key":"k","plan":"paid"}`, `{"extra":{"a":1},"subdomain":"a","key":"k","plan":"paid"}`},
		{`{"subdomain":"a","key":"k","plan":""}`, `{"subdomain":"a","key":"k","plan":"free"}`},
		{`{"subdomain":"a","key":"k","plan":3}`, `{"subdomain":"a","key":"k","plan":3}`},
		{`{"subdomain":"a","key":"k","email":"a@b.co","port":"80","site":"https://x.example.com"}`, `{"subdomain":"a","key":"k","email":"a@b.co","port":"80","site":"https://x.example.com","plan":"free"}`},
		{`{"subdomain":"a","key":"k","port":80,"email":""}`, `{"subdomain":"a","key":"k","port":80,"email":"","plan":"free"}`},
		{`{"subdomain":"a","key":"k","org":"8a2b104d-74a6-47f2-b93e-c6b611e82391"}`, `{"subdomain":"a","key":"k","org":"8A2B104D-74A6-47F2-B93E-C6B611E82391","plan":"free"}`},
		{`{"subdomain":"a","key":"k","pin":"abc","ahead":"y"}`, `{"subdomain":"a","key":"k","pin":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","ahead":"y","plan":"free"}`},
	} {
		got, failures := formCredential().Validate(jsonx.MustParse(c.context))
		if len(failures) > 0 || !jsonx.Equal(got, jsonx.MustParse(c.want)) {
			t.Errorf("%s: got %s, %v", c.context, got, failures)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ patch, path, code string }{
		{`{"subdomain":null}`, "context.subdomain", definition.CodeRequired},
		{`{"key":""}`, "context.key", definition.CodeRequired},
		{`{"subdomain":["a"]}`, "context.subdomain", definition.CodeType},
		{`{"subdomain":{"a":1}}`, "context.subdomain", definition.CodeType},
		{`{"subdomain":"evil.com/"}`, "context.subdomain", definition.CodePattern},
		{`{"email":"nope"}`, "context.email", definition.CodeValue},
		{`{"email":"A <a@b.co>"}`, "context.email", definition.CodeValue},
		{`{"port":"eighty"}`, "context.port", definition.CodeValue},
		{`{"org":"nope"}`, "context.org", definition.CodeValue},
		{`{"site":"javascript:alert(1)"}`, "context.site", definition.CodeValue},
		{`{"site":"nope"}`, "context.site", definition.CodeValue},
		{`{"plan":"gold-canary"}`, "context.plan", definition.CodeEnum},
	} {
		context := jsonx.Overlay(jsonx.MustParse(`{"subdomain":"a","key":"k"}`), jsonx.MustParse(c.patch))
		_, failures := formCredential().Validate(context)
		if len(failures) != 1 || failures[0].Path != c.path || failures[0].Code != c.code {
			t.Errorf("%s: got %v", c.patch, failures)
		}
		if len(failures) == 1 && strings.Contains(failures[0].Message, "canary") {
			t.Errorf("the value is repeated: %v", failures)
		}
	}
	if _, failures := formCredential().Validate(jsonx.MustParse(`[]`)); len(failures) != 1 {
		t.Errorf("got %v", failures)
	}
	if _, failures := formCredential().Validate(jsonx.Value{}); len(failures) != 2 {
		t.Errorf("got %v", failures)
	}
}

func TestValidateToken(t *testing.T) {
	t.Parallel()
	for _, format := range []sinew.AuthenticationMethod{sinew.MethodOAuth2, sinew.MethodClientCredentials, sinew.MethodKeka, sinew.MethodOAuth1} {
		c := definition.Credential{Format: string(format)}
		for _, bad := range []string{`{}`, `{"oauth":{}}`, `{"oauth":{"token":{"access_token":""}}}`, `{"oauth":{"token":{"access_token":5}}}`, `{"oauth":"x"}`} {
			fetches := format == sinew.MethodClientCredentials || format == sinew.MethodKeka
			want := []string{"context.oauth.token.access_token"}
			switch {
			case fetches && bad == `{"oauth":"x"}`:
				want = []string{"context.oauth"}
			case fetches && (bad == `{}` || bad == `{"oauth":{}}`):
				want = nil // its fields are enough
			}
			_, failures := c.Validate(jsonx.MustParse(bad))
			var got []string
			for _, failure := range failures {
				got = append(got, failure.Path)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s %s: got %v", format, bad, failures)
			}
		}
		if _, failures := c.Validate(jsonx.MustParse(`{"oauth":{"token":{"access_token":"t"}}}`)); len(failures) > 0 {
			t.Errorf("%s: got %v", format, failures)
		}
	}
}

func TestValidatePart(t *testing.T) {
	t.Parallel()
	got, failures := formCredential().ValidatePart(jsonx.MustParse(`{"subdomain":"ACME"}`))
	if len(failures) > 0 || got.String() != `{"subdomain":"acme"}` {
		t.Errorf("got %s, %v", got, failures)
	}
	if _, failures := formCredential().ValidatePart(jsonx.MustParse(`{"key":null}`)); len(failures) != 1 {
		t.Errorf("got %v", failures)
	}
}
