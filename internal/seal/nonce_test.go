package seal_test

import (
	"bytes"
	"flag"
	"slices"
	"testing"
)

var long = flag.Bool("long", false, "run the nonce test over 2^24 messages")

// nonceBytes is the salt of the key derivation and the IV of the cipher: what
// must never repeat under one key. Both follow the five bytes of the key id.
const (
	nonceStart = 5
	nonceBytes = 24
)

func TestNonceNeverRepeats(t *testing.T) {
	messages := 1 << 20
	if *long {
		messages = 1 << 24
	}
	vault, _ := newVault(t, newMaster(t), "env-a")
	place, plaintext := home(), []byte("x")
	nonces := make([][nonceBytes]byte, messages)
	for i := range nonces {
		sealed, err := vault.Seal(t.Context(), place, plaintext)
		if err != nil {
			t.Fatal(err)
		}
		copy(nonces[i][:], sealed[nonceStart:])
	}
	slices.SortFunc(nonces, func(a, b [nonceBytes]byte) int { return bytes.Compare(a[:], b[:]) })
	if unique := len(slices.Compact(nonces)); unique != messages {
		t.Errorf("%d messages drew %d different nonces", messages, unique)
	}
}

func BenchmarkSeal(b *testing.B) {
	vault, _ := newVault(b, newMaster(b), "env-a")
	place, plaintext := home(), make([]byte, 1024)
	for b.Loop() {
		if _, err := vault.Seal(b.Context(), place, plaintext); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	vault, _ := newVault(b, newMaster(b), "env-a")
	place := home()
	sealed := mustSeal(b, vault, place, string(make([]byte, 1024)))
	for b.Loop() {
		if _, err := vault.Open(b.Context(), place, sealed); err != nil {
			b.Fatal(err)
		}
	}
}
