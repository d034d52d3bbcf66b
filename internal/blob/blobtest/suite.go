// Package blobtest holds a blob store to its contract. The test of a driver is
// a constructor and a call of Run.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/blob"
)

// Run tests every promise of blob.Store but the one of Atomicity. open returns a new and empty store
// for each subtest, and arranges with the test for its end.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, blob.Store){
		"RoundTrip":          testRoundTrip,
		"Absent":             testAbsent,
		"Replace":            testReplace,
		"Delete":             testDelete,
		"List":               testList,
		"ListStops":          testListStops,
		"ListMany":           testListMany,
		"InvalidKeys":        testInvalidKeys,
		"OwnSlices":          testOwnSlices,
		"Concurrent":         testConcurrent,
		"CancelledContext":   testCancelledContext,
		"KeyBesideItsFolder": testKeyBesideItsFolder,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t *testing.T, store blob.Store, key, content string) {
	t.Helper()
	if err := store.Put(t.Context(), key, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, store blob.Store, key, want string) {
	t.Helper()
	got, err := store.Get(t.Context(), key)
	if err != nil || string(got) != want {
		t.Errorf("get %s: got %d bytes %.40q, %v; want %d bytes %.40q", key, len(got), got, err, len(want), want)
	}
}

func testRoundTrip(t *testing.T, store blob.Store) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for key, content := range map[string]string{
		"plain":                                  "hello",
		"empty":                                  "",
		"binary":                                 string(all),
		"large":                                  strings.Repeat("0123456789abcdef", 1<<17),
		"A-b_9":                                  "x",
		"0192f3a1-0000-7000-8000-000000000000/z": "nested",
		"a/b/c/d/e":                              "deep",
		strings.Repeat("k", 200) + "/" + strings.Repeat("l", 200): "long key",
	} {
		before := time.Now().Add(-2 * time.Second)
		put(t, store, key, content)
		wantContent(t, store, key, content)
		info, err := store.Stat(t.Context(), key)
		if err != nil || info.Key != key || info.Size != int64(len(content)) {
			t.Errorf("stat %s: got %+v, %v; want size %d", key, info, err, len(content))
		}
		if info.ModifiedAt.Before(before) || info.ModifiedAt.After(time.Now().Add(2*time.Second)) {
			t.Errorf("stat %s: modified at %v, want about now", key, info.ModifiedAt)
		}
	}
}

func testAbsent(t *testing.T, store blob.Store) {
	put(t, store, "a/b", "x")
	for _, key := range []string{"absent", "a", "a/c", "a/b/c"} {
		if content, err := store.Get(t.Context(), key); !errors.Is(err, blob.ErrNotFound) || content != nil {
			t.Errorf("get %s: got %q, %v; want ErrNotFound", key, content, err)
		}
		if _, err := store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("stat %s: got %v, want ErrNotFound", key, err)
		}
	}
}

func testReplace(t *testing.T, store blob.Store) {
	put(t, store, "key", "a long first content")
	put(t, store, "key", "short")
	wantContent(t, store, "key", "short")
	put(t, store, "key", "short")
	wantContent(t, store, "key", "short")
}

func testDelete(t *testing.T, store blob.Store) {
	put(t, store, "a/gone", "x")
	put(t, store, "a/stays", "y")
	for range 2 {
		if err := store.Delete(t.Context(), "a/gone"); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if _, err := store.Get(t.Context(), "a/gone"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("get after delete: got %v, want ErrNotFound", err)
	}
	wantContent(t, store, "a/stays", "y")
	if err := store.Delete(t.Context(), "no/such/folder"); err != nil {
		t.Errorf("delete of an absent key: %v", err)
	}
	put(t, store, "a/gone", "again")
	wantContent(t, store, "a/gone", "again")
}

func keys(t *testing.T, store blob.Store, prefix string) []string {
	t.Helper()
	found := []string{}
	for info, err := range store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		found = append(found, fmt.Sprintf("%s %d", info.Key, info.Size))
	}
	slices.Sort(found)
	return found
}

func testList(t *testing.T, store blob.Store) {
	for prefix := range strings.SplitSeq(" a a/ none/such", " ") {
		if got := keys(t, store, prefix); len(got) != 0 {
			t.Errorf("empty store, prefix %q: got %v", prefix, got)
		}
	}
	for _, key := range []string{"a/one", "a/two", "ab", "b/a/one", "b/c"} {
		put(t, store, key, key)
	}
	for prefix, want := range map[string][]string{
		"":     {"a/one 5", "a/two 5", "ab 2", "b/a/one 7", "b/c 3"},
		"a":    {"a/one 5", "a/two 5", "ab 2"},
		"a/":   {"a/one 5", "a/two 5"},
		"a/t":  {"a/two 5"},
		"b/a":  {"b/a/one 7"},
		"b/a/": {"b/a/one 7"},
		"c":    {},
		"a/x/": {},
	} {
		if diff := cmp.Diff(want, keys(t, store, prefix)); diff != "" {
			t.Errorf("prefix %q (-want +got):\n%s", prefix, diff)
		}
	}
}

func testListStops(t *testing.T, store blob.Store) {
	for i := range 5 {
		put(t, store, fmt.Sprintf("k%d", i), "x")
	}
	seen := 0
	for range store.List(t.Context(), "") {
		if seen++; seen == 2 {
			break
		}
	}
	if seen != 2 {
		t.Errorf("saw %d blobs after a break at the second", seen)
	}
	for info := range store.List(t.Context(), "") {
		if err := store.Delete(t.Context(), info.Key); err != nil {
			t.Errorf("delete while listing: %v", err)
		}
	}
	if left := keys(t, store, ""); len(left) != 0 {
		t.Errorf("left after deleting each: %v", left)
	}
}

// testListMany goes past the page size of S3, which is 1,000.
func testListMany(t *testing.T, store blob.Store) {
	const many = 1100
	put(t, store, "many/0000", "")
	var writers sync.WaitGroup
	for start := range 4 {
		writers.Go(func() {
			for i := start; i < many; i += 4 {
				if err := store.Put(t.Context(), fmt.Sprintf("many/%04d", i), nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	if got := len(slices.Compact(keys(t, store, "many/"))); got != many {
		t.Errorf("listed %d of %d", got, many)
	}
}

func testInvalidKeys(t *testing.T, store blob.Store) {
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".draft", ".draft/x", "a.blob", "a b", "a\x00",
		"a\nb", `a\b`, "ä", "a:b", "a%2fb", "*", "~", strings.Repeat("k", 513),
	} {
		_, getErr := store.Get(t.Context(), key)
		_, statErr := store.Stat(t.Context(), key)
		for method, err := range map[string]error{
			"put": store.Put(t.Context(), key, nil), "get": getErr, "stat": statErr, "delete": store.Delete(t.Context(), key),
		} {
			if !errors.Is(err, blob.ErrInvalidKey) {
				t.Errorf("%s %q: got %v, want ErrInvalidKey", method, key, err)
			}
		}
	}
	for _, prefix := range []string{"/", "../", "a//", ".draft/", "a b"} {
		for info, err := range store.List(t.Context(), prefix) {
			if !errors.Is(err, blob.ErrInvalidKey) {
				t.Errorf("list %q: got %v, %v; want ErrInvalidKey", prefix, info, err)
			}
		}
	}
	if got := keys(t, store, ""); len(got) != 0 {
		t.Errorf("invalid keys left blobs: %v", got)
	}
}

func testOwnSlices(t *testing.T, store blob.Store) {
	content := []byte("first")
	if err := store.Put(t.Context(), "key", content); err != nil {
		t.Fatal(err)
	}
	copy(content, "XXXXX")
	got, err := store.Get(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	copy(got, "YYYYY")
	wantContent(t, store, "key", "first")
}

func testConcurrent(t *testing.T, store blob.Store) {
	// The server that tests the S3 driver mishandles folders that come and go
	// under concurrent calls; this blob keeps the folder.
	put(t, store, "shared/folder/stays", "x")
	var callers sync.WaitGroup
	for n := range 8 {
		callers.Go(func() {
			key, content := fmt.Sprintf("shared/folder/k%d", n), []byte(strings.Repeat("x", n))
			for range 5 {
				if err := store.Put(t.Context(), key, content); err != nil {
					t.Error(err)
				}
				if got, err := store.Get(t.Context(), key); err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s: got %q, %v", key, got, err)
				}
				if err := store.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}

// Atomicity tests that readers see whole contents while they are replaced.
func Atomicity(t *testing.T, store blob.Store) {
	t.Helper()
	contents := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 50_000)}
	put(t, store, "key", contents[0])
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		defer close(done)
		for i := range 20 {
			if err := store.Put(t.Context(), "key", []byte(contents[i%2])); err != nil {
				t.Error(err)
			}
		}
	})
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		got, err := store.Get(t.Context(), "key")
		if err != nil || !slices.Contains(contents, string(got)) {
			t.Errorf("got %d bytes, %v; want one of the two contents", len(got), err)
			reading = false
		}
	}
	writer.Wait()
}

func testCancelledContext(t *testing.T, store blob.Store) {
	put(t, store, "key", "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Put(ctx, "other", nil); err == nil {
		t.Error("put went on without a caller")
	}
	if _, err := store.Get(ctx, "key"); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("get: got %v, want the cancellation", err)
	}
	var last error
	for _, err := range store.List(ctx, "") {
		last = err
	}
	if last == nil {
		t.Error("list ended without an error")
	}
}

// testKeyBesideItsFolder uses a key that is also the beginning of another.
func testKeyBesideItsFolder(t *testing.T, store blob.Store) {
	put(t, store, "a", "file")
	put(t, store, "a/b", "below")
	wantContent(t, store, "a", "file")
	wantContent(t, store, "a/b", "below")
	if err := store.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	wantContent(t, store, "a/b", "below")
}
