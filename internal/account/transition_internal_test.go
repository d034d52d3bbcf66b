package account

import (
	"testing"

	"github.com/sinewhq/sinew"
)

// TestTransitions asserts every cell of the state machine: where each trigger
// leads from each status, the event, and that nothing happens elsewhere.
func TestTransitions(t *testing.T) {
	t.Parallel()
	type cell struct {
		trigger Trigger
		from    sinew.AccountStatus
	}
	type outcome struct {
		to    sinew.AccountStatus
		event sinew.EventType
	}
	want := map[cell]outcome{
		{TriggerConnect, ""}:                            {"connecting", "integrated_account:created"},
		{TriggerConnect, "active"}:                      {"connecting", "integrated_account:updated"},
		{TriggerConnect, "connecting"}:                  {"connecting", "integrated_account:updated"},
		{TriggerConnect, "needs_reauth"}:                {"connecting", "integrated_account:updated"},
		{TriggerConnect, "post_install_error"}:          {"connecting", "integrated_account:updated"},
		{TriggerConnect, "validation_error"}:            {"connecting", "integrated_account:updated"},
		{TriggerStepsPassed, "connecting"}:              {"active", "integrated_account:active"},
		{TriggerPostInstallFailed, "connecting"}:        {"post_install_error", "integrated_account:post_install_error"},
		{TriggerValidationFailed, "connecting"}:         {"validation_error", "integrated_account:validation_error"},
		{TriggerCredentialsRejected, "active"}:          {"needs_reauth", "integrated_account:authentication_error"},
		{TriggerCallSucceeded, sinew.StatusNeedsReauth}: {"active", "integrated_account:reactivated"},
	}
	triggers := []Trigger{TriggerConnect, TriggerStepsPassed, TriggerPostInstallFailed, TriggerValidationFailed, TriggerCredentialsRejected, TriggerCallSucceeded}
	statuses := []sinew.AccountStatus{""}
	for _, status := range sinew.AccountStatuses() {
		statuses = append(statuses, sinew.AccountStatus(status))
	}
	for _, trigger := range triggers {
		for _, from := range statuses {
			a := sinew.IntegratedAccount{Status: from, LastError: "old"}
			event, ok := fire(&a, trigger, "new")
			expected, moves := want[cell{trigger, from}]
			switch {
			case ok != moves:
				t.Errorf("%s from %q: moved %t, want %t", trigger, from, ok, moves)
			case !moves && (a.Status != from || a.LastError != "old" || event != ""):
				t.Errorf("%s from %q changed the account to %q, %q", trigger, from, a.Status, a.LastError)
			case moves && (a.Status != expected.to || event != expected.event || a.LastError != "new"):
				t.Errorf("%s from %q: got %q, %q, %q", trigger, from, a.Status, event, a.LastError)
			}
		}
	}
}
