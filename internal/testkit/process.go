package testkit

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// serve starts a server and ends it when the test does. It returns when ready,
// which is told the lines of the server's output, says that it listens.
func serve(t testing.TB, command *exec.Cmd, ready func(line string) bool) {
	t.Helper()
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	// For those that end when their input does.
	if _, err := command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("start %s: %v", command.Path, err)
	}
	lines := bufio.NewScanner(output)
	drained := make(chan struct{})
	t.Cleanup(func() { stop(t, command, drained) })
	found := false
	for !found && lines.Scan() {
		found = ready(lines.Text())
	}
	// The server must never wait for a reader of its output.
	go func() {
		defer close(drained)
		for lines.Scan() {
		}
	}()
	if !found {
		t.Fatalf("%s ended without listening: %v", command.Path, lines.Err())
	}
}

// listening is what servers on Node.js print when they are ready.
var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

// serveListening is serve for a server that says on which host and port it
// listens.
func serveListening(t testing.TB, command *exec.Cmd) (address string) {
	t.Helper()
	serve(t, command, func(line string) bool {
		match := listening.FindStringSubmatch(line)
		if match != nil {
			address = match[1]
		}
		return match != nil
	})
	return address
}

// stop ends a process and waits for it, after its output was read to the end.
func stop(t testing.TB, command *exec.Cmd, drained <-chan struct{}) {
	t.Helper()
	if err := command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stop %s: %v", command, err)
	}
	<-drained
	var exit *exec.ExitError
	if err := command.Wait(); err != nil && !errors.As(err, &exit) {
		t.Errorf("wait for %s: %v", command, err)
	}
}
