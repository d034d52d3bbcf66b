package view

import (
	"net/url"

	"github.com/sinewhq/sinew"
)

// NotificationDestination is where people are told of what needs their attention.
type NotificationDestination struct {
	ID            string             `json:"id" format:"uuid" doc:"The id of the destination."`
	EnvironmentID string             `json:"environment_id" format:"uuid" doc:"The environment that is told of."`
	Type          string             `json:"type" enum:"slack,email" doc:"slack or email."`
	Label         string             `json:"label" doc:"The name for people."`
	IsActive      bool               `json:"is_active" doc:"Whether notices are sent."`
	EventTypes    []string           `json:"event_types" doc:"What is told of: api_errors, api_token_events, api_max_requests_exceeded, webhook_deactivated, webhook_activated, or all."`
	Config        NotificationConfig `json:"config" doc:"Where it is."`
	LastSentAt    Time               `json:"last_sent_at" nullable:"true" doc:"When a notice was last taken; null for never."`
	LastError     *string            `json:"last_error" nullable:"true" doc:"Why the newest notice was not taken; null when it was."`
	CreatedAt     Time               `json:"created_at" doc:"When the destination was created."`
	UpdatedAt     Time               `json:"updated_at" doc:"When the destination was last updated."`
}

// NotificationConfig says where a destination is; the members are those of its type.
type NotificationConfig struct {
	WebhookURL         string   `json:"webhook_url,omitempty" doc:"The incoming webhook of Slack; only its host is shown."`
	To                 []string `json:"to,omitempty" doc:"Who gets the e-mail."`
	Cc                 []string `json:"cc,omitempty" doc:"Who gets a copy."`
	Bcc                []string `json:"bcc,omitempty" doc:"Who gets a copy without the others seeing it."`
	SubjectPrefix      string   `json:"subject_prefix,omitempty" doc:"What subjects begin with."`
	IgnoredStatusCodes []int64  `json:"ignored_status_codes,omitempty" doc:"Vendors' answers that api_errors leaves out."`
}

// NewNotificationDestination shows a destination, without what its address is good for.
func NewNotificationDestination(d sinew.NotificationDestination) NotificationDestination {
	types := make([]string, len(d.EventTypes))
	for i, kind := range d.EventTypes {
		types[i] = string(kind)
	}
	if len(types) == 0 {
		types = []string{string(sinew.NoticeAll)}
	}
	c := d.Config
	shown := NotificationConfig{WebhookURL: MaskedURL(c.WebhookURL), To: c.To, Cc: c.Cc, Bcc: c.Bcc, IgnoredStatusCodes: c.IgnoredStatusCodes}
	if d.Type == sinew.DestinationEmail {
		shown.SubjectPrefix = c.SubjectPrefix
	}
	return NotificationDestination{
		ID: d.ID, EnvironmentID: d.EnvironmentID, Type: string(d.Type), Label: d.Label, IsActive: d.IsActive, EventTypes: types, Config: shown,
		LastSentAt: Time(d.LastSentAt), LastError: orNil(d.LastError), CreatedAt: Time(d.CreatedAt), UpdatedAt: Time(d.UpdatedAt),
	}
}

// MaskedURL shows where an address leads, and not what makes it work.
func MaskedURL(address string) string {
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/***"
}
