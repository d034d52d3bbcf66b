package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/notification"
	"github.com/sinewhq/sinew/internal/view"
)

type notificationConfig struct {
	WebhookURL         *string  `json:"webhook_url" input:"true" max:"2000" format:"uri" doc:"For slack: the incoming webhook, https. Masked in answers; the mask leaves it as it is." example:"https://hooks.slack.com/services/T000/B000/XXXX"`
	To                 []string `json:"to" input:"true" max:"50" doc:"For email: who gets it."`
	Cc                 []string `json:"cc" input:"true" max:"50" doc:"For email: who gets a copy."`
	Bcc                []string `json:"bcc" input:"true" max:"50" doc:"For email: who gets a copy without the others seeing it."`
	SubjectPrefix      *string  `json:"subject_prefix" input:"true" max:"60" doc:"For email: what subjects begin with; [Sinew] unless given."`
	IgnoredStatusCodes []int64  `json:"ignored_status_codes" input:"true" max:"50" doc:"Vendors' answers that api_errors leaves out."`
}

type createNotification struct {
	Type       string              `json:"type" required:"true" enum:"slack,email" doc:"slack or email."`
	Label      *string             `json:"label" max:"200" doc:"The name for people."`
	IsActive   *bool               `json:"is_active" doc:"Whether notices are sent; true unless given."`
	EventTypes []string            `json:"event_types" max:"20" items:"enum:\"all,api_errors,api_token_events,api_max_requests_exceeded,webhook_deactivated,webhook_activated,unified_mapping_drift\"" doc:"What to tell of; all unless given."`
	Config     *notificationConfig `json:"config" required:"true" doc:"Where it is; the members are those of its type."`
}

type updateNotification struct {
	Label      *string             `json:"label" input:"true" max:"200" doc:"The name for people."`
	IsActive   *bool               `json:"is_active" input:"true" doc:"Whether notices are sent. What is on its way to one that is switched off is dropped."`
	EventTypes []string            `json:"event_types" input:"true" max:"20" items:"enum:\"all,api_errors,api_token_events,api_max_requests_exceeded,webhook_deactivated,webhook_activated,unified_mapping_drift\"" doc:"What to tell of; none stands for all."`
	Config     *notificationConfig `json:"config" input:"true" doc:"Members to change; the others stay."`
}

type testNotification struct {
	ID         string              `json:"id" format:"uuid" doc:"The destination to send a test to. Without it, the one that the other members describe."`
	Type       string              `json:"type" enum:"slack,email" doc:"For a destination that is yet to be made: slack or email."`
	Label      *string             `json:"label" max:"200" doc:"The name for people."`
	IsActive   *bool               `json:"is_active" doc:"Of no account here."`
	EventTypes []string            `json:"event_types" max:"20" doc:"Of no account here."`
	Config     *notificationConfig `json:"config" doc:"For a destination that is yet to be made: where it is."`
}

func (c *notificationConfig) change() notification.ConfigChange {
	if c == nil {
		return notification.ConfigChange{}
	}
	change := notification.ConfigChange{WebhookURL: c.WebhookURL, To: given(c.To), Cc: given(c.Cc), Bcc: given(c.Bcc), SubjectPrefix: c.SubjectPrefix}
	if c.IgnoredStatusCodes != nil {
		change.IgnoredStatusCodes = &c.IgnoredStatusCodes
	}
	return change
}

func noticeTypes(names []string) *[]sinew.NoticeType {
	if names == nil {
		return nil
	}
	types := make([]sinew.NoticeType, len(names))
	for i, name := range names {
		types[i] = sinew.NoticeType(name)
	}
	return &types
}

func notificationOperations(s *notification.Service) []Operation {
	return []Operation{
		{Method: "GET", Path: "/notification-destination", ID: "listNotificationDestinations", Tag: "Notification destinations", Summary: "List notification destinations", Fields: sinew.NotificationDestinationFields(), Answer: view.NotificationDestination{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, s.List, view.NewNotificationDestination)
		}},
		{Method: "GET", Path: "/notification-destination/{id}", ID: "getNotificationDestination", Tag: "Notification destinations", Summary: "Get a notification destination", Answer: view.NotificationDestination{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewNotificationDestination)(s.Get(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "POST", Path: "/notification-destination", ID: "createNotificationDestination", Tag: "Notification destinations", Summary: "Create a notification destination",
			Description: "Tells people of what needs their attention, by Slack or by e-mail.", Body: createNotification{}, Status: http.StatusCreated, Answer: view.NotificationDestination{}, Handle: func(c *Call) (Answer, error) {
				var in createNotification
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				change := notification.Change{Label: in.Label, IsActive: in.IsActive, EventTypes: noticeTypes(in.EventTypes), Config: in.Config.change()}
				return shown(c, view.NewNotificationDestination)(s.Create(c.Context(), c.Principal, sinew.DestinationType(in.Type), change))
			},
		},
		{Method: "PATCH", Path: "/notification-destination/{id}", ID: "updateNotificationDestination", Tag: "Notification destinations", Summary: "Update a notification destination", Body: updateNotification{}, Answer: view.NotificationDestination{}, Handle: func(c *Call) (Answer, error) {
			var in updateNotification
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			change := notification.Change{Label: in.Label, IsActive: in.IsActive, EventTypes: noticeTypes(in.EventTypes), Config: in.Config.change()}
			return shown(c, view.NewNotificationDestination)(s.Update(c.Context(), c.Principal, c.Path("id"), change))
		}},
		{Method: "DELETE", Path: "/notification-destination/{id}", ID: "deleteNotificationDestination", Tag: "Notification destinations", Summary: "Delete a notification destination", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
			if err := s.Delete(c.Context(), c.Principal, c.Path("id")); err != nil {
				return Answer{}, err
			}
			return c.Deleted(c.Path("id"))
		}},
		{
			Method: "POST", Path: "/notification-destination/test", ID: "testNotificationDestination", Tag: "Notification destinations", Summary: "Send a test to a notification destination",
			Description: "To one by its id, or to one that is yet to be made, by its type and config. Waits for what comes of it, and answers 502 when the test was not taken.",
			Body:        testNotification{}, Answer: success{}, Handle: func(c *Call) (Answer, error) { return testDestination(c, s) },
		},
	}
}

func testDestination(c *Call, s *notification.Service) (Answer, error) {
	var in testNotification
	if err := c.Bind(&in); err != nil {
		return Answer{}, err
	}
	var err error
	switch {
	case in.ID != "":
		err = s.Test(c.Context(), c.Principal, in.ID)
	case in.Type == "":
		err = sinew.InvalidField("id", "required", "is required, or type and config for a destination that is yet to be made")
	default:
		err = s.TestUnsaved(c.Context(), c.Principal, sinew.DestinationType(in.Type), notification.Change{Label: in.Label, Config: in.Config.change()})
	}
	if err != nil {
		return Answer{}, err
	}
	return c.JSON(success{Success: true})
}
