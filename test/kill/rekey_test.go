package kill_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	// The program takes about so long until the last value is sealed anew, and until the
	// former keys are gone.
	untilResealed, untilPruned = 600 * time.Millisecond, 4500 * time.Millisecond
)

// TestKilledWhileExchangingDataKeys is V4 for data keys: they are exchanged again and
// again while two servers are under load (on SQLite one), and killed at it. No read
// fails, no write is lost, refreshed tokens among them; in the end everything is sealed
// by the newest keys, and there are no others.
func TestKilledWhileExchangingDataKeys(t *testing.T) {
	t.Parallel()
	testkit.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		i := newInstallation(t, db)
		p := newPressure(t, i, nodesOn(db))
		i.addEnvironments(20)
		random := newRand(newSeed(t), 7)
		before := i.marks(t)
		arguments := append([]string{"keys", "rotate", "--data-keys"}, i.flags()...)
		p.begin()
		ended := 0
		kills := rounds(10)
		for round := range kills {
			command := exec.Command(i.program, arguments...)
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			longest := untilResealed
			if round%3 == 2 {
				longest = untilPruned
			}
			<-after(random, longest)
			_ = command.Process.Kill()
			if command.Wait() == nil {
				ended++
			}
		}
		for range 1 + min(1, *killsFlag) { // the one that was stopped, and a whole one
			out, err := exec.Command(i.program, arguments...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		}
		p.finish()
		t.Logf("killed %d times, %d were through before", kills-ended, ended)
		for owner, mark := range i.marks(t) {
			if before[owner] == mark {
				t.Errorf("%s has its key from before", owner)
			}
		}
		i.wantPresentKeys(t)
	})
}

// marks returns the mark of each owner's data key, "" of those that were never
// exchanged.
func (i *installation) marks(t *testing.T) map[string]string {
	t.Helper()
	rows, err := testkit.Raw(t, i.db).Query("SELECT owner_id, mark FROM data_key")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	marks := map[string]string{}
	for rows.Next() {
		var owner string
		var mark []byte
		if err := rows.Scan(&owner, &mark); err != nil {
			t.Fatal(err)
		}
		marks[owner] = string(mark)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return marks
}

// wantPresentKeys makes sure that every value is sealed by the key that its owner has
// now, and that this is its only one.
func (i *installation) wantPresentKeys(t *testing.T) {
	t.Helper()
	raw := testkit.Raw(t, i.db)
	for table, columns := range map[string][]string{
		"integrated_account":      {"context_secret", "integration_override_secret", "unified_model_override_secret"},
		"environment_integration": {"override_secret"}, "static_gate": {"token_secret"}, "blob": {"mark"},
	} {
		for _, column := range columns {
			var former, all int
			err := raw.QueryRow("SELECT count(CASE WHEN substr(t."+column+", 1, 5) <> k.mark THEN 1 END), count(t."+column+") FROM "+table+" t JOIN data_key k ON k.owner_id = t.environment_id").Scan(&former, &all)
			if err != nil {
				t.Fatal(err)
			}
			if former > 0 {
				t.Errorf("%s.%s: %d of %d values are sealed by a former key", table, column, former, all)
			}
		}
	}
	// A keyset of one key is about 100 bytes long in the clear, of two twice that.
	var shortest, longest int
	if err := raw.QueryRow("SELECT min(length(wrapped)), max(length(wrapped)) FROM data_key").Scan(&shortest, &longest); err != nil {
		t.Fatal(err)
	}
	if longest > shortest+30 {
		t.Errorf("wrapped data keys have from %d to %d bytes: some owner has former keys", shortest, longest)
	}
}
