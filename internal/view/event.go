package view

import (
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Event is something that happened, as the list of events shows it. Deliveries say the
// same; see package delivery.
type Event struct {
	ID            string    `json:"id" format:"uuid" doc:"The id of the event, in every delivery too."`
	Event         string    `json:"event" doc:"What happened."`
	EventType     string    `json:"event_type" doc:"The same, as some receivers read it."`
	Payload       jsonx.Raw `json:"payload" type:"object" doc:"What it is about, as it was then."`
	EnvironmentID string    `json:"environment_id" format:"uuid" doc:"The environment."`
	AccountID     *string   `json:"integrated_account_id" nullable:"true" format:"uuid" doc:"The account that it is about; null for none."`
	Sequence      *int64    `json:"sequence" nullable:"true" doc:"Counts the events of the account from 1 without gaps; null without one."`
	CreatedAt     Time      `json:"created_at" doc:"When it happened."`
}

// NewEvent shows an event.
func NewEvent(e sinew.Event) Event {
	v := Event{
		ID: e.ID, Event: string(e.Type), EventType: string(e.Type), Payload: jsonx.Raw(e.Payload.Or(sinew.EmptyObject)), EnvironmentID: e.EnvironmentID,
		AccountID: orNil(e.AccountID), CreatedAt: Time(e.CreatedAt),
	}
	if e.AccountID != "" {
		v.Sequence = &e.Sequence
	}
	return v
}

// DeletedAccount is the event of an account that is gone; it carries the id
// alone.
func DeletedAccount(a sinew.IntegratedAccount, kind sinew.EventType) sinew.Event {
	return sinew.Event{
		EnvironmentID: a.EnvironmentID, Type: kind, AccountID: a.ID,
		Payload: sinew.JSON(`{"id":"` + a.ID + `"}`), CreatedAt: time.Now(),
	}
}

// connectionError is the payload of an attempt to connect that has failed.
type connectionError struct {
	ErrorType                string            `json:"error_type"`
	ErrorCode                string            `json:"error_code"`
	Message                  string            `json:"message"`
	AttemptID                string            `json:"attempt_id"`
	Integration              string            `json:"integration"`
	EnvironmentIntegrationID string            `json:"environment_integration_id"`
	AuthenticationMethod     string            `json:"authentication_method"`
	Mode                     string            `json:"mode"`
	TenantID                 string            `json:"tenant_id"`
	AccountID                *string           `json:"integrated_account_id"`
	LinkToken                linkTokenIdentity `json:"link_token"`
	StartedAt                Time              `json:"started_at"`
}

// linkTokenIdentity is what tells a link token from others; its secret and its context are
// not part of it.
type linkTokenIdentity struct {
	ID        string `json:"id"`
	TenantID  string `json:"tenant_id"`
	IsSandbox bool   `json:"is_sandbox"`
	ExpiresAt Time   `json:"expires_at"`
	CreatedAt Time   `json:"created_at"`
}

// ConnectionError is the event of an attempt to connect that has failed. The account
// is the one that was to be connected again; it hears of nothing, and so the event has
// none of its sequence numbers.
func ConnectionError(a sinew.ConnectAttempt, t sinew.LinkToken) sinew.Event {
	payload, err := jsonx.Marshal(connectionError{
		ErrorType: a.Error.Type, ErrorCode: a.Error.Code, Message: a.Error.Message, AttemptID: a.ID, Integration: a.IntegrationName,
		EnvironmentIntegrationID: a.EnvironmentIntegrationID, AuthenticationMethod: string(a.Method), Mode: string(a.Mode), TenantID: t.TenantID, AccountID: orNil(t.AccountID),
		LinkToken: linkTokenIdentity{ID: t.ID, TenantID: t.TenantID, IsSandbox: t.Options.IsSandbox, ExpiresAt: Time(t.ExpiresAt), CreatedAt: Time(t.CreatedAt)}, StartedAt: Time(a.CreatedAt),
	})
	if err != nil {
		payload = []byte(sinew.EmptyObject)
	}
	return sinew.Event{EnvironmentID: a.EnvironmentID, Type: sinew.EventConnectionError, Payload: sinew.JSON(payload), CreatedAt: time.Now()}
}
