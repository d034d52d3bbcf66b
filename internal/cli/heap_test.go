package cli_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/cli"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/server"
)

// heapServer is a server that does what its standard input says: "keep TEXT"
// holds a text in memory, "dump FILE" writes what is in memory.
func heapServer() {
	go func() {
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}()
	var kept []string
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		verb, rest, _ := strings.Cut(lines.Text(), " ")
		switch verb {
		case "keep":
			// The scanner's own copy is overwritten by the next line.
			kept = append(kept, strings.Clone(rest))
		case "dump":
			if err := dumpHeap(rest); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		fmt.Println("done")
	}
	runtime.KeepAlive(kept)
}

func dumpHeap(path string) error {
	for range 3 {
		runtime.GC() // pools let go of what they hold after two rounds
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	debug.WriteHeapDump(file.Fd())
	return file.Close()
}

// evictionTime is how long a secret may stay in memory after its last use.
const evictionTime = 60 * time.Second

// TestMemoryForgetsSecrets sends secrets to a server and finds none of them in
// its memory once the requests are over.
func TestMemoryForgetsSecrets(t *testing.T) {
	t.Parallel()
	h := startHeapServer(t)
	const secret = "canaryCANARYcanary"
	var asked atomic.Int64
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.RequestURI+r.Header.Get("Authorization"), secret) {
			asked.Add(1)
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, r.RequestURI, r.Header)
	}))
	defer vendor.Close()
	integration := h.post("/integration", `{"name":"desk","config":{"base_url":"`+vendor.URL+`",
		"credentials":{"api_key":{"format":"api_key","config":{"fields":[{"name":"api_key","label":"K","type":"password"}]}},
			"oauth2":{"format":"oauth2","config":{"client":{"id":"x","secret":"`+secret+`1"},"auth":{"tokenHost":"https://vendor.example","tokenPath":"/t"}}}},
		"headers":{"X-Api-Key":"`+secret+`2"},
		"authorization":{"format":"bearer","config":{"value":"{{api_key}}"}},
		"resources":{"things":{"list":{"path":"/","query":{"a":"{{environment_variables.A}}"}}}}}}`)
	installation := h.post("/environment-integration", `{"integration_id":"`+integration+`","override":{"secret_environment_variables":{"A":"`+secret+`3"}}}`)
	account := h.post("/integrated-account", `{"tenant_id":"a","environment_integration_id":"`+installation+`","authentication_method":"api_key","context":{"api_key":"`+secret+`4"}}`)
	h.send("PATCH", "/integrated-account/"+account, `{"context":{"oauth":{"token":{"access_token":"`+secret+`5","refresh_token":"`+secret+`6"}}}}`)
	h.post("/sandbox-integrated-account", `{"id":"`+account+`"}`)
	h.send("GET", "/integrated-account", "")
	for range 3 {
		h.get("/proxy/things?integrated_account_id=" + account)
	}
	if asked.Load() != 3 {
		t.Fatalf("the vendor was asked %d times, want 3", asked.Load())
	}
	// A connection keeps the last request in its buffer as long as it is idle.
	vendor.CloseClientConnections()
	h.client.CloseIdleConnections()
	deadline := time.Now().Add(evictionTime)
	for dump := h.dump(); bytes.Contains(dump, []byte(secret)); dump = h.dump() {
		time.Sleep(2 * time.Second)
		if time.Now().After(deadline) {
			at := bytes.Index(dump, []byte(secret))
			t.Fatalf("a secret is still in memory: %q", dump[max(0, at-200):min(len(dump), at+200)])
		}
	}
	// The search itself works: what is kept is found.
	h.tell("keep " + secret)
	if !bytes.Contains(h.dump(), []byte(secret)) {
		t.Error("a text that is kept in memory was not found in the dump")
	}
}

// heapProcess is a heapServer with the means to talk to it.
type heapProcess struct {
	t      *testing.T
	url    string
	token  string
	client http.Client
	stdin  io.Writer
	stdout *bufio.Scanner
	path   string
}

func startHeapServer(t *testing.T) *heapProcess {
	t.Helper()
	dir := t.TempDir()
	h := &heapProcess{t: t, path: filepath.Join(dir, "heap"), token: newToken(t, dir), client: http.Client{Transport: &http.Transport{}}}
	command := exec.Command(os.Args[0])
	command.Args = []string{"heapserver", "serve", "--addr", "127.0.0.1:0", "--egress-allow", "127.0.0.0/8", "--data", dir}
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	h.stdin, h.stdout = stdin, bufio.NewScanner(stdout)
	for h.url == "" {
		_, h.url, _ = strings.Cut(h.line(), " serves ")
	}
	h.line() // how to make a token
	return h
}

// newToken makes a token on an empty folder, before a server opens it.
func newToken(t *testing.T, dir string) string {
	t.Helper()
	ctx := t.Context()
	core, err := server.OpenCore(ctx, config.Config{DataDir: dir, BlobStore: config.BlobStore{Dir: filepath.Join(dir, "blobs")}}, slog.New(obs.NewHandler(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	team, err := core.Workspace.FindTeam(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	environment, err := core.Workspace.FindEnvironment(ctx, team.ID, "production")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := core.Access.CreateAPIToken(ctx, environment.ID, "test", "", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := core.Close(); err != nil {
		t.Fatal(err)
	}
	return secret
}

func (h *heapProcess) line() string {
	h.t.Helper()
	if !h.stdout.Scan() {
		h.t.Fatal("the server ended")
	}
	return h.stdout.Text()
}

func (h *heapProcess) tell(line string) {
	h.t.Helper()
	if _, err := fmt.Fprintln(h.stdin, line); err != nil {
		h.t.Fatal(err)
	}
	h.line()
}

func (h *heapProcess) dump() []byte {
	h.t.Helper()
	h.tell("dump " + h.path)
	content, err := os.ReadFile(h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	return content
}

// get makes a call that the vendor refuses.
func (h *heapProcess) get(path string) {
	h.t.Helper()
	request, err := http.NewRequest(http.MethodGet, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+h.token)
	response, err := h.client.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		h.t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *heapProcess) post(path, body string) (id string) { return h.send("POST", path, body) }

func (h *heapProcess) send(method, path, body string) (id string) {
	h.t.Helper()
	request, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+h.token)
	response, err := h.client.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		h.t.Fatalf("%s %s: status %d, %v\n%s", method, path, response.StatusCode, err, answer)
	}
	_, id, _ = strings.Cut(string(answer), `{"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	return id
}
