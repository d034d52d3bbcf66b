package sinew

import (
	"strings"
	"time"
)

// SignatureEncoding is how the digest in X-Truto-Signature is written.
type SignatureEncoding string

// The encodings of a digest.
const (
	SignatureBase64 SignatureEncoding = "base64"
	SignatureHex    SignatureEncoding = "hex"
)

// Webhook is a receiver of an environment's events.
type Webhook struct {
	ID            string
	EnvironmentID string
	TargetURL     string
	IsActive      bool
	// EventTypes are the events that are delivered: names, "group:*", or "*". None
	// stands for all.
	EventTypes        []string
	SignatureEncoding SignatureEncoding
	// Ordered delivers the events of one account one after the other, as they were
	// committed: one that cannot be delivered holds those behind it back.
	Ordered bool
	// FailingSince is when the first try failed since the last success, zero for a
	// receiver in good health.
	FailingSince time.Time
	// NoticedAt is when somebody was told of it, zero for not yet.
	NoticedAt time.Time
	// InactiveReason says why the platform switched it off, "" when it did not.
	InactiveReason string
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// WebhookFields are the fields that webhooks can be filtered by.
func WebhookFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the webhook."},
		{Name: "is_active", Kind: FieldBool, Description: "Whether events are delivered."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the webhook was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the webhook was last updated."},
	}
}

// EventPatterns are the entries of EventTypes that let an event through.
func EventPatterns(kind EventType) []string {
	group, _, _ := strings.Cut(string(kind), ":")
	return []string{"*", group + ":*", string(kind)}
}

// WebhookSecrets are the keys that deliveries are signed with. The previous one
// counts until a moment, zero when there is none.
type WebhookSecrets struct {
	Current       string
	Previous      string
	PreviousUntil time.Time
}

// Delivery is an event that a webhook has yet to get.
type Delivery struct {
	ID        string
	WebhookID string
	Event     Event
	// Attempt counts the tries so far.
	Attempt int
	DueAt   time.Time
}

// DeliveryOutcome is what a try to deliver came to.
type DeliveryOutcome string

// The outcomes of a try. A failed one was the last.
const (
	OutcomeDelivered DeliveryOutcome = "delivered"
	OutcomeRetrying  DeliveryOutcome = "retrying"
	OutcomeFailed    DeliveryOutcome = "failed"
)

// WebhookAttempt is one try to deliver an event, kept for WebhookAttemptsKept.
type WebhookAttempt struct {
	ID            string
	WebhookID     string
	EnvironmentID string
	DeliveryID    string
	EventID       string
	EventType     EventType
	AccountID     string
	// Number counts the tries of the delivery from 1.
	Number  int
	Outcome DeliveryOutcome
	// Status is the HTTP status of the answer, 0 without one.
	Status int
	// Error says why there was no answer, "" when there was one.
	Error string
	// Answer is the beginning of the answer's body.
	Answer string
	Took   time.Duration
	// NextAt is when the next try is due, zero after the last.
	NextAt    time.Time
	CreatedAt time.Time
}

// WebhookGivenUpAfter is how long a receiver may fail before it is switched off.
const WebhookGivenUpAfter = 5 * 24 * time.Hour

// WebhookAttemptsKept is how long tries can be looked at.
const WebhookAttemptsKept = 30 * 24 * time.Hour

// WebhookAttemptFields are the fields that tries can be filtered by.
func WebhookAttemptFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the try."},
		{Name: "event_id", Kind: FieldText, Description: "The event that was delivered."},
		{Name: "event_type", Kind: FieldText, Description: "What happened, such as integrated_account:active."},
		{Name: "integrated_account_id", Kind: FieldText, Description: "The account that the event is about."},
		{Name: "outcome", Kind: FieldText, Enum: []string{string(OutcomeDelivered), string(OutcomeRetrying), string(OutcomeFailed)}, Description: "What came of it: delivered, retrying or failed."},
		{Name: "status", Kind: FieldInt, Description: "The HTTP status of the receiver's answer."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When it was tried."},
	}
}

// DeliveryResult is what a try leaves behind: the delivery goes on at the next
// time of the attempt, or is over.
type DeliveryResult struct {
	Delivery Delivery
	Attempt  WebhookAttempt
}

// ReplayFilter chooses events that a webhook gets once more.
type ReplayFilter struct {
	// EventID is one event; the others are not looked at then.
	EventID string
	// Since and Until bound when the events were committed; zero is open.
	Since, Until time.Time
	// EventTypes are patterns as in Webhook; none stands for those of the webhook.
	EventTypes []string
	// FailedOnly leaves out events that were delivered or are on their way.
	FailedOnly bool
}

// JobDeliverWebhook delivers what a webhook has yet to get. Its arguments have the
// webhook's id.
const JobDeliverWebhook = "deliver_webhook"
