package sinew

import (
	"strings"
	"time"
)

// EventType names what happened, as webhooks say it.
type EventType string

// The events that the control plane commits. Delivery reads them from the
// table that the change wrote them to.
const (
	EventAccountCreated             EventType = "integrated_account:created"
	EventAccountUpdated             EventType = "integrated_account:updated"
	EventAccountDeleted             EventType = "integrated_account:deleted"
	EventAccountActive              EventType = "integrated_account:active"
	EventAccountReactivated         EventType = "integrated_account:reactivated"
	EventAccountAuthenticationError EventType = "integrated_account:authentication_error"
	EventAccountForbiddenError      EventType = "integrated_account:forbidden_error"
	EventAccountPostInstallError    EventType = "integrated_account:post_install_error"
	EventAccountValidationError     EventType = "integrated_account:validation_error"
	EventAccountFormSubmitted       EventType = "integrated_account:post_connect_form_submitted"

	EventEnvironmentIntegrationCreated EventType = "environment_integration:created"
	EventEnvironmentIntegrationUpdated EventType = "environment_integration:updated"
	EventEnvironmentIntegrationDeleted EventType = "environment_integration:deleted"

	EventEnvironmentUnifiedModelCreated EventType = "environment_unified_model:created"
	EventEnvironmentUnifiedModelUpdated EventType = "environment_unified_model:updated"
	EventEnvironmentUnifiedModelDeleted EventType = "environment_unified_model:deleted"

	// EventMappingDrift is a field of unified records that a vendor gives no more.
	EventMappingDrift EventType = "unified_mapping:drift"

	// EventTest is what a webhook is tried with.
	EventTest EventType = "test"

	EventAPITokenCreated EventType = "api_token:created"
	EventAPITokenDeleted EventType = "api_token:deleted"

	EventBatchDryRunCompleted EventType = "batch_job:dry_run_completed"
	EventBatchDryRunFailed    EventType = "batch_job:dry_run_failed"
	EventBatchCompleted       EventType = "batch_job:completed"
	EventBatchFailed          EventType = "batch_job:failed"

	// EventConnectionError is an attempt to connect that has failed before there was
	// an account.
	EventConnectionError EventType = "link_token:connection_error"
)

// EventTypes are all events of the contract (spec 03 section 8.7), those included that
// nothing commits yet, and those of our own.
func EventTypes() []EventType {
	groups := []struct{ group, names string }{
		{"integrated_account", "created updated deleted active reactivated authentication_error forbidden_error post_install_error validation_error post_connect_form_submitted"},
		{"link_token", "connection_error"},
		{"environment_integration", "created updated deleted"},
		{"environment_unified_model", "created updated deleted"},
		{"api_token", "created deleted"},
		{"sync_job_run", "created updated started completed failed deleted record record_error rate_limited"},
		{"sync_job_cron_trigger", "failed"},
		{"record", "created updated deleted meta"},
		{"batch_job", "dry_run_completed completed dry_run_failed failed"},
		{"unified_mapping", "drift"}, // ours
	}
	var all []EventType
	for _, g := range groups {
		for name := range strings.FieldsSeq(g.names) {
			all = append(all, EventType(g.group+":"+name))
		}
	}
	return all
}

// Event is something that happened, committed with the change that caused it.
type Event struct {
	ID            string
	EnvironmentID string
	Type          EventType
	// AccountID is the account that it is about; "" for others.
	AccountID string
	// Sequence counts the events of one account from 1 without gaps; 0 for
	// events without an account.
	Sequence  int64
	Payload   JSON
	CreatedAt time.Time
}

// EventFields are the fields that events can be filtered by.
func EventFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the event."},
		{Name: "event_type", Kind: FieldText, Description: "What happened, such as integrated_account:active."},
		{Name: "integrated_account_id", Kind: FieldText, Description: "The account that the event is about."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When it happened."},
	}
}

// AuditEntry records that somebody saw or did something that a security
// reviewer would ask about.
type AuditEntry struct {
	ID            string
	EnvironmentID string
	// Actor is the credential, as "api_token:<id>".
	Actor string
	// Action is a dotted verb such as "credential.read".
	Action    string
	Subject   string // id of what it was done to
	Detail    JSON
	CreatedAt time.Time
}
