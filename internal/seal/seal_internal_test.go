package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

func TestCacheIsBoundedAndKeepsTheLastUsed(t *testing.T) {
	t.Parallel()
	loads := map[string]int{}
	cache := newCipherCache(2, func(_ context.Context, id string) (*keyring, error) {
		loads[id]++
		clear, err := newKeyset()
		if err != nil {
			return nil, err
		}
		return openKeyset(clear)
	})
	for _, id := range []string{"a", "b", "a", "c", "a", "b"} {
		if _, err := cache.get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(loads), "map[a:1 b:2 c:1]"; got != want {
		t.Errorf("loads: got %s, want %s", got, want)
	}
	if cache.recent.Len() != 2 || len(cache.byID) != 2 {
		t.Errorf("cache holds %d and %d entries, want 2", cache.recent.Len(), len(cache.byID))
	}
}

func TestLoadThatBeganBeforeForgetIsNotKept(t *testing.T) {
	t.Parallel()
	var cache *cipherCache
	loads := 0
	cache = newCipherCache(2, func(context.Context, string) (*keyring, error) {
		if loads++; loads == 1 {
			cache.forget("a")
		}
		clear, err := newKeyset()
		if err != nil {
			return nil, err
		}
		return openKeyset(clear)
	})
	for range 2 {
		if _, err := cache.get(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	if loads != 2 {
		t.Errorf("loaded %d times, want 2", loads)
	}
}

func TestFailedLoadIsTriedAgain(t *testing.T) {
	t.Parallel()
	failure := errors.New("database away")
	loads := 0
	cache := newCipherCache(2, func(context.Context, string) (*keyring, error) {
		loads++
		return nil, failure
	})
	for range 2 {
		if _, err := cache.get(t.Context(), "a"); !errors.Is(err, failure) {
			t.Errorf("got %v, want %v", err, failure)
		}
	}
	if loads != 2 {
		t.Errorf("loaded %d times, want 2", loads)
	}
}

// TestKeysetWithSeveralKeys shows that a keyset can take a new primary key
// while values sealed with the older one still open.
func TestKeysetWithSeveralKeys(t *testing.T) {
	t.Parallel()
	clear, err := newKeyset()
	if err != nil {
		t.Fatal(err)
	}
	before, err := openKeyset(clear)
	if err != nil {
		t.Fatal(err)
	}
	old, err := before.Encrypt([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	after, err := openKeyset(withNewPrimary(t, clear))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.Decrypt(old, nil); err != nil {
		t.Errorf("value of the older key: %v", err)
	}
	fresh, err := after.Encrypt([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.Decrypt(fresh, nil); err == nil {
		t.Error("the older keyset opens what the new primary key sealed")
	}
}

func withNewPrimary(t *testing.T, clear []byte) []byte {
	t.Helper()
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(clear)))
	if err != nil {
		t.Fatal(err)
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	if err := manager.SetPrimary(id); err != nil {
		t.Fatal(err)
	}
	handle, err = manager.Handle()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&out)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
