package action

import (
	"context"
	"errors"
	"time"

	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/retry"
)

// How often and after which pauses a step is tried again whose vendor is away.
const (
	maxTries   = 5
	firstPause = time.Second
	mostPause  = 30 * time.Second
)

// wait puts the step that failed off, where a later try may do better, and shows on
// the account what it waits for. put is false when the failure is for good.
func (i *install) wait(ctx context.Context, failure error) (put bool, err error) {
	now := i.service.runs.Now()
	pause, passing := i.pauseAfter(failure)
	if !passing || now.Sub(i.began) >= i.service.times.Patience {
		return false, nil
	}
	i.tries++
	state, fits := i.state(i.report[:max(len(i.report)-1, 0)]) // without the step that failed
	if !fits && !proxy.IsLimited(failure) {
		return false, nil // nobody would count the tries
	}
	again := now.Add(pause)
	err = i.keep(ctx, state, waiting(i.action, i.began, again, i.report))
	if errors.Is(err, errOvertaken) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return true, jobs.PutOff(again)
}

// pauseAfter is how long to leave the vendor alone after a step that failed. ok is
// false when the failure is for good.
func (i *install) pauseAfter(failure error) (pause time.Duration, ok bool) {
	if proxy.IsLimited(failure) {
		return max(firstPause, proxy.AskedFor(failure)), true
	}
	step, isStep := errors.AsType[*StepError](failure)
	if !isStep || !step.Repeatable || !proxy.IsAway(step.Cause) || i.tries >= maxTries {
		return 0, false
	}
	return max(retry.Backoff(i.tries+1, firstPause, mostPause), proxy.AskedFor(failure)), true
}
