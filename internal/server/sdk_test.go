package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/store/storetest"
)

// The published clients of this API, as their sources and documentation say
// what they send (spec 04 sections 3 to 5 and 7). Their requests are replayed
// byte by byte for every call that the server has.

// sdkCall is one request of a client and what the client reads of the answer.
// {name} stands for an id that an earlier call kept.
type sdkCall struct {
	line   string // method and target
	body   string
	status int
	reads  string // what readAnswer looks for
	keep   string // the name that the answer's id is kept under
}

// sdk is a client: its headers, and how it writes what differs.
type sdk struct {
	name string
	// headers stand in every request, label in those with a body.
	headers []string
	label   string
	// prefix goes in front of the target.
	prefix string
	calls  []sdkCall
}

const tsLabel = "application/json"

func tsSDK(name, prefix, label string) sdk {
	return sdk{name: name, prefix: prefix, label: label, calls: tsCalls(), headers: []string{
		"accept: application/json", "user-agent: truto-ts-sdk/0.3.0", "accept-language: *", "sec-fetch-mode: cors", "accept-encoding: gzip, deflate",
	}}
}

func TestSDKs(t *testing.T) {
	t.Parallel()
	for _, client := range []sdk{
		tsSDK("TypeScript", "", tsLabel),
		tsSDK("TypeScript with a slash behind the base URL", "/", tsLabel),
		tsSDK("TypeScript where it sends text", "/", "text/plain;charset=UTF-8"),
		{name: "Python", calls: pythonCalls(), headers: []string{
			"Accept: application/json", "Content-Type: application/json", "Accept-Encoding: gzip, deflate", "User-Agent: Python/3.12 aiohttp/3.9.5",
		}},
		{name: "Rust", label: "application/json", calls: rustCalls(), headers: []string{"accept: application/json", "user-agent: truto-rust-sdk/0.1.0"}},
		{name: "command line", label: "application/json", calls: commandCalls(), headers: []string{"Accept: application/json"}},
	} {
		t.Run(client.name, func(t *testing.T) {
			t.Parallel()
			s := newSDKWorld(t, client)
			for _, call := range client.calls {
				s.replay(call)
			}
		})
	}
}

// sdkWorld is a platform with the demo, and what the calls of a client keep.
type sdkWorld struct {
	*platform
	client sdk
	kept   map[string]string
}

func newSDKWorld(t *testing.T, client sdk) *sdkWorld {
	t.Helper()
	c := platformConfig(t, storetest.NewSQLite(t))
	// Its model of a list takes result and results for the same member.
	c.ListAlias = client.name != "Rust"
	p := startPlatform(t, c)
	simulated, err := simulator.New(simulator.Options{}).Start(t.Context(), "127.0.0.1:0")
	p.must(err)
	account, err := p.server.Core.ConnectDemo(t.Context(), simulated.URL)
	p.must(err)
	shown := p.settled(account)
	second := p.call("POST", "/integrated-account", `{"tenant_id":"acme-2","environment_integration_id":"`+shown.text("environment_integration_id")+
		`","authentication_method":"api_key","context":{"api_key":"simulator-key"}}`).want(201)
	p.settled(second.text("id"))
	token := p.get("/api-token").want(200).ids()[0]
	return &sdkWorld{platform: p, client: client, kept: map[string]string{
		"account": account, "second": second.text("id"), "installation": shown.text("environment_integration_id"),
		"environment": p.environment.ID, "team": p.environment.TeamID, "token": token, "user": p.get("/user").want(200).ids()[0],
		"encoded": strings.ReplaceAll(account, "-", "%2D"),
	}}
}

func (s *sdkWorld) fill(text string) string {
	for name, id := range s.kept {
		text = strings.ReplaceAll(text, "{"+name+"}", id)
	}
	return text
}

// replay sends a call and reads the answer as the client does.
func (s *sdkWorld) replay(call sdkCall) {
	s.t.Helper()
	line := s.fill(call.line)
	method, target, _ := strings.Cut(line, " ")
	answer := s.exchange(method, s.client.prefix+target, s.fill(call.body))
	fail := func(format string, args ...any) {
		s.t.Helper()
		s.t.Errorf("%s %s: %s\n%s", method, s.client.prefix+target, fmt.Sprintf(format, args...), answer.Text)
	}
	if answer.Status != call.status {
		fail("got status %d, want %d", answer.Status, call.status)
		return
	}
	if got := answer.JSON.Get("id").Str(); call.keep != "" {
		s.kept[call.keep] = got
	}
	if complaint := readAnswer(call.reads, answer); complaint != "" {
		fail("%s", complaint)
	}
}

// readAnswer says what a client would miss in an answer, "" for nothing.
func readAnswer(reads string, r *reply) string {
	if !strings.Contains(r.Header.Get("Content-Type"), "json") {
		return "is not labelled JSON"
	}
	has := func(name string, kinds ...jsonx.Kind) bool {
		for _, kind := range kinds {
			if r.JSON.Get(name).Kind() == kind {
				return true
			}
		}
		return false
	}
	isList := has("result", jsonx.Array) && has("next_cursor", jsonx.String, jsonx.Null)
	switch reads {
	case "list":
		if !isList || !has("limit", jsonx.Number) {
			return "is no list with result, next_cursor and limit"
		}
		if r.JSON.Get("next_cursor").Str() != "" && r.JSON.Get("result").Len() == 0 {
			return "is an empty page with a cursor"
		}
	case "page":
		if !isList || !has("prev_cursor", jsonx.String, jsonx.Null) || !has("result_count", jsonx.Number) {
			return "is no page with result, cursors and result_count"
		}
	case "object":
		if !has("id", jsonx.String) || r.JSON.Get("result").Exists() {
			return "is no bare object with an id"
		}
	case "deleted":
		if !has("id", jsonx.String) || r.JSON.Len() != 1 {
			return "is not the id alone"
		}
	case "result":
		if !r.JSON.Get("result").Exists() {
			return "has no result"
		}
	case "token":
		if !has("integrated_account_token", jsonx.String) {
			return "has no integrated_account_token"
		}
	case "bulk":
		if !has("matched_count", jsonx.Number) || !has("deleted_count", jsonx.Number) {
			return "has no counts"
		}
	case "failure":
		if !has("statusCode", jsonx.Number) || !has("error", jsonx.String) || !has("message", jsonx.String) {
			return "is no error with statusCode, error and message"
		}
	}
	return ""
}

// exchange sends a request as it stands, and fails on an answer without a
// reason phrase, which one client shows as its message.
func (p *sdkWorld) exchange(method, target, body string) *reply {
	p.t.Helper()
	address := strings.TrimPrefix(p.url, "http://")
	lines := append([]string{method + " " + target + " HTTP/1.1", "host: " + address, "connection: close", "authorization: Bearer " + p.token}, p.client.headers...)
	if body != "" || method == "POST" || method == "PATCH" {
		lines = append(lines, "content-length: "+strconv.Itoa(len(body)))
	}
	if body != "" && p.client.label != "" {
		lines = append(lines, "content-type: "+p.client.label)
	}
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	p.must(err)
	defer conn.Close()
	p.must(conn.SetDeadline(time.Now().Add(30 * time.Second)))
	_, err = io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"+body)
	p.must(err)
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	p.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	p.must(err)
	if want := fmt.Sprintf("%d %s", response.StatusCode, http.StatusText(response.StatusCode)); response.Status != want {
		p.t.Errorf("%s %s: got status line %q, want %q", method, target, response.Status, want)
	}
	r := &reply{t: p.t, call: method + " " + target, Status: response.StatusCode, Header: response.Header, Text: string(text)}
	r.JSON, err = jsonx.Parse(text)
	if err != nil {
		p.t.Fatalf("%s: answer is not JSON: %v\n%s", r.call, err, text)
	}
	return r
}

// TestSDKIterators follows lists as the clients do: TypeScript with an empty
// cursor first, Python with none, until the cursor is falsy.
func TestSDKIterators(t *testing.T) {
	t.Parallel()
	s := newSDKWorld(t, tsSDK("TypeScript", "", tsLabel))
	for _, first := range []string{"&next_cursor=", ""} {
		for _, list := range []string{"/integrated-account?limit=1", "/tenant?limit=1", "/category?limit=5", "/environment-integration?limit=1"} {
			want := s.get(strings.Replace(list, "limit=", "x=", 1)).want(200).ids()
			var got []string
			for cursor := first; ; {
				page := s.exchange("GET", list+cursor, "").want(200)
				if len(page.ids()) == 0 {
					t.Errorf("%s: an empty page", list)
				}
				got = append(got, page.ids()...)
				next := page.text("next_cursor")
				if next == "" {
					break
				}
				cursor = "&next_cursor=" + url.QueryEscape(next)
			}
			if len(want) < 1 || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s%s: got %v, want %v", list, first, got, want)
			}
		}
	}
}

// TestSDKRetries asks again what the TypeScript SDK would: a conflict three
// times in a row stays one and changes nothing, and whoever is told to wait is
// told whole seconds.
func TestSDKRetries(t *testing.T) {
	t.Parallel()
	s := newSDKWorld(t, tsSDK("TypeScript", "", tsLabel))
	s.exchange("POST", "/integration?", `{"name":"desk"}`).want(201)
	before := [2]int{len(s.get("/integration").ids()), len(s.events())}
	for range 3 {
		r := s.exchange("POST", "/integration?", `{"name":"desk"}`).want(409)
		if complaint := readAnswer("failure", r); complaint != "" {
			t.Errorf("%s: %s", r.Text, complaint)
		}
	}
	if after := [2]int{len(s.get("/integration").ids()), len(s.events())}; after != before {
		t.Errorf("conflicts left integrations and events %v, there were %v", after, before)
	}
	s.stop()
	s.config.LimitToken = 2
	s.start()
	for range 4 {
		s.exchange("GET", "/ping?", "").want(200) // is not counted
	}
	limited, _ := atOnce(t, 10, func() *reply { return s.exchange("GET", "/category?", "") })
	if seconds, err := strconv.Atoi(limited.Header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 10 {
		t.Errorf("got Retry-After %q, want 1 to 10 seconds", limited.Header.Get("Retry-After"))
	}
}

// TestVendorsRetryAfterIsInSeconds normalises what vendors say: clients read a
// number, and take a date for a reason to give up.
func TestVendorsRetryAfterIsInSeconds(t *testing.T) {
	t.Parallel()
	c := newCalled(t, newPlatform(t))
	for said, want := range map[string][2]int{
		"7":                       {7, 7},
		" 7 ":                     {7, 7},
		"1.2":                     {2, 2},
		"0":                       {0, 0},
		futureDate(time.Hour):     {3000, 3601},
		futureDate(-time.Minute):  {0, 0},
		"in a while":              {-1, -1},
		"-3":                      {-1, -1},
		"99999999999999999999999": {-1, -1},
	} {
		for _, status := range []int{429, 503} {
			c.vendor.says(status, `{}`, "Retry-After", said)
			got := -1
			answer := c.proxy("GET", "/contacts", "").want(status)
			if text := answer.Header.Get("Retry-After"); text != "" {
				seconds, err := strconv.Atoi(text)
				if err != nil {
					t.Errorf("%q: passed on as %q", said, text)
				}
				got = seconds
			}
			if got < want[0] || got > want[1] {
				t.Errorf("%q: got %d, want %d to %d", said, got, want[0], want[1])
			}
		}
	}
}

func futureDate(in time.Duration) string { return time.Now().Add(in).UTC().Format(http.TimeFormat) }
