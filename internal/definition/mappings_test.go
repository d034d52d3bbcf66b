package definition_test

import (
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

func TestSplitMappings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ override, visible, secret string }{
		{`{}`, `{}`, `{}`},
		{
			`{"crm":{"contacts":{"list":{"response_mapping":"response.token","query":{"limit":10,"api_key":"s"}}}}}`,
			`{"crm":{"contacts":{"list":{"response_mapping":"response.token","query":{"limit":10}}}}}`,
			`{"crm":{"contacts":{"list":{"query":{"api_key":"s"}}}}}`,
		},
		{
			`{"crm":{"contacts":{"get":{"before":[{"type":"request","config":{"headers":{"Authorization":"Bearer s","Accept":"a"}}}]}}}}`,
			`{"crm":{"contacts":{"get":{"before":[{"type":"request","config":{"headers":{"Accept":"a"}}}]}}}}`,
			`{"crm":{"contacts":{"get":{"before":{"0":{"config":{"headers":{"Authorization":"Bearer s"}}}}}}}}`,
		},
		{ // what reads a secret is none
			`{"crm":{"contacts":{"list":{"query":{"api_key":"{{api_key}}"},"request_header_mapping":{"Authorization":"'Bearer ' & context.token","X-Token":"$context.token"}}}}}`,
			`{"crm":{"contacts":{"list":{"query":{"api_key":"{{api_key}}"},"request_header_mapping":{"Authorization":"'Bearer ' & context.token","X-Token":"$context.token"}}}}}`,
			`{}`,
		},
		{ // a literal in a mapping is one
			`{"crm":{"contacts":{"list":{"request_header_mapping":{"X-Token":"'s'","Authorization":" \"Basic s\" ","X-Plan":"'gold'"},"query_mapping":{"token":7}}}}}`,
			`{"crm":{"contacts":{"list":{"request_header_mapping":{"X-Plan":"'gold'"},"query_mapping":{}}}}}`,
			`{"crm":{"contacts":{"list":{"request_header_mapping":{"X-Token":"'s'","Authorization":" \"Basic s\" "},"query_mapping":{"token":7}}}}}`,
		},
		{ // schemas describe and hold nothing
			`{"crm":{"contacts":{"list":{"query_schema":{"token":{"type":"string"}}}}}}`,
			`{"crm":{"contacts":{"list":{"query_schema":{"token":{"type":"string"}}}}}}`,
			`{}`,
		},
		{`{"crm":{"contacts":{"list":null}},"api_key":"s"}`, `{"crm":{"contacts":{"list":null}}}`, `{"api_key":"s"}`},
	} {
		whole := jsonx.MustParse(c.override)
		visible, secret := definition.SplitMappings(whole)
		if visible.String() != c.visible || secret.String() != c.secret {
			t.Errorf("%s:\ngot  %s and %s\nwant %s and %s", c.override, visible, secret, c.visible, c.secret)
		}
		if back := definition.Join(visible, secret); !jsonx.Equal(back, whole) {
			t.Errorf("%s: joined again it is %s", c.override, back)
		}
	}
}
