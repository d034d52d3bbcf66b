package workflow

import (
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// progress is how far a run is, as it is kept.
type progress struct {
	// config is the one that the run began with, secrets included.
	config jsonx.Value
	// next is the step that is to be taken, begun that its request may be out.
	next  int
	begun bool
	steps []report
	// failure says why the run as a whole has failed, "" when it has not.
	failure string
}

// report is what came of a step.
type report struct {
	action, name string
	skipped      bool
	result       jsonx.Value
	failure      string // "" for success
	code         string // of the failure
}

func readProgress(text sinew.JSON) (p progress, err error) {
	if text == "" {
		return p, nil
	}
	v, err := jsonx.ParseString(string(text))
	if err != nil {
		return p, fmt.Errorf("read the progress of a workflow run: %w", err)
	}
	next, _ := v.Get("next").Float()
	p = progress{config: v.Get("config"), next: int(next), failure: v.Get("error").Str()}
	p.begun, _ = v.Get("begun").Bool()
	for _, s := range v.Get("steps").Items() {
		r := report{action: s.Get("action").Str(), name: s.Get("name").Str(), result: s.Get("result"), failure: s.Get("error").Str(), code: s.Get("code").Str()}
		r.skipped, _ = s.Get("skipped").Bool()
		p.steps = append(p.steps, r)
	}
	return p, nil
}

func (p progress) text() sinew.JSON {
	b := jsonx.NewBuilder(5).Set("config", p.config).Set("next", jsonx.IntValue(int64(p.next))).Set("begun", jsonx.BoolValue(p.begun)).Set("steps", p.reports())
	if p.failure != "" {
		b.Set("error", jsonx.StringValue(p.failure))
	}
	return sinew.JSON(b.Value().String())
}

// reports are the reports of the steps, as callers see them.
func (p progress) reports() jsonx.Value {
	items := make([]jsonx.Value, len(p.steps))
	for i, r := range p.steps {
		items[i] = r.value()
	}
	return jsonx.ArrayValue(items...)
}

func (r report) value() jsonx.Value {
	b := jsonx.NewBuilder(7).Set("type", jsonx.StringValue("run")).Set("action", jsonx.StringValue(r.action))
	if r.name != "" {
		b.Set("name", jsonx.StringValue(r.name))
	}
	b.Set("success", jsonx.BoolValue(r.failure == ""))
	if r.skipped {
		b.Set("skipped", jsonx.BoolValue(true))
	}
	if r.failure != "" {
		return b.Set("error", jsonx.StringValue(r.failure)).Set("code", jsonx.StringValue(r.code)).Value()
	}
	return b.Set("result", r.result).Value()
}

// size is what the results of the steps take, in bytes.
func (p progress) size() (n int) {
	for _, r := range p.steps {
		n += len(r.result.Bytes())
	}
	return n
}

// Result is what has come of a run so far, as callers see it (spec 03 section 10.1):
// null for one that has not begun.
func Result(r sinew.WorkflowRun) jsonx.Value {
	p, err := readProgress(r.Progress)
	if err != nil || r.Progress == "" {
		return jsonx.NullValue()
	}
	b := jsonx.NewBuilder(3).Set("success", jsonx.BoolValue(r.Status == sinew.WorkflowRunCompleted)).Set("steps", p.reports())
	if p.failure != "" {
		b.Set("error", jsonx.StringValue(p.failure))
	}
	return b.Value()
}
