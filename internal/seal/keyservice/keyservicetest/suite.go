package keyservicetest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/sinewhq/sinew/internal/seal"
)

// Run checks what every master key promises.
func Run(t *testing.T, master seal.Master) {
	t.Helper()
	ctx := t.Context()
	key := []byte("a key of the installation, in the clear")
	aad := []byte("\x12environment key v1\x05env-a")
	wrapped, err := master.Wrap(ctx, key, aad)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(wrapped, key) {
		t.Errorf("the wrapped key holds the key: %q", wrapped)
	}
	if got, err := master.Unwrap(ctx, wrapped, aad); err != nil || !bytes.Equal(got, key) {
		t.Errorf("unwrap: got %q, %v", got, err)
	}
	again, err := master.Wrap(ctx, key, aad)
	if err != nil || bytes.Equal(again, wrapped) {
		t.Errorf("wrapping again gave the same bytes, or failed: %v", err)
	}
	for name, c := range map[string]struct{ wrapped, aad []byte }{
		"another environment":      {wrapped, []byte("\x12environment key v1\x05env-b")},
		"another purpose":          {wrapped, []byte("\x0dserver key v1\x05env-a")},
		"associated data in bytes": {wrapped, []byte{0xff, 1}},
		"no associated data":       {wrapped, nil},
		"a changed character":      {flipped(wrapped), aad},
		"half of it":               {wrapped[:len(wrapped)/2], aad},
		"nothing":                  {nil, aad},
		"text":                     {[]byte("hello"), aad},
	} {
		if got, err := master.Unwrap(ctx, c.wrapped, c.aad); !errors.Is(err, seal.ErrTampered) || got != nil {
			t.Errorf("%s: got %q, %v, want ErrTampered", name, got, err)
		}
	}
	if id := master.ID(); id == "" || len(id) > 255 {
		t.Errorf("the fingerprint is %q", id)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := master.Wrap(gone, key, aad); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller gave up: got %v", err)
	}
}

// flipped changes one character near the end, which stays a letter.
func flipped(wrapped []byte) []byte {
	changed := bytes.Clone(wrapped)
	i := len(changed) - 6
	if changed[i] == 'A' {
		changed[i] = 'B'
	} else {
		changed[i] = 'A'
	}
	return changed
}
