package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/store"
)

// readinessTimeout bounds a readiness check, so that a balancer gets its answer.
const readinessTimeout = 3 * time.Second

// The states of a server that readiness tells.
const (
	stateOK          = "ok"
	stateReadOnly    = "read_only"
	stateUnavailable = "unavailable"
)

// readiness says whether the server can work, and where the data of each region
// lives. A server that can change nothing still answers calls that read, so that it is
// ready; its jobs stand still then for that reason.
func (s *Server) readiness(c config.Config) func(context.Context) httpapi.Readiness {
	regions := httpapi.ReadinessCheck{Name: "regions", OK: true, Detail: regionDetail(c)}
	return func(ctx context.Context) httpapi.Readiness {
		ctx, cancel := context.WithTimeout(ctx, readinessTimeout)
		defer cancel()
		database := s.checkDatabase(ctx)
		if !database.OK {
			return httpapi.Readiness{State: stateUnavailable, Checks: []httpapi.ReadinessCheck{database, regions}}
		}
		changes, work := s.checkChanges(ctx), s.checkJobs(ctx)
		r := httpapi.Readiness{Ready: true, State: stateOK, Checks: []httpapi.ReadinessCheck{database, changes, work, regions}}
		switch {
		case !changes.OK:
			r.State = stateReadOnly
		case !work.OK:
			r.Ready, r.State = false, stateUnavailable
		}
		return r
	}
}

func (s *Server) checkDatabase(ctx context.Context) httpapi.ReadinessCheck {
	check := httpapi.ReadinessCheck{Name: "database", OK: true, Detail: s.Core.Store.Engine()}
	if err := s.Core.Store.Ping(ctx); err != nil {
		s.log.WarnContext(ctx, "database does not answer", "error", err.Error())
		check.OK, check.Detail = false, s.Core.Store.Engine()+" does not answer"
	}
	return check
}

func (s *Server) checkChanges(ctx context.Context) httpapi.ReadinessCheck {
	why, since := s.Core.Store.ReadOnly(ctx)
	if why == "" {
		return httpapi.ReadinessCheck{Name: "changes", OK: true, Detail: "taken"}
	}
	return httpapi.ReadinessCheck{Name: "changes", Detail: fmt.Sprintf("refused since %s: %s", moment(since), why)}
}

func (s *Server) checkJobs(ctx context.Context) httpapi.ReadinessCheck {
	if since, stalled := s.queue.Stalled(); stalled {
		return httpapi.ReadinessCheck{Name: "jobs", Detail: "none could be taken since " + moment(since)}
	}
	depths, err := s.queue.Depths(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "read the depth of the queue", "error", err.Error())
		return httpapi.ReadinessCheck{Name: "jobs", OK: true, Detail: "taken"}
	}
	due, oldest := int64(0), time.Duration(0)
	for _, d := range depths {
		due += d.Due + d.Waiting
		oldest = max(oldest, s.queue.Age(d.Oldest))
	}
	return httpapi.ReadinessCheck{Name: "jobs", OK: true, Detail: fmt.Sprintf("%d due, the first for %s", due, oldest.Round(time.Second))}
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// jobDepths is the depth of the queue for metrics.
func (s *Server) jobDepths() (all []obs.JobDepth, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), readinessTimeout)
	defer cancel()
	depths, err := s.queue.Depths(ctx)
	if err != nil {
		s.log.Warn("read the depth of the queue", "error", err.Error())
		return nil, false
	}
	for _, d := range depths {
		all = append(all, obs.JobDepth{
			Kind: d.Kind, Retrying: d.Retrying, Oldest: s.queue.Age(d.Oldest),
			Counts: map[string]int64{"due": d.Due, "scheduled": d.Scheduled, "waiting": d.Waiting, "running": d.Running, "failed": d.Failed},
		})
	}
	return all, true
}

// inboundDepth is how much vendors have delivered that is yet to become events, for
// metrics.
func (s *Server) inboundDepth() (count int64, oldest time.Duration, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), readinessTimeout)
	defer cancel()
	count, first, err := s.Core.Store.InboundDepth(ctx)
	if err != nil {
		s.log.Warn("count the deliveries that wait", "error", err.Error())
		return 0, 0, false
	}
	return count, s.queue.Age(first), true
}

func regionDetail(c config.Config) string {
	var placed, shared []string
	for _, region := range sinew.Regions() {
		if _, ok := c.Regions[region]; ok {
			placed = append(placed, region)
		} else {
			shared = append(shared, region)
		}
	}
	slices.Sort(placed)
	if len(placed) == 0 {
		return "all regions share one store"
	}
	return fmt.Sprintf("placed: %s; sharing one store: %s", strings.Join(placed, ", "), strings.Join(shared, ", "))
}

func poolStats(s store.PoolStats) obs.PoolStats {
	return obs.PoolStats{MaxOpen: s.MaxOpenConnections, Open: s.OpenConnections, InUse: s.InUse, Idle: s.Idle, WaitCount: s.WaitCount, WaitDuration: s.WaitDuration}
}
