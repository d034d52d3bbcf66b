package account

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
)

// specified is the table of spec 01 section 12.1: from, trigger, to, event. From
// any account its owner may have another status than the table says. scopes_lost
// is ours: it leaves the status as it is.
const specified = `
absent             connect             connecting         created
connecting         steps_passed        active             active
connecting         post_install_failed post_install_error post_install_error
connecting         validation_failed   validation_error   validation_error
active             refresh_refused     needs_reauth       authentication_error
active             call_refused        needs_reauth       authentication_error
needs_reauth       call_succeeded      active             reactivated
any                reconnect           connecting         updated
any                rerun               connecting         updated
any                revoke              needs_reauth       authentication_error
any                update              asked              updated
any                scopes_lost         before             updated
any                delete              absent             deleted
`

// TestTransitionsAreTheSpecified compares the table with the specified one.
func TestTransitionsAreTheSpecified(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	got.WriteString("\n")
	word := func(status sinew.AccountStatus) string {
		return map[sinew.AccountStatus]string{Absent: "absent", AsAsked: "asked", AsBefore: "before"}[status] + strings.TrimSuffix(strings.TrimSuffix(string(status), string(AsAsked)), string(AsBefore))
	}
	for _, row := range Transitions() {
		from := word(row.From[0])
		if len(row.From) > 1 {
			from = "any"
			if len(row.From) != len(sinew.AccountStatuses()) {
				t.Errorf("%s is not possible from %v", row.Trigger, row.From)
			}
		}
		fmt.Fprintf(&got, "%-18s %-19s %-18s %s\n", from, row.Trigger, word(row.To), strings.TrimPrefix(string(row.Event), "integrated_account:"))
	}
	if diff := cmp.Diff(specified, got.String()); diff != "" {
		t.Errorf("the table (-specified +got):\n%s", diff)
	}
}

// TestTransitionsAreDocumented compares the table with the one that people read.
func TestTransitionsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/actions.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, row := range strings.Split(strings.TrimSpace(specified), "\n") {
		cells := strings.Fields(row)
		from, to := "`"+cells[0]+"`", "`"+cells[2]+"`"
		for word, shown := range map[string]string{"`absent`": "", "`any`": "any", "`asked`": "as asked", "`before`": "as before"} {
			from, to = strings.Replace(from, word, shown, 1), strings.Replace(to, word, shown, 1)
		}
		want.WriteString(strings.ReplaceAll("| "+from+" | `"+cells[1]+"` | "+to+" | `"+cells[3]+"` |\n", "|  |", "| |"))
	}
	if !strings.Contains(string(page), want.String()) {
		t.Errorf("docs/actions.md has another table than\n%s", want.String())
	}
}

// TestFire asserts every cell of the table: where each trigger leads from each
// status, the event, the row of the timeline, and that nothing happens elsewhere.
func TestFire(t *testing.T) {
	t.Parallel()
	statuses := []sinew.AccountStatus{Absent}
	for _, status := range sinew.AccountStatuses() {
		statuses = append(statuses, sinew.AccountStatus(status))
	}
	for _, row := range Transitions() {
		if row.Trigger == TriggerUpdate {
			continue
		}
		for _, from := range statuses {
			r := &sinew.AccountRecord{}
			r.Status, r.LastError = from, "old"
			event, ok := fire(r, cause{Trigger: row.Trigger, Reason: "new", Actor: "test"})
			to, lastError := row.To, "new"
			if row.To == AsBefore {
				to, lastError = from, "old"
			}
			switch moves := slices.Contains(row.From, from); {
			case ok != moves:
				t.Errorf("%s from %q: moved %t, want %t", row.Trigger, from, ok, moves)
			case !moves && (r.Status != from || r.LastError != "old" || event != "" || len(r.Changes) > 0):
				t.Errorf("%s from %q changed the account to %q, %q", row.Trigger, from, r.Status, r.LastError)
			case moves && (r.Status != to || event != row.Event || r.LastError != lastError):
				t.Errorf("%s from %q: got %q, %q, %q", row.Trigger, from, r.Status, event, r.LastError)
			case moves:
				want := sinew.StatusChange{From: from, To: to, Trigger: string(row.Trigger), Event: row.Event, Reason: "new", Actor: "test", At: r.Changes[0].At}
				if diff := cmp.Diff([]sinew.StatusChange{want}, r.Changes); diff != "" {
					t.Errorf("%s from %q, timeline (-want +got):\n%s", row.Trigger, from, diff)
				}
			}
		}
	}
}

// TestRemovalsFollowTheTable takes the event of a deletion from the table, whatever
// the status was.
func TestRemovalsFollowTheTable(t *testing.T) {
	t.Parallel()
	for _, text := range sinew.AccountStatuses() {
		r := &sinew.AccountRecord{}
		r.ID, r.Status = "one", sinew.AccountStatus(text)
		removal := Removal(r, false)
		if e := removal.Event; e.Type != sinew.EventAccountDeleted || e.AccountID != "one" || string(e.Payload) != `{"id":"one"}` {
			t.Errorf("the event of a deletion from %q is %+v", text, e)
		}
		if r.Status != Absent || len(r.Changes) != 1 || r.Changes[0].Trigger != string(TriggerDelete) {
			t.Errorf("a deletion from %q left %q, %v", text, r.Status, r.Changes)
		}
	}
}

// TestOwnersSetStatuses asserts that an update leaves the status alone unless it
// names one, and that only an account without an error loses its text.
func TestOwnersSetStatuses(t *testing.T) {
	t.Parallel()
	for _, text := range sinew.AccountStatuses() {
		from := sinew.AccountStatus(text)
		r := &sinew.AccountRecord{}
		r.Status, r.LastError = from, "old"
		if event, ok := fire(r, cause{Trigger: TriggerUpdate}); !ok || event != sinew.EventAccountUpdated || r.Status != from || r.LastError != "old" || len(r.Changes) > 0 {
			t.Errorf("an update from %q: got %q, %q, %v", from, r.Status, r.LastError, r.Changes)
		}
		for _, text := range sinew.AccountStatuses() {
			to := sinew.AccountStatus(text)
			r := &sinew.AccountRecord{}
			r.Status, r.LastError = from, "old"
			want, steps := "old", 1
			if to == sinew.StatusActive || to == sinew.StatusConnecting {
				want = ""
			}
			if to == from {
				steps = 0
			}
			fire(r, cause{Trigger: TriggerUpdate, Asked: &to})
			if r.Status != to || r.LastError != want || len(r.Changes) != steps {
				t.Errorf("%q set from %q: got %q, %q, %d steps", to, from, r.Status, r.LastError, len(r.Changes))
			}
		}
	}
}
