package docs_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestReceivers runs the receivers of docs/webhooks.md as they are printed: each must
// take what the platform sends, and refuse what somebody else does.
func TestReceivers(t *testing.T) {
	t.Parallel()
	_, environment := startPlatform(t)
	settings := map[string]string{}
	for _, pair := range environment {
		name, value, _ := strings.Cut(pair, "=")
		settings[name] = value
	}
	for language, start := range map[string]func(t *testing.T, code string) *exec.Cmd{"ts": typescript, "python": python, "go": golang} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			code := ""
			for _, b := range blocks(readPage(t, "docs/webhooks.md")) {
				if b.info == language {
					code = b.text
				}
			}
			if code == "" {
				t.Fatal("the page has no such receiver")
			}
			api := func(path, body string) map[string]any {
				return post(t, settings["SINEW"]+path, body, "Bearer "+settings["TOKEN"])
			}
			port := testkit.FreePort(t)
			address := fmt.Sprintf("http://127.0.0.1:%d/hooks", port)
			webhook := api("/webhook", `{"target_url":"`+address+`","event_types":["integrated_account:updated"]}`)
			command := start(t, code)
			command.Env = append(os.Environ(), "WEBHOOK_SECRET="+webhook["secret"].(string), fmt.Sprint("PORT=", port))
			told := runReceiver(t, command)
			waitForPort(t, port)
			if got := api("/webhook/test", `{"id":"`+webhook["id"].(string)+`"}`); got["success"] != true {
				t.Fatalf("the test was not taken: %v", got)
			}
			for _, signature := range []string{"", "v1,", "v1,AAAA", "x"} {
				if status := forge(t, address, signature); status != http.StatusUnauthorized {
					t.Errorf("a forged event with the signature %q was answered by %d", signature, status)
				}
			}
			account := settings["ACCOUNT"]
			request(t, http.MethodPatch, settings["SINEW"]+"/integrated-account/"+account, `{"name":"`+language+`"}`, "Bearer "+settings["TOKEN"])
			for _, want := range []string{"test", "integrated_account:updated " + account} {
				select {
				case got := <-told:
					if !strings.HasPrefix(got, want) {
						t.Errorf("the receiver heard of %q, want %q", got, want)
					}
				case <-time.After(time.Minute):
					t.Fatalf("the receiver has not heard of %s", want)
				}
			}
		})
	}
}

func write(t *testing.T, name, code string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// typescript takes the types away.
func typescript(t *testing.T, code string) *exec.Cmd {
	t.Helper()
	compiler := testkit.NPMFile(t, filepath.Join("typescript", "lib", "typescript.js"))
	folder := write(t, "receiver.ts", code)
	script := fmt.Sprintf(`const ts = require(%q), fs = require("fs")
fs.writeFileSync("receiver.mjs", ts.transpileModule(fs.readFileSync("receiver.ts", "utf8"), {compilerOptions: {module: "ESNext", target: "ES2022"}}).outputText)`, compiler)
	compile := exec.Command("node", "-e", script)
	compile.Dir = folder
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("compile: %v\n%s", err, out)
	}
	command := exec.Command("node", "receiver.mjs")
	command.Dir = folder
	return command
}

func python(t *testing.T, code string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Fatal("the receiver needs python3; scripts/test installs it")
	}
	command := exec.Command("python3", "receiver.py")
	command.Dir = write(t, "receiver.py", code)
	return command
}

func golang(t *testing.T, code string) *exec.Cmd {
	t.Helper()
	folder := write(t, "receiver.go", code)
	build := exec.Command("go", "build", "-o", "receiver", "receiver.go")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return exec.Command(filepath.Join(folder, "receiver"))
}

// runReceiver starts a receiver for as long as the test takes, and returns its lines.
func runReceiver(t *testing.T, command *exec.Cmd) <-chan string {
	t.Helper()
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	told := make(chan string, 16)
	go func() {
		for in := bufio.NewScanner(output); in.Scan(); {
			told <- in.Text()
		}
	}()
	return told
}

func waitForPort(t *testing.T, port int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			connection.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the receiver does not listen")
		}
	}
}

func forge(t *testing.T, address, signature string) int {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(`{"event":"forged"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Webhook-Id", "1")
	r.Header.Set("Webhook-Timestamp", fmt.Sprint(time.Now().Unix()))
	r.Header.Set("Webhook-Signature", signature)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func post(t *testing.T, url, body, authorization string) map[string]any {
	t.Helper()
	return request(t, http.MethodPost, url, body, authorization)
}

func request(t *testing.T, method, url, body, authorization string) (answer map[string]any) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		t.Fatalf("%s %s: %v %s", method, url, err, text)
	}
	return answer
}
