package view

import "github.com/sinewhq/sinew"

// Webhook is a receiver of events. Its secret is not part of it.
type Webhook struct {
	ID                string   `json:"id" format:"uuid" doc:"The id of the webhook."`
	EnvironmentID     string   `json:"environment_id" format:"uuid" doc:"The environment whose events are delivered."`
	TargetURL         string   `json:"target_url" format:"uri" doc:"Where events are posted to."`
	IsActive          bool     `json:"is_active" doc:"Whether events are delivered."`
	EventTypes        []string `json:"event_types" doc:"The events that are delivered; none stands for all."`
	SignatureEncoding string   `json:"signature_encoding" doc:"How the digest in X-Truto-Signature is written: base64 or hex."`
	Ordered           bool     `json:"ordered" doc:"Whether the events of one account are delivered one after the other."`
	FailingSince      Time     `json:"failing_since" nullable:"true" doc:"When the receiver last began to fail; null for one in good health."`
	InactiveReason    *string  `json:"inactive_reason" nullable:"true" doc:"Why the platform has switched the webhook off; null when it has not."`
	CreatedAt         Time     `json:"created_at" doc:"When the webhook was created."`
	UpdatedAt         Time     `json:"updated_at" doc:"When the webhook was last updated."`
}

// NewWebhook shows a webhook.
func NewWebhook(w sinew.Webhook) Webhook {
	types := w.EventTypes
	if types == nil {
		types = []string{}
	}
	return Webhook{
		ID: w.ID, EnvironmentID: w.EnvironmentID, TargetURL: w.TargetURL, IsActive: w.IsActive, EventTypes: types,
		SignatureEncoding: string(w.SignatureEncoding), Ordered: w.Ordered, FailingSince: Time(w.FailingSince), InactiveReason: orNil(w.InactiveReason),
		CreatedAt: Time(w.CreatedAt), UpdatedAt: Time(w.UpdatedAt),
	}
}

// WebhookAttempt is one try to deliver an event.
type WebhookAttempt struct {
	ID         string  `json:"id" format:"uuid" doc:"The id of the try."`
	WebhookID  string  `json:"webhook_id" format:"uuid" doc:"The webhook."`
	DeliveryID string  `json:"delivery_id" format:"uuid" doc:"What the tries of one event have in common, until it is replayed."`
	EventID    string  `json:"event_id" format:"uuid" doc:"The event; its id is that of the body, and the header Webhook-Id."`
	EventType  string  `json:"event_type" doc:"What happened."`
	AccountID  *string `json:"integrated_account_id" nullable:"true" format:"uuid" doc:"The account that the event is about; null for none."`
	Number     int     `json:"attempt" doc:"How many tries there were, this one included."`
	Outcome    string  `json:"outcome" doc:"delivered, retrying, or failed when it was the last."`
	Status     *int    `json:"status" nullable:"true" doc:"The HTTP status of the receiver's answer; null without one."`
	Error      *string `json:"error" nullable:"true" doc:"Why there was no answer; null when there was one."`
	Answer     *string `json:"answer" nullable:"true" doc:"The beginning of the answer's body, at most 2 KB."`
	Duration   int64   `json:"duration" doc:"How long the try took, in milliseconds."`
	NextAt     Time    `json:"next_attempt_at" nullable:"true" doc:"When the next try is due; null after the last."`
	CreatedAt  Time    `json:"created_at" doc:"When it was tried."`
}

// NewWebhookAttempt shows a try.
func NewWebhookAttempt(a sinew.WebhookAttempt) WebhookAttempt {
	v := WebhookAttempt{
		ID: a.ID, WebhookID: a.WebhookID, DeliveryID: a.DeliveryID, EventID: a.EventID, EventType: string(a.EventType), AccountID: orNil(a.AccountID),
		Number: a.Number, Outcome: string(a.Outcome), Error: orNil(a.Error), Answer: orNil(a.Answer), Duration: a.Took.Milliseconds(),
		NextAt: Time(a.NextAt), CreatedAt: Time(a.CreatedAt),
	}
	if a.Status > 0 {
		v.Status = &a.Status
	}
	return v
}
