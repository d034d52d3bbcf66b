package sinew

import (
	"slices"
	"time"
)

// DestinationType is the way that notifications take.
type DestinationType string

// The types of destinations.
const (
	DestinationSlack DestinationType = "slack"
	DestinationEmail DestinationType = "email"
)

// NoticeType names what people are told of.
type NoticeType string

// The types of notices. NoticeAll stands for all of them, NoticeTest is what a
// destination is tried with.
const (
	NoticeAll                NoticeType = "all"
	NoticeAPIErrors          NoticeType = "api_errors"
	NoticeAPITokens          NoticeType = "api_token_events"
	NoticeMaxRequests        NoticeType = "api_max_requests_exceeded"
	NoticeWebhookDeactivated NoticeType = "webhook_deactivated"
	NoticeWebhookActivated   NoticeType = "webhook_activated"
	// NoticeMappingDrift is a field of unified records that vendors give no more.
	NoticeMappingDrift NoticeType = "unified_mapping_drift"
	NoticeTest         NoticeType = "test"
)

// NotificationDestination is where people of the API customer are told of what needs
// their attention.
type NotificationDestination struct {
	ID            string
	EnvironmentID string
	Type          DestinationType
	Label         string
	IsActive      bool
	// EventTypes are the notices that are sent; none stands for all.
	EventTypes []NoticeType
	Config     DestinationConfig
	// SummarizedUntil is up to when failed calls were told of, zero for a
	// destination that hears of none.
	SummarizedUntil time.Time
	LastSentAt      time.Time
	// LastError is why the newest notice was not taken, "" when it was.
	LastError string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// DestinationConfig says where a destination is. It is kept under seal: whoever knows
// the address of a Slack webhook can write there.
type DestinationConfig struct {
	WebhookURL         string   `json:"webhook_url,omitempty"`
	To                 []string `json:"to,omitempty"`
	Cc                 []string `json:"cc,omitempty"`
	Bcc                []string `json:"bcc,omitempty"`
	SubjectPrefix      string   `json:"subject_prefix,omitempty"`
	IgnoredStatusCodes []int64  `json:"ignored_status_codes,omitempty"`
}

// Wants reports whether a destination is to hear of something.
func (d NotificationDestination) Wants(kind NoticeType) bool {
	return d.IsActive && (len(d.EventTypes) == 0 || slices.Contains(d.EventTypes, NoticeAll) || slices.Contains(d.EventTypes, kind))
}

// NotificationDestinationFields are the fields that destinations can be filtered by.
func NotificationDestinationFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the destination."},
		{Name: "type", Kind: FieldText, Enum: []string{string(DestinationSlack), string(DestinationEmail)}, Description: "slack or email."},
		{Name: "is_active", Kind: FieldBool, Description: "Whether notices are sent."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the destination was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the destination was last updated."},
	}
}

// Notice is something to tell, with what the text is made of.
type Notice struct {
	EnvironmentID string      `json:"environment_id"`
	Type          NoticeType  `json:"type"`
	Facts         NoticeFacts `json:"facts"`
	At            time.Time   `json:"at"`
}

// NoticeFacts are what the texts of notices are made of; each has its own part.
type NoticeFacts struct {
	Webhook *WebhookFacts  `json:"webhook,omitempty"`
	Token   *TokenFacts    `json:"token,omitempty"`
	Limit   *LimitFacts    `json:"limit,omitempty"`
	Errors  *FailedSummary `json:"errors,omitempty"`
	Drift   *DriftFacts    `json:"drift,omitempty"`
}

// WebhookFacts say what became of a webhook. The address is its scheme and host: the
// rest may be secret.
type WebhookFacts struct {
	ID           string    `json:"id"`
	Address      string    `json:"address"`
	Active       bool      `json:"active"`
	Reason       string    `json:"reason,omitempty"`
	FailingSince time.Time `json:"failing_since,omitzero"`
	// SwitchedOffAt is when a webhook that is still active will not be any more.
	SwitchedOffAt time.Time `json:"switched_off_at,omitzero"`
}

// TokenFacts say which API token came or went.
type TokenFacts struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Deleted bool   `json:"deleted,omitempty"`
}

// LimitFacts say whose calls were too many.
type LimitFacts struct {
	TokenID   string `json:"token_id,omitempty"`
	AccountID string `json:"account_id,omitempty"`
	Limit     int    `json:"limit"`
	Seconds   int    `json:"seconds"`
}

// DriftFacts say what unified records lack that they had before.
type DriftFacts struct {
	Model       string `json:"model"`
	Resource    string `json:"resource"`
	Method      string `json:"method"`
	Integration string `json:"integration"`
	AccountID   string `json:"account_id"`
	// Field is what is missing, "" for records that do not fit their schema.
	Field string `json:"field,omitempty"`
	// Before is the part of the records that had it.
	Before float64 `json:"before"`
	// Reason says what does not fit, and VendorMethod whose response_schema that is, ""
	// for the schema of the unified records.
	Reason       string `json:"reason,omitempty"`
	VendorMethod string `json:"vendor_method,omitempty"`
}

// FailedSummary counts the failed calls of a window.
type FailedSummary struct {
	Since  time.Time     `json:"since"`
	Until  time.Time     `json:"until"`
	Total  int64         `json:"total"`
	Groups []FailedCalls `json:"groups"`
}

// FailedCalls are calls that failed in the same way.
type FailedCalls struct {
	AccountID   string    `json:"account_id"`
	Integration string    `json:"integration"`
	Failure     string    `json:"failure"` // see LogEntry
	Count       int64     `json:"count"`
	LastAt      time.Time `json:"last_at"`
	// Message is what the last one of them says.
	Message string `json:"message,omitempty"`
}

// The jobs of notifications. The arguments of one have the id of the destination, and
// the notice that is sent.
const (
	JobSendNotification = "send_notification"
	JobSummarizeErrors  = "summarize_errors"
)
