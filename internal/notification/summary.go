package notification

import (
	"context"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
)

const (
	// window is how long failed calls are gathered before people are told of them.
	window = 10 * time.Minute
	// settled is how long a record of a call may take to be written.
	settled = 15 * time.Second
)

// Summarize tells a destination of the calls that have failed since it was last told,
// and comes back in a window's time.
func (s *Service) Summarize(ctx context.Context, j sinew.Job) error {
	args, err := jobOf(j)
	if err != nil {
		return err
	}
	d, err := s.store.NotificationDestination(ctx, j.EnvironmentID, args.DestinationID)
	if sinew.IsNotFound(err) || err == nil && (!d.Wants(sinew.NoticeAPIErrors) || d.SummarizedUntil.IsZero()) {
		return nil
	}
	if err != nil {
		return err
	}
	due := d.SummarizedUntil.Add(window + settled)
	if now := s.store.Now(); now.Before(due) {
		return jobs.PutOff(due)
	}
	until := s.store.Now().Add(-settled)
	ignored := make([]string, len(d.Config.IgnoredStatusCodes))
	for i, code := range d.Config.IgnoredStatusCodes {
		ignored[i] = strconv.FormatInt(code, 10)
	}
	failed, err := s.store.FailedCalls(ctx, d.EnvironmentID, d.SummarizedUntil, until, ignored)
	if err != nil {
		return err
	}
	var n *sinew.Notice
	if failed.Total > 0 {
		for i := range failed.Groups {
			failed.Groups[i].Message = cut(failed.Groups[i].Message, maxLine)
		}
		n = &sinew.Notice{EnvironmentID: d.EnvironmentID, Type: sinew.NoticeAPIErrors, At: s.store.Now(), Facts: sinew.NoticeFacts{Errors: &failed}}
	}
	if err := s.store.FinishSummary(ctx, j, d.ID, until, n); err != nil {
		return err
	}
	return jobs.PutOff(until.Add(window + settled))
}
