package kill_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/testkit"
)

// installation is a data folder or database with the program that serves it.
type installation struct {
	t       testing.TB
	program string
	db      testkit.Database
	config  config.Config
	// serveFlags are given to servers beside the usual ones.
	serveFlags []string
	// clock is that of the machine it runs on, nil for the real one.
	clock *clock
}

func newInstallation(t testing.TB, db testkit.Database) *installation {
	t.Helper()
	i := &installation{t: t, program: program(t), db: db, config: config.Config{
		DataDir: db.Dir, DatabaseURL: config.Secret(db.URL), BlobStore: config.BlobStore{Dir: filepath.Join(db.Dir, "blobs")},
	}}
	if db.URL != "" {
		i.config.MasterKeyFile = filepath.Join(db.Dir, "master.key")
		if _, err := seal.GenerateMasterFile(i.config.MasterKeyFile); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

// flags name the data to any command.
func (i *installation) flags() []string {
	flags := []string{"--data", i.db.Dir}
	if i.db.URL != "" {
		flags = append(flags, "--database-url", i.db.URL, "--master-key-file", i.config.MasterKeyFile)
	}
	return flags
}

// newToken makes an API token by the command line.
func (i *installation) newToken() string {
	i.t.Helper()
	out, err := exec.Command(i.program, append([]string{"token", "create", "--name", "kill"}, i.flags()...)...).Output()
	if err != nil {
		i.t.Fatalf("make a token: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// process is a server that runs.
type process struct {
	command *exec.Cmd
	url     string
	log     *output
	ended   chan struct{}
}

// spawn starts a server and does not wait for it.
func (i *installation) spawn() (p *process, lines *bufio.Scanner) {
	i.t.Helper()
	p = &process{log: &output{}, ended: make(chan struct{})}
	args := append([]string{"serve", "--addr", "127.0.0.1:0", "--limit-token", "0", "--limit-account", "0", "--limit-inbound", "0", "--limit-inbound-size", "0", "--egress-allow", "127.0.0.0/8", "--log-level", "error"}, i.serveFlags...)
	p.command = exec.Command(i.program, append(args, i.flags()...)...)
	p.command.Stderr = p.log
	if i.clock != nil {
		p.command.Env = append(os.Environ(), clockFile+"="+i.clock.path)
	}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		i.t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(p.kill)
	return p, bufio.NewScanner(stdout)
}

// serve starts a server and returns when it answers.
func (i *installation) serve() *process {
	i.t.Helper()
	p, lines := i.spawn()
	for p.url == "" && lines.Scan() {
		_, p.url, _ = strings.Cut(lines.Text(), " serves ")
	}
	if p.url == "" {
		p.kill()
		i.t.Fatalf("the server does not start again:\n%s", p.log)
	}
	return p
}

// kill ends the server at once and waits until it is gone.
func (p *process) kill() {
	select {
	case <-p.ended:
		return
	default:
	}
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
	close(p.ended)
}

// stop asks the server to end, as a service manager does, and returns how long it took
// and what it ended with.
func (p *process) stop() (took time.Duration, err error) {
	began := time.Now()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	err = p.command.Wait()
	close(p.ended)
	return time.Since(began), err
}
