package account

import (
	"slices"

	"github.com/sinewhq/sinew"
)

// Trigger is what makes an account change its status.
type Trigger string

// The triggers.
const (
	TriggerConnect           Trigger = "connect"             // an account is created
	TriggerReconnect         Trigger = "reconnect"           // its customer connects it again
	TriggerRerun             Trigger = "rerun"               // its steps are to run again
	TriggerStepsPassed       Trigger = "steps_passed"        // post-install and validation are through
	TriggerPostInstallFailed Trigger = "post_install_failed" // a post-install step failed
	TriggerValidationFailed  Trigger = "validation_failed"   // a validation request failed
	TriggerRefreshRefused    Trigger = "refresh_refused"     // the vendor refused to refresh the token
	TriggerCallRefused       Trigger = "call_refused"        // the vendor answered a call with 401
	TriggerCallSucceeded     Trigger = "call_succeeded"      // the vendor took the credentials again
	TriggerRevoke            Trigger = "revoke"              // its credential was given up
	TriggerUpdate            Trigger = "update"              // its owner changed it, and perhaps set a status
	TriggerScopesLost        Trigger = "scopes_lost"         // a refresh brought a token that is good for less
	TriggerDelete            Trigger = "delete"
)

// The statuses of the table that are none of an account's own.
const (
	// Absent is the status of an account that is not there.
	Absent sinew.AccountStatus = ""
	// AsAsked is the status that comes with the trigger, the same unless one does.
	AsAsked sinew.AccountStatus = "as_asked"
	// AsBefore is the status that the account has, with the error that it has.
	AsBefore sinew.AccountStatus = "as_before"
)

// Transition is a row of the state machine: where a trigger leads from any of some
// statuses, and the event that is written with the change.
type Transition struct {
	From    []sinew.AccountStatus
	Trigger Trigger
	To      sinew.AccountStatus
	Event   sinew.EventType
}

// Transitions is the state machine of accounts (spec 01 section 12.1). What is not
// in the table does not happen: the trigger leaves the account as it is, and no
// event is written. So a rejection is reported once, on the transition.
func Transitions() []Transition {
	var anywhere []sinew.AccountStatus
	for _, status := range sinew.AccountStatuses() {
		anywhere = append(anywhere, sinew.AccountStatus(status))
	}
	only := func(status sinew.AccountStatus) []sinew.AccountStatus { return []sinew.AccountStatus{status} }
	return []Transition{
		{only(Absent), TriggerConnect, sinew.StatusConnecting, sinew.EventAccountCreated},
		{only(sinew.StatusConnecting), TriggerStepsPassed, sinew.StatusActive, sinew.EventAccountActive},
		{only(sinew.StatusConnecting), TriggerPostInstallFailed, sinew.StatusPostInstallError, sinew.EventAccountPostInstallError},
		{only(sinew.StatusConnecting), TriggerValidationFailed, sinew.StatusValidationError, sinew.EventAccountValidationError},
		{only(sinew.StatusActive), TriggerRefreshRefused, sinew.StatusNeedsReauth, sinew.EventAccountAuthenticationError},
		{only(sinew.StatusActive), TriggerCallRefused, sinew.StatusNeedsReauth, sinew.EventAccountAuthenticationError},
		{only(sinew.StatusNeedsReauth), TriggerCallSucceeded, sinew.StatusActive, sinew.EventAccountReactivated},
		{anywhere, TriggerReconnect, sinew.StatusConnecting, sinew.EventAccountUpdated},
		{anywhere, TriggerRerun, sinew.StatusConnecting, sinew.EventAccountUpdated},
		{anywhere, TriggerRevoke, sinew.StatusNeedsReauth, sinew.EventAccountAuthenticationError},
		{anywhere, TriggerUpdate, AsAsked, sinew.EventAccountUpdated},
		{anywhere, TriggerScopesLost, AsBefore, sinew.EventAccountUpdated},
		{anywhere, TriggerDelete, Absent, sinew.EventAccountDeleted},
	}
}

// table is read for every change, and made once.
var table = Transitions()

// transition finds the row of a trigger; ok is false when it means nothing in a
// status.
func transition(trigger Trigger, from sinew.AccountStatus) (t Transition, ok bool) {
	i := slices.IndexFunc(table, func(t Transition) bool { return t.Trigger == trigger && slices.Contains(t.From, from) })
	if i < 0 {
		return t, false
	}
	return table[i], true
}

// cause is why an account changes.
type cause struct {
	Trigger Trigger
	// Reason becomes last_error; "" clears it. Where the status stays as it was, it
	// stands in the timeline alone.
	Reason string
	// Actor is who or what found out; see sinew.StatusChange.
	Actor string
	// Asked is the status that comes with TriggerUpdate, nil for none.
	Asked *sinew.AccountStatus
}

// fire moves an account along the table, notes the step for its timeline, and
// returns the event to write. ok is false when the trigger means nothing in the
// account's status. It is the only place that sets a status.
func fire(r *sinew.AccountRecord, c cause) (event sinew.EventType, ok bool) {
	t, ok := transition(c.Trigger, r.Status)
	if !ok {
		return "", false
	}
	from, to, lastError := r.Status, t.To, c.Reason
	switch to {
	case AsBefore:
		to, lastError = r.Status, r.LastError
	case AsAsked:
		if c.Asked == nil {
			return t.Event, true
		}
		// The owner of the data may overrule the table. An error that he leaves the
		// account in keeps its text.
		to, lastError = *c.Asked, r.LastError
		if to == sinew.StatusActive || to == sinew.StatusConnecting {
			lastError = ""
		}
		c.Reason = lastError
	}
	r.Status, r.LastError = to, lastError
	if to == from && c.Trigger == TriggerUpdate {
		return t.Event, true
	}
	r.Changes = append(r.Changes, sinew.StatusChange{From: from, To: to, Trigger: string(c.Trigger), Event: t.Event, Reason: c.Reason, Actor: c.Actor, At: now()})
	return t.Event, true
}

// unborn makes a copy of an account one that is not there yet.
func unborn(r *sinew.AccountRecord) {
	r.Status, r.LastError, r.LastForbiddenError, r.LastActionResult = Absent, "", "", ""
}
