package notification

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	letters "github.com/sinewhq/sinew/internal/mail"
	"github.com/sinewhq/sinew/internal/retry"
	"github.com/sinewhq/sinew/internal/upstream"
)

// job is what the arguments of the jobs hold.
type job struct {
	DestinationID string       `json:"destination_id"`
	Notice        sinew.Notice `json:"notice"`
}

func jobOf(j sinew.Job) (args job, err error) {
	if err := jsonx.Unmarshal([]byte(j.Args), &args); err != nil {
		return args, jobs.Cancel(fmt.Errorf("read the arguments of job %s: %w", j.ID, err))
	}
	return args, nil
}

// Send tells a destination of a notice. One that is gone, or switched off by now, is
// not told.
func (s *Service) Send(ctx context.Context, j sinew.Job) error {
	args, err := jobOf(j)
	if err != nil {
		return err
	}
	d, err := s.store.NotificationDestination(ctx, j.EnvironmentID, args.DestinationID)
	if sinew.IsNotFound(err) || err == nil && !d.IsActive {
		return nil
	}
	if err != nil {
		return err
	}
	r := s.tell(ctx, d, args.Notice, j.ID)
	if err := s.store.NoteNotification(context.WithoutCancel(ctx), d.ID, r.text()); err != nil {
		return err
	}
	switch {
	case r.err == nil:
		return nil
	case r.final:
		s.log.Warn("a notification is not wanted", "destination_id", d.ID, "environment_id", d.EnvironmentID, "notice", args.Notice.Type, "error", r.text())
		return jobs.Cancel(r.err)
	case r.wait > 0:
		return jobs.Retry(r.wait, r.err)
	}
	return r.err
}

// Test tells a destination of a test and waits for what comes of it. Upstream when it
// was not taken.
func (s *Service) Test(ctx context.Context, p sinew.Principal, id string) error {
	d, err := s.Get(ctx, p, id)
	if err != nil {
		return err
	}
	r := s.test(ctx, d)
	if err := s.store.NoteNotification(context.WithoutCancel(ctx), d.ID, r.text()); err != nil {
		return err
	}
	return testError(r)
}

// TestUnsaved is Test for a destination that is yet to be made.
func (s *Service) TestUnsaved(ctx context.Context, p sinew.Principal, kind sinew.DestinationType, c Change) error {
	d, err := s.newDestination(p, kind, c)
	if err != nil {
		return err
	}
	return testError(s.test(ctx, d))
}

func (s *Service) test(ctx context.Context, d sinew.NotificationDestination) result {
	return s.tell(ctx, d, sinew.Notice{EnvironmentID: d.EnvironmentID, Type: sinew.NoticeTest, At: now()}, uuid.NewString())
}

func testError(r result) error {
	if r.err == nil {
		return nil
	}
	return sinew.Errorf(sinew.KindUpstream, "The destination has not taken the test: %s", r.text()).WithCode("notification_test_failed")
}

// result is what came of telling a destination.
type result struct {
	err error
	// final says that there is no point in trying again.
	final bool
	// wait is how long the destination wants to be left alone.
	wait time.Duration
}

// text is the error in words that people may see, "" for none.
func (r result) text() string {
	if r.err == nil {
		return ""
	}
	return reasonOf(r.err)
}

// tell sends a notice. id is the same in each try.
func (s *Service) tell(ctx context.Context, d sinew.NotificationDestination, n sinew.Notice, id string) result {
	if d.Type == sinew.DestinationSlack {
		return s.slack(ctx, d, s.words(n))
	}
	return s.email(ctx, d, s.words(n), id)
}

// keptAnswer is how much of an answer is read, in bytes.
const keptAnswer = 512

// slack posts a text to an incoming webhook of Slack, or of what takes the same.
func (s *Service) slack(ctx context.Context, d sinew.NotificationDestination, t text) result {
	body, err := jsonx.Marshal(slackMessage{Text: t.slack()})
	if err != nil {
		return result{err: err, final: true}
	}
	response, err := s.sender.Do(ctx, &upstream.Request{
		Method: http.MethodPost, URL: d.Config.WebhookURL, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, NoRedirects: true,
		Limits: upstream.Limits{Connect: 5 * time.Second, FirstByte: 10 * time.Second, Total: 15 * time.Second},
	})
	if err != nil {
		return result{err: err}
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, keptAnswer))
	if response.Status >= 200 && response.Status < 300 {
		return result{}
	}
	return result{
		err: sinew.Errorf(sinew.KindUpstream, "it answered %d %s", response.Status, printable(said)),
		// What Slack says of a webhook that is revoked, and of a channel that is gone.
		final: slices.Contains([]int{http.StatusForbidden, http.StatusNotFound, http.StatusGone}, response.Status),
		wait:  retry.After(response.Header.Get("Retry-After"), time.Now()),
	}
}

type slackMessage struct {
	Text string `json:"text"`
}

func (s *Service) email(ctx context.Context, d sinew.NotificationDestination, t text, id string) result {
	if s.mailer == nil {
		return result{err: sinew.Errorf(sinew.KindUnavailable, "this server sends no e-mail: its settings name no mail server (smtp-host)")}
	}
	subject := t.subject
	if d.Config.SubjectPrefix != "" {
		subject = d.Config.SubjectPrefix + " " + subject
	}
	err := s.mailer.Send(ctx, letters.Message{ID: id, To: d.Config.To, Cc: d.Config.Cc, Bcc: d.Config.Bcc, Subject: subject, Text: t.plain()})
	_, refused := errors.AsType[*letters.RefusedError](err)
	return result{err: err, final: refused}
}

// reasonOf says why something failed, in words that people may see.
func reasonOf(err error) string {
	if known, ok := errors.AsType[*sinew.Error](err); ok {
		return known.Message
	}
	if refused, ok := errors.AsType[*letters.RefusedError](err); ok {
		return "the mail server refused it: " + printable([]byte(refused.Error()))
	}
	return "it could not be reached"
}
