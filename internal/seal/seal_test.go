package seal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/sinewhq/sinew/internal/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keyMap is a key store in memory that counts its readers.
type keyMap struct {
	mu    sync.Mutex
	keys  map[string][]byte
	reads int
}

func (k *keyMap) EnvironmentKey(_ context.Context, environmentID string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reads++
	wrapped, ok := k.keys[environmentID]
	if !ok {
		return nil, fmt.Errorf("no key for %s", environmentID)
	}
	return wrapped, nil
}

func newMaster(t testing.TB) seal.Master {
	t.Helper()
	master, err := seal.GenerateMasterFile(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return master
}

// newVault returns a vault that has keys for the environments.
func newVault(t testing.TB, master seal.Master, environments ...string) (*seal.Vault, *keyMap) {
	t.Helper()
	keys := &keyMap{keys: map[string][]byte{}}
	vault := seal.New(master, keys)
	for _, id := range environments {
		wrapped, err := vault.NewEnvironmentKey(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		keys.keys[id] = wrapped
	}
	return vault, keys
}

func mustSeal(t testing.TB, vault *seal.Vault, place seal.Place, plaintext string) []byte {
	t.Helper()
	sealed, err := vault.Seal(t.Context(), place, []byte(plaintext))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func home() seal.Place {
	return seal.Place{EnvironmentID: "env-a", Table: "credential", RowID: "row-1", Column: "value", Version: 7}
}

func wantTampered(t testing.TB, got []byte, err error) {
	t.Helper()
	var tampered *seal.TamperedError
	if !errors.As(err, &tampered) || !errors.Is(err, seal.ErrTampered) {
		t.Errorf("got error %v, want a *TamperedError", err)
	}
	if got != nil {
		t.Errorf("got %d bytes beside the error, want none", len(got))
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	vault, _ := newVault(t, newMaster(t), "env-a", "env-b")
	rapid.Check(t, func(t *rapid.T) {
		place := seal.Place{
			EnvironmentID: rapid.SampledFrom([]string{"env-a", "env-b"}).Draw(t, "environment"),
			Table:         rapid.StringN(1, 20, -1).Draw(t, "table"),
			RowID:         rapid.StringN(1, 40, -1).Draw(t, "row"),
			Column:        rapid.StringN(1, 20, -1).Draw(t, "column"),
			Version:       rapid.Int64().Draw(t, "version"),
		}
		plaintext := rapid.SliceOfN(rapid.Byte(), 0, 4096).Draw(t, "plaintext")
		sealed, err := vault.Seal(context.Background(), place, plaintext)
		if err != nil {
			t.Fatal(err)
		}
		if len(plaintext) >= 8 && bytes.Contains(sealed, plaintext) {
			t.Fatal("the sealed bytes hold the plaintext")
		}
		opened, err := vault.Open(context.Background(), place, sealed)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(opened, plaintext) {
			t.Fatalf("got %x, want %x", opened, plaintext)
		}
	})
}

func TestOpenRefusesAnotherPlace(t *testing.T) {
	t.Parallel()
	vault, _ := newVault(t, newMaster(t), "env-a", "env-b")
	sealed := mustSeal(t, vault, home(), "s3cret")
	moves := map[string]func(*seal.Place){
		"environment": func(p *seal.Place) { p.EnvironmentID = "env-b" },
		"table":       func(p *seal.Place) { p.Table = "account" },
		"row":         func(p *seal.Place) { p.RowID = "row-2" },
		"column":      func(p *seal.Place) { p.Column = "secret" },
		"version":     func(p *seal.Place) { p.Version++ },
		// The same characters, cut elsewhere.
		"boundary table and row": func(p *seal.Place) { p.Table, p.RowID = "credentialr", "ow-1" },
		"boundary row and column": func(p *seal.Place) {
			p.RowID, p.Column = "row-1v", "alue"
		},
	}
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := home()
			move(&place)
			got, err := vault.Open(t.Context(), place, sealed)
			wantTampered(t, got, err)
		})
	}
}

func TestPlacesNeverShareAssociatedData(t *testing.T) {
	t.Parallel()
	vault, _ := newVault(t, newMaster(t), "e", "ee", "eee")
	part := rapid.StringMatching(`[a\x00\x01]{1,3}`)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) seal.Place {
			return seal.Place{
				EnvironmentID: rapid.SampledFrom([]string{"e", "ee", "eee"}).Draw(t, label+" environment"),
				Table:         part.Draw(t, label+" table"),
				RowID:         part.Draw(t, label+" row"),
				Column:        part.Draw(t, label+" column"),
				Version:       rapid.Int64Range(-1, 2).Draw(t, label+" version"),
			}
		}
		from, to := draw("from"), draw("to")
		sealed, err := vault.Seal(context.Background(), from, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = vault.Open(context.Background(), to, sealed)
		if opened := err == nil; opened != (from == to) {
			t.Fatalf("sealed at %q, opened at %q: %v", from, to, err)
		}
	})
}

func TestOpenRefusesEveryFlippedBit(t *testing.T) {
	t.Parallel()
	vault, _ := newVault(t, newMaster(t), "env-a")
	sealed := mustSeal(t, vault, home(), "s3cret")
	for bit := range len(sealed) * 8 {
		flipped := bytes.Clone(sealed)
		flipped[bit/8] ^= 1 << (bit % 8)
		got, err := vault.Open(t.Context(), home(), flipped)
		wantTampered(t, got, err)
	}
	for cut := range sealed {
		got, err := vault.Open(t.Context(), home(), sealed[:cut])
		wantTampered(t, got, err)
	}
	got, err := vault.Open(t.Context(), home(), append(bytes.Clone(sealed), 0))
	wantTampered(t, got, err)
}

func TestIncompletePlaceIsRefused(t *testing.T) {
	t.Parallel()
	vault, _ := newVault(t, newMaster(t), "env-a")
	for name, clear := range map[string]func(*seal.Place){
		"environment": func(p *seal.Place) { p.EnvironmentID = "" },
		"table":       func(p *seal.Place) { p.Table = "" },
		"row":         func(p *seal.Place) { p.RowID = "" },
		"column":      func(p *seal.Place) { p.Column = "" },
	} {
		place := home()
		clear(&place)
		if _, err := vault.Seal(t.Context(), place, []byte("x")); err == nil {
			t.Errorf("no %s: sealed, want an error", name)
		}
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "canary-7f3a9c"
	vault, _ := newVault(t, newMaster(t), "env-a")
	sealed := mustSeal(t, vault, home(), canary)
	place := home()
	place.RowID = "row-2"
	_, err := vault.Open(t.Context(), place, sealed)
	if bytes.Contains([]byte(err.Error()), []byte(canary)) {
		t.Errorf("the error holds the plaintext: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	vault, _ := newVault(f, newMaster(f), "env-a")
	valid := mustSeal(f, vault, home(), "s3cret")
	f.Add(valid)
	f.Add(valid[:5])
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, err := vault.Open(t.Context(), home(), sealed)
		if bytes.Equal(sealed, valid) {
			if string(got) != "s3cret" {
				t.Fatalf("got %q, %v", got, err)
			}
			return
		}
		wantTampered(t, got, err)
	})
}
