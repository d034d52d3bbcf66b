package store

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// deviceAttempts is how often a job that asks for a token is tried: crashes count,
// questions do not.
const deviceAttempts = 20

// deviceJob asks the vendor of an attempt for its token.
func deviceJob(a sinew.ConnectAttempt) sinew.Job {
	args := jsonx.ObjectValue(jsonx.Member{Name: "attempt_id", Value: jsonx.StringValue(a.ID)})
	key := "device:" + a.ID
	return sinew.Job{
		Kind: sinew.JobPollDevice, EnvironmentID: a.EnvironmentID, Args: sinew.JSON(args.String()),
		UniqueKey: key, ConcurrencyKey: key, RunAt: a.PollAt, MaxAttempts: deviceAttempts,
	}
}

// DeviceAttempt returns an attempt with its secret whose customer consents on
// another device, or has consented there. NotFound when it has ended, or its
// account is stored.
func (s *Store) DeviceAttempt(ctx context.Context, id string) (sinew.ConnectAttempt, error) {
	row, err := scanAttempt(s.reader.QueryRowContext(ctx, attemptFrom+" WHERE id = $1 AND mode = 'device' AND status IN ('redirect', 'exchanging')", id))
	return s.openAttempt(ctx, row, notFound("Attempt", id, err))
}

// SaveDeviceAttempt writes the status, the deadline and the secret of such an
// attempt. NotFound when its customer is no longer waited for.
func (s *Store) SaveDeviceAttempt(ctx context.Context, a sinew.ConnectAttempt) error {
	found := false
	err := s.sealing(func() error {
		sealed, err := s.sealColumn(ctx, attemptPlace(a), string(a.Secret))
		if err != nil {
			return err
		}
		found, err = affected(s.writer.ExecContext(ctx, "UPDATE connect_attempt SET status = $2, secret = $3, deadline = $4, updated_at = $5 WHERE id = $1 AND mode = 'device' AND status = 'redirect'",
			a.ID, string(a.Status), sealed, a.Deadline.UnixMilli(), s.Now().UnixMilli()))
		return err
	})
	if err == nil && !found {
		return sinew.NotFound("Attempt", a.ID)
	}
	return wrap(err, "write attempt %s", a.ID)
}

// EndDeviceAttempts ends the attempts of a link token whose customer is still to
// consent on another device.
func (s *Store) EndDeviceAttempts(ctx context.Context, linkTokenID string, e sinew.AttemptError, event sinew.AttemptEvent) error {
	return wrap(s.failAttempts(ctx, e, event, "link_token_id = $5 AND mode = 'device' AND status = 'redirect'", linkTokenID), "end attempts of link token %s", linkTokenID)
}
