package connect

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

const (
	// longestPause is the longest pause between two questions that failures make.
	longestPause = time.Minute
	// outage is the pause after a failure of ours, such as a database that is away.
	outage = 2 * time.Second
)

// PollDevice is the job that asks the vendor whether the customer of an attempt has
// agreed, again and again until there is an answer or the code has expired. It may
// be repeated: what a vendor has issued is kept in the journal and with the attempt
// before it is stored.
func (s *Service) PollDevice(ctx context.Context, j sinew.Job) error {
	args, err := jsonx.ParseString(string(j.Args))
	if err != nil {
		return jobs.Cancel(err)
	}
	a, err := s.Store.DeviceAttempt(ctx, args.Get("attempt_id").Str())
	if sinew.IsNotFound(err) {
		return nil // it has ended
	}
	var again time.Time
	if err == nil {
		again, err = s.pollDevice(ctx, a)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "poll device authorization", "attempt", a.ID, "integration", a.IntegrationName, "error", err.Error())
		again = s.Store.Now().Add(outage)
	}
	if again.IsZero() {
		return nil
	}
	return jobs.PutOff(again)
}

// pollDevice asks once. again is the zero time when there is nothing more to ask;
// the error is one of ours, after which the same is tried once more.
func (s *Service) pollDevice(ctx context.Context, a sinew.ConnectAttempt) (again time.Time, err error) {
	if s.Journal.Waits(Journalled, a.ID) {
		return s.Store.Now().Add(outage), nil // it has its token
	}
	if a.Status == sinew.AttemptRedirect && !a.Deadline.After(s.Store.Now()) {
		return again, s.Store.ExpireAttempt(ctx, a.ID, overdue(a.Status), view.ConnectionError)
	}
	b, err := s.resume(ctx, a)
	if err != nil {
		return again, err
	}
	d := b.memory.Device
	switch {
	case d.Token.Exists():
		return again, s.complete(ctx, &b, &issued{token: d.Token, scopes: d.Scopes})
	case b.token.Burnt():
		return again, s.Store.FailAttempt(ctx, a.ID, failedWith(FailedUsed, "This link has been used already."), view.ConnectionError)
	}
	g, err := b.grant()
	if err != nil {
		return again, s.fail(ctx, &b, err)
	}
	got, err := s.ask(ctx, &b, g, g.PollDevice(d.Code))
	if err != nil {
		return s.afterPoll(ctx, &b, err)
	}
	return again, s.completeDevice(ctx, &b, got)
}

// completeDevice stores a token. It is kept with the attempt too, from where every
// node can go on.
func (s *Service) completeDevice(ctx context.Context, b *begun, got *issued) error {
	// The vendor will not say it again, whether or not the job goes on.
	ctx = context.WithoutCancel(ctx)
	held := s.keep(ctx, b, got)
	b.memory.Device.Token, b.memory.Device.Scopes = got.token, got.scopes
	b.attempt.Enter(sinew.AttemptExchanging, s.Store.Now().Add(s.Times.Consent))
	err := s.saveDevice(ctx, b)
	switch {
	case err == nil:
		return s.completeHeld(ctx, b, got, held)
	case held == nil:
		return ignoreEnded(err)
	case sinew.IsNotFound(err):
		held.Done()
		return nil
	}
	held.Leave()
	return err
}

// afterPoll says when to ask again after an answer without a token, or ends the
// attempt (RFC 8628 section 3.5).
func (s *Service) afterPoll(ctx context.Context, b *begun, answer error) (again time.Time, err error) {
	d := b.memory.Device
	refusal, _ := errors.AsType[*credential.Refusal](answer)
	before := d.Seconds
	switch {
	case refusal != nil && refusal.Code == credential.DevicePending:
	case refusal != nil && refusal.Code == credential.DeviceSlowDown:
		d.Seconds += credential.SlowDown.Seconds()
	case isPassing(answer, b.label):
		d.Seconds = max(d.Seconds, min(2*d.Seconds, longestPause.Seconds()))
	default:
		return again, s.Store.FailAttempt(ctx, b.attempt.ID, s.deviceFailure(ctx, b, answer), view.ConnectionError)
	}
	if d.Seconds != before {
		if err := s.saveDevice(ctx, b); err != nil {
			return again, ignoreEnded(err)
		}
	}
	pause := d.pause()
	if refusal != nil {
		pause = max(pause, refusal.RetryAfter)
	}
	again = s.Store.Now().Add(pause)
	if again.After(b.attempt.Deadline) {
		return b.attempt.Deadline, nil
	}
	return again, nil
}

// isPassing reports whether an answer says nothing about the consent: the vendor is
// away, or wants to be asked less.
func isPassing(answer error, label string) bool {
	if refusal, ok := errors.AsType[*credential.Refusal](answer); ok && refusal.Status == http.StatusTooManyRequests {
		return true
	}
	e, _ := failureOf(answer, label)
	return e.Code == FailedUnreachable
}

// deviceFailure is what becomes of an attempt whose customer has not agreed.
func (s *Service) deviceFailure(ctx context.Context, b *begun, answer error) sinew.AttemptError {
	refusal, ok := errors.AsType[*credential.Refusal](answer)
	switch {
	case ok && refusal.Code == credential.DeviceExpired:
		return overdue(sinew.AttemptRedirect)
	case ok && refusal.Code == FailedDenied:
		return denied(b.label, refusal.Code, refusal.Description)
	case ok && refusal.Code == "invalid_grant":
		// The code was good when it came: an earlier answer has got lost.
		return overdue(sinew.AttemptExchanging)
	}
	e, known := failureOf(answer, b.label)
	if !known {
		s.Log.ErrorContext(ctx, "connect", "attempt", b.attempt.ID, "integration", b.attempt.IntegrationName, "error", answer.Error())
	}
	return e
}

func (s *Service) saveDevice(ctx context.Context, b *begun) (err error) {
	if b.attempt.Secret, err = b.memory.sealable(); err != nil {
		return err
	}
	return s.Store.SaveDeviceAttempt(ctx, b.attempt)
}

// ignoreEnded makes nothing of an attempt that has ended meanwhile.
func ignoreEnded(err error) error {
	if sinew.IsNotFound(err) {
		return nil
	}
	return err
}
