package credential_test

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/upstream"
)

func challenged(lines ...string) http.Header { return http.Header{"Www-Authenticate": lines} }

// answered attaches a credential after a challenge, and returns the header.
func answered(t *testing.T, r *upstream.Request, a credential.Authorization, cnonce string, challenge http.Header) string {
	t.Helper()
	formats := credential.NewFormats()
	if err := formats.Attach(r, a); err != nil || r.Header.Get("Authorization") != "" {
		t.Fatalf("without a challenge: %v, %v", r.Header, err)
	}
	accepted, err := formats.Challenge(r, a, challenge)
	if err != nil || accepted == nil {
		t.Fatalf("challenge %v: %v", challenge, err)
	}
	accepted()
	formats.SetCnonces(cnonce)
	if err := formats.Attach(r, a); err != nil {
		t.Fatal(err)
	}
	return r.Header.Get("Authorization")
}

// The examples of RFC 7616 section 3.9, with the hashes of its errata 4897 for
// SHA-512/256, and the one of RFC 2617 section 3.5.
func TestDigestExamples(t *testing.T) {
	t.Parallel()
	const rest = `realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	for _, c := range []struct {
		name, url, config, cnonce string
		challenge                 http.Header
		want                      []string
	}{
		{
			"SHA-256", "http://www.example.org/dir/index.html", `{"username":"Mufasa","password":"Circle of Life"}`, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			challenged(`Digest algorithm=SHA-256, `+rest, `Digest algorithm=MD5, `+rest),
			[]string{
				`username="Mufasa"`, `uri="/dir/index.html"`, `algorithm=SHA-256`, `qop=auth, nc=00000001`, `opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
				`response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"`,
			},
		},
		{
			"MD5", "http://www.example.org/dir/index.html", `{"username":"Mufasa","password":"Circle of Life"}`, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			challenged(`Basic realm="x", Digest algorithm=MD5, ` + rest + `, Bearer`),
			[]string{`algorithm=MD5`, `response="8ca523f5e9506fed4657c9700eebdbec"`},
		},
		{
			"SHA-512-256", "http://www.example.org/doe.json", `{"username":"Jäsøn Doe","password":"Secret, or not?"}`, "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
			challenged(`Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true`),
			[]string{
				`username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", userhash=true`,
				`response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"`,
			},
		},
		{
			"no quality", "http://www.nowhere.org/dir/index.html", `{"username":"Mufasa","password":"Circle Of Life"}`, "x",
			challenged(`digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"`),
			[]string{`response="670fd8c2df070c60b045671b8b24ff02"`},
		},
		{
			"RFC 2617", "http://www.nowhere.org/dir/index.html", `{"username":"Mufasa","password":"Circle Of Life"}`, "0a4f113b",
			challenged(`Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`),
			[]string{`response="6629fae49393a05397450978507c4ef1"`},
		},
	} {
		got := answered(t, &upstream.Request{URL: c.url}, with("digest", c.config), c.cnonce, c.challenge)
		for _, part := range c.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: got %s, want %s", c.name, got, part)
			}
		}
	}
}

// hashed is what a server computes by itself.
func hashed(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum[:])
}

func TestDigestVariants(t *testing.T) {
	t.Parallel()
	const nonce = `realm="a \"b\\", nonce="n\"1"`
	a := with("digest", `{"username":"u\"x","password":"p"}`)
	r := upstream.Request{Method: "POST", URL: "https://h?q=ä%20", Body: []byte("content"), Header: http.Header{}}
	ha1 := hashed(`u"x`, `a "b\`, "p")
	for _, c := range []struct{ name, challenge, response, part string }{
		{"session", `Digest ` + nonce + `, algorithm=MD5-sess, qop=auth`, hashed(hashed(ha1, `n"1`, "c"), `n"1`, "00000001", "c", "auth", hashed("POST", "/?q=ä%20")), `algorithm=MD5-sess`},
		{"integrity", `Digest ` + nonce + `, qop="auth-int"`, hashed(ha1, `n"1`, "00000001", "c", "auth-int", hashed("POST", "/?q=ä%20", hashed("content"))), `qop=auth-int`},
		{"quoting", `Digest ` + nonce + `, algorithm="md5"`, hashed(ha1, `n"1`, hashed("POST", "/?q=ä%20")), `username="u\"x", realm="a \"b\\", nonce="n\"1"`},
	} {
		one := r
		got := answered(t, &one, a, "c", challenged(c.challenge))
		if !strings.Contains(got, `response="`+c.response+`"`) || !strings.Contains(got, c.part) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.response)
		}
	}
	got := answered(t, &upstream.Request{URL: "https://h"}, with("digest", `{"username":"Jäsøn","password":"p"}`), "c", challenged(`Digest realm="r", nonce="n", charset=UTF-8`))
	if !strings.Contains(got, "username*=UTF-8''J%C3%A4s%C3%B8n") {
		t.Errorf("got %s", got)
	}
}

func TestDigestChallenges(t *testing.T) {
	t.Parallel()
	a := with("digest", `{"username":"u","password":"p"}`)
	for _, unusable := range []http.Header{
		{},
		challenged(``), challenged(`Basic realm="x"`), challenged(`Digest`), challenged(`Digest realm="x"`), challenged(`Digest nonce="n", algorithm=SHA-1`),
		challenged(`Digest nonce="n", qop="auth-conf"`), challenged(`Digest nonce="` + strings.Repeat("n", 20_000) + `"`), challenged(`Negotiate dGVzdA==`), challenged(`=,="`),
	} {
		accepted, err := credential.NewFormats().Challenge(&upstream.Request{URL: "https://h"}, a, unusable)
		if accepted != nil || err != nil {
			t.Errorf("%.80v: again %v, %v", unusable, accepted != nil, err)
		}
	}
	formats := credential.NewFormats()
	r := &upstream.Request{URL: "https://h/x", Header: http.Header{}}
	steps := []struct {
		name, challenge string
		again, taken    bool
		sent            string // with the request after it
		shared          string // with the next call then
	}{
		{"first", `Digest realm="r", nonce="1", qop=auth`, true, false, `nonce="1", nc=00000001`, ""},
		{"password refused", `Digest realm="r", nonce="2", qop=auth`, false, false, `nonce="1", nc=00000001`, ""},
		{"from the start", `Digest realm="r", nonce="3", qop=auth`, true, true, `nonce="3", nc=00000001`, `nonce="3", nc=00000002`},
		{"nonce used up, not said", `Digest realm="r", nonce="4", qop=auth`, true, false, `nonce="4", nc=00000001`, `nonce="3", nc=00000003`},
		{"overtaken", `Digest realm="r", nonce="5", qop=auth`, true, true, `nonce="5", nc=00000001`, `nonce="5", nc=00000002`},
		{"stale", `Digest realm="r", nonce="6", qop=auth, stale=TRUE`, true, true, `nonce="6", nc=00000001`, `nonce="6", nc=00000002`},
		{"stale at once", `Digest realm="r", nonce="7", qop=auth, stale=TRUE`, true, true, `nonce="7", nc=00000001`, `nonce="7", nc=00000002`},
	}
	parts := regexp.MustCompile(`nonce="\d"|nc=\d+`)
	for _, step := range steps {
		accepted, err := formats.Challenge(r, a, challenged(step.challenge))
		if (accepted != nil) != step.again || err != nil {
			t.Errorf("%s: again %v, %v", step.name, accepted != nil, err)
		}
		if got := strings.Join(parts.FindAllString(r.Header.Get("Authorization"), -1), ", "); got != step.sent {
			t.Errorf("%s: sent %s, want %s", step.name, got, step.sent)
		}
		if step.taken && accepted != nil {
			accepted()
		}
		next := &upstream.Request{URL: r.URL}
		if err := formats.Attach(next, a); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(parts.FindAllString(next.Header.Get("Authorization"), -1), ", "); got != step.shared {
			t.Errorf("%s: the next call sends %q, want %s", step.name, got, step.shared)
		}
		if !step.again {
			r.Header.Del("Authorization")
		} else if step.shared != "" && step.name != "stale" {
			r = next
		}
	}
	// Other accounts, users and hosts know nothing of it.
	for _, other := range []struct {
		a   credential.Authorization
		url string
	}{{with("digest", `{"username":"v","password":"p"}`), r.URL}, {a, "https://other/x"}, {credential.Authorization{Format: "digest", Config: a.Config, Account: "a2"}, r.URL}} {
		one := &upstream.Request{URL: other.url, Header: http.Header{"Authorization": {"old"}}}
		if err := formats.Attach(one, other.a); err != nil || one.Header.Get("Authorization") != "" {
			t.Errorf("%s: %v, %v", other.url, one.Header, err)
		}
	}
	// A body that is gone cannot be sent again.
	accepted, err := formats.Challenge(&upstream.Request{URL: "https://h", Stream: strings.NewReader("x")}, a, challenged(`Digest realm="r", nonce="1"`))
	if accepted != nil || err != nil {
		t.Errorf("stream: again %v, %v", accepted != nil, err)
	}
}

func TestDigestIsBoundedAndConcurrent(t *testing.T) {
	t.Parallel()
	formats := credential.NewFormats()
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range credential.MaxNonces/4 + 50 {
				a := with("digest", `{"username":"u","password":"p"}`)
				a.Account = fmt.Sprint(worker, "-", i)
				r := &upstream.Request{URL: "https://h"}
				accepted, err := formats.Challenge(r, a, challenged(`Digest realm="r", nonce="n", qop=auth`))
				if accepted == nil || err != nil {
					t.Errorf("not again, %v", err)
					continue
				}
				accepted()
				if err := formats.Attach(r, a); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := formats.SetCnonces("c"); n != credential.MaxNonces {
		t.Errorf("%d nonces are kept", n)
	}
}

// call makes a request as an engine does: once more when the format says so.
func call(t *testing.T, client *upstream.Client, formats credential.Formats, r upstream.Request, a credential.Authorization) (status, attempts int) {
	t.Helper()
	if err := formats.Attach(&r, a); err != nil {
		t.Fatal(err)
	}
	accepted := func() {}
	for attempts = 1; ; attempts++ {
		response, err := client.Do(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := response.ReadAll(); err != nil {
			t.Fatal(err)
		}
		if response.Status != http.StatusUnauthorized {
			accepted()
			return response.Status, attempts
		}
		accepted, err = formats.Challenge(&r, a, response.Header)
		if err != nil {
			t.Fatal(err)
		}
		if accepted == nil || attempts > 1 {
			return response.Status, attempts
		}
	}
}

// A server of another make lets the requests in.
func TestDigestOnAServer(t *testing.T) {
	for _, algorithm := range []string{"MD5", "MD5-sess"} {
		t.Run(algorithm, func(t *testing.T) {
			address := startDigest(t, algorithm)
			client, err := upstream.New(upstream.Config{Allow: []string{"127.0.0.1"}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			formats := credential.NewFormats()
			right := with("digest", `{"username":"anna","password":"correct horse"}`)
			var got []string
			for _, r := range []upstream.Request{{URL: address + "/a?b=c%20d"}, {Method: "POST", URL: address + "/e", Body: []byte("x")}, {URL: address}} {
				status, attempts := call(t, client, formats, r, right)
				got = append(got, fmt.Sprint(status, " ", attempts))
			}
			if diff := cmp.Diff([]string{"200 2", "200 1", "200 1"}, got); diff != "" {
				t.Error(diff)
			}
			if status, attempts := call(t, client, formats, upstream.Request{URL: address}, with("digest", `{"username":"anna","password":"wrong"}`)); status != 401 {
				t.Errorf("a wrong password: %d after %d attempts", status, attempts)
			}
		})
	}
}

func startDigest(t *testing.T, algorithm string) string {
	t.Helper()
	command := exec.Command("node", filepath.Join("testdata", "digest.mjs"), npmFolder(t), algorithm)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close() // which ends it
		_ = command.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + strings.TrimSpace(line)
}

// A nonce that runs out costs one more request, whatever the server says.
func TestDigestNonceRunsOut(t *testing.T) {
	used, number := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Authorization"), fmt.Sprintf(`nonce="%d"`, number)) && used < 3 {
			used++
			_, _ = io.WriteString(w, "in")
			return
		}
		used, number = 0, number+1
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="r", qop="auth", nonce="%d"`, number))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	client, err := upstream.New(upstream.Config{Allow: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	formats, total := credential.NewFormats(), 0
	for range 9 {
		status, attempts := call(t, client, formats, upstream.Request{URL: server.URL}, with("digest", `{"username":"u","password":"p"}`))
		if status != http.StatusOK {
			t.Fatalf("got %d", status)
		}
		total += attempts
	}
	if total != 12 {
		t.Errorf("%d requests for 9 calls", total)
	}
}

func FuzzChallenge(f *testing.F) {
	for _, seed := range []string{`Digest realm="r", nonce="n", qop="auth,auth-int"`, `Basic realm="x", Digest nonce=n`, `Negotiate abc==, Digest nonce="a\"b"`, `Digest nonce = "x" , stale=true`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		formats, a := credential.NewFormats(), with("digest", `{"username":"u","password":"p"}`)
		r := &upstream.Request{URL: "https://h"}
		if _, err := formats.Challenge(r, a, challenged(line)); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(r.Header.Get("Authorization"), "\r\n\x00") {
			t.Errorf("%q made a header of two lines", line)
		}
	})
}
