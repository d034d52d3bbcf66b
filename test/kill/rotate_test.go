package kill_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/testkit"
)

// longestRotate is about as long as the program takes to rotate beside the load.
const longestRotate = 400 * time.Millisecond

// TestKilledWhileRotating is V4: the master key is rotated again and again while two
// servers are under load (on SQLite one), and killed at it. No request fails, those to
// environments that the server meets for the first time among them; in the end the
// newest key alone opens the data.
func TestKilledWhileRotating(t *testing.T) {
	t.Parallel()
	testkit.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		i := newInstallation(t, db)
		p := newPressure(t, i, nodesOn(db))
		i.addEnvironments(40)
		p.begin()
		for round := range rounds(50) {
			command := exec.Command(i.program, append([]string{"keys", "rotate"}, i.flags()...)...)
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			<-after(random, longestRotate)
			_ = command.Process.Kill()
			_ = command.Wait()
			if err := i.useKey(p.servers[0], i.newEnvironment(fmt.Sprint("round ", round))); err != nil {
				t.Fatalf("round %d: a new environment: %v", round, err)
			}
		}
		out, err := exec.Command(i.program, append([]string{"keys", "rotate"}, i.flags()...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		p.finish()
		t.Logf("%d former keys", i.dropFormerKeys())
		if !i.opensAll(i.config.MasterKeyPath()) {
			t.Error("the newest key does not open the data")
		}
	})
}

// nodesOn is how many servers there can be on a database.
func nodesOn(db testkit.Database) int {
	if db.Name == testkit.SQLite {
		return 1
	}
	return 2
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
