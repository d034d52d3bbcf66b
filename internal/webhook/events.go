package webhook

import (
	"context"
	"time"

	"github.com/sinewhq/sinew"
)

const (
	// LongestWait is how long a question for events may wait for one.
	LongestWait = 25 * time.Second
	// lookAgain is how often it is looked whether there is one.
	lookAgain = 250 * time.Millisecond
)

// Events returns one page of an environment's events. Where there are none, it waits
// for one for a while.
func (s *Service) Events(ctx context.Context, p sinew.Principal, q sinew.ListQuery, wait time.Duration) (sinew.Page[sinew.Event], error) {
	for end := time.Now().Add(min(wait, LongestWait)); ; {
		page, err := s.store.ListEvents(ctx, p.EnvironmentID, q)
		if err != nil || len(page.Rows) > 0 || !time.Now().Before(end) {
			return page, err
		}
		select {
		case <-ctx.Done():
			return page, ctx.Err()
		case <-s.stopped:
			return page, nil
		case <-time.After(lookAgain):
		}
	}
}

// Stop lets go of whoever waits for events.
func (s *Service) Stop() { s.stop() }
