package action

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/retry"
	"github.com/sinewhq/sinew/internal/upstream"
)

// How often and after which pauses a step is tried again whose vendor is away.
const (
	maxTries   = 5
	firstPause = time.Second
	mostPause  = 30 * time.Second
)

// longestWait is the longest pause that a vendor can ask for at once.
const longestWait = 10 * time.Minute

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
	if !fits && !isLimited(failure) {
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
	if isLimited(failure) {
		return max(firstPause, askedFor(failure)), true
	}
	step, isStep := errors.AsType[*StepError](failure)
	if !isStep || !step.Repeatable || !isAway(step.Cause) || i.tries >= maxTries {
		return 0, false
	}
	return max(retry.Backoff(i.tries+1, firstPause, mostPause), askedFor(failure)), true
}

// isLimited reports whether a step failed because the vendor is called too often. It
// has not carried the request out.
func isLimited(err error) bool {
	remote, ok := errors.AsType[*proxy.RemoteError](err)
	return ok && remote.Status == http.StatusTooManyRequests
}

// isAway reports whether a vendor could not answer, which says nothing about the
// request.
func isAway(err error) bool {
	if remote, ok := errors.AsType[*proxy.RemoteError](err); ok {
		switch remote.Status {
		case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	known, ok := errors.AsType[*sinew.Error](err)
	return ok && (known.Code == upstream.CodeUnreachable || known.Code == upstream.CodeCut || known.Code == upstream.CodeTimeout)
}

// askedFor is how long a vendor asks to be left alone, 0 when it does not say.
func askedFor(err error) time.Duration {
	remote, ok := errors.AsType[*proxy.RemoteError](err)
	if !ok {
		return 0
	}
	seconds, err := strconv.Atoi(remote.Header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 1<<20))*time.Second, longestWait)
}
