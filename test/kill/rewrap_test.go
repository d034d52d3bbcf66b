package kill_test

import (
	"log/slog"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/testkit"
)

// longestRewrap is about as long as the program takes to start and to wrap the
// keys of the test.
const longestRewrap = 80 * time.Millisecond

// TestKilledWhileRewrapping ends the move from one master key to another again
// and again. One of the two opens everything then, and the other one nothing.
func TestKilledWhileRewrapping(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		random := newRand(seed, 0)
		i := newInstallation(t, db)
		i.newToken() // makes the data, and on SQLite the first master key
		keys := [2]string{i.config.MasterKeyPath(), filepath.Join(t.TempDir(), "other.key")}
		if _, err := seal.GenerateMasterFile(keys[1]); err != nil {
			t.Fatal(err)
		}
		i.addEnvironments(40)
		moves := [2]int{}
		holder := 0
		for round := range rounds(60) {
			command := exec.Command(i.program, append([]string{"keys", "rewrap", "--next-master-key-file", keys[1-holder]}, i.storeFlags(keys[holder])...)...)
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			<-after(random, longestRewrap)
			_ = command.Process.Kill()
			_ = command.Wait()
			if i.opensAll(keys[1-holder]) {
				holder = 1 - holder
				moves[holder]++
			} else if !i.opensAll(keys[holder]) {
				t.Fatalf("round %d: neither master key opens the data", round)
			}
			if i.opens(keys[1-holder]) {
				t.Fatalf("round %d: both master keys open the data", round)
			}
		}
		t.Logf("moved %d times, stopped half-way or before %d times", moves[0]+moves[1], rounds(60)-moves[0]-moves[1])
	})
}

// storeFlags name the data and a master key.
func (i *installation) storeFlags(key string) []string {
	flags := []string{"--data", i.db.Dir, "--master-key-file", key}
	if i.db.URL != "" {
		flags = append(flags, "--database-url", i.db.URL)
	}
	return flags
}

func (i *installation) with(key string) config.Config {
	c := i.config
	c.MasterKeyFile = key
	return c
}

func (i *installation) addEnvironments(n int) {
	i.t.Helper()
	core, err := server.OpenCore(i.t.Context(), i.config, slog.New(slog.DiscardHandler))
	if err != nil {
		i.t.Fatal(err)
	}
	defer core.Close()
	team, err := core.Workspace.FindTeam(i.t.Context(), "")
	if err != nil {
		i.t.Fatal(err)
	}
	for number := range n {
		if _, err := core.Workspace.CreateEnvironment(i.t.Context(), team.ID, "environment "+string(rune('A'+number))); err != nil {
			i.t.Fatal(err)
		}
	}
}

// opens reports whether the data opens with a master key.
func (i *installation) opens(key string) bool {
	core, err := server.OpenCore(i.t.Context(), i.with(key), slog.New(slog.DiscardHandler))
	if err != nil {
		return false
	}
	_ = core.Close()
	return true
}

// opensAll reports whether it does, with the key of every environment.
func (i *installation) opensAll(key string) bool {
	i.t.Helper()
	core, err := server.OpenCore(i.t.Context(), i.with(key), slog.New(slog.DiscardHandler))
	if err != nil {
		return false
	}
	defer core.Close()
	team, err := core.Workspace.FindTeam(i.t.Context(), "")
	if err != nil {
		i.t.Fatal(err)
	}
	all, err := core.Store.Environments(i.t.Context(), team.ID)
	if err != nil {
		i.t.Fatal(err)
	}
	for _, environment := range all {
		gate := sinew.StaticGate{EnvironmentID: environment.ID, Name: "gate", Domain: "egress.example.com"}
		if err := core.Store.CreateStaticGate(i.t.Context(), &gate, "token"); err != nil {
			i.t.Fatalf("the key of environment %s does not open: %v", environment.ID, err)
		}
	}
	return true
}
