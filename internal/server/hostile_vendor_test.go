package server_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew/internal/testkit"
)

// impatient are time limits that hostile vendors meet fast.
const impatient = `{"timeouts":{"first_byte":2.5,"total":5,"stream_idle":1.5},"resources":{"things":{"list":{"path":"/things","response_path":"items"}},"files":{"get":{"path":"/files/{{id}}"},"create":{"method":"post","path":"/files"}}}}`

// hostileTime is how long a call of a hostile vendor may take on a machine that
// does much else.
const hostileTime = 2 * time.Minute

// TestCallsOfHostileVendors calls vendors that do all that a server can do to
// its clients (reliability E5): each call ends in good time with one clear error,
// or with the answer, and an account of another vendor does not notice.
func TestCallsOfHostileVendors(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	vendors := testkit.HostileVendors()
	besideNeighbours(t, p, func() {
		var work sync.WaitGroup
		for worker := range 8 {
			c := newEngine(t, p, impatient)
			work.Go(func() {
				for i := worker; i < len(vendors); i += 8 {
					c.hostile(vendors[i], i)
				}
			})
		}
		work.Wait()
	})
	t.Logf("%d vendors", len(vendors))
}

// hostile makes a call of a hostile vendor: of a record, a list or a path, in
// turn.
func (c *called) hostile(v testkit.HostileVendor, n int) {
	if !v.Endless {
		c.waits(v.Code != "timeout")
	}
	c.leadTo(testkit.Converse(c.t, v.Talk))
	began := time.Now()
	var r *reply
	switch n % 3 {
	case 0:
		r = c.proxy("GET", "/things/1", "")
	case 1:
		r = c.proxy("GET", "/things", "")
	default:
		r = c.custom("POST", "/x", `{"a":1}`)
	}
	if took := time.Since(began); took > hostileTime {
		c.t.Errorf("%s: took %v", v.Name, took)
	}
	c.judged(v.Name, r, v.Code, v.Endless)
}

// waits sets the time limits of calls: long ones, which a busy machine does not
// meet, or such as a vendor that never answers meets fast.
func (c *called) waits(long bool) {
	c.t.Helper()
	c.override(map[bool]string{true: `{"timeouts":{"first_byte":100,"total":110}}`, false: `{"timeouts":{"first_byte":1,"total":1.5}}`}[long])
}

// judged holds what a caller gets of a hostile vendor: an answer of the vendor's,
// its refusal, or an error of ours that says so.
func (c *called) judged(name string, r *reply, code string, endless bool) {
	c.t.Helper()
	remote, _ := r.JSON.Get("truto_is_remote_error").Bool()
	got := r.text("code")
	switch {
	case code == "":
		if r.Status != 200 {
			c.t.Errorf("%s: got %d %.300s", name, r.Status, r.Text)
		}
		return
	case code == "remote_error":
		if !remote || got != code || r.Status < 400 {
			c.t.Errorf("%s: got %d %.300s", name, r.Status, r.Text)
		}
		return
	case remote, got != code && !(endless && got == "timeout"):
		c.t.Errorf("%s: got %d %.300s, want %s", name, r.Status, r.Text, code)
	}
	if want := map[bool]int{true: 504, false: 502}[got == "timeout"]; r.Status != want || r.text("message") == "" || r.JSON.Get("raw_response").Exists() {
		c.t.Errorf("%s: got %d %.300s, want %d", name, r.Status, r.Text, want)
	}
}

// TestMemoryOfHostileVendors holds that no answer takes more memory than answers
// may.
func TestMemoryOfHostileVendors(t *testing.T) {
	c := newEngine(t, newPlatform(t), `{"timeouts":{"total":20}}`)
	for _, v := range testkit.HostileVendors() {
		slow := v.Name == "endless chunks" || testkit.Race && v.Name != "endless body" && v.Name != "zstd bomb"
		if !v.Endless || slow {
			continue
		}
		c.leadTo(testkit.Converse(t, v.Talk))
		most := watchHeap(t, func() { c.judged(v.Name, c.proxy("GET", "/things/1", ""), v.Code, true) })
		if most > 512<<20 { // a buffer that grew to 64 MiB, those before it, and what is not collected yet
			t.Errorf("%s: held %d MB", v.Name, most>>20)
		}
	}
}

// TestMessagesOfHostileVendors holds that no text of a vendor's keeps an account
// from following it.
func TestMessagesOfHostileVendors(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		for _, body := range []string{
			"a\x00b", `{"message":"a\u0000b"}`, "\xff\xfe bad", `{"message":"\ud800x"}`, `{"message":"` + strings.Repeat("é", 5000) + `"}`, strings.Repeat("x", 5000), "", "{", "null", `{"message":{"message":[[[]]]}}`, strings.Repeat("[", 500) + strings.Repeat("]", 500), strings.Repeat(`{"error":`, 200) + `"x"` + strings.Repeat("}", 200),
		} {
			for _, contentType := range []string{"application/json", "text/plain", "application/octet-stream"} {
				c.vendor.says(401, body, "Content-Type", contentType)
				r := c.proxy("GET", "/things/1", "").want(401)
				message := r.text("message")
				if message == "" || len(message) > 1100 || !utf8.ValidString(message) || strings.Contains(message, "\x00") || r.text("code") != "remote_error" {
					t.Errorf("%.40q: got %.300s", body, r.Text)
				}
				if got := c.get("/integrated-account/" + c.account).want(200); got.text("status") != "needs_reauth" || got.text("last_error") != message {
					t.Errorf("%.40q: the account is %s for %.100q", body, got.text("status"), got.text("last_error"))
				}
				c.vendor.says(200, `{"id":1}`)
				c.proxy("GET", "/things/1", "").want(200)
			}
		}
	})
}

// TestStreamsOfHostileVendors holds what callers see of files that do not end as
// they began, and that an upload which nobody reads ends.
func TestStreamsOfHostileVendors(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	besideNeighbours(t, p, func() {
		var work sync.WaitGroup
		for name, v := range map[string]struct {
			talk testkit.Talk
			want string // what of the file arrives; "" for an error
		}{
			"cut":              {testkit.Says(testkit.FileHead, "Content-Length: 100\r\n\r\nabc"), "abc"},
			"cut chunk":        {testkit.Says(testkit.FileHead, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n"), "abc"},
			"bad chunk":        {testkit.Says(testkit.FileHead, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"), "abc"},
			"silent":           {testkit.Hangs(testkit.FileHead + "\r\nabc"), "abc"},
			"cut at once":      {testkit.Says(testkit.FileHead, "Content-Length: 100\r\n\r\n"), ""},
			"gzip that is cut": {testkit.Says(testkit.FileHead, "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08"), ""},
		} {
			c := newEngine(t, p, impatient)
			work.Go(func() {
				c.leadTo(testkit.Converse(t, v.talk))
				response := c.stream("GET", "/proxy/files/1?integrated_account_id="+c.account, nil, "")
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				if v.want == "" { // there was no answer yet that could have broken off
					if response.StatusCode != 502 || err != nil || !strings.Contains(string(body), "response_cut") {
						t.Errorf("%s: got %d %q, error %v", name, response.StatusCode, body, err)
					}
				} else if response.StatusCode != 200 || err == nil || string(body) != v.want {
					t.Errorf("%s: got %d %q, error %v: a caller takes it for whole", name, response.StatusCode, body, err)
				}
			})
		}
		c := newEngine(t, p, impatient)
		work.Go(func() {
			c.leadTo(testkit.Converse(t, func(net.Conn) { time.Sleep(4 * time.Second) }))
			c.givenUp("POST", "/proxy/files?truto_body_passthrough=true", newEndless(gigabyte))
		})
		work.Wait()
	})
}

// givenUp makes a call that no vendor answers, with more of a body than anybody
// reads. It ends: with an error, unless the connection is reset before the
// caller has seen that.
func (c *called) givenUp(method, path string, body io.Reader) {
	c.t.Helper()
	began := time.Now()
	glue := map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
	response, err := c.tryStream(method, path+glue+"integrated_account_id="+c.account, body, "video/mp4")
	if err == nil {
		defer response.Body.Close()
		if text, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusGatewayTimeout && response.StatusCode != http.StatusBadGateway {
			c.t.Errorf("%s %s: got %d %s", method, path, response.StatusCode, text)
		}
	} else if body == nil {
		c.t.Errorf("%s %s: %v", method, path, err)
	}
	if took := time.Since(began); took > hostileTime {
		c.t.Errorf("%s %s: took %v", method, path, took)
	}
}

// TestCallersThatLeave holds that a vendor's endless file ends with its caller.
func TestCallersThatLeave(t *testing.T) {
	p := newPlatform(t)
	c := newEngine(t, p, impatient)
	gone := make(chan struct{})
	vendor := newStreamVendor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		defer close(gone)
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	c.leadTo(vendor)
	most := watchHeap(t, func() {
		response := p.stream("GET", "/proxy/files/1?integrated_account_id="+c.account, nil, "")
		n, err := io.CopyN(io.Discard, response.Body, 64<<20)
		if err != nil || n != 64<<20 {
			t.Errorf("read %d bytes, error %v", n, err)
		}
		response.Body.Close()
		select {
		case <-gone:
		case <-time.After(hostileTime):
			t.Error("the vendor still writes")
		}
	})
	if most > 8<<20 {
		t.Errorf("held %d MB", most>>20)
	}
}
