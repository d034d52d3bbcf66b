package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// smuggled is a request that hides behind another one. It has a token, so that
// it would be answered if it was taken for a request.
const smuggled = "POST /custom/smuggled?integrated_account_id=ACCOUNT HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 2\r\n\r\n{}"

// ambiguous are requests that two servers may take for different ones, as lines
// of the header and a body: START stands for what begins every header. want is
// the body that the one request has; "" for a refusal. A request that is not
// refused has to be the last one of its connection where either says close.
type ambiguous struct {
	name, head, body, want string
}

func ambiguousRequests() []ambiguous {
	const te = "Transfer-Encoding: chunked\r\n"
	chunked := func(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) }
	const one, other = `{"a":1}`, `{"b":2}`
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }
	return []ambiguous{
		{"length and chunks", length(len(chunked(one)+smuggled)) + te, chunked(one) + smuggled, one},
		{"chunks and length", te + length(4), chunked(one) + smuggled, one},
		{"length of nothing and chunks", length(0) + te, chunked(one) + smuggled, one},
		{"two lengths", length(len(one)) + length(len(one+smuggled)), one + smuggled, ""},
		{"two lengths in one line", fmt.Sprintf("Content-Length: %d, %d\r\n", len(one), len(one+smuggled)), one + smuggled, ""},
		{"the same length twice", length(len(one)) + length(len(one)), one, one},
		{"a negative length", "Content-Length: -1\r\n", one + smuggled, ""},
		{"a signed length", fmt.Sprintf("Content-Length: +%d\r\n", len(one)), one + smuggled, ""},
		{"a length in hex", "Content-Length: 0x7\r\n", one + smuggled, ""},
		{"a length in exponents", "Content-Length: 1e1\r\n", one + smuggled, ""},
		{"a length with a space", "Content-Length: 7 7\r\n", one + smuggled, ""},
		{"a length with an underscore", "Content-Length: 0_7\r\n", one + smuggled, ""},
		{"a length beyond numbers", "Content-Length: 18446744073709551623\r\n", one + smuggled, ""},
		{"an empty length", "Content-Length:\r\n", one + smuggled, ""},
		{"a length with a vertical tab", "Content-Length: \v7\r\n", one + smuggled, ""},
		{"space in front of a colon", fmt.Sprintf("Content-Length : %d\r\n", len(one)), one + smuggled, ""},
		{"space in front of a colon, chunks", "Transfer-Encoding : chunked\r\n" + length(len(one)), one + smuggled, ""},
		{"a folded length", "Content-Length:\r\n 7\r\n", one, one},
		{"a folded coding", "Transfer-Encoding:\r\n chunked\r\n" + length(4), chunked(one) + smuggled, one},
		{"a folded line first", " X: y\r\n" + length(len(one)), one, one},
		{"chunks, misspelt", "Transfer-Encoding: xchunked\r\n", chunked(one) + smuggled, ""},
		{"chunks with a tab", "Transfer-Encoding:\tchunked\r\n", chunked(one) + smuggled, one},
		{"chunks with a vertical tab", "Transfer-Encoding: \vchunked\r\n", chunked(one) + smuggled, ""},
		{"chunks in quotes", "Transfer-Encoding: \"chunked\"\r\n", chunked(one) + smuggled, ""},
		{"chunks twice", te + te, chunked(one) + smuggled, ""},
		{"chunks, identity", te + "Transfer-Encoding: identity\r\n", chunked(one) + smuggled, ""},
		{"identity, chunks", "Transfer-Encoding: identity\r\n" + te, chunked(one) + smuggled, ""},
		{"identity and a length", "Transfer-Encoding: identity\r\n" + length(len(one)), one + smuggled, ""},
		{"a list of codings", "Transfer-Encoding: gzip, chunked\r\n", chunked(one) + smuggled, ""},
		{"an empty coding", "Transfer-Encoding:\r\n" + length(len(one)), one + smuggled, ""},
		{"chunks in capitals", "TRANSFER-ENCODING: CHUNKED\r\n", chunked(one) + smuggled, one},
		{"NUL in a name", "Transfer-Encoding\x00: chunked\r\n" + length(len(one)), one + smuggled, ""},
		{"NUL in a value", "X-A: a\x00b\r\n" + length(len(one)), one + smuggled, ""},
		{"carriage return alone", "X-A: a\rTransfer-Encoding: chunked\r\n" + length(len(one)), one + smuggled, ""},
		{"line feed alone", "X-A: a\nTransfer-Encoding: chunked\r\n", chunked(one) + smuggled, one},
		{"no colon", "nonsense\r\n" + length(len(one)), one + smuggled, ""},
		{"a name of no letters", ": x\r\n" + length(len(one)), one + smuggled, ""},
		{"a name with a space", "X A: x\r\n" + length(len(one)), one + smuggled, ""},
		{"a name with brackets", "X[A]: x\r\n" + length(len(one)), one + smuggled, ""},
		{"two hosts", "Host: y\r\n" + length(len(one)), one + smuggled, ""},
		{"chunk of no number", te, "zz\r\n" + one + "\r\n0\r\n\r\n" + smuggled, ""},
		{"chunk of a signed number", te, "+7\r\n" + one + "\r\n0\r\n\r\n" + smuggled, ""},
		{"chunk of a negative number", te, "-7\r\n" + one + "\r\n0\r\n\r\n" + smuggled, ""},
		{"chunk in front of 0x", te, "0x7\r\n" + one + "\r\n0\r\n\r\n" + smuggled, ""},
		{"chunk beyond numbers", te, "10000000000000007\r\n" + one + "\r\n0\r\n\r\n" + smuggled, ""},
		{"chunk with an extension", te, "7;a=b\r\n" + one + "\r\n0\r\n\r\n", one},
		{"chunk with a quoted extension", te, "7;a=\"\r\n" + one + "\r\n0\r\n\r\n", one},
		{"chunk with a line feed in its extension", te, "7;a\n" + one + "\r\n0\r\n\r\n" + smuggled, ""},
		{"chunk with a carriage return in its extension", te, "7;\r" + other + "\r\n" + one + "\r\n0\r\n\r\n", ""},
		{"chunk that is longer than said", te, "5\r\n" + one + "\r\n0\r\n\r\n" + smuggled, ""},
		{"chunk without its line end", te, "7\r\n" + one + "0\r\n\r\n" + smuggled, ""},
		{"chunk with another line end", te, "7\r\n" + one + "\n\n0\r\n\r\n" + smuggled, ""},
		{"spaces behind a chunk's size", te, "7 \r\n" + one + "\r\n0\r\n\r\n", one},
		{"a last chunk of many zeroes", te, "7\r\n" + one + "\r\n0000000000000000\r\n\r\n", one},
		{"a trailer that frames", te, "7\r\n" + one + "\r\n0\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n", one},
		{"a trailer that authorizes", te, "7\r\n" + one + "\r\n0\r\nAuthorization: Bearer x\r\n\r\n", one},
		{"no last chunk", te, "7\r\n" + one + "\r\n", ""},
		{"less than the length", length(100), one, ""},
		{"an upgrade", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n" + length(len(one)), one, one},
		{"an expectation", "Expect: 200-ok\r\n" + length(len(one)), one, ""},
		{"a length that the connection names", "Connection: Content-Length\r\n" + length(len(one)), one, one},
		{"a coding that the connection names", "Connection: Transfer-Encoding\r\n" + te, chunked(one), one},
		{"another method", "X-HTTP-Method-Override: DELETE\r\nX-Method-Override: GET\r\n" + length(len(one)), one, one},
	}
}

// TestNoRequestIsSmuggled sends requests whose ends two servers may see in
// different places (reliability E7): each is refused, or exactly one request
// with the right body reaches the vendor.
func TestNoRequestIsSmuggled(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newEngine(t, p, `{"resources":{"things":{"create":{"path":"/things/{{query.sent}}"}},"files":{"create":{"method":"post","path":"/files/{{query.sent}}"}}}}`)
	c.vendor.says(200, `{"id":1}`)
	fill := strings.NewReplacer("ACCOUNT", c.account, "TOKEN", p.token)
	sent := 0
	for _, a := range ambiguousRequests() {
		for _, target := range []string{"/proxy/things?x=1&sent=NUMBER", "/proxy/files?truto_body_passthrough=true&sent=NUMBER", "/custom/sent/NUMBER?y=1"} {
			var statuses []int
			var got []*vendorRequest
			// An answer may be lost when its connection is reset behind it, as whoever
			// is slow to read it sees. A try has its own number, since what it sent may
			// reach the vendor later than the next one.
			for tries := 0; len(statuses) == 0 && tries < 4; tries++ {
				sent++
				number := fmt.Sprintf("n%dn", sent)
				start := "POST " + strings.ReplaceAll(target, "NUMBER", number) + "&integrated_account_id=ACCOUNT HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nContent-Type: application/json\r\n"
				statuses = p.converse(fill.Replace(start+a.head+"\r\n"+a.body), a.want == "")
				got = c.vendor.naming(number)
			}
			what := a.name + ", " + target
			switch {
			case len(statuses) == 0:
				t.Errorf("%s: there is no answer", what)
			case a.want == "" && statuses[0] < 400:
				t.Errorf("%s: got %v", what, statuses)
			case a.want != "" && statuses[0] != 200:
				t.Errorf("%s: got %v", what, statuses)
			case a.want != "" && (len(got) != 1 || got[0].Body != a.want):
				t.Errorf("%s: the vendor got %+v", what, got)
			}
			for i, request := range got {
				if i > 0 || a.want == "" && !cutBody(a, request.Body) {
					t.Errorf("%s: the vendor got %s %q", what, request.Line, request.Body)
				}
			}
			if hidden := c.vendor.naming("smuggled"); len(hidden) > 0 {
				t.Fatalf("%s: the vendor got %s", what, hidden[0].Line)
			}
		}
	}
	t.Logf("%d requests", sent)
	c.proxy("POST", "/things?sent=last", `{"a":1}`).want(200)
}

// cutBody reports whether a vendor got the beginning of a body that was broken
// later: an upload is passed on as it comes.
func cutBody(a ambiguous, got string) bool {
	return !strings.Contains(got, "smuggled") && strings.Contains(a.body, got)
}

// naming are the requests that have a text in their first line.
func (v *vendor) naming(text string) (out []*vendorRequest) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, request := range v.requests {
		if strings.Contains(request.Line, text) {
			out = append(out, request)
		}
	}
	return out
}

// converse sends bytes to the server and returns the statuses of its answers, up
// to where it hangs up or has nothing more to say. leaves has the caller go away
// when there is no answer for a while.
func (p *platform) converse(request string, leaves bool) (statuses []int) {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.server.Addr())
	p.must(err)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hostileTime))
	end := func() { _ = conn.(*net.TCPConn).CloseWrite() }
	if leaves { // a request that lacks its end
		waits := time.AfterFunc(300*time.Millisecond, end)
		defer waits.Stop()
	}
	var sending sync.WaitGroup
	sending.Go(func() { _, _ = io.WriteString(conn, request) })
	defer sending.Wait()
	for r := bufio.NewReader(conn); ; {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		statuses = append(statuses, response.StatusCode)
		end()
	}
}

// TestAnswersAreNotMixedUp has a vendor send a second answer behind each one:
// whoever calls next over the same connection must not get it.
func TestAnswersAreNotMixedUp(t *testing.T) {
	t.Parallel()
	c := newEngine(t, newPlatform(t), `{}`)
	const good, evil = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":1}", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"evil\":true}"
	for name, second := range map[string]string{"a second answer": evil, "half of one": evil[:30], "a body without end": "{\"evil\":true}", "an early hint": "HTTP/1.1 103 Early Hints\r\nX-Evil: 1\r\n\r\n", "a timeout": "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"} {
		c.leadTo("http://" + testkit.Accept(t, func(conn net.Conn) {
			for r := bufio.NewReader(conn); ; {
				request, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, request.Body)
				if _, err := io.WriteString(conn, good+second); err != nil {
					return
				}
			}
		}))
		for i := range 20 {
			if r := c.proxy("GET", "/things/1", ""); r.Status != 200 || r.Text != `{"id":1}` {
				t.Errorf("%s: call %d: got %d %s", name, i, r.Status, r.Text)
				break
			}
		}
	}
}
