package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
)

const scheduleFrom = `SELECT name, coalesce(environment_id, ''), cron, kind, args, priority, max_attempts, enabled, next_run_at, last_run_at, created_at, updated_at FROM schedule`

func scanSchedule(row scanner) (c sinew.Schedule, err error) {
	var next, last sql.NullInt64
	var created, updated int64
	err = row.Scan(&c.Name, &c.EnvironmentID, &c.Cron, &c.Kind, &c.Args, &c.Priority, &c.MaxAttempts, &c.Enabled, &next, &last, &created, &updated)
	c.NextRunAt, c.LastRunAt = fromNullMillis(next), fromNullMillis(last)
	c.CreatedAt, c.UpdatedAt = fromMillis(created), fromMillis(updated)
	return c, err
}

// PutSchedule writes a schedule by its name. One that is there already and is due by
// the same expression stays due when it was: each node that starts puts the same
// ones, and must not move them on.
func (s *Store) PutSchedule(ctx context.Context, c sinew.Schedule) error {
	now := s.Now().UnixMilli()
	if !c.Enabled {
		c.NextRunAt = time.Time{}
	}
	return wrap(s.changeAside(ctx, func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO schedule (name, environment_id, cron, kind, args, priority, max_attempts, enabled, next_run_at, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
			ON CONFLICT (name) DO UPDATE SET environment_id = excluded.environment_id, cron = excluded.cron, kind = excluded.kind, args = excluded.args,
				priority = excluded.priority, max_attempts = excluded.max_attempts, enabled = excluded.enabled, updated_at = excluded.updated_at,
				next_run_at = CASE WHEN schedule.cron = excluded.cron AND schedule.enabled = excluded.enabled THEN schedule.next_run_at ELSE excluded.next_run_at END`,
			c.Name, orNull(c.EnvironmentID), c.Cron, c.Kind, string(c.Args.Or(sinew.EmptyObject)), c.Priority, max(c.MaxAttempts, 1), c.Enabled, millis(c.NextRunAt), now)
		return err
	}), "put schedule %s", c.Name)
}

// DeleteSchedule takes a schedule away; jobs that it has enqueued stay. NotFound when
// there is none.
func (s *Store) DeleteSchedule(ctx context.Context, name string) error {
	return wrap(s.changeAside(ctx, func(t *tx) error {
		found, err := affected(t.ExecContext(ctx, "DELETE FROM schedule WHERE name = $1", name))
		if err == nil && !found {
			return sinew.NotFound("Schedule", name)
		}
		return err
	}), "delete schedule %s", name)
}

// Schedule returns a schedule. NotFound when there is none.
func (s *Store) Schedule(ctx context.Context, name string) (sinew.Schedule, error) {
	c, err := scanSchedule(s.reader.QueryRowContext(ctx, scheduleFrom+" WHERE name = $1", name))
	return c, notFound("Schedule", name, err)
}

// Schedules returns the schedules of the installation itself, by name.
func (s *Store) Schedules(ctx context.Context) ([]sinew.Schedule, error) {
	all, err := queryRows(ctx, s.reader, scanSchedule, scheduleFrom+" WHERE environment_id IS NULL ORDER BY name")
	return all, wrap(err, "list schedules")
}

// DueSchedules returns schedules that are due, the longest due ones first.
func (s *Store) DueSchedules(ctx context.Context, limit int) ([]sinew.Schedule, error) {
	due, err := queryRows(ctx, s.reader, scanSchedule, scheduleFrom+" WHERE next_run_at <= $1 ORDER BY next_run_at, name LIMIT "+strconv.Itoa(limit), s.Now().UnixMilli())
	return due, wrap(err, "find schedules that are due")
}

// NextSchedule returns when the next schedule is due; ok is false when there is none.
func (s *Store) NextSchedule(ctx context.Context) (at time.Time, ok bool, err error) {
	var first sql.NullInt64
	err = s.reader.QueryRowContext(ctx, "SELECT min(next_run_at) FROM schedule WHERE next_run_at IS NOT NULL").Scan(&first)
	return fromNullMillis(first), first.Valid, wrap(err, "find the next schedule")
}

// RunSchedule moves a schedule on to the time that it is due next, the zero time for
// never, and enqueues the job of the occurrence that it was due at, both or neither.
// ran is false when another node was faster, or the schedule has changed meanwhile.
func (s *Store) RunSchedule(ctx context.Context, c sinew.Schedule, next time.Time) (ran bool, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		ran, err = affected(t.ExecContext(ctx, "UPDATE schedule SET last_run_at = next_run_at, next_run_at = $4 WHERE name = $1 AND next_run_at = $2 AND cron = $3",
			c.Name, c.NextRunAt.UnixMilli(), c.Cron, millis(next)))
		if err != nil || !ran {
			return err
		}
		return insertJobs(ctx, t, []sinew.Job{c.Job()})
	})
	return ran && err == nil, wrap(err, "run schedule %s", c.Name)
}
