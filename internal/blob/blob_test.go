package blob_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/blob/blobtest"
	"github.com/sinewhq/sinew/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMem(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(*testing.T) blob.Store { return &blob.Mem{} })
	blobtest.Atomicity(t, &blob.Mem{})
}

func openFiles(t *testing.T, dir string) *blob.Files {
	t.Helper()
	store, err := blob.OpenFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestFiles(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store {
		return openFiles(t, filepath.Join(t.TempDir(), "made", "when", "absent"))
	})
	blobtest.Atomicity(t, openFiles(t, t.TempDir()))
}

// TestS3 leaves the promise of whole contents to the services that make it:
// the test server writes in place.
func TestS3(t *testing.T) {
	t.Parallel()
	server := testkit.StartS3(t)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	blobtest.Run(t, func(t *testing.T) blob.Store {
		return openS3(t, server, transport, strings.ReplaceAll(t.Name(), "/", "-"))
	})
	t.Run("AbsentBucket", func(t *testing.T) {
		t.Parallel()
		absent := server
		absent.Bucket = "no-such-bucket"
		_, err := openS3(t, absent, transport, "").Get(t.Context(), "key")
		if err == nil || errors.Is(err, blob.ErrNotFound) || !strings.Contains(err.Error(), "no-such-bucket does not exist") {
			t.Errorf("got %v, want an error about the bucket", err)
		}
	})
	t.Run("WrongKey", func(t *testing.T) {
		t.Parallel()
		wrong := server
		wrong.AccessKeyID = "WRONG" // the test server does not verify signatures
		_, err := openS3(t, wrong, transport, "").Get(t.Context(), "key")
		if err == nil || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("got %v, want an error about the access key", err)
		}
	})
}

func openS3(t *testing.T, server testkit.S3Server, transport http.RoundTripper, prefix string) *blob.S3 {
	t.Helper()
	store, err := blob.NewS3(blob.S3Config{
		Endpoint: server.Endpoint, Insecure: true, Region: "us-east-1", Bucket: server.Bucket, Prefix: prefix, PathStyle: true,
		AccessKeyID: server.AccessKeyID, SecretAccessKey: server.SecretAccessKey, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestS3NeedsATransport(t *testing.T) {
	t.Parallel()
	if _, err := blob.NewS3(blob.S3Config{Endpoint: "127.0.0.1:1", Bucket: "b"}); err == nil {
		t.Error("a store without a transport would go past the rules for outbound calls")
	}
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	store := openFiles(t, dir)
	if err := store.Put(t.Context(), "a/b", []byte("x")); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesMakeFoldersConcurrently(t *testing.T) {
	t.Parallel()
	store := openFiles(t, t.TempDir())
	var writers sync.WaitGroup
	for n := range 16 {
		writers.Go(func() {
			if err := store.Put(t.Context(), fmt.Sprintf("a/b/c/d/k%d", n), nil); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
}

func TestFilesFollowNoLinkOutOfTheFolder(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	store := openFiles(t, dir)
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "secret.blob"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if content, err := store.Get(t.Context(), "link/secret"); err == nil {
		t.Errorf("read %q from outside the folder", content)
	}
	if err := store.Put(t.Context(), "link/new", []byte("x")); err == nil {
		t.Error("wrote outside the folder")
	}
}

func TestFilesRemoveTheRemainsOfCrashes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openFiles(t, dir)
	old, young := filepath.Join(dir, ".draft", "old"), filepath.Join(dir, ".draft", "young")
	for _, path := range []string{old, young} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, before, before); err != nil {
		t.Fatal(err)
	}
	openFiles(t, dir)
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("old draft: got %v, want it gone", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("young draft: %v", err)
	}
}
