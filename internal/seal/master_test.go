package seal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew/internal/seal"
)

func TestMasterFileRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	made, err := seal.GenerateMasterFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode().Perm(), fs.FileMode(0o600); got != want {
		t.Errorf("mode: got %o, want %o", got, want)
	}
	loaded, err := seal.LoadMasterFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := loaded.ID(), made.ID(); got != want {
		t.Errorf("fingerprint: got %s, want %s", got, want)
	}
	vault, keys := newVault(t, made, "env-a")
	sealed := mustSeal(t, vault, home(), "s3cret")
	if got, err := seal.New(loaded, keys).Open(t.Context(), home(), sealed); string(got) != "s3cret" {
		t.Errorf("opened with the loaded key: %q, %v", got, err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}

func TestGenerateNeverReplacesAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.GenerateMasterFile(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if content, _ := os.ReadFile(path); string(content) != "mine" {
		t.Errorf("the file was changed to %q", content)
	}
}

func TestLoadRefusesAnOpenFileWithTheCommandThatHelps(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := seal.GenerateMasterFile(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := seal.LoadMasterFile(path)
		if err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o: got %v, want an error with the chmod command", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadMasterFile(path); err != nil {
		t.Errorf("mode 400: %v", err)
	}
}

func TestLoadRefusesWhatIsNoKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := seal.LoadMasterFile(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent file: got %v, want fs.ErrNotExist", err)
	}
	if _, err := seal.LoadMasterFile(dir); err == nil {
		t.Error("a folder was taken for a key")
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadMasterFile(large); err == nil {
		t.Error("a megabyte was taken for a key")
	}
}

func TestMasterFromText(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	made, err := seal.GenerateMasterFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	key := lines[len(lines)-1]
	for name, text := range map[string]string{
		"whole file":   string(content),
		"key line":     key,
		"with spaces":  "  " + key + "\r\n\n",
		"CRLF comment": "# note\r\n" + key,
	} {
		master, err := seal.MasterFromText(text)
		if err != nil || master.ID() != made.ID() {
			t.Errorf("%s: got %v, %v", name, master, err)
		}
	}
	secret := key[strings.LastIndex(key, ":")+1:]
	for name, text := range map[string]string{
		"empty":         "",
		"comment only":  "# nothing",
		"two keys":      key + "\n" + key,
		"password":      "hunter2",
		"other label":   "x" + key,
		"newer version": strings.Replace(key, ":v1:", ":v2:", 1),
		"no key":        strings.TrimSuffix(key, secret),
		"short key":     key[:len(key)-4],
		"other key":     strings.TrimSuffix(key, secret) + strings.Repeat("A", len(secret)),
		"extra field":   key + ":x",
	} {
		_, err := seal.MasterFromText(text)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error repeats the secret: %v", name, err)
		}
	}
}

func TestFingerprintsDiffer(t *testing.T) {
	t.Parallel()
	if a, b := newMaster(t), newMaster(t); a.ID() == b.ID() || len(a.ID()) != 16 {
		t.Errorf("fingerprints %s and %s", a.ID(), b.ID())
	}
}

// TestKilledGenerationLeavesNothing puts beside a key file what a process that
// was killed while it made one leaves there.
func TestKilledGenerationLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	left := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("half a key"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(names ...string) {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, entry := range entries {
			got = append(got, entry.Name())
		}
		if strings.Join(got, " ") != strings.Join(names, " ") {
			t.Errorf("the folder holds %q, want %q", got, names)
		}
	}
	// Killed before the key was there.
	left(".master.key-123", ".master.key-old-456", "master.key-789", ".master.key-")
	if _, err := seal.GenerateMasterFile(path); err != nil {
		t.Fatal(err)
	}
	want(".master.key-", ".master.key-old-456", "master.key", "master.key-789")
	// Killed between the key and the clean-up.
	left(".master.key-123")
	if _, err := seal.LoadMasterFile(path); err != nil {
		t.Fatal(err)
	}
	want(".master.key-", ".master.key-old-456", "master.key", "master.key-789")
}

// TestGeneratorsBesideEachOther make one key, whoever sweeps first.
func TestGeneratorsBesideEachOther(t *testing.T) {
	t.Parallel()
	for range 20 {
		path := filepath.Join(t.TempDir(), "master.key")
		var made atomic.Int32
		var work sync.WaitGroup
		for range 8 {
			work.Go(func() {
				_, err := seal.GenerateMasterFile(path)
				if err == nil {
					made.Add(1)
				} else if !errors.Is(err, fs.ErrExist) {
					t.Errorf("got %v, want fs.ErrExist", err)
				}
			})
		}
		work.Wait()
		if _, err := seal.LoadMasterFile(path); err != nil || made.Load() != 1 {
			t.Errorf("%d processes made a key; load: %v", made.Load(), err)
		}
	}
}
