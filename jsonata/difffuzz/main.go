// Command difffuzz compares the engine with the reference implementation on
// generated expressions and documents. Each pair is evaluated by the compiled
// evaluator on a decoded document, by the same from text to text, by the tree
// walker, and by the reference on Node; every difference is printed.
//
//	go run ./jsonata/difffuzz --reference DIR --n 100000
//
// DIR is a folder whose node_modules holds the npm package jsonata. The same
// seed gives the same pairs. The exit status is 1 when there are differences
// that no rule explains; the rules are in explain.go.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/sinewhq/sinew/jsonata"
)

//go:embed runner.mjs
var runner string

func main() {
	var o options
	flag.StringVar(&o.node, "node", "node", "path of node")
	flag.StringVar(&o.reference, "reference", "", "folder whose node_modules holds the jsonata package")
	flag.IntVar(&o.n, "n", 10_000, "how many pairs to compare")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the generator")
	flag.IntVar(&o.depth, "depth", 3, "depth of the expressions")
	flag.IntVar(&o.show, "show", 20, "how many differences to print")
	flag.Parse()
	different, err := run(os.Stdout, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "difffuzz:", err)
		os.Exit(2)
	}
	if different > 0 {
		os.Exit(1)
	}
}

type options struct {
	node, reference string
	n, depth, show  int
	seed            uint64
}

// pair is an expression with a document.
type pair struct {
	Expr string          `json:"expr"`
	Data json.RawMessage `json:"data"`

	// Amended asks the reference for its answer with the faults mended that
	// docs/jsonata-differences.md lists.
	Amended bool `json:"amended,omitempty"`
}

// answer is what an engine made of a pair.
type answer struct {
	Kind    string `json:"kind"` // value, undefined, error
	Value   string `json:"value"`
	Code    string `json:"code"`
	Message string `json:"message"`

	// Position and Token tell where an error is.
	Position int    `json:"position"`
	Token    string `json:"token"`
}

func (a answer) String() string {
	switch a.Kind {
	case "value":
		return a.Value
	case "error":
		return fmt.Sprintf("error %s at %d %q %s", a.Code, a.Position, a.Token, a.Message)
	}
	return a.Kind
}

func run(w io.Writer, o options) (different int, err error) {
	ref, err := startReference(o)
	if err != nil {
		return 0, err
	}
	defer func() { ref.stop() }()
	g := newGenerator(o.seed)
	explained, kinds := map[string]int{}, map[string]int{}
	for range o.n {
		expr, data := g.pair(o.depth)
		p := pair{Expr: expr, Data: json.RawMessage(data)}
		want, err := ref.ask(p)
		if err != nil {
			// It ran out of time or memory: go on with a new process.
			explained["the reference did not answer"]++
			ref.stop()
			if ref, err = startReference(o); err != nil {
				return different, err
			}
			continue
		}
		kinds[want.Kind]++
		why, odd := judge(p, want)
		if len(odd) > 0 && why == "" {
			p.Amended = true
			if amended, err := ref.ask(p); err == nil && allSame(odd, amended) {
				why = "the reference agrees when its documented faults are mended"
			}
		}
		switch {
		case len(odd) == 0:
		case why != "":
			explained[why]++
		default:
			if different++; different <= o.show {
				fmt.Fprintf(w, "%s\n  on        %s\n  reference %s\n", p.Expr, p.Data, want)
				for way, got := range odd {
					fmt.Fprintf(w, "  %-9s %s\n", way, got)
				}
			}
		}
	}
	fmt.Fprintf(w, "%d pairs compared, %d differences\n", o.n, different)
	fmt.Fprintf(w, "the reference gave %d values, %d times nothing, %d errors\n", kinds["value"], kinds["undefined"], kinds["error"])
	for _, why := range slices.Sorted(maps.Keys(explained)) {
		fmt.Fprintf(w, "  %d explained: %s\n", explained[why], why)
	}
	return different, nil
}

// judge evaluates a pair and returns the answers that differ from the
// reference, with the rule that explains all of them, if one does.
func judge(p pair, want answer) (why string, odd map[string]answer) {
	odd = map[string]answer{}
	unexplained := false
	for way, got := range evaluate(p) {
		if same(got, want) {
			continue
		}
		odd[way] = got
		if w := explain(p, got, want); w != "" {
			why = w
		} else {
			unexplained = true
		}
	}
	if unexplained {
		why = ""
	}
	return why, odd
}

func allSame(odd map[string]answer, want answer) bool {
	for _, got := range odd {
		if !same(got, want) && explain(pair{}, got, want) == "" && !(got.Kind == "error" && want.Kind == "error" && want.Code == "") {
			return false
		}
	}
	return true
}

// evaluate answers a pair in the ways that the engine has.
func evaluate(p pair) map[string]answer {
	limits := jsonata.WithLimits(jsonata.Limits{Time: 2 * time.Second, Depth: 2000, Sequence: 100_000})
	expr, err := jsonata.Compile(p.Expr, limits, jsonata.WithScriptOrder())
	if err != nil {
		return map[string]answer{"compile": failure(err)}
	}
	ctx := context.Background()
	doc, err := jsonata.Decode(p.Data)
	if err != nil {
		return map[string]answer{"decode": failure(err)}
	}
	out := map[string]answer{"value": valueAnswer(expr.Eval(ctx, doc))}
	if walked, err := jsonata.Compile(p.Expr, limits, jsonata.WithScriptOrder(), jsonata.WithTreeWalker()); err == nil {
		out["walked"] = valueAnswer(walked.Eval(ctx, doc))
	}
	text, err := expr.EvalBytes(ctx, p.Data)
	switch {
	case err != nil:
		out["bytes"] = failure(err)
	case len(text) == 0:
		out["bytes"] = answer{Kind: "undefined"}
	default:
		out["bytes"] = answer{Kind: "value", Value: string(text)}
	}
	return out
}

func valueAnswer(v jsonata.Value, err error) answer {
	if err != nil {
		return failure(err)
	}
	text, err := jsonata.Encode(v)
	if err != nil {
		return failure(err)
	}
	if len(text) == 0 {
		return answer{Kind: "undefined"}
	}
	return answer{Kind: "value", Value: string(text)}
}

func failure(err error) answer {
	var e *jsonata.Error
	if errors.As(err, &e) {
		return answer{Kind: "error", Code: e.Code, Message: e.Message, Position: e.Position, Token: e.Token}
	}
	return answer{Kind: "error", Message: err.Error()}
}

func same(a, b answer) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case "value":
		return a.Value == b.Value || equalJSON(a.Value, b.Value)
	case "error":
		return a.Code == b.Code
	}
	return true
}

// equalJSON compares as values in which members have an order: numbers that
// were passed on keep their text.
func equalJSON(a, b string) bool {
	x, err := jsonata.Decode([]byte(a))
	if err != nil {
		return false
	}
	y, err := jsonata.Decode([]byte(b))
	return err == nil && equal(x, y)
}

func equal(x, y jsonata.Value) bool {
	switch {
	case x.Kind() != y.Kind():
		return false
	case x.Kind() == jsonata.KindArray:
		a, b := x.Arr(), y.Arr()
		for i := range a.Len() {
			if i >= b.Len() || !equal(a.At(i), b.At(i)) {
				return false
			}
		}
		return a.Len() == b.Len()
	case x.Kind() == jsonata.KindObject:
		a, b := x.Obj(), y.Obj()
		return slices.Equal(a.Keys(), b.Keys()) && slices.EqualFunc(a.Vals(), b.Vals(), equal)
	}
	return jsonata.Equal(x, y)
}

// reference is the reference engine in a process of its own.
type reference struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	dir string
}

func startReference(o options) (*reference, error) {
	dir, err := os.MkdirTemp("", "difffuzz")
	if err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "runner.mjs")
	if err := os.WriteFile(script, []byte(runner), 0o600); err != nil {
		return nil, err
	}
	from, err := filepath.Abs(o.reference)
	if err != nil {
		return nil, err
	}
	r := &reference{cmd: exec.Command(o.node, "--max-old-space-size=1000", script), dir: dir}
	r.cmd.Env = append(r.cmd.Environ(), "JSONATA_FROM="+from, "TZ=UTC")
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.out = bufio.NewReaderSize(out, 1<<20)
	return r, r.cmd.Start()
}

func (r *reference) ask(p pair) (answer, error) {
	line, err := json.Marshal(p)
	if err != nil {
		return answer{}, err
	}
	if _, err := r.in.Write(append(line, '\n')); err != nil {
		return answer{}, err
	}
	timer := time.AfterFunc(3*time.Second, func() { _ = r.cmd.Process.Kill() })
	defer timer.Stop()
	reply, err := r.out.ReadBytes('\n')
	if err != nil {
		return answer{}, fmt.Errorf("the reference stopped at %s: %w", p.Expr, err)
	}
	var a answer
	return a, json.Unmarshal(reply, &a)
}

func (r *reference) stop() {
	r.in.Close()
	_ = r.cmd.Wait()
	_ = os.RemoveAll(r.dir)
}
