package view

import "github.com/sinewhq/sinew"

// Job is a piece of background work. Its arguments are not part of it.
type Job struct {
	ID            string  `json:"id" format:"uuid" doc:"The id of the job."`
	EnvironmentID string  `json:"environment_id" format:"uuid" doc:"The environment that it works for."`
	Kind          string  `json:"kind" doc:"What it does."`
	State         string  `json:"state" doc:"ready, waiting for others of its concurrency key, running, done, failed or cancelled."`
	Attempt       int     `json:"attempt" doc:"How often it was tried, the try under way included."`
	MaxAttempts   int     `json:"max_attempts" doc:"How often it is tried at most."`
	Priority      int     `json:"priority" doc:"What is due goes by it, smaller ones first."`
	RunAt         Time    `json:"run_at" doc:"When it is due, or was."`
	LastError     *string `json:"last_error" nullable:"true" doc:"Why the last try has not done it; null when it has, or there was none."`
	CreatedAt     Time    `json:"created_at" doc:"When it was enqueued."`
	FinishedAt    Time    `json:"finished_at" nullable:"true" doc:"When it came to its end; null before."`
}

// NewJob shows a job.
func NewJob(j sinew.Job) Job {
	return Job{
		ID: j.ID, EnvironmentID: j.EnvironmentID, Kind: j.Kind, State: string(j.State), Attempt: j.Attempt, MaxAttempts: j.MaxAttempts, Priority: j.Priority,
		RunAt: Time(j.RunAt), LastError: orNil(j.LastError), CreatedAt: Time(j.CreatedAt), FinishedAt: Time(j.FinishedAt),
	}
}

// Queue is what stands in line, of all environments.
type Queue struct {
	Kinds     []QueueKind `json:"kinds" doc:"What stands in line, by what it does."`
	Schedules []Schedule  `json:"schedules" doc:"What the server does again and again."`
	CountedTo int         `json:"counted_to" doc:"A count that has reached this number may be higher." example:"10000"`
}

// QueueKind is what stands in line of one kind of job.
type QueueKind struct {
	Kind        string `json:"kind" doc:"What the jobs do." example:"deliver_webhook"`
	Due         int64  `json:"due" doc:"Jobs that could begin now."`
	Scheduled   int64  `json:"scheduled" doc:"Jobs whose time has yet to come."`
	Waiting     int64  `json:"waiting" doc:"Jobs that are due and held back by others of their concurrency key."`
	Running     int64  `json:"running" doc:"Jobs under way, on all nodes."`
	Retrying    int64  `json:"retrying" doc:"Those of due, scheduled and waiting that have been tried before."`
	Failed      int64  `json:"failed" doc:"Jobs that were given up in the last 14 days."`
	OldestDueAt Time   `json:"oldest_due_at" nullable:"true" doc:"Since when the first of due and waiting has been due; null for none."`
	NextDueAt   Time   `json:"next_due_at" nullable:"true" doc:"When the first of scheduled will be due; null for none."`
}

// NewQueueKind shows what stands in line of one kind.
func NewQueueKind(d sinew.JobDepth) QueueKind {
	return QueueKind{
		Kind: d.Kind, Due: d.Due, Scheduled: d.Scheduled, Waiting: d.Waiting, Running: d.Running, Retrying: d.Retrying, Failed: d.Failed,
		OldestDueAt: Time(d.Oldest), NextDueAt: Time(d.Next),
	}
}

// Schedule is what is done again and again.
type Schedule struct {
	Name      string `json:"name" doc:"The name of the schedule." example:"prune_jobs"`
	Cron      string `json:"cron" doc:"When it is due, in UTC: minute, hour, day, month, weekday." example:"*/15 * * * *"`
	Kind      string `json:"kind" doc:"The kind of the jobs that it enqueues."`
	Enabled   bool   `json:"enabled" doc:"Whether it is ever due."`
	NextRunAt Time   `json:"next_run_at" nullable:"true" doc:"When it is due next; null for never."`
	LastRunAt Time   `json:"last_run_at" nullable:"true" doc:"When it was due last; null when it was not yet."`
}

// NewSchedule shows a schedule.
func NewSchedule(c sinew.Schedule) Schedule {
	return Schedule{Name: c.Name, Cron: c.Cron, Kind: c.Kind, Enabled: c.Enabled, NextRunAt: Time(c.NextRunAt), LastRunAt: Time(c.LastRunAt)}
}
