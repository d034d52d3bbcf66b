package main

import (
	"regexp"
	"strings"
	"testing"
)

func summarise(t *testing.T, mustRun string, lines ...string) (text string, ok bool) {
	t.Helper()
	var out strings.Builder
	s := newSummary(&out)
	s.listSkips = true
	if mustRun != "" {
		s.mustRun = regexp.MustCompile(mustRun)
	}
	if err := s.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	ok = s.finish()
	return out.String(), ok
}

func TestSummary(t *testing.T) {
	t.Parallel()
	const (
		pass     = `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}`
		says     = `{"Action":"output","Package":"p","Test":"TestB","Output":"wrong colour\n"}`
		fail     = `{"Action":"fail","Package":"p","Test":"TestB","Elapsed":0.1}`
		skip     = `{"Action":"skip","Package":"p","Test":"TestC/postgres"}`
		pkgPass  = `{"Action":"pass","Package":"p","Elapsed":1.25}`
		pkgFail  = `{"Action":"fail","Package":"p","Elapsed":1.25}`
		noTests  = `{"Action":"skip","Package":"q"}`
		compiler = `{"Action":"build-output","ImportPath":"p [p.test]","Output":"p.go:1: undefined\n"}`
		noBuild  = `{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`
		panics   = `{"Action":"output","Package":"p","Test":"TestA","Output":"panic: boom\n"}`
	)
	for name, c := range map[string]struct {
		mustRun string
		lines   []string
		ok      bool
		closing string
		holds   string
	}{
		"all pass":         {"", []string{pass, pkgPass, noTests}, true, "1 passed, 0 failed, 0 skipped", "pass  p  1.2s"},
		"a failure":        {"", []string{pass, says, fail, pkgFail}, false, "1 passed, 1 failed, 0 skipped", "wrong colour"},
		"a skip":           {"", []string{pass, skip, pkgPass}, true, "1 passed, 0 failed, 1 skipped", "skipped: p.TestC/postgres"},
		"a forbidden skip": {"postgres", []string{pass, skip, pkgPass}, false, "1 passed, 1 failed, 0 skipped", "must run: p.TestC/postgres"},
		"no compile":       {"", []string{compiler, noBuild}, false, "0 passed, 1 failed, 0 skipped", "p.go:1: undefined"},
		"a panic":          {"", []string{panics, pkgFail}, false, "0 passed, 1 failed, 0 skipped", "panic: boom"},
		"a slow test":      {"", []string{`{"Action":"pass","Package":"p","Test":"TestA","Elapsed":12.3}`, pkgPass}, true, "1 passed, 0 failed, 0 skipped", "slow: p.TestA  12.3s"},
		"other text":       {"", []string{"go: downloading x", pass, pkgPass}, true, "1 passed, 0 failed, 0 skipped", "go: downloading x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, ok := summarise(t, c.mustRun, c.lines...)
			lines := strings.Split(strings.TrimSpace(text), "\n")
			if got := lines[len(lines)-1]; ok != c.ok || got != c.closing {
				t.Errorf("got %v and %q, want %v and %q", ok, got, c.ok, c.closing)
			}
			if !strings.Contains(text, c.holds) {
				t.Errorf("%q is not in:\n%s", c.holds, text)
			}
		})
	}
}
