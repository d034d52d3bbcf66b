package httpapi

import (
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/view"
	"github.com/sinewhq/sinew/internal/webhook"
)

func eventOperations(s *webhook.Service) []Operation {
	return []Operation{{
		Method: "GET", Path: "/event", ID: "listEvents", Tag: "Webhooks", Summary: "List events, the newest first",
		Description: "What webhooks deliver, for whoever asks. Events that are committed at the same time may turn up in another order than that of their times: to follow them, ask for created_at[gte] of a minute ago, leave those that are known out by id[nin], and wait.",
		Fields:      sinew.EventFields(), Query: []Parameter{{Name: "wait", Description: "How many seconds to wait for an event where there is none, at most 25."}},
		Answer: view.Event{}, Handle: func(c *Call) (Answer, error) { return listEvents(c, s) },
	}}
}

func listEvents(c *Call, s *webhook.Service) (Answer, error) {
	q, err := c.List()
	if err != nil {
		return Answer{}, err
	}
	var wait time.Duration
	if text := c.param("wait"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 8)
		if err != nil || time.Duration(seconds)*time.Second > webhook.LongestWait {
			return Answer{}, sinew.InvalidField("wait", "range", "must be a number of seconds, from 0 to %d", int(webhook.LongestWait.Seconds()))
		}
		wait = time.Duration(seconds) * time.Second
	}
	page, err := s.Events(c.Context(), c.Principal, q, wait)
	return rows(c, q, page, err, view.NewEvent)
}
