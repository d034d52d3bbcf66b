package httpapi

import (
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/delivery"
	"github.com/sinewhq/sinew/internal/view"
	"github.com/sinewhq/sinew/internal/webhook"
)

type createWebhook struct {
	TargetURL         string   `json:"target_url" required:"true" min:"1" max:"2000" format:"uri" doc:"Where events are posted to: https, or http where the installation allows it." example:"https://api.example.com/hooks"`
	IsActive          *bool    `json:"is_active" doc:"Whether events are delivered; true unless given."`
	EventTypes        []string `json:"event_types" max:"100" doc:"The events to deliver: names, integrated_account:*, or *. All unless given."`
	SignatureEncoding *string  `json:"signature_encoding" enum:"base64,hex" doc:"How the digest in X-Truto-Signature is written; base64 unless given."`
	Ordered           *bool    `json:"ordered" doc:"Whether the events of one account are delivered one after the other; false unless given. One that cannot be delivered holds those behind it back."`
}

type updateWebhook struct {
	TargetURL         *string  `json:"target_url" input:"true" min:"1" max:"2000" format:"uri" doc:"Where events are posted to."`
	IsActive          *bool    `json:"is_active" input:"true" doc:"Whether events are delivered. One that is switched off forgets what it has yet to get."`
	EventTypes        []string `json:"event_types" input:"true" max:"100" doc:"The events to deliver; none stands for all."`
	SignatureEncoding *string  `json:"signature_encoding" input:"true" enum:"base64,hex" doc:"How the digest in X-Truto-Signature is written."`
	Ordered           *bool    `json:"ordered" input:"true" doc:"Whether the events of one account are delivered one after the other."`
}

// secretWebhook is a webhook with its secret, in both forms that receivers take.
type secretWebhook struct {
	view.Webhook
	Secret         string `json:"secret" doc:"The key of the signatures. It is shown this once."`
	StandardSecret string `json:"standard_secret" doc:"The same key, in the form that libraries for Standard Webhooks take."`
}

type testWebhook struct {
	ID        string `json:"id" required:"true" format:"uuid" doc:"The webhook to send a test to."`
	EventType string `json:"event_type" max:"130" doc:"The event that it is to look like; test unless given."`
}

type rotateWebhook struct {
	Overlap *int64 `json:"overlap_seconds" min:"0" max:"2592000" doc:"How long the secret before counts beside the new one; a day unless given."`
}

type replayWebhook struct {
	EventID    string   `json:"event_id" format:"uuid" doc:"One event."`
	Since      string   `json:"since" format:"date-time" doc:"Events from this moment on."`
	Until      string   `json:"until" format:"date-time" doc:"Events from before this moment."`
	EventTypes []string `json:"event_types" max:"100" doc:"Events of these names; those of the webhook unless given."`
	FailedOnly bool     `json:"failed_only" doc:"Whether to leave out events that were delivered."`
}

type replayed struct {
	Replayed int `json:"replayed" doc:"How many events are delivered once more."`
}

func newSecretWebhook(w sinew.Webhook, secret string) secretWebhook {
	return secretWebhook{Webhook: view.NewWebhook(w), Secret: secret, StandardSecret: delivery.StandardSecret(secret)}
}

func webhookOperations(s *webhook.Service) []Operation {
	return []Operation{
		{Method: "GET", Path: "/webhook", ID: "listWebhooks", Tag: "Webhooks", Summary: "List webhooks", Fields: sinew.WebhookFields(), Answer: view.Webhook{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, s.List, view.NewWebhook)
		}},
		{Method: "GET", Path: "/webhook/{id}", ID: "getWebhook", Tag: "Webhooks", Summary: "Get a webhook", Answer: view.Webhook{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewWebhook)(s.Get(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "POST", Path: "/webhook", ID: "createWebhook", Tag: "Webhooks", Summary: "Create a webhook", Description: "The answer has the secret, which is shown this once.",
			Body: createWebhook{}, Status: http.StatusCreated, Answer: secretWebhook{}, Handle: func(c *Call) (Answer, error) {
				var in createWebhook
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				w, secret, err := s.Create(c.Context(), c.Principal, webhook.Change{
					TargetURL: &in.TargetURL, IsActive: in.IsActive, EventTypes: given(in.EventTypes), SignatureEncoding: as[sinew.SignatureEncoding](in.SignatureEncoding), Ordered: in.Ordered,
				})
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(newSecretWebhook(w, secret))
			},
		},
		{Method: "PATCH", Path: "/webhook/{id}", ID: "updateWebhook", Tag: "Webhooks", Summary: "Update a webhook", Body: updateWebhook{}, Answer: view.Webhook{}, Handle: func(c *Call) (Answer, error) {
			var in updateWebhook
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			return shown(c, view.NewWebhook)(s.Update(c.Context(), c.Principal, c.Path("id"), webhook.Change{
				TargetURL: in.TargetURL, IsActive: in.IsActive, EventTypes: given(in.EventTypes), SignatureEncoding: as[sinew.SignatureEncoding](in.SignatureEncoding), Ordered: in.Ordered,
			}))
		}},
		{Method: "DELETE", Path: "/webhook/{id}", ID: "deleteWebhook", Tag: "Webhooks", Summary: "Delete a webhook", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
			if err := s.Delete(c.Context(), c.Principal, c.Path("id")); err != nil {
				return Answer{}, err
			}
			return c.Deleted(c.Path("id"))
		}},
		{
			Method: "POST", Path: "/webhook/test", ID: "testWebhook", Tag: "Webhooks", Summary: "Send a test to a webhook",
			Description: "Waits for the receiver, and answers 502 when it has not taken the test.", Body: testWebhook{}, Answer: success{}, Handle: func(c *Call) (Answer, error) {
				var in testWebhook
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				if err := s.Test(c.Context(), c.Principal, in.ID, sinew.EventType(in.EventType)); err != nil {
					return Answer{}, err
				}
				return c.JSON(success{Success: true})
			},
		},
		{
			Method: "POST", Path: "/webhook/{id}/rotate-secret", ID: "rotateWebhookSecret", Tag: "Webhooks", Summary: "Give a webhook another secret",
			Description: "The answer has the new secret, which is shown this once. Until the overlap ends, Webhook-Signature has a signature of either secret, and X-Truto-Signature is by the one before.",
			Body:        rotateWebhook{}, Answer: secretWebhook{}, Handle: func(c *Call) (Answer, error) { return rotateSecret(c, s) },
		},
		{
			Method: "GET", Path: "/webhook/{id}/attempts", ID: "listWebhookAttempts", Tag: "Webhooks", Summary: "List the tries of a webhook",
			Description: "What was sent in the last 30 days, with the receiver's answers.", Fields: sinew.WebhookAttemptFields(), Answer: view.WebhookAttempt{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.List()
				if err != nil {
					return Answer{}, err
				}
				page, err := s.Attempts(c.Context(), c.Principal, c.Path("id"), q)
				return rows(c, q, page, err, view.NewWebhookAttempt)
			},
		},
		{
			Method: "POST", Path: "/webhook/{id}/replay", ID: "replayWebhook", Tag: "Webhooks", Summary: "Deliver events once more",
			Description: "One event, or those of a filter or a range. Events that are on their way already are left alone.",
			Body:        replayWebhook{}, Answer: replayed{}, Handle: func(c *Call) (Answer, error) { return replay(c, s) },
		},
	}
}

func rotateSecret(c *Call, s *webhook.Service) (Answer, error) {
	var in rotateWebhook
	if err := c.Bind(&in); err != nil {
		return Answer{}, err
	}
	overlap := webhook.UsualOverlap
	if in.Overlap != nil {
		overlap = time.Duration(*in.Overlap) * time.Second
	}
	w, secret, err := s.Rotate(c.Context(), c.Principal, c.Path("id"), overlap)
	if err != nil {
		return Answer{}, err
	}
	return c.JSON(newSecretWebhook(w, secret))
}

func replay(c *Call, s *webhook.Service) (Answer, error) {
	var in replayWebhook
	if err := c.Bind(&in); err != nil {
		return Answer{}, err
	}
	f := sinew.ReplayFilter{EventID: in.EventID, EventTypes: in.EventTypes, FailedOnly: in.FailedOnly}
	if err := readMoments(map[string]moment{"since": {in.Since, &f.Since}, "until": {in.Until, &f.Until}}); err != nil {
		return Answer{}, err
	}
	n, err := s.Replay(c.Context(), c.Principal, c.Path("id"), f)
	if err != nil {
		return Answer{}, err
	}
	return c.JSON(replayed{Replayed: n})
}

// moment is a date-time of a body, and where it goes.
type moment struct {
	text string
	into *time.Time
}

// readMoments reads the date-times of a body by their names; "" leaves one open.
func readMoments(all map[string]moment) error {
	for name, m := range all {
		if m.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, m.text)
		if err != nil {
			return sinew.InvalidField(name, "format", "must be a date-time, such as 2026-01-31T10:00:00Z")
		}
		*m.into = at
	}
	return nil
}

// given tells a list that was sent from one that was not.
func given(list []string) *[]string {
	if list == nil {
		return nil
	}
	return &list
}
