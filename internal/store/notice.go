package store

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// notify writes the jobs that tell an environment's destinations of something, in the
// transaction of what they tell of.
func notify(ctx context.Context, t *tx, n sinew.Notice) error {
	all, err := queryRows(ctx, t, func(row scanner) (d sinew.NotificationDestination, err error) {
		var types []byte
		d.IsActive = true
		if err := row.Scan(&d.ID, &types); err != nil {
			return d, err
		}
		return d, jsonx.Unmarshal(types, &d.EventTypes)
	}, "SELECT id, event_types FROM notification_destination WHERE environment_id = $1 AND is_active ORDER BY id", n.EnvironmentID)
	if err != nil {
		return fmt.Errorf("find whom to tell of %s: %w", n.Type, err)
	}
	var jobs []sinew.Job
	for _, d := range all {
		if !d.Wants(n.Type) {
			continue
		}
		job, err := noticeJob(d.ID, n)
		if err != nil {
			return err
		}
		jobs = append(jobs, job)
	}
	return insertJobs(ctx, t, jobs)
}

// noticeAttempts is how often a notice is tried: for about a day.
const noticeAttempts = 36

// noticeArgs are the arguments of the job that sends a notice.
type noticeArgs struct {
	DestinationID string       `json:"destination_id"`
	Notice        sinew.Notice `json:"notice"`
}

func noticeJob(destinationID string, n sinew.Notice) (sinew.Job, error) {
	args, err := jsonx.Marshal(noticeArgs{destinationID, n})
	if err != nil {
		return sinew.Job{}, fmt.Errorf("write notice %s: %w", n.Type, err)
	}
	return sinew.Job{
		Kind: sinew.JobSendNotification, EnvironmentID: n.EnvironmentID, Args: sinew.JSON(args), ConcurrencyKey: "notification:" + destinationID, MaxAttempts: noticeAttempts,
	}, nil
}

// NotifyOnce tells an environment's destinations of something and writes its events,
// unless they were told of the same thing less than a while ago, by whichever node.
func (s *Store) NotifyOnce(ctx context.Context, n sinew.Notice, thing string, within time.Duration, events ...sinew.Event) error {
	err := s.changeAside(ctx, func(t *tx) error {
		now := s.Now().UnixMilli()
		first, err := affected(t.ExecContext(ctx, `INSERT INTO notice_mark (environment_id, thing, until) VALUES ($1, $2, $3)
			ON CONFLICT (environment_id, thing) DO UPDATE SET until = excluded.until WHERE notice_mark.until <= $4`,
			n.EnvironmentID, thing, now+within.Milliseconds(), now))
		if err != nil || !first {
			return err
		}
		if _, err := t.ExecContext(ctx, "DELETE FROM notice_mark WHERE environment_id = $1 AND until <= $2", n.EnvironmentID, now); err != nil {
			return err
		}
		if err := insertEvents(ctx, t, events); err != nil {
			return err
		}
		return notify(ctx, t, n)
	})
	return wrap(err, "tell of %s", thing)
}

// FinishSummary writes up to when failed calls were told of, with the notice that does
// so; nil when none failed. ErrJobLost, and nothing is written, when the job is another
// node's by now.
func (s *Store) FinishSummary(ctx context.Context, j sinew.Job, destinationID string, until time.Time, n *sinew.Notice) error {
	err := s.changeAside(ctx, func(t *tx) error {
		if err := holdJob(ctx, t, j); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, "UPDATE notification_destination SET summarized_until = $2 WHERE id = $1", destinationID, until.UnixMilli()); err != nil || n == nil {
			return err
		}
		job, err := noticeJob(destinationID, *n)
		if err != nil {
			return err
		}
		return insertJobs(ctx, t, []sinew.Job{job})
	})
	return wrap(err, "summarise errors for notification destination %s", destinationID)
}

// notifyHealth tells of a webhook that was switched on or off, or that will be.
func notifyHealth(ctx context.Context, t *tx, before, w sinew.Webhook) error {
	n := sinew.Notice{EnvironmentID: w.EnvironmentID, Type: sinew.NoticeWebhookDeactivated, At: t.store.Now()}
	facts := sinew.WebhookFacts{ID: w.ID, Address: origin(w.TargetURL), Active: w.IsActive, Reason: w.InactiveReason, FailingSince: w.FailingSince}
	switch {
	case w.IsActive && !before.IsActive:
		n.Type = sinew.NoticeWebhookActivated
	case !w.IsActive && before.IsActive:
	case w.IsActive && before.NoticedAt.IsZero() && !w.NoticedAt.IsZero():
		facts.SwitchedOffAt = w.FailingSince.Add(sinew.WebhookGivenUpAfter)
	default:
		return nil
	}
	n.Facts.Webhook = &facts
	return notify(ctx, t, n)
}

// origin is the part of an address that is no secret.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// notifyToken tells of an API token that has come or gone.
func notifyToken(ctx context.Context, t *tx, token sinew.APIToken, deleted bool) error {
	return notify(ctx, t, sinew.Notice{
		EnvironmentID: token.EnvironmentID, Type: sinew.NoticeAPITokens, At: t.store.Now(),
		Facts: sinew.NoticeFacts{Token: &sinew.TokenFacts{ID: token.ID, Name: token.Name, Deleted: deleted}},
	})
}
