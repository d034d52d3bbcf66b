package server_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// startRepeats is how often the program is started.
const startRepeats = 7

// BenchmarkStart prints how long the program takes from its start to its first
// answer, on an empty folder and on one that has data, how much memory it holds
// when nobody calls it, and how large it is. It runs once whatever b.N is.
func BenchmarkStart(b *testing.B) {
	if b.N > 1 {
		return
	}
	program := benchProgram(b)
	info, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	var empty, known []time.Duration
	memory := ""
	for range startRepeats {
		data := b.TempDir()
		took, _ := startOnce(b, program, data)
		empty = append(empty, took)
		took, memory = startOnce(b, program, data)
		known = append(known, took)
	}
	slices.Sort(empty)
	slices.Sort(known)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nstart to first answer, empty SQLite folder\t%s (median of %d)\n", empty[startRepeats/2].Round(time.Millisecond), startRepeats)
	fmt.Fprintf(table, "start to first answer, with data\t%s (median of %d)\n", known[startRepeats/2].Round(time.Millisecond), startRepeats)
	fmt.Fprintf(table, "idle memory, SQLite\t%s\n", memory)
	fmt.Fprintf(table, "binary, static and stripped\t%.1f MB\n", float64(info.Size())/1e6)
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

// benchProgram builds the program as it is released.
func benchProgram(b *testing.B) (path string) {
	path = filepath.Join(b.TempDir(), "sinew")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "../../cmd/sinew")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// startOnce starts the program, waits for its first answer, and stops it.
func startOnce(b *testing.B, program, data string) (took time.Duration, memory string) {
	started := time.Now()
	command := exec.Command(program, "serve", "--addr", "127.0.0.1:0", "--data", data, "--log-level", "error")
	output, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	}()
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		b.Fatalf("the program did not start: %v", err)
	}
	address := strings.TrimSpace(line[strings.LastIndex(line, " ")+1:])
	response, err := http.Get(address + "/ping")
	if err != nil {
		b.Fatal(err)
	}
	response.Body.Close()
	took = time.Since(started)
	time.Sleep(500 * time.Millisecond) // let start-up's garbage go
	return took, residentMemory(b, command.Process.Pid)
}

// residentMemory reads what the system says of a process; only Linux does.
func residentMemory(b *testing.B, pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "not known on this system"
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	b.Fatal("no VmRSS")
	return ""
}
