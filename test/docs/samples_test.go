// Package docs_test runs the samples of README.md and docs/ as they are
// written, each page against what "make run" starts.
package docs_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/cli"
	"github.com/sinewhq/sinew/internal/testkit"
)

// programVariable set to 1 makes the test binary the sinew program, so that no
// second build is needed.
const programVariable = "SINEW_TEST_PROGRAM"

// pageTime bounds the samples of one page.
const pageTime = 2 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) == "1" {
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// pages are the files with samples, by their path in the repository.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md"}
	err := filepath.WalkDir(repository("docs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".md") {
			inside, _ := filepath.Rel(repository(), path)
			found = append(found, filepath.ToSlash(inside))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func repository(path ...string) string {
	return filepath.Join(append([]string{"..", ".."}, path...)...)
}

func readPage(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(repository(page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSamples(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("the samples need curl; scripts/test installs it")
	}
	for _, page := range pages(t) {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			list, err := samples(readPage(t, page))
			if err != nil {
				t.Fatal(err)
			}
			if len(list) > 0 {
				runSamples(t, page, list)
			}
		})
	}
}

// runSamples gives the samples of a page to one shell, so that a variable of
// one is there in the next, and compares what each prints.
func runSamples(t *testing.T, page string, list []sample) {
	t.Helper()
	home, environment := startPlatform(t)
	out := t.TempDir()
	var script strings.Builder
	script.WriteString("set -eu\n")
	for i, s := range list {
		fmt.Fprintf(&script, "exec >%s/%d\n%s\n", out, i, s.commands)
	}
	ctx, cancel := context.WithTimeout(t.Context(), pageTime)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash")
	shell.Dir, shell.Env = home, append(os.Environ(), environment...)
	shell.Stdin = strings.NewReader(script.String())
	// A file, as commands that a sample leaves behind keep their output open, and
	// nobody waits for the end of a file.
	complaints, err := os.Create(filepath.Join(out, "complaints"))
	if err != nil {
		t.Fatal(err)
	}
	defer complaints.Close()
	shell.Stderr = complaints
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	failed := shell.Run()
	if shell.Process != nil {
		_ = syscall.Kill(-shell.Process.Pid, syscall.SIGKILL)
	}
	for i, s := range list {
		printed, err := os.ReadFile(filepath.Join(out, fmt.Sprint(i)))
		if err != nil {
			break // the shell ended in an earlier sample
		}
		if err := s.matches(string(printed)); err != nil {
			t.Errorf("%s:%d: %v\n%s", page, s.line, err, printed)
		}
	}
	if failed != nil {
		said, _ := os.ReadFile(complaints.Name())
		t.Errorf("%s: %v\n%s", page, failed, said)
	}
}

// matches compares what a sample printed with what the page shows; a sample of
// which the page shows nothing may print anything.
func (s sample) matches(printed string) error {
	switch s.language {
	case "json":
		return matchJSON(s.expected, printed)
	case "text":
		return matchText(s.expected, printed)
	}
	return nil
}

// startPlatform runs scripts/run in a folder of the test's own and returns the
// folder with the variables that the script told, and VENDOR, the address of
// the simulated vendor.
func startPlatform(t *testing.T) (home string, environment []string) {
	t.Helper()
	home = t.TempDir()
	install(t, home)
	vendor := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	run := exec.Command("bash", filepath.Join(home, "scripts", "run"))
	run.Env = append(os.Environ(), fmt.Sprintf("ADDR=127.0.0.1:%d", testkit.FreePort(t)), "VENDOR_ADDR="+vendor)
	told := &lines{}
	run.Stdout, run.Stderr = told, told
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	t.Cleanup(func() {
		_ = run.Process.Signal(os.Interrupt)
		<-ended
	})
	deadline := time.Now().Add(time.Minute)
	for !strings.Contains(told.String(), "Ctrl-C stops") {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("scripts/run ended: %v\n%s", err, told)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("scripts/run is not ready:\n%s", told)
		}
	}
	for _, export := range regexp.MustCompile(`(?m)^export (.*)$`).FindAllStringSubmatch(told.String(), -1) {
		environment = append(environment, export[1])
	}
	return home, append(environment, "VENDOR=http://"+vendor)
}

// install puts scripts/run and the program into a folder, as a clone has them
// after a build.
func install(t *testing.T, home string) {
	t.Helper()
	script, err := os.ReadFile(repository("scripts", "run"))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", programVariable, self)
	for path, text := range map[string]string{"scripts/run": string(script), "bin/sinew": program} {
		file := filepath.Join(home, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// links are the targets of a page's links that lie in the repository.
func links(page string) []string {
	var found []string
	for _, match := range regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(match[1], "://") {
			found = append(found, match[1])
		}
	}
	return found
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, link := range links(readPage(t, page)) {
			if _, err := os.Stat(repository(filepath.Dir(page), link)); err != nil {
				t.Errorf("%s: link to %s: %v", page, link, err)
			}
		}
	}
}

// TestEveryPageIsInTheIndex keeps docs/README.md complete.
func TestEveryPageIsInTheIndex(t *testing.T) {
	t.Parallel()
	linked := links(readPage(t, "docs/README.md"))
	for _, page := range pages(t) {
		name, inside := strings.CutPrefix(page, "docs/")
		if inside && name != "README.md" && !slices.Contains(linked, name) {
			t.Errorf("docs/README.md does not link %s", name)
		}
	}
}
