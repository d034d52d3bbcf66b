package action

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// CodeFailed is the code of a step that could not do its work.
const CodeFailed = "action_failed"

// StepError is a step that failed. Its cause is a *proxy.RemoteError when the
// vendor refused.
type StepError struct {
	Action string
	// Number counts the steps from 1.
	Number int
	Type   string
	Name   string
	Cause  error
	// Repeatable says that the request of the step may be sent again: it reads, or
	// puts what it puts, or never left.
	Repeatable bool
}

func (e *StepError) Error() string { return e.Where() + ": " + Message(e.Cause) }
func (e *StepError) Unwrap() error { return e.Cause }

// Where names the step for people.
func (e *StepError) Where() string {
	if e.Name == "" {
		return fmt.Sprintf("%s, step %d (%s)", e.Action, e.Number, e.Type)
	}
	return fmt.Sprintf("%s, step %d (%s %q)", e.Action, e.Number, e.Type, e.Name)
}

// Message is the text of an error that its reader may see.
func Message(err error) string {
	if remote, ok := errors.AsType[*proxy.RemoteError](err); ok {
		return fmt.Sprintf("the vendor answered %d: %s", remote.Status, remote.Message)
	}
	if known, ok := errors.AsType[*sinew.Error](err); ok && !proxy.IsOurs(err) {
		return known.Message
	}
	return "an error inside the platform"
}

// stepReport is what is kept of a step.
type stepReport struct {
	action, kind, name string
	skipped            bool
	status             int // the vendor's, 0 for none
	err                string
	result             jsonx.Value
}

// Bounds of what accounts show of actions, in bytes of JSON.
const (
	maxShown    = 4 << 10
	maxAllShown = 64 << 10
	maxReason   = 1000
)

// hidden stands where a result holds a secret.
const hidden = "[hidden]"

// shown makes a report fit to be read: without secrets, and bounded.
func (r *run) shown(s stepReport, err error) stepReport {
	if err != nil {
		s.err = cut(proxy.Redact(&r.account, jsonx.StringValue(Message(err))).Str())
	}
	if !s.result.Exists() {
		return s
	}
	left := maxAllShown
	for _, earlier := range r.report {
		left -= len(earlier.result.Bytes())
	}
	if size := len(s.result.Bytes()); size > min(maxShown, left) {
		s.result = jsonx.ObjectValue(jsonx.Member{Name: "left_out", Value: jsonx.BoolValue(true)}, jsonx.Member{Name: "bytes", Value: jsonx.IntValue(int64(size))})
		return s
	}
	s.result = withoutSecrets(proxy.Redact(&r.account, s.result))
	return s
}

func cut(text string) string {
	if len(text) <= maxReason {
		return text
	}
	return strings.ToValidUTF8(text[:maxReason], "") + "…"
}

// withoutSecrets hides members whose name says that they are secret: a session
// that a step has opened is no secret of the account yet.
func withoutSecrets(v jsonx.Value) jsonx.Value {
	switch v.Kind() {
	case jsonx.Array:
		items := make([]jsonx.Value, v.Len())
		for i, item := range v.Items() {
			items[i] = withoutSecrets(item)
		}
		return jsonx.ArrayValue(items...)
	case jsonx.Object:
		b := jsonx.NewBuilder(v.Len())
		for name, value := range v.Members() {
			scalar := value.Kind() == jsonx.String || value.Kind() == jsonx.Number
			if scalar && definition.SecretName(name) {
				value = jsonx.StringValue(hidden)
			}
			b.Set(name, withoutSecrets(value))
		}
		return b.Value()
	}
	return v
}

func (s stepReport) value() jsonx.Value {
	b := jsonx.NewBuilder(8).Set("action", jsonx.StringValue(s.action)).Set("type", jsonx.StringValue(s.kind))
	if s.name != "" {
		b.Set("name", jsonx.StringValue(s.name))
	}
	b.Set("success", jsonx.BoolValue(s.err == ""))
	if s.skipped {
		b.Set("skipped", jsonx.BoolValue(true))
	}
	if s.status > 0 {
		b.Set("status_code", jsonx.IntValue(int64(s.status)))
	}
	if s.err != "" {
		b.Set("error", jsonx.StringValue(s.err))
	}
	return b.Set("result", s.result).Value()
}

func readReport(v jsonx.Value) stepReport {
	status, _ := v.Get("status_code").Int()
	skipped, _ := v.Get("skipped").Bool()
	return stepReport{
		action: v.Get("action").Str(), kind: v.Get("type").Str(), name: v.Get("name").Str(), skipped: skipped,
		status: int(status), err: v.Get("error").Str(), result: v.Get("result"),
	}
}

// waiting is what an account shows of a run whose last step is tried again at a time.
func waiting(action string, began, at time.Time, steps []stepReport) sinew.JSON {
	return sinew.JSON(shownRun(action, began, time.Time{}, nil, steps).Set("retry_at", timeValue(at)).Value().String())
}

// summary is what an account shows of a run that is at its end, or under way,
// which its ended is the zero time for.
func summary(action string, began, ended time.Time, err error, steps []stepReport) sinew.JSON {
	return sinew.JSON(shownRun(action, began, ended, err, steps).Value().String())
}

func timeValue(t time.Time) jsonx.Value { return jsonx.StringValue(t.UTC().Format(jsonx.TimeFormat)) }

func shownRun(action string, began, ended time.Time, err error, steps []stepReport) *jsonx.Builder {
	success, finished := jsonx.NullValue(), jsonx.NullValue()
	if !ended.IsZero() {
		success, finished = jsonx.BoolValue(err == nil), timeValue(ended)
	}
	return jsonx.NewBuilder(7).Set("action", jsonx.StringValue(action)).Set("success", success).
		Set("started_at", timeValue(began)).Set("finished_at", finished).Set("steps", reports(steps))
}

func reports(steps []stepReport) jsonx.Value {
	items := make([]jsonx.Value, len(steps))
	for i, step := range steps {
		items[i] = step.value()
	}
	return jsonx.ArrayValue(items...)
}
