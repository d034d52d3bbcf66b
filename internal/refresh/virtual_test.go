package refresh_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/integration"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/refresh"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
)

// vendor answers in virtual time, which real sockets would hold up.
type vendor struct {
	asked []time.Time
	// answer is given to each request.
	answer func(n int) (status int, retryAfter, body string)
}

func (v *vendor) Do(_ context.Context, _ *upstream.Request) (*upstream.Response, error) {
	v.asked = append(v.asked, time.Now())
	status, retryAfter, body := v.answer(len(v.asked))
	header := http.Header{"Content-Type": {"application/json"}}
	if retryAfter != "" {
		header.Set("Retry-After", retryAfter)
	}
	return &upstream.Response{Status: status, Header: header, Body: io.NopCloser(bytes.NewReader([]byte(body))), Length: int64(len(body))}, nil
}

type uncounted struct{}

func (uncounted) ObserveRefresh(string, string) {}

// world is a real store with one account, in virtual time.
type world struct {
	t       *testing.T
	store   *store.Store
	service *refresh.Service
	config  refresh.Config
	account sinew.AccountView
}

func newWorld(t *testing.T, v *vendor, life time.Duration) *world {
	t.Helper()
	ctx := t.Context()
	dir := testkit.NewSQLite(t).Dir
	master, err := seal.GenerateMasterFile(filepath.Join(dir, "master.key"))
	must(t, err)
	s, err := store.Open(ctx, store.Config{DataDir: dir}, master)
	must(t, err)
	accounts := account.New(s, new(blob.Mem), slog.New(slog.DiscardHandler))
	journal, err := escrow.Open(filepath.Join(dir, "answers"), s, slog.New(slog.DiscardHandler))
	must(t, err)
	w := &world{t: t, store: s, config: refresh.Config{
		Accounts: accounts, Leases: s, Sender: v, Journal: journal, Metrics: uncounted{}, Log: slog.New(slog.DiscardHandler), Node: "node",
	}}
	w.service = refresh.New(w.config)
	at := time.Now()
	team := sinew.Team{Name: "Team", CreatedAt: at, UpdatedAt: at}
	environments := []sinew.Environment{{Name: "production", CreatedAt: at, UpdatedAt: at}}
	must(t, s.CreateTeam(ctx, &team, environments, &sinew.User{Name: "Owner", CreatedAt: at, UpdatedAt: at}))
	principal := sinew.Principal{Kind: sinew.PrincipalAPIToken, TeamID: team.ID, EnvironmentID: environments[0].ID}
	integrations := integration.New(s)
	made, _, err := integrations.Create(ctx, principal, integration.Draft{Name: "desk", Config: jsonx.MustParse(`{"label":"Desk","base_url":"https://desk.example",
		"credentials":{"oauth2":{"format":"oauth2","config":{"client":{"id":"app","secret":"s"},"auth":{"tokenHost":"https://desk.example","tokenPath":"/token"}}}},
		"resources":{"things":{"list":{"path":"/things"}}}}`)})
	must(t, err)
	installed, _, _, err := integrations.Install(ctx, principal, integration.Installation{IntegrationID: made.ID})
	must(t, err)
	w.account, err = accounts.Import(ctx, principal, account.Import{
		TenantID: "t", EnvironmentIntegrationID: installed.ID, AuthenticationMethod: sinew.MethodOAuth2, Region: "wnam",
		Context: jsonx.MustParse(`{"oauth":{"token":{"access_token":"a","refresh_token":"r","expires_at":"` + at.Add(life).UTC().Format(time.RFC3339) + `"}}}`),
	})
	must(t, err)
	return w
}

// run works off jobs for a time.
func (w *world) run(span time.Duration) {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	runner := jobs.New(jobs.Config{
		Store: w.store, Log: slog.New(slog.DiscardHandler), Times: jobs.Times{Lease: time.Hour, Poll: time.Hour, Rescue: 6 * time.Hour, Schedule: 6 * time.Hour},
		Kinds: map[string]jobs.Kind{sinew.JobRefreshCredentials: {Work: w.service.Work}},
	})
	go func() { defer close(done); runner.Run(ctx) }()
	time.Sleep(span)
	stop()
	<-done
}

func (w *world) status() sinew.AccountStatus {
	w.t.Helper()
	a, err := w.store.Account(w.t.Context(), w.account.EnvironmentID, w.account.ID)
	must(w.t, err)
	return a.Status
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestADayOfFailures is T7: a vendor that is away for a day is asked now and then,
// further apart each time, not before it says, and condemns nobody.
func TestADayOfFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status     int
		retryAfter string
		most       int
		hours      int
	}{
		"away":          {503, "", 320, 24},
		"too often":     {429, "3600", 27, 24},
		"no such app":   {401, "", 80, 4},
		"nothing in it": {200, "", 80, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := &vendor{answer: func(int) (int, string, string) {
					if c.status == 401 {
						return 401, "", `{"error":"invalid_client"}`
					}
					return c.status, c.retryAfter, `{}`
				}}
				w := newWorld(t, v, time.Hour)
				defer w.store.Close()
				w.run(time.Duration(c.hours) * time.Hour)
				if status := w.status(); status != sinew.StatusActive {
					t.Errorf("after %d hours the account is %s", c.hours, status)
				}
				if n := len(v.asked); n < 1 || n > c.most {
					t.Errorf("the vendor was asked %d times in %d hours, want at most %d", n, c.hours, c.most)
				}
				// The first success ends it, also of a vendor that issues the same token
				// again with a new life.
				v.answer = func(int) (int, string, string) {
					return 200, "", `{"access_token":"b","refresh_token":"s","expires_in":3600}`
				}
				asked := len(v.asked)
				w.run(25 * time.Hour)
				if n := len(v.asked) - asked; n < 20 || n > 40 {
					t.Errorf("a token of an hour was refreshed %d times in 25 hours", n)
				}
			})
		})
	}
}

// TestARefusedTokenIsLeftAlone has a vendor refuse an account's refresh token for good.
// Those who call the account hear so at once, and the vendor hears the token again once
// an hour at most: it may have refused by mistake.
func TestARefusedTokenIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(int) (int, string, string) { return 400, "", `{"error":"invalid_grant"}` }}
		w := newWorld(t, v, -time.Minute)
		defer w.store.Close()
		for range 150 {
			_, err := w.service.Refresh(t.Context(), w.account.EnvironmentID, w.account.ID, "a", false)
			if known, ok := errors.AsType[*sinew.Error](err); !ok || known.Code != refresh.CodeRefused || known.Kind != sinew.KindUnauthenticated {
				t.Fatalf("after %d questions a caller hears: %v", len(v.asked), err)
			}
			time.Sleep(time.Minute)
		}
		if n := len(v.asked); n != 3 {
			t.Errorf("in 150 minutes the vendor was asked %d times, want 3", n)
		}
		v.answer = func(int) (int, string, string) {
			return 200, "", `{"access_token":"b","refresh_token":"s","expires_in":3600}`
		}
		if err := w.service.Force(t.Context(), w.account.EnvironmentID, w.account.ID); err != nil {
			t.Errorf("who asks for it gets: %v", err)
		}
	})
}
