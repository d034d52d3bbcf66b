package cli_test

import (
	"bufio"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sinewhq/sinew/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sinew":      func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
		"heapserver": heapServer,
	})
}

// TestScripts runs the scripts of testdata/script. Beside what testscript has,
// they know:
//
//	serve [flag…]             starts a server and sets URL and PID
//	stop                      ends it and waits
//	read VARIABLE FILE        sets a variable to the text of a file or of stdout
//	status CODE TOKEN PATH    asks the server and wants a status
//	limit NUMBER TOKEN        wants that many requests to pass before one is limited
//	idof NAME FOLDER          sets ID to the id of a token
//	exits CODE COMMAND…       runs a command that must end with the code
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("DATA", filepath.Join(env.WorkDir, "data"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve": serve, "stop": stop, "read": read, "status": status,
			"limit": limit, "idof": idOf, "exits": exits,
		},
	})
}

// running are the servers by the working folders of their scripts.
type running struct {
	command *exec.Cmd
	waited  chan error
}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! serve; use ! exec sinew serve")
	}
	path, err := exec.LookPath("sinew")
	ts.Check(err)
	command := exec.Command(path, append([]string{"serve", "--addr", "127.0.0.1:0", "--data", ts.Getenv("DATA")}, args...)...)
	command.Dir = ts.MkAbs(".")
	command.Env = os.Environ()
	for _, name := range []string{"SINEW_LIMIT_TOKEN", "SINEW_DATA"} {
		if value := ts.Getenv(name); value != "" {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	stdout, err := command.StdoutPipe()
	ts.Check(err)
	started := time.Now()
	ts.Check(command.Start())
	server := &running{command, make(chan error, 1)}
	ts.Defer(func() {
		_ = command.Process.Kill()
		<-server.waited
	})
	lines := bufio.NewScanner(stdout)
	var url string
	for url == "" && lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), " serves "); ok {
			url = after
		}
	}
	go func() {
		for lines.Scan() {
		}
		err := command.Wait()
		server.waited <- err
		close(server.waited)
	}()
	if url == "" {
		ts.Fatalf("the server ended before it served: %v", <-server.waited)
	}
	ts.Logf("served after %s", time.Since(started).Round(time.Millisecond))
	ts.Setenv("URL", url)
	ts.Setenv("PID", strconv.Itoa(command.Process.Pid))
	servers.put(ts.MkAbs("."), server)
}

func stop(ts *testscript.TestScript, neg bool, _ []string) {
	server := servers.take(ts.MkAbs("."))
	if server == nil {
		ts.Fatalf("no server runs")
	}
	ts.Check(server.command.Process.Signal(os.Interrupt))
	if err := <-server.waited; (err != nil) != neg {
		ts.Fatalf("the server ended with %v", err)
	}
}

func read(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: read VARIABLE FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

func status(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: status CODE TOKEN PATH")
	}
	if got := strconv.Itoa(ask(ts, args[1], args[2])); got != args[0] {
		ts.Fatalf("%s: got status %s, want %s", args[2], got, args[0])
	}
}

// ask returns the status of a GET.
func ask(ts *testscript.TestScript, token, path string) int {
	request, err := http.NewRequest(http.MethodGet, ts.Getenv("URL")+path, nil)
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	ts.Check(response.Body.Close())
	return response.StatusCode
}

func limit(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	passed := 0
	for ask(ts, args[1], "/team") == http.StatusOK && passed <= want {
		passed++
	}
	if passed != want {
		ts.Fatalf("%d requests passed, want %d", passed, want)
	}
}

func idOf(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("sinew", "token", "list", "--data", args[1]))
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[1] == args[0] {
			ts.Setenv("ID", fields[0])
			return
		}
	}
	ts.Fatalf("there is no token %q", args[0])
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		ts.Fatalf("got %v, want exit code %s", err, args[0])
	}
	if got := strconv.Itoa(exit.ExitCode()); got != args[0] {
		ts.Fatalf("got exit code %s, want %s", got, args[0])
	}
}
