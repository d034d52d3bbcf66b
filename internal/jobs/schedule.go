package jobs

import (
	"context"
	"time"

	"github.com/sinewhq/sinew"
)

// scheduleBatch is how many schedules are read at once.
const scheduleBatch = 100

// schedules enqueues what schedules are due, until the context ends. Every node does
// so; whoever moves a schedule on first enqueues its job.
func (r *Runner) schedules(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	put := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		var err error
		if put < len(r.own) {
			put, err = r.putSchedules(ctx, put)
		}
		pause := r.times.Schedule
		if err == nil {
			pause, err = r.runSchedules(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.log.Error("run schedules", "error", err.Error())
		}
		timer.Reset(pause)
	}
}

// putSchedules writes the runner's own schedules from one on, and returns how far it
// came.
func (r *Runner) putSchedules(ctx context.Context, from int) (int, error) {
	for i, c := range r.own[from:] {
		next, err := NextRun(c.Cron, r.store.Now())
		if err != nil {
			return from + i, err
		}
		c.NextRunAt = next
		if err := r.store.PutSchedule(ctx, c); err != nil {
			return from + i, err
		}
	}
	return len(r.own), nil
}

// runSchedules enqueues what is due, and says when to look again: Times.Schedule from
// now at most, since schedules are made on other nodes too.
func (r *Runner) runSchedules(ctx context.Context) (pause time.Duration, err error) {
	for {
		due, err := r.store.DueSchedules(ctx, scheduleBatch)
		if err != nil {
			return r.times.Schedule, err
		}
		for _, c := range due {
			if err := r.runSchedule(ctx, c); err != nil {
				return r.times.Schedule, err
			}
		}
		if len(due) < scheduleBatch {
			break
		}
	}
	at, ok, err := r.store.NextSchedule(ctx)
	if err != nil || !ok {
		return r.times.Schedule, err
	}
	return min(max(at.Sub(r.store.Now()), 0), r.times.Schedule), nil
}

// runSchedule enqueues the job of an occurrence. Those that were missed since are made
// up for by that one: the next occurrence is ahead of now.
func (r *Runner) runSchedule(ctx context.Context, c sinew.Schedule) error {
	next, err := NextRun(c.Cron, r.store.Now())
	if err != nil {
		r.log.Error("a schedule is due no more", "schedule", c.Name, "error", err.Error())
	}
	_, err = r.store.RunSchedule(ctx, c, next)
	return err
}
