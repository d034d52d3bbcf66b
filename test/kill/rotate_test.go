package kill_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/testkit"
)

// longestRotate is about as long as the program takes to rotate.
const longestRotate = 120 * time.Millisecond

// TestKilledWhileRotating is V4: the master key is rotated again and again under
// load, and killed at it. No request fails, those to environments that the server
// meets for the first time among them; in the end the newest key alone opens the
// data.
func TestKilledWhileRotating(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		i := newInstallation(t, db)
		i.newToken() // makes the data, and on SQLite the first master key
		i.addEnvironments(40)
		running := i.serve()
		token := i.newEnvironment("first")
		var sent, failed atomic.Int64
		stop := make(chan struct{})
		var work sync.WaitGroup
		for range 4 {
			work.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						sent.Add(1)
						if err := i.useKey(running, token); err != nil {
							failed.Add(1)
							t.Log(err)
						}
					}
				}
			})
		}
		for round := range rounds(50) {
			command := exec.Command(i.program, append([]string{"keys", "rotate"}, i.flags()...)...)
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			<-after(random, longestRotate)
			_ = command.Process.Kill()
			_ = command.Wait()
			if err := i.useKey(running, i.newEnvironment(fmt.Sprint("round ", round))); err != nil {
				t.Fatalf("round %d: a new environment: %v", round, err)
			}
		}
		out, err := exec.Command(i.program, append([]string{"keys", "rotate"}, i.flags()...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		close(stop)
		work.Wait()
		if failed.Load() > 0 || sent.Load() == 0 {
			t.Errorf("%d of %d requests failed", failed.Load(), sent.Load())
		}
		running.kill()
		t.Logf("%d requests, %d former keys", sent.Load(), i.dropFormerKeys())
		if !i.opensAll(i.config.MasterKeyPath()) {
			t.Error("the newest key does not open the data")
		}
	})
}

// useKey writes a secret into the environment of a token.
func (i *installation) useKey(p *process, token string) error {
	_, err := newWriter("rotate", newRand(1, 1), token, "").send(p.url, "POST", "/static-gate", `{"name":"gate","domain":"egress.example.com"}`)
	return err
}

// newEnvironment makes an environment beside the server and returns a token of it.
func (i *installation) newEnvironment(name string) string {
	i.t.Helper()
	for _, arguments := range [][]string{{"environment", "create", "--name", name}, {"token", "create", "--name", "rotate", "--environment", name}} {
		out, err := exec.Command(i.program, append(arguments, i.flags()...)...).Output()
		if err != nil {
			i.t.Fatalf("%v: %v", arguments, err)
		}
		if arguments[0] == "token" {
			return strings.TrimSpace(string(out))
		}
	}
	return ""
}

// dropFormerKeys makes sure that no key from before opens anything, and removes
// them.
func (i *installation) dropFormerKeys() int {
	i.t.Helper()
	former, err := filepath.Glob(i.config.MasterKeyPath() + ".old-*")
	if err != nil || len(former) == 0 {
		i.t.Errorf("there is no former key: %v", err)
	}
	for _, path := range former {
		if core, err := server.OpenCore(i.t.Context(), i.with(path), slog.New(slog.DiscardHandler)); err == nil {
			i.t.Errorf("the former key %s opens the data", path)
			_ = core.Close()
		}
		if err := os.Remove(path); err != nil {
			i.t.Error(err)
		}
	}
	if _, err := os.Stat(i.config.MasterKeyPath() + ".next"); err == nil {
		i.t.Error("a next key is left")
	}
	return len(former)
}
