package revocation

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/retry"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Store keeps revocations; see the store's methods of these names.
type Store interface {
	PendingRevocation(ctx context.Context, id string) (sinew.Revocation, error)
	RevocationAttempted(ctx context.Context, id, detail string) error
	FinishRevocation(ctx context.Context, r sinew.Revocation) error
	Now() time.Time
}

// Sender is the way out.
type Sender interface {
	Do(ctx context.Context, r *upstream.Request) (*upstream.Response, error)
}

// Service revokes tokens. It is safe for concurrent use.
type Service struct {
	store  Store
	sender Sender
	log    *slog.Logger
}

// New returns a service.
func New(store Store, sender Sender, log *slog.Logger) *Service {
	return &Service{store: store, sender: sender, log: log}
}

const (
	// giveUpAfter is how long a vendor is asked that gives no usable answer.
	giveUpAfter = 24 * time.Hour
	// firstPause and longestPause are those between the tries.
	firstPause   = 2 * time.Second
	longestPause = 30 * time.Minute
	// vendorTimeout is how long a vendor may take to answer.
	vendorTimeout = 30 * time.Second
	// parallel is how many tokens a node gives back at once.
	parallel = 64
)

// Why there is no outcome yet.
const (
	detailNoAnswer   = "the revocation endpoint gives no answer"
	detailUnreadable = "the stored request cannot be read"
)

// Kind is how the jobs are worked off.
func (s *Service) Kind() jobs.Kind {
	return jobs.Kind{
		Work: s.Work, Parallel: parallel, Timeout: 2 * vendorTimeout,
		Backoff: func(attempt int) time.Duration { return retry.Backoff(attempt, firstPause, longestPause) },
	}
}

// Work is the job that gives a token back.
func (s *Service) Work(ctx context.Context, j sinew.Job) error {
	args, err := jsonx.ParseString(string(j.Args))
	if err != nil {
		return jobs.Cancel(err)
	}
	r, err := s.store.PendingRevocation(ctx, args.Get("id").Str())
	if sinew.IsNotFound(err) {
		return nil
	}
	if err != nil && r.ID == "" {
		return err // the database is away
	}
	if r.Outcome != sinew.RevocationPending {
		return nil
	}
	late := !s.store.Now().Before(r.CreatedAt.Add(giveUpAfter))
	requests, readErr := credential.ReadRequests(r.Requests)
	if err = errors.Join(err, readErr); err != nil {
		s.log.Error("read revocation", "revocation", r.ID, "account", r.AccountID, "error", err.Error())
		_, tampered := errors.AsType[*seal.TamperedError](err)
		return s.again(ctx, r, credential.Revoked{Detail: detailUnreadable}, late || tampered, err)
	}
	said, err := s.ask(ctx, requests)
	if said.Outcome == sinew.RevocationPending {
		return s.again(ctx, r, said, late, err)
	}
	r.Outcome, r.Detail = said.Outcome, said.Detail
	return s.store.FinishRevocation(ctx, r)
}

// ask makes the requests until one succeeds, and returns the answer to the last.
func (s *Service) ask(ctx context.Context, requests []*upstream.Request) (said credential.Revoked, err error) {
	for _, request := range requests {
		request.Limits = upstream.Limits{FirstByte: vendorTimeout, Total: vendorTimeout}
		said, err = s.askOnce(ctx, request)
		if said.Outcome != sinew.RevocationNotSupported {
			return said, err
		}
	}
	return said, err
}

func (s *Service) askOnce(ctx context.Context, request *upstream.Request) (credential.Revoked, error) {
	silent := credential.Revoked{Outcome: sinew.RevocationPending, Detail: detailNoAnswer}
	response, err := s.sender.Do(ctx, request)
	if err != nil {
		return silent, err
	}
	body, err := response.ReadAll()
	if err != nil && (response.Status < 200 || response.Status > 299) {
		return silent, err
	}
	return credential.ReadRevocation(response.Status, response.Header, body, s.store.Now()), nil
}

// errUnanswered is why a try had no outcome.
var errUnanswered = errors.New("the vendor cannot say now")

// again books a try without an outcome, and asks for another one, or gives up.
func (s *Service) again(ctx context.Context, r sinew.Revocation, said credential.Revoked, late bool, cause error) error {
	if late {
		r.Outcome, r.Detail = sinew.RevocationUnreachable, said.Detail
		return s.store.FinishRevocation(ctx, r)
	}
	if ctx.Err() != nil {
		return ctx.Err() // not the vendor's doing
	}
	if err := s.store.RevocationAttempted(ctx, r.ID, said.Detail); err != nil {
		return err
	}
	if cause == nil {
		cause = errUnanswered
	}
	if said.RetryAfter > 0 {
		return jobs.Retry(said.RetryAfter, cause)
	}
	return cause
}
