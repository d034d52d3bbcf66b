package action

import (
	"context"
	"errors"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// The codes of actions that are not run.
const (
	CodeNotFound = "action_not_found"
	CodeReserved = "action_reserved"
)

// Request asks for a custom action.
type Request struct {
	Principal sinew.Principal
	RequestID string
	AccountID string
	Name      string
	// Query and Body are what the steps read under these names.
	Query, Body jsonx.Value
}

// Outcome is what came of a custom action.
type Outcome struct {
	// Result is that of the last step that had one, without secrets; null when
	// there is none.
	Result jsonx.Value
	// Sent is set, also beside an error, once the vendor may have got a request.
	Sent bool
}

// errTooLong ends an action that takes more time than it may.
var errTooLong = errors.New("the action took too long")

// Run runs a custom action. NotFound with CodeNotFound when the integration has
// none of the name, Invalid with CodeReserved for one that the platform runs by
// itself. The error of a step is a *StepError.
func (s *Service) Run(ctx context.Context, in Request) (Outcome, error) {
	if definition.ReservedAction(in.Name) {
		return Outcome{}, sinew.Errorf(sinew.KindInvalid, "The platform runs %s by itself; %s", in.Name, instead(in.Name)).WithCode(CodeReserved)
	}
	r := &run{service: s, principal: in.Principal, requestID: in.RequestID, query: in.Query, body: in.Body, event: sinew.EventAccountUpdated}
	if err := r.load(ctx, in.AccountID); err != nil {
		return Outcome{}, err
	}
	if !r.begin(in.Name) {
		return Outcome{}, sinew.Errorf(sinew.KindNotFound, "The integration has no action of that name").WithCode(CodeNotFound)
	}
	if r.account.IsSandbox {
		return Outcome{}, sinew.Errorf(sinew.KindNotAllowed, "The account is in sandbox mode, which allows list and get only").WithCode("sandbox_write")
	}
	bounded, cancel := context.WithTimeoutCause(ctx, s.times.Custom, errTooLong)
	defer cancel()
	err := r.finish(bounded, nil)
	if errors.Is(err, errTooLong) {
		err = tooLong(r, s.times.Custom)
	}
	if err != nil {
		return Outcome{Sent: r.sent}, err
	}
	if !r.result.Exists() {
		r.result = jsonx.NullValue()
	}
	return Outcome{Result: proxy.Redact(&r.account, r.result), Sent: r.sent}, nil
}

// tooLong names the step that was under way when the time was over.
func tooLong(r *run, limit time.Duration) error {
	step := r.steps[min(r.next, len(r.steps)-1)]
	return &StepError{
		Action: r.action, Number: r.next + 1, Type: step.Type, Name: step.Name,
		Cause: sinew.Errorf(sinew.KindTimeout, "it was under way when the %s that the action may take were over", limit).WithCode("timeout"),
	}
}

// instead says how a reserved action is run.
func instead(name string) string {
	switch name {
	case definition.ActionRefresh:
		return "POST /integrated-account/refresh-credentials refreshes now"
	case definition.ActionForm:
		return "POST /link-token/post-connect-form submits the form"
	}
	return "POST /integrated-account/run-post-install-actions runs it again"
}
