package server_test

import (
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestSpec02RateLimit runs the keys of spec 02 section 6 and their shorthands
// (section 12, rules 5 and 6).
func TestSpec02RateLimit(t *testing.T) {
	t.Parallel()
	rules := func(text string) string { return `{"rate_limit":` + text + `}` }
	runExamples(t, map[string]example{
		"is_rate_limited": {
			config: rules(`{"is_rate_limited":"status = 503 and headers.` + "`x-reason`" + ` = 'throttle'"}`), call: "GET /things/1", status: 503, headers: []string{"X-Reason", "throttle", "Retry-After", "4"}, want: 429,
			shows: map[string]string{"truto_is_remote_error": "true", "statusCode": "429"}, back: map[string]string{"Retry-After": "4"},
		},
		"is_rate_limited is false":                  {config: rules(`{"is_rate_limited":"status = 429 and false"}`), call: "GET /things/1", status: 503, want: 503},
		"12.6 is_rate_limited, true":                {config: rules(`{"is_rate_limited":true}`), call: "GET /things/1", status: 429, want: 429},
		"12.6 is_rate_limited, a header name":       {config: rules(`{"is_rate_limited":"x-limited"}`), call: "GET /things/1", headers: []string{"X-Limited", "1"}, want: 429},
		"retry_after_header_expression":             {config: rules(`{"retry_after_header_expression":"$number(headers.` + "`x-wait-ms`" + `) / 1000"}`), call: "GET /things/1", status: 429, headers: []string{"X-Wait-Ms", "2500"}, want: 429, back: map[string]string{"Retry-After": "3"}},
		"12.6 retry_after_header_expression, name":  {config: rules(`{"retry_after_header_expression":"x-wait"}`), call: "GET /things/1", status: 429, headers: []string{"X-Wait", "12"}, want: 429, back: map[string]string{"Retry-After": "12"}},
		"rate_limit_header_expression, an object":   {config: rules(`{"rate_limit_header_expression":"{'limit': '110;w=10', 'remaining': 3, 'reset': 7}"}`), call: "GET /things/1", back: map[string]string{"Ratelimit-Limit": "110;w=10", "Ratelimit-Remaining": "3", "Ratelimit-Reset": "7"}},
		"12.5 rate_limit_header_expression, moment": {config: rules(`{"rate_limit_header_expression":"$floor($millis() / 1000) + 100"}`), call: "GET /things/1", status: 429, want: 429},
		"12.5 rate_limit_header_expression, name":   {config: rules(`{"rate_limit_header_expression":"x-resets"}`), call: "GET /things/1", headers: []string{"X-Resets", "9"}, back: map[string]string{"Ratelimit-Reset": "9"}},
		"the longer wait wins":                      {config: rules(`{"retry_after_header_expression":"5","rate_limit_header_expression":"{'reset': 40}"}`), call: "GET /things/1", status: 429, want: 429, back: map[string]string{"Retry-After": "40"}},
		"null is the usual rule":                    {config: rules(`null`), call: "GET /things/1", status: 429, headers: []string{"Retry-After", "2"}, want: 429, back: map[string]string{"Retry-After": "2"}},
		"the usual headers of a success":            {call: "GET /things/1", headers: []string{"X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "5", "X-RateLimit-Reset", "30"}, back: map[string]string{"Ratelimit-Limit": "100", "Ratelimit-Remaining": "5", "Ratelimit-Reset": "30", "Retry-After": ""}},
		"a 429 is not tried again":                  {call: "GET /things/1", status: 429, headers: []string{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}, want: 429, back: map[string]string{"Retry-After": "0"}},
	})
}

// TestSpec02ErrorExpression runs spec 02 section 10.
func TestSpec02ErrorExpression(t *testing.T) {
	t.Parallel()
	rule := func(expression string) string {
		return `{"error_expression":` + jsonx.StringValue(expression).String() + `}`
	}
	runExamples(t, map[string]example{
		"of the published example": {
			config: rule(`status = 200 and data.ok = false ? { 'status': data.code = 'auth' ? 401 : 400, 'message': data.reason }`), call: "GET /things/1", says: `{"ok":false,"code":"auth","reason":"expired"}`, want: 401,
			shows: map[string]string{"message": "expired", "truto_is_remote_error": "true", "raw_response.code": "auth"},
		},
		"null is no error":                           {config: rule(`null`), call: "GET /things/1", says: `{"a":1}`, text: `{"a":1}`},
		"nothing is no error":                        {config: rule(`data.nothing`), call: "GET /things/1", says: `{"a":1}`, text: `{"a":1}`},
		"status, headers, data and response":         {config: rule(`{'status': 418, 'message': $string(status) & headers.` + "`x-a`" + ` & data.a & $string(response.status) & $string(response.ok) & response.headers.` + "`x-a`" + `}`), call: "GET /things/1", headers: []string{"X-A", "h"}, says: `{"a":"b"}`, want: 418, shows: map[string]string{"message": "200hb200trueh"}},
		"data is the inner one":                      {config: rule(`data.fault ? {'status': 422, 'message': data.fault}`), call: "GET /things/1", says: `{"data":{"fault":"inner"},"fault":"outer"}`, want: 422, shows: map[string]string{"message": "inner"}},
		"data is the body without an inner one":      {config: rule(`data.fault ? {'status': 422, 'message': data.fault}`), call: "GET /things/1", says: `{"fault":"outer"}`, want: 422, shows: map[string]string{"message": "outer"}},
		"data is a text":                             {config: rule(`data = 'ERR' ? {'status': 400}`), call: "GET /things/1", headers: []string{"Content-Type", "text/plain"}, says: `ERR`, want: 400},
		"a 200 becomes an error":                     {config: rule(`{'status': 429, 'headers': {'retry-after': 9}}`), call: "GET /things/1", want: 429, back: map[string]string{"Retry-After": "9"}},
		"another status":                             {config: rule(`status = 500 ? {'status': 404}`), call: "GET /things/1", status: 500, says: `{"message":"gone"}`, want: 404, shows: map[string]string{"message": "gone", "error": "Not Found"}},
		"a failure becomes a success":                {config: rule(`status = 404 ? {'status': 200, 'result': []}`), call: "GET /things", status: 404, text: `{"result":[],"next_cursor":null,"prev_cursor":null,"result_count":0}`},
		"a failure becomes a success without status": {config: rule(`status = 404 ? {'result': {'id': 'none'}}`), call: "GET /things/1", status: 404, text: `{"id":"none"}`},
		"metadata":                    {config: rule(`{'status': 400, 'metadata': {'hint': 'x'}}`), call: "GET /things/1", want: 400, shows: map[string]string{"metadata.hint": "x"}},
		"12.9 true keeps the status":  {config: rule(`true`), call: "GET /things/1", status: 409, want: 409},
		"12.9 true of a success":      {config: rule(`true`), call: "GET /things/1", want: 400},
		"12.9 a text is the message":  {config: rule(`'no luck'`), call: "GET /things/1", want: 400, shows: map[string]string{"message": "no luck"}},
		"12.9 a number is the status": {config: rule(`503`), call: "GET /things/1", want: 503},
		"message: message":            {call: "GET /things/1", status: 400, says: `{"message":"m"}`, want: 400, shows: map[string]string{"message": "m"}},
		"message: msg":                {call: "GET /things/1", status: 400, says: `{"msg":"m"}`, want: 400, shows: map[string]string{"message": "m"}},
		"message: errorMessage":       {call: "GET /things/1", status: 400, says: `{"errorMessage":"m"}`, want: 400, shows: map[string]string{"message": "m"}},
		"message: description":        {call: "GET /things/1", status: 400, says: `{"description":"m"}`, want: 400, shows: map[string]string{"message": "m"}},
		"message: detail":             {call: "GET /things/1", status: 400, says: `{"errors":[{"detail":"m"}]}`, want: 400, shows: map[string]string{"message": "m"}},
		"message: summary":            {call: "GET /things/1", status: 400, says: `{"summary":"m"}`, want: 400, shows: map[string]string{"message": "m"}},
		"message: error_description":  {call: "GET /things/1", status: 400, says: `{"error":"invalid_grant","error_description":"m"}`, want: 400, shows: map[string]string{"message": "m"}},
	})
}

// TestSpec03Errors runs the envelope of spec 03 section 1.6.
func TestSpec03Errors(t *testing.T) {
	t.Parallel()
	examples := map[string]example{
		"the vendor's": {
			config: methods(`"get":{"path":"/x","scopes":["a"]}`), call: "GET /things/1", status: 403, says: `{"message":"no","code":7}`, headers: []string{"X-Vendor", "v", "X-RateLimit-Remaining", "3", "Set-Cookie", "a=b", "Content-Encoding", "identity"}, want: 403,
			shows: map[string]string{"statusCode": "403", "error": "Forbidden", "message": "no", "truto_is_remote_error": "true", "raw_response": `{"message":"no","code":7}`, "truto_error_insight.forbidden_error.value.missing_scopes": `["a"]`},
			back:  map[string]string{"X-Vendor": "v", "Ratelimit-Remaining": "3", "Set-Cookie": ""},
		},
		"a body that is no JSON": {call: "GET /things/1", status: 502, headers: []string{"Content-Type", "text/html"}, says: "<h1>Bad</h1>", want: 502, shows: map[string]string{"raw_response": "<h1>Bad</h1>", "message": "Bad Gateway"}},
		"no body":                {call: "GET /things/1", status: 401, says: " ", want: 401, shows: map[string]string{"truto_is_remote_error": "true", "message": "Unauthorized"}},
		"our own":                {call: "GET /nothing", want: 404, shows: map[string]string{"statusCode": "404", "error": "Not Found", "truto_is_remote_error": "", "raw_response": ""}},
	}
	for _, status := range []int{400, 404, 409, 422, 500, 503, 504} {
		examples["the vendor's status "+jsonx.IntValue(int64(status)).String()] = example{call: "GET /things/1", status: status, says: `{"message":"m"}`, want: status, shows: map[string]string{"truto_is_remote_error": "true", "truto_error_insight": ""}}
	}
	runExamples(t, examples)
}

// TestSpec03Answers runs spec 03 sections 2.1 to 2.3.
func TestSpec03Answers(t *testing.T) {
	t.Parallel()
	const record = `{ "z":1.10, "id" : 9007199254740993 }`
	runExamples(t, map[string]example{
		"list":                              {config: methods(`"list":{"path":"/x","response_path":"data"}`), call: "GET /things", says: `{"data":[` + record + `]}`, text: `{"result":[` + record + `],"next_cursor":null,"prev_cursor":null,"result_count":1}`},
		"list, a single record":             {call: "GET /things", says: record, text: `{"result":[` + record + `],"next_cursor":null,"prev_cursor":null,"result_count":1}`},
		"get":                               {call: "GET /things/1", says: record, line: "GET /things/1", text: record},
		"create":                            {call: "POST /things", body: `{}`, status: 201, says: record, want: 201, line: "POST /things", text: record},
		"update":                            {call: "PATCH /things/1", body: `{}`, says: record, line: "PATCH /things/1", text: record},
		"delete":                            {call: "DELETE /things/a%20b", status: 204, says: " ", line: "DELETE /things/a%20b", text: `{"id":"a b"}`},
		"custom":                            {config: methods(`"merge":{"method":"post","path":"/m"}`), call: "POST /things/merge", body: `{}`, says: record, line: "POST /m", text: `{"result":` + record + `}`},
		"an id of any kind":                 {call: "GET /things/alt:ref:a@b.c", line: "GET /things/alt%3Aref%3Aa%40b.c"},
		"an id with a slash":                {call: "GET /things/a%2Fb", line: "GET /things/a%2Fb"},
		"resource names are case-sensitive": {call: "GET /Things", want: 404},
		"binary":                            {call: "GET /things/1", headers: []string{"Content-Type", "image/png"}, says: "\x89PNG", text: "\x89PNG", back: map[string]string{"Content-Type": "image/png"}},
		"204":                               {call: "POST /things", body: `{}`, status: 204, says: " ", text: "{}"},
		"unknown parameters are forwarded":  {call: "GET /things?a=1&b[c]=2&remote_query[x]=1", says: "[]", line: "GET /things?a=1&b%5Bc%5D=2&remote_query%5Bx%5D=1"},
		"ours are not":                      {call: "GET /things?a=1&next_cursor=&truto_body_passthrough=false&truto_x=1&explain=0", says: "[]", line: "GET /things?a=1"},
		"limit without paging":              {call: "GET /things?limit=3", says: "[]", line: "GET /things?limit=3"},
	})
}

// TestSpec02ReconnectStates follows an account through 401, success and 403.
func TestSpec02ReconnectStates(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := p.example(t, methods(`"get":{"path":"/x","scopes":["a","b"]}`), `,"oauth":{"scope":["b"]}`)
		account := func() jsonx.Value { t.Helper(); return c.get("/integrated-account/" + c.account).want(200).JSON }
		for _, e := range []struct {
			status           int
			account          string
			error, forbidden bool
		}{
			{200, "active", false, false},
			{403, "active", false, true},
			{403, "active", false, true},
			{200, "active", false, false},
			{401, "needs_reauth", true, false},
			{401, "needs_reauth", true, false},
			{500, "needs_reauth", true, false},
			{404, "needs_reauth", true, false},
			{200, "active", false, false},
		} {
			c.vendor.says(e.status, `{"message":"m"}`)
			c.ask("GET /things/1", "").want(e.status)
			row := account()
			if row.Get("status").Str() != e.account || row.Get("last_error").IsNull() == e.error || row.Get("last_forbidden_error").IsNull() == e.forbidden {
				t.Errorf("after %d: %s, %s, %s", e.status, row.Get("status"), row.Get("last_error"), row.Get("last_forbidden_error"))
			}
			if e.forbidden {
				said := row.Get("last_forbidden_error")
				if said.Get("resource").Str() != "things" || said.Get("method").Str() != "get" || said.Get("missing_scopes").String() != `["a"]` || said.Get("occurred_at").Str() == "" {
					t.Errorf("after %d: %s", e.status, said)
				}
			}
		}
		count := map[string]int{}
		for _, event := range c.events() {
			count[event]++
		}
		for _, event := range []string{"integrated_account:authentication_error", "integrated_account:reactivated", "integrated_account:forbidden_error"} {
			if count[event] != 1 {
				t.Errorf("%d events %s", count[event], event)
			}
		}
	})
}
