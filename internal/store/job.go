package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

const jobColumns = `id, kind, coalesce(environment_id, ''), args, coalesce(unique_key, ''), coalesce(concurrency_key, ''), concurrency_limit, priority, run_at,
	max_attempts, state, attempt, fence, lease_until, coalesce(last_error, ''), created_at, finished_at`

func scanJob(row scanner) (j sinew.Job, err error) {
	var runAt, created int64
	var lease, finished sql.NullInt64
	err = row.Scan(&j.ID, &j.Kind, &j.EnvironmentID, &j.Args, &j.UniqueKey, &j.ConcurrencyKey, &j.Limit, &j.Priority, &runAt,
		&j.MaxAttempts, &j.State, &j.Attempt, &j.Fence, &lease, &j.LastError, &created, &finished)
	j.RunAt, j.CreatedAt = fromMillis(runAt), fromMillis(created)
	j.LeaseUntil, j.FinishedAt = fromNullMillis(lease), fromNullMillis(finished)
	return j, err
}

// EnqueueJobs writes jobs. Of one whose unique key stands in line already, the
// one in line stays, and runs when the earlier of the two would have.
func (s *Store) EnqueueJobs(ctx context.Context, jobs ...sinew.Job) error {
	return wrap(s.changeAside(ctx, func(t *tx) error { return insertJobs(ctx, t, jobs) }), "enqueue %d jobs", len(jobs))
}

// insertBatch is how many jobs one statement writes.
const insertBatch = 200

// insertJobs writes jobs with the change that asks for them.
func insertJobs(ctx context.Context, t *tx, jobs []sinew.Job) error {
	for len(jobs) > 0 {
		n := distinctJobs(jobs)
		if err := insertSome(ctx, t, jobs[:n], sooner); err != nil {
			return err
		}
		jobs = jobs[n:]
	}
	return nil
}

// sooner brings a job in line forward. One that has had its last try, and stands there to
// be given up, has all of its tries for what is asked of it now.
const sooner = `run_at = CASE WHEN excluded.run_at < job.run_at THEN excluded.run_at ELSE job.run_at END,
	attempt = CASE WHEN job.attempt >= job.max_attempts THEN 0 ELSE job.attempt END`

// insertSome writes jobs by one statement, or changes those of their unique keys that
// are in line.
func insertSome(ctx context.Context, t *tx, jobs []sinew.Job, inLine string) error {
	t.jobs = true
	now := t.store.Now()
	var args []any
	for _, j := range jobs {
		if j.RunAt.IsZero() {
			j.RunAt = now
		}
		args = append(args, newID(), j.Kind, orNull(j.EnvironmentID), string(j.Args.Or(sinew.EmptyObject)), orNull(j.UniqueKey), orNull(j.ConcurrencyKey), max(j.Limit, 1), j.Priority,
			j.RunAt.UnixMilli(), max(j.MaxAttempts, 1), "ready", 0, 0, now.UnixMilli())
	}
	_, err := t.ExecContext(ctx, `INSERT INTO job (id, kind, environment_id, args, unique_key, concurrency_key, concurrency_limit, priority, run_at,
			max_attempts, state, attempt, fence, created_at)
		VALUES `+rowValues(len(jobs), 14)+`
		ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL AND state IN ('ready', 'waiting')
		DO UPDATE SET `+inLine, args...)
	return wrap(err, "enqueue %s", jobs[0].Kind)
}

// distinctJobs returns how many jobs one statement can write: PostgreSQL refuses one
// that touches a row twice.
func distinctJobs(jobs []sinew.Job) int {
	seen := make(map[string]bool, min(len(jobs), insertBatch))
	for n, j := range jobs {
		if n == insertBatch || seen[j.UniqueKey] {
			return n
		}
		if j.UniqueKey != "" {
			seen[j.UniqueKey] = true
		}
	}
	return len(jobs)
}

// rescheduleJob puts the job of a unique key at another time, or writes it.
func rescheduleJob(ctx context.Context, t *tx, j sinew.Job) error {
	return insertSome(ctx, t, []sinew.Job{j}, "run_at = excluded.run_at, args = excluded.args, attempt = 0, state = 'ready'")
}

// lockJobs makes claims, and ends of jobs that others wait for, follow each other
// on all nodes. SQLite's one writer does so anyway.
func lockJobs(ctx context.Context, t *tx) error {
	if t.store.dialect.forUpdate == "" {
		return nil
	}
	_, err := t.ExecContext(ctx, "SELECT name FROM job_lock WHERE name = 'claim'"+t.store.dialect.forUpdate)
	return wrap(err, "lock jobs")
}

// maxPutBack bounds the jobs that one claim finds to be held back by others.
const maxPutBack = 500

// ClaimJobs takes jobs that are due and may run, and leases them to the caller.
// more is set when there may be others.
func (s *Store) ClaimJobs(ctx context.Context, room []sinew.JobRoom, lease time.Duration) (claimed []sinew.Job, more bool, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		claimed, more = nil, false
		if err := lockJobs(ctx, t); err != nil {
			return err
		}
		for _, r := range room {
			c := jobClaim{tx: t, kind: r.Kind, free: r.Free, now: s.Now(), running: map[string]int{}}
			if err := c.run(ctx); err != nil {
				return fmt.Errorf("claim %s: %w", r.Kind, err)
			}
			taken, err := c.take(ctx, lease)
			if err != nil {
				return fmt.Errorf("claim %s: %w", r.Kind, err)
			}
			claimed, more = append(claimed, taken...), more || c.more
		}
		return nil
	})
	return claimed, more, wrap(err, "claim jobs")
}

// jobClaim looks for jobs of one kind that may run.
type jobClaim struct {
	*tx
	kind    string
	free    int
	now     time.Time
	running map[string]int // jobs of a concurrency key, those of this claim included
	chosen  []string
	back    []string
	more    bool
}

// run goes from priority to priority, of which there are few.
func (c *jobClaim) run(ctx context.Context) error {
	return eachPriority(ctx, c.Tx, c.kind, func(priority int64) (done bool, err error) { return c.choose(ctx, priority) })
}

// eachPriority visits the priorities of which a kind has jobs in line, by one
// step in the index each, until a visit says that it is done.
func eachPriority(ctx context.Context, q querier, kind string, visit func(priority int64) (done bool, err error)) error {
	for last := int64(math.MinInt64); ; {
		// Not min(): PostgreSQL, when it knows little of the table yet, would read all
		// that there is.
		err := q.QueryRowContext(ctx, "SELECT priority FROM job WHERE state = 'ready' AND kind = $1 AND priority > $2 ORDER BY priority, run_at, id LIMIT 1", kind, last).Scan(&last)
		if isNoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if done, err := visit(last); done || err != nil {
			return err
		}
	}
}

// choose takes what is due of a priority, and puts back what others of its
// concurrency key hold back. full is set when there is no more room.
func (c *jobClaim) choose(ctx context.Context, priority int64) (full bool, err error) {
	type candidate struct {
		id, key string
		limit   int
		runAt   int64
	}
	last := candidate{runAt: -1 << 62}
	for {
		limit := max(2*(c.free-len(c.chosen)), 16)
		found, err := queryRows(ctx, c.Tx, func(row scanner) (j candidate, err error) {
			return j, row.Scan(&j.id, &j.key, &j.limit, &j.runAt)
		}, `SELECT id, coalesce(concurrency_key, ''), concurrency_limit, run_at FROM job WHERE state = 'ready' AND kind = $1 AND priority = $2 AND run_at <= $3
			AND (run_at, id) > ($4, $5) ORDER BY run_at, id LIMIT `+strconv.Itoa(limit), c.kind, priority, c.now.UnixMilli(), last.runAt, last.id)
		if err != nil {
			return false, err
		}
		for _, j := range found {
			if len(c.chosen) >= c.free || len(c.back) >= maxPutBack {
				c.more = true
				return true, nil
			}
			free, err := c.hasRoom(ctx, j.key, j.limit)
			if err != nil {
				return false, err
			}
			if free {
				c.chosen = append(c.chosen, j.id)
			} else {
				c.back = append(c.back, j.id)
			}
		}
		if len(found) < limit {
			return false, nil
		}
		last = found[len(found)-1]
	}
}

// hasRoom takes a place of a concurrency key, if there is one.
func (c *jobClaim) hasRoom(ctx context.Context, key string, limit int) (bool, error) {
	if key == "" {
		return true, nil
	}
	n, known := c.running[key]
	if !known {
		if err := c.QueryRowContext(ctx, "SELECT count(*) FROM job WHERE state = 'running' AND concurrency_key = $1", key).Scan(&n); err != nil {
			return false, err
		}
	}
	if n >= limit {
		c.running[key] = n
		return false, nil
	}
	c.running[key] = n + 1
	return true, nil
}

func (c *jobClaim) take(ctx context.Context, lease time.Duration) ([]sinew.Job, error) {
	if len(c.back) > 0 {
		in, args := idList(1, c.back)
		if _, err := c.ExecContext(ctx, "UPDATE job SET state = 'waiting' WHERE state = 'ready' AND id IN ("+in+")", args...); err != nil {
			return nil, err
		}
	}
	if len(c.chosen) == 0 {
		return nil, nil
	}
	// A job may have been put off since it was chosen, by a change that this statement
	// has waited for.
	in, args := idList(3, c.chosen)
	jobs, err := queryRows(ctx, c.Tx, scanJob, "UPDATE job SET state = 'running', attempt = attempt + 1, fence = fence + 1, lease_until = $1 WHERE state = 'ready' AND run_at <= $2 AND id IN ("+in+") RETURNING "+jobColumns,
		append([]any{c.now.Add(lease).UnixMilli(), c.now.UnixMilli()}, args...)...)
	slices.SortFunc(jobs, func(a, b sinew.Job) int { return slices.Index(c.chosen, a.ID) - slices.Index(c.chosen, b.ID) })
	return jobs, err
}

// idList writes a list of parameters that begins at a number.
func idList(from int, ids []string) (in string, args []any) {
	params := make([]string, len(ids))
	args = make([]any, len(ids))
	for i, id := range ids {
		params[i], args[i] = "$"+strconv.Itoa(from+i), id
	}
	return strings.Join(params, ", "), args
}

// ExtendJobs renews the leases of jobs under way, and returns the ids of those
// that the caller has lost.
func (s *Store) ExtendJobs(ctx context.Context, jobs []sinew.Job, lease time.Duration) (lost []string, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		lost = nil
		until := s.Now().Add(lease).UnixMilli()
		for _, j := range jobs {
			held, err := affected(t.ExecContext(ctx, "UPDATE job SET lease_until = $3 WHERE id = $1 AND fence = $2 AND state = 'running'", j.ID, j.Fence, until))
			if err != nil {
				return err
			}
			if !held {
				lost = append(lost, j.ID)
			}
		}
		return nil
	})
	return lost, wrap(err, "extend the leases of %d jobs", len(jobs))
}

// FinishJobs writes what came of jobs, and lets those go on that waited for
// them. It returns the ids of jobs that the caller had lost, whose outcome
// counts for nothing.
func (s *Store) FinishJobs(ctx context.Context, outcomes []sinew.JobOutcome) (lost []string, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		lost = nil
		if slices.ContainsFunc(outcomes, func(o sinew.JobOutcome) bool { return o.Job.ConcurrencyKey != "" }) {
			if err := lockJobs(ctx, t); err != nil {
				return err
			}
		}
		for _, o := range outcomes {
			held, err := finishJob(ctx, t, o)
			if err != nil {
				return fmt.Errorf("job %s: %w", o.Job.ID, err)
			}
			if !held {
				lost = append(lost, o.Job.ID)
			}
		}
		return nil
	})
	return lost, wrap(err, "finish %d jobs", len(outcomes))
}

func finishJob(ctx context.Context, t *tx, o sinew.JobOutcome) (held bool, err error) {
	at, runAt := t.store.Now(), o.Job.RunAt
	if o.State == sinew.JobReady {
		runAt, at = o.RunAt, time.Time{}
	}
	uncounted := 0
	if o.Uncounted {
		uncounted = 1
	}
	// A job in line takes the place of one that would go back there.
	held, err = affected(t.ExecContext(ctx, `UPDATE job SET lease_until = NULL, run_at = $4, attempt = attempt - $5, last_error = $6, finished_at = $7,
			state = CASE WHEN $3 = 'ready' AND EXISTS (SELECT 1 FROM job o WHERE o.unique_key = job.unique_key AND o.state IN ('ready', 'waiting')) THEN 'cancelled' ELSE $3 END
		WHERE id = $1 AND fence = $2 AND state = 'running'`,
		o.Job.ID, o.Job.Fence, string(o.State), runAt.UnixMilli(), uncounted, orNull(o.Error), millis(at)))
	if err != nil || !held || o.Job.ConcurrencyKey == "" {
		return held, err
	}
	return true, promoteJob(ctx, t, o.Job.ConcurrencyKey)
}

// promoteJob lets the first job go on that waits for a concurrency key.
func promoteJob(ctx context.Context, t *tx, key string) error {
	_, err := t.ExecContext(ctx, `UPDATE job SET state = 'ready' WHERE id = (SELECT id FROM job WHERE state = 'waiting' AND concurrency_key = $1
		ORDER BY priority, run_at, id LIMIT 1)`, key)
	return wrap(err, "let the next job of %s go on", key)
}

// rescueBatch is how many jobs one rescue looks at.
const rescueBatch = 200

// RescueJobs takes back jobs whose lease has run out, since whoever held them is
// gone, and gives waiting ones their turn that nobody would. One that was in its last
// try goes back too: whoever claims it next gives it up. all takes back every job under
// way: at the start of the only node there is.
func (s *Store) RescueJobs(ctx context.Context, all bool) (rescued int, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		rescued = 0
		if err := lockJobs(ctx, t); err != nil {
			return err
		}
		before := s.Now()
		if all {
			before = before.AddDate(100, 0, 0)
		}
		gone, err := queryRows(ctx, t.Tx, scanJob, "SELECT "+jobColumns+" FROM job WHERE state = 'running' AND lease_until < $1 ORDER BY lease_until LIMIT "+strconv.Itoa(rescueBatch), before.UnixMilli())
		if err != nil {
			return err
		}
		for _, j := range gone {
			o := sinew.JobOutcome{Job: j, State: sinew.JobReady, RunAt: s.Now(), Error: "its node went away"}
			if _, err := finishJob(ctx, t, o); err != nil {
				return fmt.Errorf("job %s: %w", j.ID, err)
			}
		}
		rescued = len(gone)
		return promoteForgotten(ctx, t)
	})
	return rescued, wrap(err, "rescue jobs")
}

// promoteForgotten looks for keys of which jobs wait and none is ready or
// running. There should be none.
func promoteForgotten(ctx context.Context, t *tx) error {
	keys, err := queryRows(ctx, t.Tx, func(row scanner) (key string, err error) { return key, row.Scan(&key) },
		`SELECT DISTINCT w.concurrency_key FROM job w WHERE w.state = 'waiting'
			AND NOT EXISTS (SELECT 1 FROM job o WHERE o.state = 'running' AND o.concurrency_key = w.concurrency_key)
			AND NOT EXISTS (SELECT 1 FROM job o WHERE o.state = 'ready' AND o.concurrency_key = w.concurrency_key)`)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := promoteJob(ctx, t, key); err != nil {
			return err
		}
	}
	return nil
}

// NextJob returns when the next job of some kinds is due; ok is false when there
// is none in line.
func (s *Store) NextJob(ctx context.Context, kinds []string) (at time.Time, ok bool, err error) {
	for _, kind := range kinds {
		err := eachPriority(ctx, s.reader, kind, func(priority int64) (done bool, err error) {
			var first int64
			err = s.reader.QueryRowContext(ctx, "SELECT run_at FROM job WHERE state = 'ready' AND kind = $1 AND priority = $2 ORDER BY run_at, id LIMIT 1", kind, priority).Scan(&first)
			if isNoRows(err) {
				return false, nil // claimed meanwhile
			}
			if err == nil && (!ok || fromMillis(first).Before(at)) {
				at, ok = fromMillis(first), true
			}
			return false, err
		})
		if err != nil {
			return at, false, fmt.Errorf("find the next job of %s: %w", kind, err)
		}
	}
	return at, ok, nil
}

// CancelJob cancels a job that has not begun. NotFound when there is none.
func (s *Store) CancelJob(ctx context.Context, id string) error {
	found, err := affected(s.writer.ExecContext(ctx, "UPDATE job SET state = 'cancelled', finished_at = $2 WHERE id = $1 AND state IN ('ready', 'waiting')", id, s.Now().UnixMilli()))
	if err == nil && !found {
		return sinew.NotFound("Job", id)
	}
	return wrap(err, "cancel job %s", id)
}

// PruneJobs deletes jobs that ended before some moments: those that were done or
// cancelled, and those that failed.
func (s *Store) PruneJobs(ctx context.Context, done, failed time.Time) (pruned int64, err error) {
	for state, before := range map[sinew.JobState]time.Time{sinew.JobDone: done, sinew.JobCancelled: done, sinew.JobFailed: failed} {
		for {
			result, err := s.writer.ExecContext(ctx, "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state = $1 AND finished_at IS NOT NULL AND finished_at < $2 LIMIT "+strconv.Itoa(pruneBatch)+")",
				string(state), before.UnixMilli())
			if err != nil {
				return pruned, fmt.Errorf("prune %s jobs: %w", state, err)
			}
			n, err := result.RowsAffected()
			if pruned += n; err != nil || n < pruneBatch {
				break
			}
		}
	}
	return pruned, nil
}

// JobCounts counts the jobs of each kind and state.
func (s *Store) JobCounts(ctx context.Context) ([]sinew.JobCount, error) {
	counts, err := queryRows(ctx, s.reader, func(row scanner) (c sinew.JobCount, err error) {
		var oldest int64
		err = row.Scan(&c.Kind, &c.State, &c.Count, &oldest)
		c.Oldest = fromMillis(oldest)
		return c, err
	}, "SELECT kind, state, count(*), min(run_at) FROM job GROUP BY kind, state ORDER BY kind, state")
	return counts, wrap(err, "count jobs")
}

// Job returns a job. NotFound when there is none.
func (s *Store) Job(ctx context.Context, id string) (sinew.Job, error) {
	j, err := scanJob(s.reader.QueryRowContext(ctx, "SELECT "+jobColumns+" FROM job WHERE id = $1", id))
	return j, notFound("Job", id, err)
}
