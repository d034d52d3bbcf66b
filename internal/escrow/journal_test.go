package escrow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/escrow"
)

// mask stands for encryption: what it makes cannot be read, and belongs to a place.
type mask struct{}

func (mask) SealAlone(_ context.Context, environmentID, name string, content []byte) ([]byte, error) {
	return flip(append([]byte(environmentID+"|"+name+"|"), content...)), nil
}

func (mask) OpenAlone(_ context.Context, environmentID, name string, sealed []byte) ([]byte, error) {
	content, ok := bytes.CutPrefix(flip(sealed), []byte(environmentID+"|"+name+"|"))
	if !ok {
		return nil, errors.New("not of this place")
	}
	return content, nil
}

func flip(content []byte) []byte {
	flipped := make([]byte, len(content))
	for i, b := range content {
		flipped[i] = b ^ 0x55
	}
	return flipped
}

func open(t testing.TB, dir string) *escrow.Journal {
	t.Helper()
	j, err := escrow.Open(dir, mask{}, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { must(t, j.Close()) })
	return j
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func entry(n int) escrow.Entry {
	return escrow.Entry{EnvironmentID: "e", Kind: "test", Key: fmt.Sprint(n), Content: fmt.Appendf(nil, "secret %d", n)}
}

func put(t testing.TB, j *escrow.Journal, n int) *escrow.Held {
	t.Helper()
	h, err := j.Put(t.Context(), entry(n))
	must(t, err)
	return h
}

// database is what entries are applied to.
type database struct {
	applied []string
	away    bool
}

func (d *database) apply(_ context.Context, e escrow.Entry) error {
	if d.away {
		return errors.New("away")
	}
	if want := "secret " + e.Key; string(e.Content) != want || e.EnvironmentID != "e" {
		return fmt.Errorf("entry %s holds %q", e.Key, e.Content)
	}
	d.applied = append(d.applied, e.Key)
	return nil
}

func (d *database) replay(t testing.TB, j *escrow.Journal) []string {
	t.Helper()
	d.applied = nil
	j.Replay(t.Context(), map[string]escrow.Apply{"test": d.apply})
	slices.Sort(d.applied)
	return d.applied
}

func want(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: applied %q, want %q", what, got, want)
	}
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	return names
}

func TestAnEntryIsAppliedByTheNextProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := open(t, dir), open(t, dir)
	put(t, first, 1).Done()
	put(t, first, 2)
	put(t, first, 3).Leave()
	var db database
	want(t, "of a process that lives, by another", db.replay(t, second))
	must(t, first.Close())
	for _, name := range files(t, dir) {
		content, err := os.ReadFile(name)
		must(t, err)
		if bytes.Contains(content, []byte("secret")) {
			t.Errorf("%s holds an entry in the clear", name)
		}
	}
	db.away = true
	want(t, "without a database", db.replay(t, second))
	db.away = false
	want(t, "of a dead process", db.replay(t, second), "2", "3")
	want(t, "again", db.replay(t, second))
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
}

func TestAnEntryThatWasLeftIsAppliedByItsProcess(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir())
	db := database{away: true}
	under, left := put(t, j, 1), put(t, j, 2)
	left.Leave()
	want(t, "without a database", db.replay(t, j))
	if !j.Waits("test", "2") {
		t.Error("an entry that was not applied does not wait")
	}
	db.away = false
	want(t, "what was left", db.replay(t, j), "2")
	want(t, "again", db.replay(t, j))
	if j.Waits("test", "2") || !j.Waits("test", "1") {
		t.Error("of two entries, the one that was not applied waits")
	}
	under.Done()
}

// TestEntriesThatFailDoNotHoldOthersUp has one of a dead process that cannot be
// applied: the others are, once, and it stays.
func TestEntriesThatFailDoNotHoldOthersUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dead, j := open(t, dir), open(t, dir)
	for n := range 3 {
		put(t, dead, n)
	}
	must(t, dead.Close())
	var db database
	stubborn := func(ctx context.Context, e escrow.Entry) error {
		if e.Key == "1" {
			return errors.New("no")
		}
		return db.apply(ctx, e)
	}
	for range 3 {
		j.Replay(t.Context(), map[string]escrow.Apply{"test": stubborn})
	}
	want(t, "beside one that fails", db.applied, "0", "2")
	want(t, "once it does not", db.replay(t, j), "1")
}

// TestATornEndIsNotAnEntry cuts the last line short at each byte, as a crash does
// before its writer was told that it is there.
func TestATornEndIsNotAnEntry(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	j := open(t, source)
	put(t, j, 1)
	put(t, j, 2)
	content, err := os.ReadFile(files(t, source)[0])
	must(t, err)
	first := bytes.IndexByte(content, '\n') + 1
	for size := first; size < len(content); size++ {
		dir := t.TempDir()
		path := filepath.Join(dir, "x.segment")
		must(t, os.WriteFile(path, content[:size], 0o600))
		next := open(t, dir)
		db := database{away: true}
		db.replay(t, next)
		db.away = false
		want(t, fmt.Sprintf("%d bytes of the second entry", size-first), db.replay(t, next), "1")
	}
}

// TestEveryCrashKeepsWhatWasPut copies the folder at random moments, as it would be
// found after the process died there: whatever was put and not done is in it.
func TestEveryCrashKeepsWhatWasPut(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	j := open(t, dir)
	underWay := map[int]*escrow.Held{}
	for n := range 400 {
		underWay[n] = put(t, j, n)
		for m, h := range underWay {
			if random.IntN(3) == 0 {
				h.Done()
				delete(underWay, m)
			}
		}
		if n%10 != 0 {
			continue
		}
		found := after(t, dir)
		for m := range underWay {
			if !slices.Contains(found, fmt.Sprint(m)) {
				t.Fatalf("after %d entries, entry %d is lost", n, m)
			}
		}
	}
}

// after is what another process applies of a copy of a folder.
func after(t *testing.T, dir string) []string {
	t.Helper()
	copied := t.TempDir()
	must(t, os.CopyFS(copied, os.DirFS(dir)))
	var db database
	return db.replay(t, open(t, copied))
}

// TestSegmentsGo fills several: those whose entries were applied are removed.
func TestSegmentsGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir)
	large := entry(0)
	large.Content = []byte(strings.Repeat("x", 100<<10))
	for n := range 40 {
		large.Key = fmt.Sprint(n)
		h, err := j.Put(t.Context(), large)
		must(t, err)
		h.Done()
	}
	put(t, j, 100).Done()
	size := int64(0)
	for _, name := range files(t, dir) {
		info, err := os.Stat(name)
		must(t, err)
		size += info.Size()
	}
	if size > 1<<20 {
		t.Errorf("with nothing that waits, the journal has %d bytes", size)
	}
	must(t, j.Close())
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir)
	var work sync.WaitGroup
	for n := range 500 {
		work.Go(func() {
			h, err := j.Put(t.Context(), entry(n))
			if err != nil {
				t.Error(err)
				return
			}
			if n%2 == 0 {
				h.Done()
			}
		})
	}
	work.Wait()
	must(t, j.Close())
	var db database
	if got := db.replay(t, open(t, dir)); len(got) != 250 {
		t.Errorf("%d entries were left, want 250", len(got))
	}
}

// BenchmarkPut measures entries that come one by one, and together.
func BenchmarkPut(b *testing.B) {
	for name, together := range map[string]int{"alone": 1, "together": 1000} {
		b.Run(name, func(b *testing.B) {
			j := open(b, b.TempDir())
			b.SetParallelism(together)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					h, err := j.Put(b.Context(), entry(1))
					if err != nil {
						b.Error(err)
						return
					}
					h.Done()
				}
			})
		})
	}
}
