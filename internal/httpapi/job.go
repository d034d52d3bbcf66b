package httpapi

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/view"
)

func jobOperations(q *jobs.Queue) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/queue", ID: "getQueue", Tag: "Service", Summary: "See the background work",
			Description: "What stands in line in all environments, as numbers, and what the server does again and again. The numbers are a few seconds old at most.",
			Access:      AccessLoopback, Answer: view.Queue{}, Handle: func(c *Call) (Answer, error) { return showQueue(c, q) },
		},
		{
			Method: "GET", Path: "/job", ID: "listJobs", Tag: "Service", Summary: "List the environment's background jobs",
			Description: "The newest first. Jobs that were done are kept for a day, those that failed for 14 days.",
			Fields:      sinew.JobFields(), Answer: view.Job{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, q.List, view.NewJob)
			},
		},
	}
}

func showQueue(c *Call, q *jobs.Queue) (Answer, error) {
	depths, err := q.Depths(c.Context())
	if err != nil {
		return Answer{}, err
	}
	schedules, err := q.Schedules(c.Context())
	if err != nil {
		return Answer{}, err
	}
	shown := view.Queue{Kinds: make([]view.QueueKind, len(depths)), Schedules: make([]view.Schedule, len(schedules)), CountedTo: sinew.MaxJobCount}
	for i, d := range depths {
		shown.Kinds[i] = view.NewQueueKind(d)
	}
	for i, s := range schedules {
		shown.Schedules[i] = view.NewSchedule(s)
	}
	return c.JSON(shown)
}
