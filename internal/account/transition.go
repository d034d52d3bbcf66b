package account

import "github.com/sinewhq/sinew"

// Trigger is what makes an account change its status.
type Trigger string

// The triggers.
const (
	TriggerConnect             Trigger = "connect"              // an account is created, or connected again
	TriggerStepsPassed         Trigger = "steps_passed"         // post-install and validation are through
	TriggerPostInstallFailed   Trigger = "post_install_failed"  // a post-install step failed
	TriggerValidationFailed    Trigger = "validation_failed"    // a validation request failed
	TriggerCredentialsRejected Trigger = "credentials_rejected" // the vendor answered 401, or refused a refresh
	TriggerCallSucceeded       Trigger = "call_succeeded"       // a vendor call was not answered with 401
)

// transition is where a trigger leads from a status, and the event that goes
// with it.
type transition struct {
	to    sinew.AccountStatus
	event sinew.EventType
}

// transitions is the state machine of spec 01 section 12.1. What is not in the
// table does not happen: the trigger leaves the account as it is, and no event
// is written. So a rejection is reported once, on the transition.
func transitions(trigger Trigger, from sinew.AccountStatus) (transition, bool) {
	table := map[Trigger]map[sinew.AccountStatus]transition{
		TriggerStepsPassed: {
			sinew.StatusConnecting: {sinew.StatusActive, sinew.EventAccountActive},
		},
		TriggerPostInstallFailed: {
			sinew.StatusConnecting: {sinew.StatusPostInstallError, sinew.EventAccountPostInstallError},
		},
		TriggerValidationFailed: {
			sinew.StatusConnecting: {sinew.StatusValidationError, sinew.EventAccountValidationError},
		},
		TriggerCredentialsRejected: {
			sinew.StatusActive: {sinew.StatusNeedsReauth, sinew.EventAccountAuthenticationError},
		},
		TriggerCallSucceeded: {
			sinew.StatusNeedsReauth: {sinew.StatusActive, sinew.EventAccountReactivated},
		},
		TriggerConnect: {
			"":                           {sinew.StatusConnecting, sinew.EventAccountCreated},
			sinew.StatusActive:           {sinew.StatusConnecting, sinew.EventAccountUpdated},
			sinew.StatusConnecting:       {sinew.StatusConnecting, sinew.EventAccountUpdated},
			sinew.StatusNeedsReauth:      {sinew.StatusConnecting, sinew.EventAccountUpdated},
			sinew.StatusPostInstallError: {sinew.StatusConnecting, sinew.EventAccountUpdated},
			sinew.StatusValidationError:  {sinew.StatusConnecting, sinew.EventAccountUpdated},
		},
	}
	t, ok := table[trigger][from]
	return t, ok
}

// fire moves an account along the table and returns the event to write. reason
// becomes last_error; a trigger of success clears it. ok is false when the
// trigger means nothing in the account's status.
func fire(a *sinew.IntegratedAccount, trigger Trigger, reason string) (event sinew.EventType, ok bool) {
	t, ok := transitions(trigger, a.Status)
	if !ok {
		return "", false
	}
	a.Status = t.to
	a.LastError = reason
	return t.event, true
}

// set gives an account the status that its operator asks for, past the table:
// the owner of the data may overrule it. Leaving for active or connecting
// clears the last error.
func set(a *sinew.IntegratedAccount, status sinew.AccountStatus) {
	if status == sinew.StatusActive || status == sinew.StatusConnecting {
		a.LastError = ""
	}
	a.Status = status
}
