package notification

import (
	"context"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

const (
	// again is how long nobody is told once more that a caller has reached its limit.
	again = time.Hour
	// waiting bounds the notices that wait to be written.
	waiting = 64
	// remembered bounds the callers that are known to have been told of.
	remembered = 10_000
)

// exceeded are the callers that have reached their limit.
type exceeded struct {
	notices chan sinew.Notice
	mu      *sync.Mutex          // guards told
	told    map[string]time.Time // when people were told of a caller
}

func newExceeded() exceeded {
	return exceeded{notices: make(chan sinew.Notice, waiting), mu: new(sync.Mutex), told: map[string]time.Time{}}
}

// Exceeded takes note of a caller that has reached its limit. It never waits, so that
// refusals stay cheap.
func (s *Service) Exceeded(environmentID string, f sinew.LimitFacts) {
	at := now()
	if !s.exceeded.first(f.TokenID+f.AccountID, at) {
		return
	}
	select {
	case s.exceeded.notices <- sinew.Notice{EnvironmentID: environmentID, Type: sinew.NoticeMaxRequests, At: at, Facts: sinew.NoticeFacts{Limit: &f}}:
	default:
	}
}

func (e *exceeded) first(caller string, at time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if last, ok := e.told[caller]; ok && at.Sub(last) < again {
		return false
	}
	if len(e.told) >= remembered {
		clear(e.told)
	}
	e.told[caller] = at
	return true
}

// Run writes what Exceeded has taken note of, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-s.exceeded.notices:
			f := n.Facts.Limit
			if err := s.store.NotifyOnce(ctx, n, "limit:"+f.TokenID+f.AccountID, again); err != nil && ctx.Err() == nil {
				s.log.Warn("tell of a limit", "environment_id", n.EnvironmentID, "error", err.Error())
			}
		}
	}
}
