package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// event is one line of go test -json; "go doc test2json" describes it.
type event struct {
	Action      string  `json:"Action"`
	Package     string  `json:"Package"`
	ImportPath  string  `json:"ImportPath"`
	Test        string  `json:"Test"`
	Output      string  `json:"Output"`
	Elapsed     float64 `json:"Elapsed"`
	FailedBuild string  `json:"FailedBuild"`
}

// name identifies a test over all packages; the empty Test is the package.
type name struct{ Package, Test string }

func (n name) String() string { return n.Package + "." + n.Test }

// timed is a test with how many seconds it took, beside others.
type timed struct {
	name
	seconds float64
}

const (
	// slowTest is what takes long, in seconds, and mostSlow how many of them are named.
	slowTest = 10.0
	mostSlow = 25
)

// summary collects the events of one run.
type summary struct {
	out       io.Writer
	mustRun   *regexp.Regexp // names of tests that must not be skipped; nil for none
	listSkips bool

	output  map[name][]string   // of tests and packages that have not ended
	builds  map[string][]string // compiler output by import path
	failing map[string]bool     // packages with a failed test
	skipped []name
	slow    []timed // tests that took long
	passed  int
	failed  int
}

func newSummary(out io.Writer) *summary {
	return &summary{
		out:     out,
		output:  map[name][]string{},
		builds:  map[string][]string{},
		failing: map[string]bool{},
	}
}

// read takes in events until the end of the input. A line that is no event is
// passed on as it is.
func (s *summary) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if jsonx.Unmarshal(line, &e) == nil {
				s.take(e)
			} else {
				s.printf("%s", line)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) take(e event) {
	key := name{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		s.builds[e.ImportPath] = append(s.builds[e.ImportPath], e.Output)
	case "output":
		s.output[key] = append(s.output[key], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(e)
		} else {
			s.endTest(key, e.Action)
			if e.Elapsed >= slowTest {
				s.slow = append(s.slow, timed{key, e.Elapsed})
			}
		}
		delete(s.output, key)
	}
}

func (s *summary) endTest(key name, action string) {
	switch action {
	case "pass":
		s.passed++
	case "fail":
		s.failed++
		s.failing[key.Package] = true
		s.printf("%s", strings.Join(s.output[key], ""))
	case "skip":
		s.skipped = append(s.skipped, key)
	}
}

func (s *summary) endPackage(e event) {
	if e.Action == "fail" && !s.failing[e.Package] {
		// It did not compile, panicked outside a test, or ran out of time.
		s.failed++
		s.printf("%s%s", strings.Join(s.builds[e.FailedBuild], ""), s.unfinished(e.Package))
	}
	if e.Action != "skip" { // a package without tests
		s.printf("%-4s  %s  %.1fs\n", e.Action, e.Package, e.Elapsed)
	}
}

// unfinished is the output of a package and of its tests that never ended.
func (s *summary) unfinished(pkg string) string {
	var keys []name
	for key := range s.output {
		if key.Package == pkg {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b name) int { return cmp.Compare(a.Test, b.Test) })
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(strings.Join(s.output[key], ""))
	}
	return text.String()
}

// finish prints the closing lines and reports whether the run is good.
func (s *summary) finish() bool {
	missed := 0
	for _, key := range s.skipped {
		if s.mustRun != nil && s.mustRun.MatchString(key.Test) {
			missed++
			s.printf("skipped, but must run: %s\n", key)
		} else if s.listSkips {
			s.printf("skipped: %s\n", key)
		}
	}
	slices.SortFunc(s.slow, func(a, b timed) int { return cmp.Compare(b.seconds, a.seconds) })
	for _, t := range s.slow[:min(len(s.slow), mostSlow)] {
		s.printf("slow: %s  %.1fs\n", t.name, t.seconds)
	}
	s.printf("%d passed, %d failed, %d skipped\n", s.passed, s.failed+missed, len(s.skipped)-missed)
	return s.failed+missed == 0
}

func (s *summary) printf(format string, args ...any) { fmt.Fprintf(s.out, format, args...) }
