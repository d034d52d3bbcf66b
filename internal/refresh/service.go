package refresh

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Accounts are read, and changed by what a refresh brings.
type Accounts interface {
	// AsItIs returns an account with its whole context, past any cache.
	AsItIs(ctx context.Context, environmentID, id string) (sinew.AccountRecord, jsonx.Value, error)
	// Whole returns the whole context of an account that was read with its secrets.
	Whole(ctx context.Context, r *sinew.AccountRecord) (jsonx.Value, error)
	TokenRefreshed(t account.NewToken) func(*sinew.AccountRecord) ([]sinew.Event, error)
	TokenRefused(reason string) func(*sinew.AccountRecord) ([]sinew.Event, error)
	// GiveBack revokes a token for which there is no account any more.
	GiveBack(ctx context.Context, r *sinew.AccountRecord, token credential.Token) error
}

// Leases decide who refreshes; see the store's methods of these names.
type Leases interface {
	ClaimRefresh(ctx context.Context, environmentID, accountID, node string, force bool, lease time.Duration) (sinew.RefreshClaim, sinew.RefreshState, bool, error)
	ExtendRefresh(ctx context.Context, c sinew.RefreshClaim, lease time.Duration) (held bool, err error)
	ReleaseRefresh(ctx context.Context, c sinew.RefreshClaim) error
	StoreToken(ctx context.Context, c sinew.RefreshClaim, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (r sinew.AccountRecord, stored bool, err error)
	FailRefresh(ctx context.Context, c sinew.RefreshClaim, f sinew.RefreshFailure, condemn func(*sinew.AccountRecord) ([]sinew.Event, error)) (ended bool, err error)
	RefreshState(ctx context.Context, accountID string) (sinew.RefreshState, error)
	Now() time.Time
}

// Sender is the way out.
type Sender interface {
	Do(ctx context.Context, r *upstream.Request) (*upstream.Response, error)
}

// Metrics counts refreshes.
type Metrics interface {
	// ObserveRefresh books what came of one: stored, refused, failed, unknown.
	ObserveRefresh(integration, outcome string)
}

// Exchange asks vendors for tokens where a definition says how, in place of the
// standard request.
type Exchange interface {
	// RefreshToken returns what the vendor said; sent says, also beside an error,
	// whether it may have been asked.
	RefreshToken(ctx context.Context, environmentID, accountID string) (answer credential.Answer, sent bool, err error)
}

// Config is what a Service is made of. Every field but Times is required.
type Config struct {
	Accounts Accounts
	Leases   Leases
	Sender   Sender
	Exchange Exchange
	Journal  *escrow.Journal
	Metrics  Metrics
	Log      *slog.Logger
	// Node names this process.
	Node  string
	Times Times
}

// Times are the intervals of refreshing; a zero field means its default.
type Times struct {
	Lease  time.Duration // how long a node holds a refresh that says nothing: 15 s
	Poll   time.Duration // how often a node looks whether another one is done: 20 ms
	Vendor time.Duration // how long a token endpoint may take: 150 s
	Store  time.Duration // how long the database may take for what a vendor has issued: 30 s
	// Skew is how long before its expiry a token counts as expired: 10 s.
	Skew time.Duration
	// Backoff and Longest are the first and the longest pause after failures:
	// 2 s and 10 min.
	Backoff time.Duration
	Longest time.Duration
	// Refused is how long a token that the vendor has refused for good is not sent
	// again, but by Force: vendors have refused by mistake before. 1 h.
	Refused time.Duration
}

func (t Times) withDefaults() Times {
	for _, field := range []struct {
		value   *time.Duration
		usually time.Duration
	}{
		{&t.Lease, 15 * time.Second},
		{&t.Poll, 20 * time.Millisecond},
		{&t.Vendor, 150 * time.Second},
		{&t.Store, 30 * time.Second},
		{&t.Skew, 10 * time.Second},
		{&t.Backoff, 2 * time.Second},
		{&t.Longest, 10 * time.Minute},
		{&t.Refused, time.Hour},
	} {
		if *field.value == 0 {
			*field.value = field.usually
		}
	}
	return t
}

// Service refreshes tokens. It is safe for concurrent use.
type Service struct {
	accounts Accounts
	leases   Leases
	sender   Sender
	exchange Exchange
	journal  *escrow.Journal
	metrics  Metrics
	log      *slog.Logger
	node     string
	times    Times
	flights  singleflight.Group
}

// New returns a service.
func New(c Config) *Service {
	return &Service{
		accounts: c.Accounts, leases: c.Leases, sender: c.Sender, exchange: c.Exchange, journal: c.Journal, metrics: c.Metrics, log: c.Log, node: c.Node, times: c.Times.withDefaults(),
	}
}

// The codes of errors.
const (
	// CodeNotRefreshable: nothing that could be exchanged for a new token.
	CodeNotRefreshable = "not_refreshable"
	// CodeRefused: the vendor refused for good, the customer has to connect again.
	CodeRefused = "refresh_refused"
	// CodeUnknown: the vendor was asked and did not say, and refuses since.
	CodeUnknown = "refresh_outcome_unknown"
	// CodeFailed: no new token for now.
	CodeFailed = "refresh_failed"
)

// Account is an account with a token that can be used.
type Account struct {
	Record sinew.AccountRecord
	Whole  jsonx.Value
	// issued says that the vendor has just issued the token, which may be the same
	// again with a longer life.
	issued bool
}

func (a Account) token() credential.Token {
	token, _ := credential.StoredToken(a.Whole)
	return token
}

// Expired reports whether the token of an account's context has run out, or is
// about to, and could be refreshed. It costs next to nothing while the token is
// good.
func (s *Service) Expired(r *sinew.AccountRecord, whole jsonx.Value) (accessToken string, expired bool) {
	token, ok := credential.StoredToken(whole)
	if !ok {
		return "", account.HasFirst(r, token)
	}
	if token.ExpiresAt.IsZero() || token.ExpiresAt.After(s.leases.Now().Add(s.times.Skew)) {
		return token.AccessToken, false
	}
	return token.AccessToken, account.Refreshable(r, token)
}

// Renew is Refresh for callers that know no Account.
func (s *Service) Renew(ctx context.Context, environmentID, accountID, seen string) (sinew.AccountRecord, jsonx.Value, error) {
	a, err := s.Refresh(ctx, environmentID, accountID, seen, false)
	return a.Record, a.Whole, err
}

// Force refreshes an account's token now, also while failures are waited out. An
// account without a token that could be refreshed is left as it is. Unprocessable
// when the vendor refuses for good.
func (s *Service) Force(ctx context.Context, environmentID, accountID string) error {
	if !sinew.IsUUID(accountID) {
		return sinew.NotFound("Integrated account", accountID)
	}
	a, err := s.read(ctx, environmentID, accountID)
	if err != nil || !account.Refreshable(&a.Record, a.token()) {
		return err
	}
	_, err = s.Refresh(ctx, environmentID, accountID, a.token().AccessToken, true)
	if known, ok := errors.AsType[*sinew.Error](err); ok && known.Kind == sinew.KindUnauthenticated {
		// It is the account that is not authenticated, and not who asks.
		return sinew.Errorf(sinew.KindUnprocessable, "%s", known.Message).WithCode(known.Code)
	}
	return err
}

// Refresh returns an account with another token than seen, which has expired or
// was refused. When it is the account's token still, the vendor is asked for a new
// one, once for all callers. force asks also while failures are waited out.
//
// Errors are *sinew.Error: Invalid with CodeNotRefreshable; Unauthenticated with
// CodeRefused or CodeUnknown, after which the account needs a new connection; and
// Upstream with CodeFailed, after which the next try may bring one.
func (s *Service) Refresh(ctx context.Context, environmentID, accountID, seen string, force bool) (Account, error) {
	key := accountID
	if force {
		// Whoever asks in spite of failures must not get the answer of those who wait.
		key += " forced"
	}
	for range 2 {
		flight := s.flights.DoChan(key, func() (any, error) {
			// The flight belongs to all of its callers: none of them ends it by going
			// away, least of all once the vendor was asked.
			return s.lead(context.WithoutCancel(ctx), environmentID, accountID, seen, force)
		})
		select {
		case <-ctx.Done():
			return Account{}, ctx.Err()
		case result := <-flight:
			if result.Err != nil {
				return Account{}, result.Err
			}
			// A flight that began for an older token may bring the one that this
			// caller has seen refused.
			if a := result.Val.(Account); a.issued || a.token().AccessToken != seen {
				return a, nil
			}
		}
	}
	return Account{}, failed("the token that was refused is the newest one")
}
