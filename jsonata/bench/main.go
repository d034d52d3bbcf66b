// Command bench times the engine on the benchmark set in testdata/bench and,
// when Node and the reference package are there, the reference beside it in the
// same run. It prints one table: times, ratios (reference time divided by ours)
// and their geometric means. A result counts only when its text has the hash
// that the set records.
//
//	go run ./jsonata/bench --node node --reference DIR
//
// DIR is a folder whose node_modules holds the npm package jsonata. Without
// --reference only our own times are printed.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew/jsonata"
)

func main() {
	var o options
	flag.StringVar(&o.dir, "set", "jsonata/testdata/bench", "folder of the benchmark set")
	flag.StringVar(&o.mapping, "mapping", "jsonata/testdata/contact", "folder of a mapping with its record")
	flag.StringVar(&o.node, "node", "node", "path of node")
	flag.StringVar(&o.reference, "reference", "", "folder whose node_modules holds the jsonata package")
	flag.StringVar(&o.payloads, "payload", "small,medium", "payloads to run")
	flag.StringVar(&o.only, "only", "", "ids of the expressions to run")
	flag.BoolVar(&o.quick, "quick", false, "short rounds")
	flag.StringVar(&o.json, "json", "", "also write the figures to this file")
	flag.Parse()
	if err := run(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	dir, mapping, node, reference, payloads, only, json string
	quick                                               bool
}

// figures are the times of one expression on one payload in nanoseconds.
type figures struct {
	ID      string  `json:"id"`
	Payload string  `json:"payload"`
	OK      bool    `json:"ok"`
	Eval    float64 `json:"eval_ns"`
	Bytes   float64 `json:"bytes_ns"`
	Compile float64 `json:"compile_ns"`
	Allocs  float64 `json:"allocs"`
	Size    float64 `json:"alloc_bytes"`
}

type report struct {
	Decode  map[string]decodeFigures `json:"decode"`
	Results []figures                `json:"results"`
	Mapping *figures                 `json:"mapping,omitempty"`
}

type decodeFigures struct {
	NS    float64 `json:"ns"`
	Bytes int     `json:"bytes"`
}

type expression struct{ ID, Expr string }

type expected struct {
	Results map[string]struct {
		Undefined bool   `json:"undefined"`
		SHA256    string `json:"sha256"`
	} `json:"results"`
}

func run(w io.Writer, o options) error {
	ours, err := measure(o)
	if err != nil {
		return err
	}
	var theirs *report
	if o.reference != "" {
		if theirs, err = measureReference(o); err != nil {
			return err
		}
	}
	if o.json != "" {
		data, err := json.MarshalIndent(map[string]any{"engine": ours, "reference": theirs}, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	for _, p := range strings.Split(o.payloads, ",") {
		print(w, p, ours, theirs)
	}
	if m := ours.Mapping; m != nil {
		fmt.Fprintf(w, "\ncontact mapping, one record: evaluation %s, bytes to bytes %s, compiling %s, %.0f allocations\n", ns(m.Eval), ns(m.Bytes), ns(m.Compile), m.Allocs)
	}
	for _, f := range ours.Results {
		if !f.OK {
			return fmt.Errorf("%s on %s: wrong result", f.ID, f.Payload)
		}
	}
	return nil
}

func readJSON(path string, to any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

func measure(o options) (*report, error) {
	var list []expression
	var want expected
	if err := readJSON(filepath.Join(o.dir, "expressions.json"), &list); err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(o.dir, "expected", "index.json"), &want); err != nil {
		return nil, err
	}
	r := &report{Decode: map[string]decodeFigures{}}
	var err error
	for _, p := range strings.Split(o.payloads, ",") {
		text, err := os.ReadFile(filepath.Join(o.dir, "payloads", p+".json"))
		if err != nil {
			return nil, fmt.Errorf("%w (payloads are made by: node generate.mjs)", err)
		}
		doc, err := jsonata.Decode(text)
		if err != nil {
			return nil, err
		}
		ns := o.time(func() { jsonata.Decode(text) })
		r.Decode[p] = decodeFigures{NS: ns, Bytes: len(text)}
		for _, e := range list {
			if o.only != "" && !slices.Contains(strings.Split(o.only, ","), e.ID) {
				continue
			}
			expr, err := jsonata.Compile(e.Expr)
			if err != nil {
				return nil, err
			}
			f := o.measureOne(expr, doc, text)
			f.Compile = o.time(func() { jsonata.MustCompile(e.Expr) })
			f.ID, f.Payload = e.ID, p
			exp := want.Results[e.ID+"."+p]
			f.OK = f.OK && right(expr, doc, text, exp.Undefined, exp.SHA256)
			r.Results = append(r.Results, f)
		}
	}
	if o.mapping != "" && o.only == "" {
		if r.Mapping, err = o.measureMapping(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// measureMapping times a mapping of one record, which has no counterpart among
// the reference's figures.
func (o options) measureMapping() (*figures, error) {
	source, err := os.ReadFile(filepath.Join(o.mapping, "mapping.jsonata"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(o.mapping, "contact.json"))
	if err != nil {
		return nil, err
	}
	expr, err := jsonata.Compile(string(source))
	if err != nil {
		return nil, err
	}
	doc, err := jsonata.Decode(text)
	if err != nil {
		return nil, err
	}
	f := o.measureOne(expr, doc, text)
	f.Compile = o.time(func() { jsonata.MustCompile(string(source)) })
	return &f, nil
}

// right checks the results of both ways of evaluating.
func right(expr *jsonata.Expr, doc jsonata.Value, text []byte, undefined bool, hash string) bool {
	v, err := expr.Eval(context.Background(), doc)
	if err != nil {
		return false
	}
	one, err := jsonata.Encode(v)
	if err != nil {
		return false
	}
	two, err := expr.EvalBytes(context.Background(), text)
	if err != nil {
		return false
	}
	if undefined {
		return len(one) == 0 && two == nil
	}
	return sum(one) == hash && sum(two) == hash
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

func (o options) measureOne(expr *jsonata.Expr, doc jsonata.Value, text []byte) figures {
	ctx := context.Background()
	f := figures{OK: true}
	f.Eval = o.time(func() { expr.Eval(ctx, doc) })
	f.Bytes = o.time(func() { expr.EvalBytes(ctx, text) })
	var before, after runtime.MemStats
	const rounds = 20
	runtime.ReadMemStats(&before)
	for range rounds {
		expr.Eval(ctx, doc)
	}
	runtime.ReadMemStats(&after)
	f.Allocs = float64(after.Mallocs-before.Mallocs) / rounds
	f.Size = float64(after.TotalAlloc-before.TotalAlloc) / rounds
	return f
}

// time is the median of five rounds in nanoseconds a call, after a warm-up
// that finds how many calls fill a round.
func (o options) time(f func()) float64 {
	round := 200 * time.Millisecond
	if o.quick {
		round = 40 * time.Millisecond
	}
	n := 1
	for {
		start := time.Now()
		for range n {
			f()
		}
		if d := time.Since(start); d > round/2 {
			n = max(1, int(float64(n)*float64(round)/float64(d)))
			break
		}
		n *= 2
	}
	var times []float64
	for range 5 {
		start := time.Now()
		for range n {
			f()
		}
		times = append(times, float64(time.Since(start))/float64(n))
	}
	slices.Sort(times)
	return times[2]
}

func measureReference(o options) (*report, error) {
	args := []string{filepath.Join(o.dir, "reference.mjs"), "--payload", o.payloads}
	if o.only != "" {
		args = append(args, "--only", o.only)
	}
	if o.quick {
		args = append(args, "--quick")
	}
	cmd := exec.Command(o.node, args...)
	abs, err := filepath.Abs(o.reference)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Environ(), "JSONATA_FROM="+abs)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run the reference: %w", err)
	}
	var r report
	return &r, json.Unmarshal(out, &r)
}

func print(w io.Writer, payload string, ours, theirs *report) {
	d := ours.Decode[payload]
	fmt.Fprintf(w, "\n%s payload, %d bytes; decoding %s (%.0f MB/s)", payload, d.Bytes, ns(d.NS), float64(d.Bytes)/d.NS*1000)
	if theirs != nil {
		t := theirs.Decode[payload]
		fmt.Fprintf(w, ", reference %s (%.2f x)", ns(t.NS), t.NS/d.NS)
	}
	fmt.Fprintf(w, "\n%-18s %10s %8s %10s %8s %8s %10s  %s\n", "expression", "eval", "ratio", "bytes", "ratio", "allocs", "compile", "result")
	var evals, bytes []float64
	for _, f := range ours.Results {
		if f.Payload != payload {
			continue
		}
		re, rb := "-", "-"
		if t := find(theirs, f); t != nil {
			evals, bytes = append(evals, t.Eval/f.Eval), append(bytes, t.Bytes/f.Bytes)
			re, rb = fmt.Sprintf("%.1f x", t.Eval/f.Eval), fmt.Sprintf("%.1f x", t.Bytes/f.Bytes)
		}
		word := "right"
		if !f.OK {
			word = "WRONG"
		}
		fmt.Fprintf(w, "%-18s %10s %8s %10s %8s %8.0f %10s  %s\n", f.ID, ns(f.Eval), re, ns(f.Bytes), rb, f.Allocs, ns(f.Compile), word)
	}
	if len(evals) > 0 {
		fmt.Fprintf(w, "%-18s %10s %8s %10s %8s\n", "geometric mean", "", fmt.Sprintf("%.1f x", mean(evals)), "", fmt.Sprintf("%.1f x", mean(bytes)))
	}
}

func find(r *report, f figures) *figures {
	if r == nil {
		return nil
	}
	for i := range r.Results {
		if r.Results[i].ID == f.ID && r.Results[i].Payload == f.Payload {
			return &r.Results[i]
		}
	}
	return nil
}

func mean(list []float64) float64 {
	total := 0.0
	for _, x := range list {
		total += math.Log(x)
	}
	return math.Exp(total / float64(len(list)))
}

func ns(x float64) string {
	switch {
	case x < 1e3:
		return fmt.Sprintf("%.0f ns", x)
	case x < 1e6:
		return fmt.Sprintf("%.1f µs", x/1e3)
	}
	return fmt.Sprintf("%.2f ms", x/1e6)
}
