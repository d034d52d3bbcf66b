package view

import (
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

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
