// Package kill holds the tests that end the server with SIGKILL while it
// writes, and then look for anything that was lost or half done.
package kill_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The flags repeat a run: go test ./test/kill -seed 7 -kills 500.
var (
	seedFlag  = flag.Uint64("seed", 0, "seed of all random choices; 0 takes one of the clock")
	killsFlag = flag.Int("kills", 0, "number of kills; 0 takes the test's own")
	// The kill switch is proven with 10,000 by scripts/harness-incident.
	revokedFlag = flag.Int("revoked", 300, "accounts with a token that the kill switch takes")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if built.dir != "" {
		if err := os.RemoveAll(built.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(code)
}

// built is the folder of the programs under test.
var built struct{ dir string }

var builtOnce = sync.OnceValues(func() (dir string, err error) {
	built.dir, err = os.MkdirTemp("", "kill-test-")
	return built.dir, err
})

// program builds the real program once and returns its path.
func program(t testing.TB) string {
	t.Helper()
	path, err := programOnce()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var programOnce = sync.OnceValues(func() (string, error) { return buildProgram("sinew") })

func buildProgram(name string, flags ...string) (string, error) {
	dir, err := builtOnce()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	args := append(append([]string{"build"}, flags...), "-o", path, "github.com/sinewhq/sinew/cmd/sinew")
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

// newSeed is the seed of a test, which its log shows.
func newSeed(t testing.TB) uint64 {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with: go test ./test/kill -run '^%s$' -seed %d", t.Name(), seed)
	return seed
}

func newRand(seed uint64, stream int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(stream))) }

// rounds is how often a test kills: few in short mode.
func rounds(full int) int {
	switch {
	case *killsFlag > 0:
		return *killsFlag
	case testing.Short():
		return max(5, full/10)
	}
	return full
}
