package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// hopHeaders are fields that belong to one connection (RFC 9110 section 7.6.1),
// frame a message, or speak for the one who sent them. Those that frame are not
// among the ones that can be sent with a proper message.
func hopHeaders() []string {
	return []string{
		"Connection: X-Named, x-other-named , keep-alive", "X-Named: hop", "X-Other-Named: hop", "Keep-Alive: timeout=5, max=100", "Proxy-Connection: keep-alive", "Proxy-Authenticate: Basic realm=hop", "Proxy-Authorization: Basic aG9wOmhvcA==", "Proxy-Authentication-Info: nextnonce=hop",
		"TE: trailers, deflate", "Upgrade: h2c, websocket", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", "Max-Forwards: 10", "Via: 1.1 hop",
	}
}

// originHeaders are fields of an answer that would act on our own origin, or
// speak for our server.
func originHeaders() []string {
	return []string{
		"Set-Cookie: session=hop; Path=/", "Set-Cookie2: a=hop", "Strict-Transport-Security: max-age=1", "Alt-Svc: h3=\":443\"", "Clear-Site-Data: \"*\"", "Public-Key-Pins: hop", "Refresh: 0; url=http://evil.test/", "Content-Security-Policy: default-src hop", "Access-Control-Allow-Origin: http://evil.test", "Access-Control-Allow-Credentials: true",
		"Cross-Origin-Opener-Policy: unsafe-none", "WWW-Authenticate: Basic realm=hop", "Server: hop", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "X-Frame-Options: hop", "Service-Worker-Allowed: /", "Report-To: hop", "Nel: hop", "Permissions-Policy: hop", "Server-Timing: hop", "X-Request-Id: hop", "Traceparent: hop",
	}
}

// forbidden are the names that may not go on, in lower case.
func forbidden() []string {
	names := []string{"trailer", "forwarded", "x-forwarded-for", "x-real-ip", "expect", "x-trailer"}
	for _, line := range append(hopHeaders(), originHeaders()...) {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, strings.ToLower(name))
	}
	return names
}

// message is an HTTP message as it came over the wire.
type message struct {
	start string
	lines []string
	body  string
}

// values are those of a header, as it came.
func (m message) values(name string) []string {
	var values []string
	for _, line := range m.lines {
		if got, value, _ := strings.Cut(line, ":"); strings.EqualFold(got, name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// readMessage reads a message to its end: of the connection, or by its framing,
// of which there must be exactly one.
func readMessage(r *bufio.Reader) (message, error) {
	var m message
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return m, fmt.Errorf("the header ends early: %w", err)
		}
		line = strings.TrimSuffix(line, "\r\n")
		switch {
		case line == "":
			return m, m.readBody(r)
		case m.start == "":
			m.start = line
		default:
			m.lines = append(m.lines, line)
		}
	}
}

func (m *message) readBody(r *bufio.Reader) error {
	lengths, codings := m.values("Content-Length"), m.values("Transfer-Encoding")
	isRequest := !strings.HasPrefix(m.start, "HTTP/")
	if len(lengths)+len(codings) > 1 || len(lengths)+len(codings) == 0 && !isRequest {
		return fmt.Errorf("framed by %v and %v", lengths, codings)
	}
	head := m.start + "\r\n" + strings.Join(m.lines, "\r\n") + "\r\n\r\n"
	whole := io.MultiReader(strings.NewReader(head), r)
	var body io.Reader
	if isRequest {
		request, err := http.ReadRequest(bufio.NewReader(whole))
		if err != nil {
			return err
		}
		body = request.Body
	} else {
		response, err := http.ReadResponse(bufio.NewReader(whole), nil)
		if err != nil {
			return err
		}
		body = response.Body
	}
	text, err := io.ReadAll(body)
	m.body = string(text)
	return err
}

// exchange sends bytes to a host and port and reads one answer.
func (p *platform) exchange(address, request string) (message, error) {
	p.t.Helper()
	conn, err := net.Dial("tcp", address)
	p.must(err)
	defer conn.Close()
	p.must(conn.SetDeadline(time.Now().Add(hostileTime)))
	_, err = io.WriteString(conn, request)
	p.must(err)
	return readMessage(bufio.NewReader(conn))
}

// recorded serves one text and keeps what it was sent.
func recorded(t *testing.T, answer string, into chan<- message) string {
	t.Helper()
	return "http://" + testkit.Accept(t, func(conn net.Conn) {
		m, err := readMessage(bufio.NewReader(conn))
		if err != nil {
			t.Errorf("the vendor got %+v: %v", m, err)
		}
		select {
		case into <- m:
		default:
		}
		_, _ = io.WriteString(conn, answer)
	})
}

// stray fails the test for each field that may not go on.
func stray(t *testing.T, what string, m message, except ...string) {
	t.Helper()
	for _, name := range forbidden() {
		if values := m.values(name); len(values) > 0 && !slices.Contains(except, name) {
			t.Errorf("%s has %s: %q", what, name, values)
		}
	}
	if strings.Contains(strings.Join(m.lines, "\n"), "hop") {
		t.Errorf("%s has %q", what, m.lines)
	}
}

// TestHopHeadersOfAnswers has the vendor send fields of one hop with every kind
// of answer (reliability E6): none of them reaches the caller.
func TestHopHeadersOfAnswers(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.hopHeadersOfAnswers(p.server.Addr())
}

// TestHopHeadersBehindNginx is TestHopHeadersOfAnswers with a proxy in front, to
// which every answer has to make sense.
func TestHopHeadersBehindNginx(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	address, ok := testkit.NewNginx(t, p.url)
	if !ok {
		t.Skip("nginx is not installed")
	}
	p.hopHeadersOfAnswers(strings.TrimPrefix(address, "http://"))
}

// hopHeadersOfAnswers calls the server at an address, its own or that of a proxy.
func (p *platform) hopHeadersOfAnswers(address string) {
	t := p.t.(*testing.T)
	c := newEngine(t, p, `{"resources":{"files":{"get":{"path":"/files/{{id}}"}},"said":{"get":{"path":"/said/{{id}}","error_expression":"{'status': 422, 'message': 'no', 'headers': {'Connection': 'close', 'Transfer-Encoding': 'chunked', 'Content-Length': '3', 'Set-Cookie': 'a=hop', 'Trailer': 'hop', 'Bad Name': 'hop', 'X-Split': 'a\\r\\nX-Named: hop', 'Retry-After': '7', 'X-Said': 'yes'}}"}}}}`)
	fields := strings.Join(append(hopHeaders(), originHeaders()...), "\r\n") + "\r\nX-Kept: yes\r\n"
	chunkedBody := func(body string) string {
		return fields + "Transfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n" + fmt.Sprintf("%x;ext=hop\r\n%s\r\n0\r\nX-Trailer: hop\r\n\r\n", len(body), body)
	}
	plainBody := func(body string) string { return fields + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
	for name, framed := range map[string]func(string) string{"chunked": chunkedBody, "with a length": plainBody, "to the end": func(body string) string { return fields + "\r\n" + body }} {
		for _, e := range []struct{ path, head, body, want string }{
			{"/proxy/things/1", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", `{"id":1}`, `{"id":1}`},
			{"/proxy/things", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", `[{"id":1}]`, `"result_count":1`},
			{"/custom/x", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", `{"id":1}`, `{"result":{"id":1}`},
			{"/proxy/files/1", "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment\r\n", "%PDF", "%PDF"},
			{"/custom/file", "HTTP/1.1 206 Partial Content\r\nContent-Type: application/pdf\r\n", "%PDF", "%PDF"},
			{"/proxy/things/1", "HTTP/1.1 422 No\r\nContent-Type: application/json\r\n", `{"message":"no"}`, `"message":"no"`},
			{"/proxy/files/1", "HTTP/1.1 503 No\r\nContent-Type: application/pdf\r\n", `%PDF`, `"statusCode":503`},
			{"/proxy/said/1", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", `{"id":1}`, `"statusCode":422`},
		} {
			c.leadTo(testkit.Converse(t, testkit.Says(e.head, framed(e.body))))
			m, err := p.exchange(address, "GET "+e.path+"?integrated_account_id="+c.account+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+p.token+"\r\n\r\n")
			if err != nil || !strings.Contains(m.body, e.want) {
				t.Errorf("%s, %s: got %+v, error %v", e.path, name, m, err)
			}
			own := []string{"date", "server-timing", "x-request-id", "traceparent"}
			if address != p.server.Addr() {
				own = append(own, "server", "connection")
			}
			stray(t, e.path+", "+name, m, own...)
			kept := !strings.Contains(e.head, " 2") || e.path == "/proxy/said/1" // of successes, only what describes a file
			if got := m.values("X-Kept"); kept != slices.Equal(got, []string{"yes"}) {
				t.Errorf("%s, %s: X-Kept is %q", e.path, name, got)
			}
			if e.path == "/proxy/said/1" && (!slices.Equal(m.values("X-Said"), []string{"yes"}) || !slices.Equal(m.values("Retry-After"), []string{"7"})) {
				t.Errorf("%s: got %q", e.path, m.lines)
			}
		}
	}
}

// TestHopHeadersOfRequests sends fields of one hop with every kind of request,
// by the caller and by the definition: the vendor sees none of them, and one
// framing.
func TestHopHeadersOfRequests(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	own := jsonx.NewBuilder(20)
	said := jsonx.NewBuilder(20)
	for _, line := range append(hopHeaders(), "Content-Length: 3", "Transfer-Encoding: chunked", "Trailer: X-Trailer", "Host: evil.test", "Expect: 100-continue") {
		if name, value, _ := strings.Cut(line, ": "); name != "Via" { // a definition may say who forwards
			own.Set(name, jsonx.StringValue(value))
			said.Set(name, jsonx.StringValue(value))
		}
	}
	c := newEngine(t, p, jsonx.MustParse(`{"resources":{"files":{"create":{"method":"post","path":"/files"},"form":{"method":"post","path":"/files","body_format":"multipart"}},"bare":{"get":{"path":"/x","no_auth":true}}},"pagination":{"format":"link_header"}}`).
		With("headers", own.Value()).SetAt(own.Value(), "pagination", "config", "headers").
		With("authorization", jsonx.MustParse(`{"format":"header"}`).SetAt(jsonx.StringValue(said.Value().String()), "config", "expression")).String())
	got := make(chan message, 10)
	const body = `{"a":"0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"}`
	vendor := recorded(t, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\nConnection: close\r\n\r\n{\"id\":1}", got)
	c.leadTo(vendor)
	hop := strings.Join(hopHeaders(), "\r\n") + "\r\nForwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Real-Ip: 192.0.2.1\r\nCookie: a=hop\r\nX-Own: hop\r\nAccept-Encoding: hop\r\nUser-Agent: hop\r\nReferer: http://hop.test/\r\nOrigin: http://hop.test\r\n"
	form := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n--b--\r\n"
	inChunks := func(body string) string {
		return "Transfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n" + fmt.Sprintf("5;ext=1\r\n%s\r\n%x\r\n%s\r\n0\r\nX-Trailer: hop\r\n\r\n", body[:5], len(body)-5, body[5:])
	}
	inOne := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
	for name, framed := range map[string]func(string) string{"chunked": inChunks, "with a length": inOne} {
		for _, e := range []struct{ line, head, body string }{
			{"GET /proxy/things/1", "", ""},
			{"GET /proxy/things", "", ""},
			{"GET /proxy/bare/1", "", ""},
			{"DELETE /custom/x", "", ""},
			{"POST /proxy/things", "Content-Type: application/json\r\n", body},
			{"PATCH /custom/x", "Content-Type: application/json\r\n", body},
			{"POST /proxy/files?truto_body_passthrough=true", "Content-Type: video/mp4\r\n", body},
			{"PUT /custom/x?truto_body_passthrough=true", "Content-Type: video/mp4\r\n", body},
			{"POST /proxy/files/form", "Content-Type: multipart/form-data; boundary=b\r\n", form},
			{"POST /custom/x", "Content-Type: multipart/form-data; boundary=b\r\n", form},
		} {
			glue := map[bool]string{true: "&", false: "?"}[strings.Contains(e.line, "?")]
			tail := "\r\n"
			if e.body != "" {
				tail = framed(e.body)
			}
			m, err := p.exchange(p.server.Addr(), e.line+glue+"integrated_account_id="+c.account+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+p.token+"\r\n"+hop+e.head+tail)
			if err != nil || !strings.HasPrefix(m.start, "HTTP/1.1 200") {
				t.Errorf("%s, %s: got %+v, error %v", e.line, name, m, err)
				continue
			}
			sent := <-got
			stray(t, "the vendor's "+e.line+", "+name, sent)
			if host := sent.values("Host"); !slices.Equal(host, []string{strings.TrimPrefix(vendor, "http://")}) {
				t.Errorf("%s, %s: the vendor got the host %q", e.line, name, host)
			}
			if e.head == "" != (sent.body == "") || strings.Contains(e.head, "multipart") != (sent.body != e.body) || !strings.Contains(sent.body, "/evil") && e.body != "" {
				t.Errorf("%s, %s: the vendor got the body %q", e.line, name, sent.body)
			}
		}
	}
}
