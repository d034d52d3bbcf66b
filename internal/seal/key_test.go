package seal_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sinewhq/sinew/internal/seal"
)

func TestAnotherEnvironmentsKeyOpensNothing(t *testing.T) {
	t.Parallel()
	vault, keys := newVault(t, newMaster(t), "env-a", "env-b")
	sealed := mustSeal(t, vault, home(), "s3cret")

	// An attacker with the database copies B's key over A's: it is bound to B.
	keys.keys["env-a"] = keys.keys["env-b"]
	vault.Forget("env-a")
	got, err := vault.Open(t.Context(), home(), sealed)
	wantTampered(t, got, err)
}

func TestReplacedKeyOpensNothing(t *testing.T) {
	t.Parallel()
	vault, keys := newVault(t, newMaster(t), "env-a")
	sealed := mustSeal(t, vault, home(), "s3cret")
	fresh, err := vault.NewEnvironmentKey(t.Context(), "env-a")
	if err != nil {
		t.Fatal(err)
	}
	keys.keys["env-a"] = fresh
	vault.Forget("env-a")
	got, err := vault.Open(t.Context(), home(), sealed)
	wantTampered(t, got, err)
}

func TestWrappedKeysNeedTheirMaster(t *testing.T) {
	t.Parallel()
	mine, other := newMaster(t), newMaster(t)
	vault, keys := newVault(t, mine, "env-a")
	sealed := mustSeal(t, vault, home(), "s3cret")
	server, err := vault.WrapServerKey(t.Context(), "token hash", []byte("hmac key"))
	if err != nil {
		t.Fatal(err)
	}

	thief := seal.New(other, keys)
	var foreign *seal.ForeignKeyError
	_, err = thief.Open(t.Context(), home(), sealed)
	if !errors.As(err, &foreign) || foreign.WrappedBy != mine.ID() || foreign.Have != other.ID() {
		t.Errorf("open: got %v, want a *ForeignKeyError that names both keys", err)
	}
	if _, err = thief.UnwrapServerKey(t.Context(), "token hash", server); !errors.As(err, &foreign) {
		t.Errorf("unwrap server key: got %v, want a *ForeignKeyError", err)
	}
	if err := thief.CheckEnvironmentKey(t.Context(), "env-a", keys.keys["env-a"]); !errors.As(err, &foreign) {
		t.Errorf("check key: got %v, want a *ForeignKeyError", err)
	}

	// Forging the fingerprint gets past the name and fails at the cipher.
	forged := bytes.Replace(server, []byte(mine.ID()), []byte(other.ID()), 1)
	got, err := thief.UnwrapServerKey(t.Context(), "token hash", forged)
	wantTampered(t, got, err)
}

func TestServerKeyRoundTripAndName(t *testing.T) {
	t.Parallel()
	vault, _ := newVault(t, newMaster(t))
	wrapped, err := vault.WrapServerKey(t.Context(), "token hash", []byte("hmac key"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := vault.UnwrapServerKey(t.Context(), "token hash", wrapped)
	if err != nil || string(got) != "hmac key" {
		t.Errorf("got %q, %v", got, err)
	}
	got, err = vault.UnwrapServerKey(t.Context(), "cursor", wrapped)
	wantTampered(t, got, err)
}

func TestFlippedWrappedKeyIsRefused(t *testing.T) {
	t.Parallel()
	vault, _ := newVault(t, newMaster(t))
	wrapped, err := vault.NewEnvironmentKey(t.Context(), "env-a")
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.CheckEnvironmentKey(t.Context(), "env-a", wrapped); err != nil {
		t.Fatal(err)
	}
	var foreign *seal.ForeignKeyError
	for bit := range len(wrapped) * 8 {
		flipped := bytes.Clone(wrapped)
		flipped[bit/8] ^= 1 << (bit % 8)
		err := vault.CheckEnvironmentKey(t.Context(), "env-a", flipped)
		if !errors.Is(err, seal.ErrTampered) && !errors.As(err, &foreign) {
			t.Fatalf("bit %d: got %v, want a refusal", bit, err)
		}
	}
	for cut := range wrapped {
		err := vault.CheckEnvironmentKey(t.Context(), "env-a", wrapped[:cut])
		if !errors.Is(err, seal.ErrTampered) {
			t.Fatalf("cut to %d bytes: got %v, want a *TamperedError", cut, err)
		}
	}
}

func TestKeyIsReadOnceForManyCallers(t *testing.T) {
	t.Parallel()
	vault, keys := newVault(t, newMaster(t), "env-a")
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			sealed, err := vault.Seal(t.Context(), home(), []byte("x"))
			if err == nil {
				_, err = vault.Open(t.Context(), home(), sealed)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if keys.reads != 1 {
		t.Errorf("the key store was read %d times, want once", keys.reads)
	}
}

func TestAbsentKeyIsAnError(t *testing.T) {
	t.Parallel()
	vault, _ := newVault(t, newMaster(t))
	if _, err := vault.Seal(t.Context(), home(), []byte("x")); err == nil || errors.Is(err, seal.ErrTampered) {
		t.Errorf("got %v, want the key store's error", err)
	}
}

// slowKeys answers when told to, or when its caller gives up.
type slowKeys struct {
	wrapped []byte
	release chan struct{}
}

func (s *slowKeys) EnvironmentKey(ctx context.Context, _ string) ([]byte, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.release:
		return s.wrapped, nil
	}
}

func TestCallerWhoGivesUpDoesNotFailOthers(t *testing.T) {
	t.Parallel()
	master := newMaster(t)
	synctest.Test(t, func(t *testing.T) {
		keys := &slowKeys{release: make(chan struct{})}
		vault := seal.New(master, keys)
		wrapped, err := vault.NewEnvironmentKey(t.Context(), "env-a")
		if err != nil {
			t.Fatal(err)
		}
		keys.wrapped = wrapped

		first, giveUp := context.WithCancel(t.Context())
		results := make(chan error, 2)
		start := func(ctx context.Context) {
			go func() {
				_, err := vault.Seal(ctx, home(), []byte("x"))
				results <- err
			}()
			synctest.Wait()
		}
		start(first)
		start(t.Context())
		giveUp()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("first caller: got %v, want its own cancellation", err)
		}
		synctest.Wait()
		close(keys.release)
		if err := <-results; err != nil {
			t.Errorf("second caller: got %v, want success", err)
		}
	})
}

// TestRewrappedKeysOpenUnderTheNewMaster moves keys from one master key to
// another: what they sealed stays, and the old one opens them no more.
func TestRewrappedKeysOpenUnderTheNewMaster(t *testing.T) {
	t.Parallel()
	old, next := newMaster(t), newMaster(t)
	before, keys := newVault(t, old, "env-a")
	sealed := mustSeal(t, before, home(), "s3cret")
	server, err := before.WrapServerKey(t.Context(), "token hash", []byte("hmac key"))
	if err != nil {
		t.Fatal(err)
	}

	both := seal.New(old, keys, next)
	if keys.keys["env-a"], err = both.RewrapEnvironmentKey(t.Context(), next.ID(), "env-a", keys.keys["env-a"]); err != nil {
		t.Fatal(err)
	}
	if server, err = both.RewrapServerKey(t.Context(), next.ID(), "token hash", server); err != nil {
		t.Fatal(err)
	}
	if got := seal.WrappedBy(server); got != next.ID() {
		t.Errorf("the server key is wrapped by %q, want %q", got, next.ID())
	}
	for name, vault := range map[string]*seal.Vault{"both": both, "new alone": seal.New(next, keys)} {
		if got, err := vault.Open(t.Context(), home(), sealed); string(got) != "s3cret" {
			t.Errorf("%s: opened %q, %v", name, got, err)
		}
		if got, err := vault.UnwrapServerKey(t.Context(), "token hash", server); string(got) != "hmac key" {
			t.Errorf("%s: server key %q, %v", name, got, err)
		}
	}
	var foreign *seal.ForeignKeyError
	if _, err := seal.New(old, keys).Open(t.Context(), home(), sealed); !errors.As(err, &foreign) {
		t.Errorf("the old master key: got %v, want a *ForeignKeyError", err)
	}
	if _, err := before.RewrapServerKey(t.Context(), next.ID(), "token hash", server); !errors.As(err, &foreign) {
		t.Errorf("to a master key that is not there: got %v, want a *ForeignKeyError", err)
	}
	// A key stays bound to its owner on the way.
	if _, err := both.RewrapEnvironmentKey(t.Context(), next.ID(), "env-b", keys.keys["env-a"]); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("as the key of another environment: got %v, want ErrTampered", err)
	}
}

// oneWay is a master key that may encrypt and not decrypt, as a policy of a key
// service can have it.
type oneWay struct{ seal.Master }

func (o oneWay) Unwrap(context.Context, []byte, []byte) ([]byte, error) {
	return nil, errors.New("denied")
}

func TestRewrapNeedsAMasterThatOpens(t *testing.T) {
	t.Parallel()
	old, next := newMaster(t), oneWay{newMaster(t)}
	_, keys := newVault(t, old, "env-a")
	got, err := seal.New(old, keys, next).RewrapEnvironmentKey(t.Context(), next.ID(), "env-a", keys.keys["env-a"])
	if err == nil || got != nil {
		t.Errorf("a key was moved to a master key that cannot open it: %v", err)
	}
}
