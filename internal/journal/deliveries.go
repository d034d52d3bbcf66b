package journal

import (
	"context"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// deliveries returns one page of the tries to deliver events as log records (spec 03
// section 11).
func (s *Service) deliveries(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (page sinew.Page[sinew.LogEntry], err error) {
	tries, err := s.store.WebhookLog(ctx, p.EnvironmentID, q)
	if err != nil {
		return page, err
	}
	page.Next = tries.Next
	for _, a := range tries.Rows {
		page.Rows = append(page.Rows, sinew.LogEntry{
			ID: a.ID, Type: sinew.LogWebhook, EnvironmentID: a.EnvironmentID, AccountID: a.AccountID, Entry: sinew.JSON(deliveryEntry(a).String()), CreatedAt: a.CreatedAt,
		})
	}
	return page, nil
}

func deliveryEntry(a sinew.WebhookAttempt) jsonx.Value {
	b := jsonx.NewBuilder(16)
	text := func(name, value string) {
		if value != "" {
			b.Set(name, jsonx.StringValue(value))
		}
	}
	text("_id", a.ID)
	b.Set("timestamp", timeValue(a.CreatedAt))
	text("service", "sinew")
	text("log_type", string(sinew.LogWebhook))
	text("environment_id", a.EnvironmentID)
	text("webhook_id", a.WebhookID)
	text("event", string(a.EventType))
	text("id", a.EventID)
	text("integrated_account_id", a.AccountID)
	if a.Status != 0 {
		b.Set("webhook_endpoint_status", jsonx.IntValue(int64(a.Status)))
	}
	text("status", string(a.Outcome))
	b.Set("attempt", jsonx.IntValue(int64(a.Number)))
	b.Set("duration", jsonx.IntValue(a.Took.Milliseconds()))
	text("message", a.Error)
	return b.Value()
}

func timeValue(t time.Time) jsonx.Value {
	v, err := jsonx.Parse(jsonx.AppendTime(nil, t))
	if err != nil {
		return jsonx.NullValue()
	}
	return v
}
