package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
)

const (
	// doneKept and failedKept are how long jobs are kept that ended.
	doneKept   = 24 * time.Hour
	failedKept = 14 * 24 * time.Hour
	// choreAttempts is how often a chore is tried before its next occurrence.
	choreAttempts = 3
	// chorePriority lets other work go first.
	chorePriority = 100
)

// chore is what a server does by itself again and again. Its name is that of the
// schedule and of the kind of job.
type chore struct {
	name, cron string
	work       jobs.Work
}

// chores keep the data from growing for ever. They are a few minutes apart, so that
// they do not all begin at the full hour.
func chores(core *Core, w workers, log *slog.Logger) []chore {
	now := core.Store.Now
	return []chore{
		{"sweep_blobs", "*/15 * * * *", func(ctx context.Context, _ sinew.Job) error {
			n, err := core.Accounts.Sweep(ctx)
			if n > 0 {
				log.Info("swept blobs", "removed", n)
			}
			return err
		}},
		{"prune_jobs", "3-59/10 * * * *", func(ctx context.Context, _ sinew.Job) error {
			_, err := core.Store.PruneJobs(ctx, now().Add(-doneKept), now().Add(-failedKept))
			return err
		}},
		{"prune_logs", "6-59/10 * * * *", func(ctx context.Context, _ sinew.Job) error { return w.journal.Prune(ctx) }},
		{"prune_webhook_attempts", "8-59/15 * * * *", func(ctx context.Context, _ sinew.Job) error {
			_, err := core.Store.PruneWebhookAttempts(ctx, now().Add(-sinew.WebhookAttemptsKept))
			return err
		}},
		{"prune_inbound", "13-59/15 * * * *", func(ctx context.Context, _ sinew.Job) error {
			var before time.Time
			if w.inboundKept > 0 {
				before = now().Add(-w.inboundKept)
			}
			_, err := core.Store.PruneInbound(ctx, before)
			return err
		}},
		{"prune_events", "2-59/15 * * * *", func(ctx context.Context, _ sinew.Job) error {
			if w.eventsKept == 0 {
				return nil
			}
			_, err := core.Store.PruneEvents(ctx, now().Add(-w.eventsKept))
			return err
		}},
		{"prune_workflow_runs", "11-59/15 * * * *", func(ctx context.Context, _ sinew.Job) error {
			_, err := core.Store.PruneWorkflowRuns(ctx, now().Add(-sinew.WorkflowRunsKept))
			return err
		}},
	}
}
