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

// readiness says whether the server can work, and where the data of each
// region lives.
func (s *Server) readiness(c config.Config) func(context.Context) httpapi.Readiness {
	regions := regionDetail(c)
	return func(ctx context.Context) httpapi.Readiness {
		ctx, cancel := context.WithTimeout(ctx, readinessTimeout)
		defer cancel()
		database := httpapi.ReadinessCheck{Name: "database", OK: true, Detail: s.Core.Store.Engine()}
		if err := s.Core.Store.Ping(ctx); err != nil {
			s.log.WarnContext(ctx, "database does not answer", "error", err.Error())
			database.OK, database.Detail = false, s.Core.Store.Engine()+" does not answer"
		}
		return httpapi.Readiness{
			Ready:  database.OK,
			Checks: []httpapi.ReadinessCheck{database, {Name: "regions", OK: true, Detail: regions}},
		}
	}
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
