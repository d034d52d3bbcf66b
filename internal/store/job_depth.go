package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
)

// JobDepths says what stands in line of some kinds of job, and of any other that has
// jobs in line or failed, by the name of the kind. It reads along indexes, and no
// further than sinew.MaxJobCount, so that it costs the same for any queue.
func (s *Store) JobDepths(ctx context.Context, kinds []string) ([]sinew.JobDepth, error) {
	known := map[string]bool{}
	for _, kind := range kinds {
		known[kind] = true
	}
	for _, state := range []string{"ready", "waiting", "failed"} {
		if err := s.eachJobKind(ctx, state, func(kind string) { known[kind] = true }); err != nil {
			return nil, fmt.Errorf("find the kinds of %s jobs: %w", state, err)
		}
	}
	running, err := s.runningJobs(ctx)
	if err != nil {
		return nil, fmt.Errorf("count running jobs: %w", err)
	}
	for kind := range running {
		known[kind] = true
	}
	depths := make([]sinew.JobDepth, 0, len(known))
	for _, kind := range slices.Sorted(maps.Keys(known)) {
		d, err := s.jobDepth(ctx, kind)
		if err != nil {
			return nil, fmt.Errorf("count jobs of %s: %w", kind, err)
		}
		d.Running = running[kind]
		depths = append(depths, d)
	}
	return depths, nil
}

// eachJobKind visits the kinds of which there are jobs in a state, by one step in the
// index each.
func (s *Store) eachJobKind(ctx context.Context, state string, visit func(kind string)) error {
	for last := ""; ; {
		// The state stands in the text, so that a plan for any parameter may use the
		// index of the state.
		err := s.reader.QueryRowContext(ctx, "SELECT kind FROM job WHERE state = '"+state+"' AND kind > $1 ORDER BY kind LIMIT 1", last).Scan(&last)
		if isNoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		visit(last)
	}
}

// runningJobs counts jobs under way, of which there are as many as nodes have room
// for.
func (s *Store) runningJobs(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	_, err := queryRows(ctx, s.reader, func(row scanner) (struct{}, error) {
		var kind string
		var n int64
		err := row.Scan(&kind, &n)
		counts[kind] = n
		return struct{}{}, err
	}, "SELECT kind, count(*) FROM job WHERE state = 'running' GROUP BY kind")
	return counts, err
}

func (s *Store) jobDepth(ctx context.Context, kind string) (sinew.JobDepth, error) {
	d := sinew.JobDepth{Kind: kind}
	now := s.Now().UnixMilli()
	earlier := func(first sql.NullInt64, than time.Time) time.Time {
		if at := fromNullMillis(first); first.Valid && (than.IsZero() || at.Before(than)) {
			return at
		}
		return than
	}
	err := eachPriority(ctx, s.reader, kind, func(priority int64) (done bool, err error) {
		var due, scheduled int64
		var oldest, next sql.NullInt64
		err = s.reader.QueryRowContext(ctx, `SELECT
				(SELECT count(*) FROM (`+capped("state = 'ready' AND kind = $1 AND priority = $2 AND run_at <= $3")+`) d),
				(SELECT count(*) FROM (`+capped("state = 'ready' AND kind = $1 AND priority = $2 AND run_at > $3")+`) s),
				(SELECT run_at FROM job WHERE state = 'ready' AND kind = $1 AND priority = $2 AND run_at <= $3 ORDER BY run_at, id LIMIT 1),
				(SELECT run_at FROM job WHERE state = 'ready' AND kind = $1 AND priority = $2 AND run_at > $3 ORDER BY run_at, id LIMIT 1)`, kind, priority, now).Scan(&due, &scheduled, &oldest, &next)
		d.Due, d.Scheduled = min(d.Due+due, sinew.MaxJobCount), min(d.Scheduled+scheduled, sinew.MaxJobCount)
		d.Oldest, d.Next = earlier(oldest, d.Oldest), earlier(next, d.Next)
		return false, err
	})
	if err != nil {
		return d, err
	}
	var held sql.NullInt64
	err = s.reader.QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM (`+capped("state = 'waiting' AND kind = $1")+`) w),
			(SELECT run_at FROM job WHERE state = 'waiting' AND kind = $1 ORDER BY run_at LIMIT 1),
			(SELECT count(*) FROM (`+capped("state IN ('ready', 'waiting') AND attempt > 0 AND kind = $1")+`) r),
			(SELECT count(*) FROM (`+capped("state = 'failed' AND kind = $1")+`) f)`, kind).Scan(&d.Waiting, &held, &d.Retrying, &d.Failed)
	d.Oldest = earlier(held, d.Oldest)
	return d, err
}

// capped reads rows of the queue up to the most that are counted.
func capped(where string) string {
	return "SELECT 1 FROM job WHERE " + where + " LIMIT " + strconv.Itoa(sinew.MaxJobCount)
}

// Jobs returns one page of an environment's jobs.
func (s *Store) Jobs(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Job], error) {
	list := listing[sinew.Job]{
		selects: "SELECT " + jobColumns + " FROM job", columns: plainColumns("id", "kind", "state", "created_at"), scan: scanJob,
		position: func(j sinew.Job, sort sinew.Sort) sinew.Position {
			return stamped(j.CreatedAt, j.CreatedAt, j.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list jobs")
}
