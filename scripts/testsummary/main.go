// Command testsummary reads what "go test -json" writes and prints what a
// person wants to see of it: a line for each package, the full output of each
// failed test, the skipped tests, and a closing line with the counts.
//
// It exits with 1 when anything failed, or when a test whose name matches
// -must-run was skipped.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

func main() {
	mustRun := flag.String("must-run", "", "regular expression over names of tests that must not be skipped")
	listSkips := flag.Bool("list-skips", true, "name the skipped tests; false only counts them")
	flag.Parse()
	ok, err := run(*mustRun, *listSkips)
	if err != nil {
		fmt.Fprintf(os.Stderr, "testsummary: %v\n", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(mustRun string, listSkips bool) (ok bool, err error) {
	s := newSummary(os.Stdout)
	s.listSkips = listSkips
	if mustRun != "" {
		if s.mustRun, err = regexp.Compile(mustRun); err != nil {
			return false, err
		}
	}
	if err := s.read(os.Stdin); err != nil {
		return false, err
	}
	return s.finish(), nil
}
