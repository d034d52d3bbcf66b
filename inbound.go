package sinew

import (
	"net/http"
	"time"
)

// InboundStatus is what has become of a delivery of a vendor.
type InboundStatus string

// The statuses of deliveries.
const (
	InboundReceived  InboundStatus = "received"  // genuine, and in line to become events
	InboundProcessed InboundStatus = "processed" // its events are written
	InboundFailed    InboundStatus = "failed"    // the definition could make nothing of it
	InboundUnrouted  InboundStatus = "unrouted"  // genuine, of no account that is known
	InboundRefused   InboundStatus = "refused"   // not genuine; its bytes are not kept
)

// InboundStatuses lists the statuses.
func InboundStatuses() []string {
	return []string{string(InboundReceived), string(InboundProcessed), string(InboundFailed), string(InboundUnrouted), string(InboundRefused)}
}

// InboundRequest is a delivery as it came.
type InboundRequest struct {
	Method string
	// URL is where the vendor has sent it, as it wrote that.
	URL    string
	Header http.Header
	Body   []byte
}

// InboundWebhook is a delivery of a vendor in the inbox.
type InboundWebhook struct {
	ID                       string
	EnvironmentID            string
	EnvironmentIntegrationID string
	AccountID                string // "" for one of no account
	Status                   InboundStatus
	Method                   string
	Size                     int
	// Verified says that a signature was checked, as opposed to there being none to
	// check.
	Verified bool
	// Events is how many events it has become.
	Events int
	// Duplicates is how often it came again.
	Duplicates int
	// Code and Reason say why it was refused, failed or went nowhere.
	Code, Reason string
	// Request is read with one delivery, and absent of lists and of refused ones.
	Request     *InboundRequest
	CreatedAt   time.Time
	ProcessedAt time.Time
}

// InboundArrival is a delivery on its way into the inbox.
type InboundArrival struct {
	InboundWebhook
	// Key tells the delivery apart from others of its scope until a moment; "" for
	// one that is taken in any case.
	Key      string
	KeyUntil time.Time
}

// Scope is what the keys of deliveries are told apart in.
func (w InboundWebhook) Scope() string {
	if w.AccountID != "" {
		return w.AccountID
	}
	return w.EnvironmentIntegrationID
}

// InboundOutcome is what processing a delivery came to.
type InboundOutcome struct {
	Status       InboundStatus
	Code, Reason string
	Events       []Event
}

// InboundFields are the fields that deliveries can be filtered by.
func InboundFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the delivery."},
		{Name: "integrated_account_id", Kind: FieldText, Description: "The account that it is for."},
		{Name: "environment_integration_id", Kind: FieldText, Description: "The installed integration."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "status", Kind: FieldText, Enum: InboundStatuses(), Description: "What has become of it: received, processed, failed, unrouted or refused."},
		{Name: "code", Kind: FieldText, Description: "Why it was refused or failed, such as signature_mismatch."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When it came."},
	}
}

// InboundReplay chooses deliveries that are processed once more; those of which
// nothing is kept are left alone.
type InboundReplay struct {
	ID                       string
	AccountID                string
	EnvironmentIntegrationID string
	Status                   InboundStatus
	Since, Until             time.Time
}

// JobProcessInbound makes events of the deliveries of an account. Its arguments have
// the account's id.
const JobProcessInbound = "process_inbound"

// The events of records.
const (
	EventRecordCreated EventType = "record:created"
	EventRecordUpdated EventType = "record:updated"
	EventRecordDeleted EventType = "record:deleted"
	EventRecordMeta    EventType = "record:meta"
)
