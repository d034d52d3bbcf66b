package action

import (
	"context"
	"errors"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// stages are the actions before an account is active, and where a failure of each
// takes it.
func stages() []stage {
	return []stage{
		{definition.ActionPostInstall, account.TriggerPostInstallFailed},
		{definition.ActionValidation, account.TriggerValidationFailed},
	}
}

type stage struct {
	action string
	failed account.Trigger
}

// errOvertaken ends a run whose account was connected again meanwhile.
var errOvertaken = errors.New("the account was connected again")

// install is a run through the stages.
type install struct {
	*run
	id    string // of the run
	began time.Time
	stage int
	tries int // of the step that is next, which have failed
}

// Install is the job that takes a connecting account through post-install and
// validation. What a step has brought is kept before the next one begins, and a
// job that is done again goes on there. The one step that was under way at a crash
// is taken again: the vendor may get its request twice.
func (s *Service) Install(ctx context.Context, j sinew.Job) error {
	i, err := s.installOf(ctx, j)
	if i == nil || err != nil {
		return err
	}
	err = i.through(ctx)
	switch {
	case errors.Is(err, errOvertaken):
		return nil
	case err != nil && ctx.Err() != nil:
		return ctx.Err() // the node stops, or has lost the job: another try goes on
	}
	return i.end(ctx, j, err)
}

// GiveUpInstall ends a run whose job has broken off too often: the account shows that its
// step has failed.
func (s *Service) GiveUpInstall(ctx context.Context, j sinew.Job) error {
	i, err := s.installOf(ctx, j)
	if i == nil || err != nil {
		return err
	}
	for all := stages(); i.stage < len(all)-1 && i.action != all[i.stage].action && !i.run.begin(all[i.stage].action); {
		i.stage++ // to the one that there are steps of
	}
	return i.end(ctx, j, sinew.Errorf(sinew.KindUnavailable, "the steps were taken up %d times, and each time broke off: the servers that took them ended, or they took too long", j.MaxAttempts))
}

// installOf returns the run of a job, as far as it is; nil when there are no steps to
// take any more.
func (s *Service) installOf(ctx context.Context, j sinew.Job) (*install, error) {
	args, err := jsonx.ParseString(string(j.Args))
	if err != nil {
		return nil, jobs.Cancel(err)
	}
	environmentID, accountID := args.Get("environment_id").Str(), args.Get("integrated_account_id").Str()
	known, err := s.runs.InstallRun(ctx, environmentID, accountID)
	if err != nil || known.ID == "" {
		return nil, err
	}
	i := &install{id: known.ID, run: &run{
		service: s, principal: sinew.Principal{EnvironmentID: environmentID, Kind: sinew.PrincipalPlatform}, requestID: j.ID, installs: true,
	}}
	if err := i.load(ctx, accountID); err != nil {
		if sinew.IsNotFound(err) {
			return nil, nil // deleted meanwhile
		}
		return nil, err
	}
	return i, i.resume(known.State)
}

// through takes the stages that are left.
func (i *install) through(ctx context.Context) error {
	bounded, cancel := context.WithTimeoutCause(ctx, i.service.times.Install, errTooLong)
	defer cancel()
	for all := stages(); i.stage < len(all); i.stage++ {
		if i.action != all[i.stage].action && !i.run.begin(all[i.stage].action) {
			continue
		}
		err := i.finish(bounded, func() error { return i.save(ctx) })
		if errors.Is(err, errTooLong) {
			return tooLong(i.run, i.service.times.Install)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// end ends a run: the account is active, or has the error of the step that failed.
// A vendor that asks to wait or is away is waited for, and an error of the platform's
// own is another try.
func (i *install) end(ctx context.Context, j sinew.Job, failure error) error {
	if put, err := i.wait(ctx, failure); put || err != nil {
		return err
	}
	if failure != nil && proxy.IsOurs(failure) && j.Attempt < j.MaxAttempts {
		return failure
	}
	ended := i.service.runs.Now()
	update := i.service.accounts.Installed(summary(i.last(), i.began, ended, nil, i.report))
	if failure != nil {
		reason := cut(proxy.Redact(&i.account, jsonx.StringValue(failure.Error())).Str())
		update = i.service.accounts.InstallFailed(stages()[i.stage].failed, reason, summary(i.last(), i.began, ended, failure, i.report))
	}
	_, err := i.service.runs.FinishInstall(ctx, i.account.EnvironmentID, i.account.ID, i.id, update)
	if sinew.IsNotFound(err) {
		return nil
	}
	return err
}

// last names the last action of the run.
func (i *install) last() string {
	if i.action == "" {
		return definition.ActionPostInstall
	}
	return i.action
}

// maxState bounds what is kept between two steps. Beyond it, a run goes on from
// the last step that fitted.
const maxState = 1 << 20

// save keeps how far the run is.
func (i *install) save(ctx context.Context) error {
	i.tries = 0
	state, _ := i.state(i.report)
	return i.keep(ctx, state, summary(i.action, i.began, time.Time{}, nil, i.report))
}

// keep writes how far the run is, nil for the beginning, and what the account shows
// of it.
func (i *install) keep(ctx context.Context, state []byte, shown sinew.JSON) error {
	current, err := i.service.runs.SaveInstall(ctx, i.account.EnvironmentID, i.account.ID, sinew.InstallRun{ID: i.id, State: state}, shown)
	if err == nil && !current {
		return errOvertaken
	}
	return err
}

// state is what another try goes on from; ok is false when it is too much to keep.
func (i *install) state(report []stepReport) (state []byte, ok bool) {
	b := jsonx.NewBuilder(9).Set("stage", jsonx.IntValue(int64(i.stage))).Set("action", jsonx.StringValue(i.action)).Set("next", jsonx.IntValue(int64(i.next))).
		Set("began", jsonx.IntValue(i.began.UnixMilli())).Set("tries", jsonx.IntValue(int64(i.tries))).
		Set("result", i.result).Set("named", i.named).Set("report", reports(report))
	if state = b.Value().Bytes(); len(state) > maxState {
		return nil, false
	}
	return state, true
}

// resume goes on where an earlier try was, nil for the beginning.
func (i *install) resume(state []byte) error {
	i.began = i.service.runs.Now()
	if state == nil {
		return nil
	}
	v, err := jsonx.Parse(state)
	if err != nil {
		return err
	}
	at, _ := v.Get("stage").Int()
	next, _ := v.Get("next").Int()
	began, _ := v.Get("began").Int()
	tries, _ := v.Get("tries").Int()
	if i.stage = int(at); i.stage < 0 || i.stage >= len(stages()) {
		i.stage = 0
		return nil
	}
	i.run.begin(v.Get("action").Str())
	i.tries = int(tries)
	i.next, i.began = min(int(next), len(i.steps)), time.UnixMilli(began)
	i.result, i.named = v.Get("result"), v.Get("named")
	for _, item := range v.Get("report").Items() {
		i.report = append(i.report, readReport(item))
	}
	return nil
}
