package kill_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// node is a server that ends and begins again, with a folder and a way to the
// database of its own.
type node struct {
	installation *installation
	line         *line

	mu   sync.RWMutex
	now  *life // nil while it is down
	past []*life
}

// life is one process of a node, with the times at which something was done to
// it.
type life struct {
	process *process
	mu      sync.Mutex
	harmed  []harm
}

// harm is a time in which a process was stopped or without its database, or from
// which on it was dead.
type harm struct{ from, to time.Time }

// forever is the end of what does not end.
var forever = time.Unix(1<<40, 0)

func newNode(t *testing.T, i *installation) *node {
	t.Helper()
	own := *i
	own.db.Dir = t.TempDir()
	if *clocksFlag {
		own.program, own.clock = steppableProgram(t), newClock(t)
	}
	n := &node{installation: &own, line: newLine(t, i.db.URL)}
	own.db.URL = n.line.url
	return n
}

func (n *node) start() {
	p := &life{process: n.installation.serve()}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now = p
	n.past = append(n.past, p)
}

func (n *node) alive() *life {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.now
}

// begin notes that something is done to the process from now on.
func (p *life) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.harmed = append(p.harmed, harm{time.Now(), forever})
}

func (p *life) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.harmed[len(p.harmed)-1].to = time.Now()
}

// disturbed reports whether something was done to the process between two times.
func (p *life) disturbed(from, to time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.harmed {
		if h.from.Before(to) && h.to.After(from) {
			return true
		}
	}
	return false
}

// kill ends the node's process at once.
func (n *node) kill() {
	p := n.alive()
	p.begin()
	n.mu.Lock()
	n.now = nil
	n.mu.Unlock()
	p.process.kill()
}

// pause stops the process for a while, as a machine that swaps does.
func (n *node) pause(d time.Duration) error {
	p := n.alive()
	p.begin()
	defer p.end()
	if err := p.process.command.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(d)
	return p.process.command.Process.Signal(syscall.SIGCONT)
}

// cut takes the database away for a while.
func (n *node) cut(d time.Duration) {
	p := n.alive()
	p.begin()
	defer p.end()
	n.line.cut()
	time.Sleep(d)
	n.line.restore()
}

// ownerOf finds the process at the other end of a connection of this machine, nil when
// it is none of the nodes'.
func ownerOf(nodes []*node, theirs, ours int) *life {
	inode := socketOf(theirs, ours)
	if inode == "" {
		return nil
	}
	for _, n := range nodes {
		p := n.alive()
		if p == nil {
			continue
		}
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.process.command.Process.Pid))
		for _, link := range links {
			if target, err := os.Readlink(link); err == nil && target == "socket:["+inode+"]" {
				return p
			}
		}
	}
	return nil
}

// socketOf finds the inode of the socket between two ports of IPv4, as the kernel lists
// them. One end is not enough: a port may have connections to several others.
func socketOf(local, remote int) string {
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return ""
	}
	from, to := fmt.Sprintf(":%04X", local), fmt.Sprintf(":%04X", remote)
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 10 {
			continue
		}
		if strings.HasSuffix(fields[1], from) && strings.HasSuffix(fields[2], to) && fields[9] != "0" {
			return fields[9]
		}
	}
	return ""
}
