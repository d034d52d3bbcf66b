package delivery

import (
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// userAgent is how deliveries present themselves, as the contract says.
const userAgent = "truto"

// Of returns the headers and the body of an event for a webhook, signed at a moment.
func Of(w sinew.Webhook, secrets sinew.WebhookSecrets, e sinew.Event, now time.Time) (http.Header, []byte) {
	body := message(w.ID, e)
	header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {userAgent}}
	sign(header, w, secrets, e.ID, body, now)
	return header, body
}

// message writes the body of a delivery (spec 01 section 13.2). event_type says the
// same as event, which some receivers read under that name. sequence counts the
// events of an account from 1 without gaps; others have none.
func message(webhookID string, e sinew.Event) []byte {
	b := make([]byte, 0, len(e.Payload)+400)
	b = jsonx.AppendString(append(b, `{"id":`...), e.ID)
	b = jsonx.AppendString(append(b, `,"event":`...), string(e.Type))
	b = jsonx.AppendString(append(b, `,"event_type":`...), string(e.Type))
	b = append(append(b, `,"payload":`...), e.Payload.Or(sinew.EmptyObject)...)
	b = jsonx.AppendString(append(b, `,"environment_id":`...), e.EnvironmentID)
	b = jsonx.AppendString(append(b, `,"webhook_id":`...), webhookID)
	if e.AccountID != "" {
		b = jsonx.AppendString(append(b, `,"integrated_account_id":`...), e.AccountID)
		b = append(append(b, `,"sequence":`...), jsonx.IntValue(e.Sequence).Bytes()...)
	}
	b = jsonx.AppendTime(append(b, `,"created_at":`...), e.CreatedAt)
	return append(b, '}')
}
