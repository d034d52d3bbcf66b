package testkit

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// requireTransitVariable set to 1 turns a test that is skipped because the
// transit server cannot be built into a failure.
const requireTransitVariable = "SINEW_TEST_REQUIRE_TRANSIT"

// The tokens of a transit server, which test/transit explains.
const (
	TransitRoot   = "root"
	TransitApp    = "app"
	TransitSealer = "sealer"
)

// TransitServer is the transit engine of Vault on loopback that belongs to one
// test. The test mounts engines and makes keys.
type TransitServer struct {
	t       testing.TB
	Address string // http://host:port
}

// StartTransit builds and starts the server of test/transit and stops it when
// the test ends. It is skipped in short mode, and where its modules cannot be
// had, unless they are required.
func StartTransit(t testing.TB) *TransitServer {
	t.Helper()
	if testing.Short() {
		t.Skip("the transit server takes a minute to build for the first time")
	}
	program := filepath.Join(t.TempDir(), "transit")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join(moduleRoot(t), "test", "transit")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if output, err := build.CombinedOutput(); err != nil {
		if os.Getenv(requireTransitVariable) == "1" {
			t.Fatalf("the transit server is required: %v\n%s", err, output)
		}
		t.Skipf("the transit server cannot be built here: %v\n%s", err, output)
	}
	return &TransitServer{t, startTransit(t, exec.Command(program))}
}

func startTransit(t testing.TB, command *exec.Cmd) (address string) {
	t.Helper()
	command.Stderr = os.Stderr
	serve(t, command, func(line string) bool {
		address = line
		return true
	})
	return address
}

// Host is the host and port.
func (s *TransitServer) Host() string { return strings.TrimPrefix(s.Address, "http://") }

// Mount mounts an engine in a namespace, "" for the root.
func (s *TransitServer) Mount(namespace, mount string) {
	s.t.Helper()
	s.Call(namespace, "sys/mounts/"+mount, `{"type":"transit"}`)
}

// Call sends a request with the root token, which must succeed, and returns the
// answer.
func (s *TransitServer) Call(namespace, path, body string) string {
	s.t.Helper()
	request, err := http.NewRequest(http.MethodPost, s.Address+"/v1/"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("X-Vault-Token", TransitRoot)
	request.Header.Set("X-Vault-Namespace", namespace)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		s.t.Fatalf("transit server: POST %s: status %d, %v\n%s", path, response.StatusCode, err, text)
	}
	return string(text)
}
