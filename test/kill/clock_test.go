package kill_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// steppableProgram builds the real program once with a clock that a test can set:
// the wall clock of the standard library is off by what a file says, as if somebody
// had set the clock of the machine. What has passed is measured as ever. Nothing of
// the program knows of it.
func steppableProgram(t testing.TB) string {
	t.Helper()
	path, err := steppableOnce()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var steppableOnce = sync.OnceValues(func() (string, error) {
	overlay, err := clockOverlay()
	if err != nil {
		return "", fmt.Errorf("make a clock that can be set: %w", err)
	}
	return buildProgram("sinew-clock", "-overlay", overlay)
})

// clockFile names the variable with the file that says by how many seconds the
// clock is off.
const clockFile = "SINEW_TEST_CLOCK"

// stepSource is added to package time.
const stepSource = `package time

import (
	"syscall"
	"unsafe"
)

var stepped = openStep()

func openStep() []byte {
	path, ok := syscall.Getenv("` + clockFile + `")
	if !ok {
		return nil
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY, 0)
	if err != nil {
		panic("open " + path + ": " + err.Error())
	}
	page, err := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic("map " + path + ": " + err.Error())
	}
	return page
}

func step() int64 {
	if stepped == nil {
		return 0
	}
	return *(*int64)(unsafe.Pointer(&stepped[0]))
}
`

// clockOverlay writes what the build takes in place of the standard library's
// clock. Its folder goes by its content, so that the next run finds it built.
func clockOverlay() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	source := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	content, err := os.ReadFile(filepath.Join(source, "time.go"))
	if err != nil {
		return "", err
	}
	const read = "sec, nsec, mono := runtimeNow()\n"
	if bytes.Count(content, []byte(read)) != 1 {
		return "", fmt.Errorf("time.Now of this Go does not read the clock as expected: %q", read)
	}
	content = bytes.Replace(content, []byte(read), []byte(read+"\tsec += step()\n"), 1)
	sum := sha256.Sum256(append([]byte(stepSource), content...))
	dir := filepath.Join(os.TempDir(), "sinew-clock-"+hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	replace := map[string]string{filepath.Join(source, "time.go"): filepath.Join(dir, "time.go"), filepath.Join(source, "step_linux.go"): filepath.Join(dir, "step_linux.go")}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	for name, text := range map[string][]byte{"time.go": content, "step_linux.go": []byte(stepSource), "overlay.json": overlay} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "overlay.json"), nil
}

// clock is that of a machine whose owner sets it.
type clock struct {
	t    testing.TB
	path string
}

func newClock(t testing.TB) *clock {
	t.Helper()
	c := &clock{t, filepath.Join(t.TempDir(), "clock")}
	c.set(0)
	return c
}

// set makes the clock be off by so much from now on, for the processes of the
// machine that run and those that begin.
func (c *clock) set(off time.Duration) {
	c.t.Helper()
	file, err := os.OpenFile(c.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	var seconds [8]byte
	binary.NativeEndian.PutUint64(seconds[:], uint64(int64(off/time.Second)))
	if _, err := file.WriteAt(seconds[:], 0); err != nil {
		c.t.Fatal(err)
	}
}
