package definition_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

func parseHosts(t *testing.T, entries ...string) definition.Hosts {
	t.Helper()
	hosts, err := definition.ParseHosts(jsonx.StringsValue(entries))
	if err != nil {
		t.Fatal(err)
	}
	return hosts
}

func TestHostsAllow(t *testing.T) {
	t.Parallel()
	hosts := parseHosts(t, "api.vendor.com", "*.vendor.com", "API.Other.com:8443", "xn--mnchen-3ya.example", "192.0.2.7", "[2001:db8::1]", "[2001:db8::2]:9090")
	for address, want := range map[string]bool{
		"https://api.vendor.com/":                true,
		"http://api.vendor.com/":                 true, // whether http may be spoken is another's decision
		"https://API.VENDOR.COM/x?y":             true,
		"https://api.vendor.com.":                true,
		"https://api.vendor.com:443":             true,
		"http://api.vendor.com:80":               true,
		"https://acme.vendor.com":                true,
		"https://a.b.vendor.com":                 true,
		"https://api.other.com:8443":             true,
		"https://xn--mnchen-3ya.example":         true,
		"https://192.0.2.7/":                     true,
		"https://[2001:db8::1]/":                 true,
		"https://[2001:DB8:0:0::1]:443/":         true,
		"https://[2001:db8::2]:9090/":            true,
		"https://[::ffff:192.0.2.7]/":            true,
		"https://vendor.com":                     false, // the wildcard is for names below
		"https://evilvendor.com":                 false,
		"https://vendor.com.evil.com":            false,
		"https://acme.evil.com/.vendor.com":      false,
		"https://acme.evil.com/?x=.vendor.com":   false,
		"https://evil.com#.vendor.com":           false,
		"https://acme@evil.com":                  false,
		"https://api.vendor.com@evil.com":        false,
		"https://api.vendor.com:8443":            false,
		"https://api.vendor.com:80":              false,
		"http://api.vendor.com:443":              false,
		"https://api.other.com":                  false,
		"https://api.vendor.com..":               false,
		"https://api。vendor。com":                 false,
		"https://api.vendor.com。evil.com":        false,
		"https://münchen.example":                false,
		"https://192.0.2.8":                      false,
		"https://[2001:db8::2]":                  false,
		"https://[2001:db8::3]":                  false,
		"https://xn--mnchen-3ya.example.evil.eu": false,
		"https://":                               false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := hosts.Allows(u); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
	u := &url.URL{Scheme: "https", Host: "anywhere.example"}
	if !definition.Hosts(nil).Allows(u) {
		t.Error("no list allows everything")
	}
	if (definition.Hosts{}).Allows(u) {
		t.Error("an empty list allows nothing")
	}
}

func TestHostsThatAreNone(t *testing.T) {
	t.Parallel()
	schema := definition.Schema().At("properties", "allowed_hosts", "items", "pattern").Str()
	if schema == "" {
		t.Error("the published schema does not know allowed_hosts")
	}
	for _, entry := range []string{
		"", ".", "*", "*.", "*.com", "*.*.com", "a.*.com", "*a.com", "https://a.com", "a.com/", "a.com/x", "u@a.com", "a.com?", "a.com#", "a..com", ".a.com", "a.com.",
		"-a.com", "a-.com", "a b.com", "a.com:0", "a.com:99999", "a.com:http", "a.com:", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "1.2.3.4.5",
		"::1", "[::1", "[127.0.0.1]", "[::1]x", "[fe80::1%eth0]", "münchen.example", "a。com", "{{host}}", "a_b.com", strings.Repeat("a", 64) + ".com",
		strings.Repeat("a.", 130) + "com",
	} {
		config := patched(`{"base_url":"{{environment_variables.X}}","allowed_hosts":["api.example.com"]}`).SetAt(jsonx.StringsValue([]string{"api.example.com", entry}), "allowed_hosts")
		failures, _ := definition.Check(config)
		if len(failures) != 1 || failures[0].Path != "config.allowed_hosts.1" || failures[0].Code != definition.CodeValue {
			t.Errorf("%q: got %v, want one failure at its place", entry, failures)
		}
	}
}

func TestCheckHoldsAddressesAgainstTheList(t *testing.T) {
	t.Parallel()
	for patch, want := range map[string]string{
		`{"allowed_hosts":["*.example.com"]}`:                                                                                                        "",
		`{"allowed_hosts":["api.example.com"],"base_url":"https://api.example.com/v2"}`:                                                              "",
		`{"allowed_hosts":["api.example.com"],"base_url":"https://api.example.org"}`:                                                                 "config.base_url",
		`{"allowed_hosts":["api.example.com"],"base_url":"https://api.example.com:8443"}`:                                                            "config.base_url",
		`{"allowed_hosts":["*.example.com"],"resources":{"users":{"list":{"path":"https://files.example.org/users"}}}}`:                              "config.resources.users.list.path",
		`{"allowed_hosts":["*.example.com","files.example.org"],"resources":{"users":{"list":{"path":"https://files.example.org/users"}}}}`:          "",
		`{"allowed_hosts":["*.example.com"],"resources":{"users":{"list":{"path":"/users","base_url":"https://upload.example.org"}}}}`:               "config.resources.users.list.base_url",
		`{"allowed_hosts":["*.example.com"],"resources":{"users":{"list":{"path":"/users","base_url":"https://{{subdomain}}.upload.example.org"}}}}`: "",
		`{"allowed_hosts":["*.example.com"],"resources":{"users":{"list":{"path":"/users","pagination_path":"https://pages.example.org/users"}}}}`:   "config.resources.users.list.pagination_path",
		`{"allowed_hosts":["*.example.com"],"resources":{"users":{"list":{"path":"/users","pagination_path":"meta.next"}}}}`:                         "",
		`{"allowed_hosts":[]}`:                 "config.allowed_hosts",
		`{"allowed_hosts":"api.example.com"}`:  "config.allowed_hosts",
		`{"allowed_hosts":[{"host":"a.com"}]}`: "config.allowed_hosts.0",
	} {
		failures, _ := definition.Check(patched(patch))
		switch {
		case want == "" && len(failures) > 0:
			t.Errorf("%s: got %v, want no failures", patch, failures)
		case want != "" && (len(failures) == 0 || failures[0].Path != want):
			t.Errorf("%s: got %v, want a failure at %s", patch, failures, want)
		}
	}
}

func TestOverridesDoNotWidenTheList(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`["evil.example"]`, `[]`, `null`} {
		override := jsonx.MustParse(`{"allowed_hosts":` + value + `}`)
		if failures, _ := definition.CheckOverride(override); len(failures) != 1 || failures[0].Code != definition.CodeUnknownKey {
			t.Errorf("%s: got %v, want a failure", override, failures)
		}
		// One that got past the check changes nothing.
		config := patched(`{"allowed_hosts":["*.example.com"]}`)
		effective := definition.Effective(config, override, override)
		if got, want := effective.Get("allowed_hosts").String(), `["*.example.com"]`; got != want {
			t.Errorf("%s: the effective list is %s, want %s", override, got, want)
		}
	}
}

func TestWarnsWhereAccountsChooseTheHost(t *testing.T) {
	t.Parallel()
	for base, open := range map[string]bool{
		"https://api.example.com":                      false,
		"https://{{subdomain}}.example.com":            false,
		"https://{{subdomain}}-eu.api.example.com":     false,
		"https://api.example.com:{{subdomain}}":        false,
		"{{environment_variables.HOST}}":               false,
		"https://{{environment_variables.HOST}}/api":   false,
		"{{subdomain}}":                                true,
		"https://{{subdomain}}/api":                    true,
		"https://api.{{subdomain}}":                    true,
		"https://{{subdomain}}.com":                    true,
		"https://{{subdomain}}-vendor.com":             true,
		"https://www.vendor.{{subdomain}}":             true,
		"{{environment_variables.HOST|subdomain}}/api": true,
	} {
		config := patched(`{}`).With("base_url", jsonx.StringValue(base))
		_, warnings := definition.Check(config)
		if got := len(warnings) == 1 && warnings[0].Code == definition.CodeOpenHost && warnings[0].Path == "config.base_url"; got != open {
			t.Errorf("%s: got %v, want a warning: %v", base, warnings, open)
		}
		if _, warnings := definition.Check(config.With("allowed_hosts", jsonx.MustParse(`["*.example.com","api.example.com"]`))); len(warnings) > 0 {
			t.Errorf("%s with a list: got %v", base, warnings)
		}
	}
}
