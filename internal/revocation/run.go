package revocation

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
)

// Runs keeps the runs of the kill switch; see the store's methods of these names.
type Runs interface {
	BeginRevocationRun(ctx context.Context, scope sinew.RevocationScope) (run sinew.RevocationRun, resumed bool, err error)
	RevocationRun(ctx context.Context, id string) (sinew.RevocationRun, error)
	FinishRevocationRun(ctx context.Context, id string) error
	GiveUp(ctx context.Context, run sinew.RevocationRun, environmentID string, after *sinew.Position, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (next *sinew.Position, err error)
	RevocationReport(ctx context.Context, runID string) ([]sinew.RevocationCount, error)
	AccountsInScope(ctx context.Context, scope sinew.RevocationScope, environmentID string, after *sinew.Position) (sinew.Page[sinew.AccountView], error)
	Removables(ctx context.Context, environmentID string, ids []string) ([]sinew.RemovableAccount, error)
	AllEnvironments(ctx context.Context) ([]string, error)
}

// Accounts are left in place without their credential.
type Accounts interface {
	WithoutCredential(runID string) func(*sinew.AccountRecord) ([]sinew.Event, error)
}

// Switch is the kill switch: it gives up the credentials of many accounts. Any
// number of callers may work on one run.
type Switch struct {
	runs     Runs
	accounts Accounts
}

// NewSwitch returns a kill switch.
func NewSwitch(runs Runs, accounts Accounts) *Switch { return &Switch{runs: runs, accounts: accounts} }

// Begin begins a run over a scope, or finds the one that was stopped. Invalid when the
// scope does not say which accounts are meant.
func (s *Switch) Begin(ctx context.Context, scope sinew.RevocationScope) (run sinew.RevocationRun, resumed bool, err error) {
	if err := scope.Check(); err != nil {
		return run, false, err
	}
	return s.runs.BeginRevocationRun(ctx, scope)
}

// GiveUp takes every account of a run's scope, batch by batch: when it returns
// without an error, none of them has a credential any more. The vendors are told by
// jobs. It may be stopped anywhere and called again.
func (s *Switch) GiveUp(ctx context.Context, run sinew.RevocationRun) error {
	return s.eachBatch(ctx, run.Scope, func(environmentID string, after *sinew.Position) (*sinew.Position, error) {
		return s.runs.GiveUp(ctx, run, environmentID, after, account.RemovalIn(run.ID), s.accounts.WithoutCredential(run.ID))
	})
}

// Preview counts what a run over a scope would do, and changes nothing.
func (s *Switch) Preview(ctx context.Context, scope sinew.RevocationScope) ([]sinew.RevocationCount, error) {
	if err := scope.Check(); err != nil {
		return nil, err
	}
	counts := map[sinew.RevocationCount]int{}
	err := s.eachBatch(ctx, scope, func(environmentID string, after *sinew.Position) (*sinew.Position, error) {
		page, err := s.runs.AccountsInScope(ctx, scope, environmentID, after)
		if err != nil {
			return nil, err
		}
		ids := make([]string, len(page.Rows))
		for i, a := range page.Rows {
			ids[i] = a.ID
		}
		all, err := s.runs.Removables(ctx, environmentID, ids)
		if err != nil {
			return nil, err
		}
		for i := range all {
			given := account.GiveUp(&all[i].AccountRecord, all[i].Readable)
			counts[sinew.RevocationCount{IntegrationName: all[i].IntegrationName, Outcome: given.Outcome, Detail: given.Detail}]++
		}
		return page.Next, ctx.Err()
	})
	var list []sinew.RevocationCount
	for c, n := range counts {
		c.Count = n
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b sinew.RevocationCount) int {
		return strings.Compare(a.IntegrationName+"\x00"+string(a.Outcome)+a.Detail, b.IntegrationName+"\x00"+string(b.Outcome)+b.Detail)
	})
	return list, err
}

// eachBatch goes through the environments of a scope, batch by batch.
func (s *Switch) eachBatch(ctx context.Context, scope sinew.RevocationScope, work func(environmentID string, after *sinew.Position) (*sinew.Position, error)) error {
	environments := []string{scope.EnvironmentID}
	if scope.EnvironmentID == "" {
		var err error
		if environments, err = s.runs.AllEnvironments(ctx); err != nil {
			return err
		}
	}
	for _, id := range environments {
		var after *sinew.Position
		for {
			next, err := work(id, after)
			if err != nil {
				return err
			}
			if next == nil {
				break
			}
			after = next
		}
	}
	return nil
}

// Report counts what became of the credentials of a run. NotFound when there is no
// such run.
func (s *Switch) Report(ctx context.Context, runID string) ([]sinew.RevocationCount, error) {
	if _, err := s.runs.RevocationRun(ctx, runID); err != nil {
		return nil, err
	}
	return s.runs.RevocationReport(ctx, runID)
}

// pollReport is how often a wait looks at the report.
const pollReport = 100 * time.Millisecond

// Await waits until every credential of a run has an outcome, or, once each vendor
// was asked at least once, no longer than patience for those that gave no answer.
// A run without pending ones is finished; another one can be resumed.
func (s *Switch) Await(ctx context.Context, runID string, patience time.Duration) ([]sinew.RevocationCount, error) {
	tick := time.NewTicker(pollReport)
	defer tick.Stop()
	var asked time.Time
	for {
		counts, err := s.runs.RevocationReport(ctx, runID)
		if err != nil {
			return nil, err
		}
		pending, untried := 0, 0
		for _, c := range counts {
			untried += c.Untried
			if c.Outcome == sinew.RevocationPending {
				pending += c.Count
			}
		}
		switch {
		case pending == 0:
			return counts, s.runs.FinishRevocationRun(ctx, runID)
		case untried > 0:
			asked = time.Time{}
		case asked.IsZero():
			asked = time.Now()
		case time.Since(asked) >= patience:
			return counts, nil
		}
		select {
		case <-ctx.Done():
			return counts, ctx.Err()
		case <-tick.C:
		}
	}
}
