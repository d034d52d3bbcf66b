package seal

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// KeyStore finds the wrapped keys that the vault has made.
type KeyStore interface {
	// EnvironmentKey returns the wrapped key of an environment. It is called
	// once for many uses of the key, from any goroutine.
	EnvironmentKey(ctx context.Context, environmentID string) (wrapped []byte, err error)
}

// Vault seals and opens values. It is safe for concurrent use.
//
// The first use of an environment asks the key store; callers that hold a
// database connection the key store may need should seal before they take it.
type Vault struct {
	keys  KeyStore
	cache *cipherCache
	later func() []Master // nil for none

	mu      sync.RWMutex // guards what follows
	masters []Master     // the first one wraps unless another is asked for
}

// New returns a vault over a master key and the place where wrapped keys are
// kept. Keys that one of the others wrapped open as well, so that a server goes
// on while its keys move from one master key to another.
func New(master Master, keys KeyStore, others ...Master) *Vault {
	v := &Vault{masters: append([]Master{master}, others...), keys: keys}
	v.cache = newCipherCache(cachedEnvironments, v.loadKeyring)
	return v
}

// Later names where master keys may turn up while the vault is in use: it is asked
// when a key was wrapped by one that the vault does not have. Call it before the
// vault is used.
func (v *Vault) Later(later func() []Master) { v.later = later }

// known returns the master keys that there are.
func (v *Vault) known() []Master {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.masters
}

// adopt takes up the master keys that have turned up, and reports whether the one
// of a fingerprint is among them.
func (v *Vault) adopt(id string) bool {
	if v.later == nil {
		return false
	}
	found := v.later()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, master := range found {
		if _, err := findMaster(v.masters, master.ID()); err != nil {
			v.masters = append(slices.Clone(v.masters), master)
		}
	}
	_, err := findMaster(v.masters, id)
	return err == nil
}

// master returns the master key of a fingerprint. The error is a *ForeignKeyError
// when there is none.
func (v *Vault) master(id string) (Master, error) {
	master, err := findMaster(v.known(), id)
	if err != nil && v.adopt(id) {
		return findMaster(v.known(), id)
	}
	return master, err
}

// unwrap opens a wrapped key by the master key that wrapped it.
func (v *Vault) unwrap(ctx context.Context, wrapped, aad []byte, subject string) ([]byte, error) {
	if id := WrappedBy(wrapped); id != "" {
		if _, err := v.master(id); err != nil {
			return nil, err
		}
	}
	return unwrapKey(ctx, v.known(), wrapped, aad, subject)
}

// NewEnvironmentKey makes the key of a new environment and returns it wrapped,
// for the caller to store where the key store will find it.
func (v *Vault) NewEnvironmentKey(ctx context.Context, environmentID string) (wrapped []byte, err error) {
	return v.NewEnvironmentKeyUnder(ctx, v.known()[0].ID(), environmentID)
}

// NewEnvironmentKeyUnder is NewEnvironmentKey by the master key of that
// fingerprint. The error is a *ForeignKeyError when the vault does not have it.
func (v *Vault) NewEnvironmentKeyUnder(ctx context.Context, masterID, environmentID string) (wrapped []byte, err error) {
	if environmentID == "" {
		return nil, errors.New("make environment key: no environment")
	}
	master, err := v.master(masterID)
	if err != nil {
		return nil, err
	}
	clear, err := newKeyset()
	if err != nil {
		return nil, fmt.Errorf("make environment key: %w", err)
	}
	wrapped, err = wrapKey(ctx, master, clear, environmentKeyData(environmentID))
	if err != nil {
		return nil, fmt.Errorf("wrap key of environment %s: %w", environmentID, err)
	}
	return wrapped, nil
}

// CheckEnvironmentKey reports whether the vault can use a wrapped key: nil, a
// *ForeignKeyError when it belongs to another master key, or a *TamperedError.
func (v *Vault) CheckEnvironmentKey(ctx context.Context, environmentID string, wrapped []byte) error {
	_, err := v.unwrapKeyring(ctx, environmentID, wrapped)
	return err
}

// Seal encrypts a value for a place. Sealing the same value again gives other
// bytes.
func (v *Vault) Seal(ctx context.Context, place Place, plaintext []byte) ([]byte, error) {
	cipher, err := v.cipher(ctx, place)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	sealed, err := cipher.Encrypt(plaintext, place.associatedData())
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", place, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place. It returns a *TamperedError
// and no data when the bytes do not authenticate there.
func (v *Vault) Open(ctx context.Context, place Place, sealed []byte) ([]byte, error) {
	cipher, err := v.cipher(ctx, place)
	if err == nil && !cipher.has(MarkOf(sealed)) {
		// Another node has sealed it by a key that has come since.
		v.cache.drop(place.EnvironmentID, cipher)
		cipher, err = v.cipher(ctx, place)
	}
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	plaintext, err := cipher.Decrypt(sealed, place.associatedData())
	if err != nil {
		return nil, &TamperedError{Subject: place.String()}
	}
	return plaintext, nil
}

// Forget drops the environment's key from memory, so that its next use asks
// the key store again. Call it when the key was deleted or replaced.
func (v *Vault) Forget(environmentID string) { v.cache.forget(environmentID) }

// WrapServerKey wraps a key of the whole installation under a name.
func (v *Vault) WrapServerKey(ctx context.Context, name string, key []byte) ([]byte, error) {
	wrapped, err := wrapKey(ctx, v.known()[0], key, serverKeyData(name))
	if err != nil {
		return nil, fmt.Errorf("wrap server key %s: %w", name, err)
	}
	return wrapped, nil
}

// UnwrapServerKey undoes WrapServerKey for the same name. The error is a
// *ForeignKeyError when another master key wrapped it and a *TamperedError
// when the bytes do not authenticate.
func (v *Vault) UnwrapServerKey(ctx context.Context, name string, wrapped []byte) ([]byte, error) {
	return v.unwrap(ctx, wrapped, serverKeyData(name), serverKeySubject(name))
}

// RewrapEnvironmentKey returns the key of an environment as the master key of a
// fingerprint wraps it. The key itself stays, and with it all that it sealed.
func (v *Vault) RewrapEnvironmentKey(ctx context.Context, masterID, environmentID string, wrapped []byte) ([]byte, error) {
	return v.rewrap(ctx, masterID, wrapped, environmentKeyData(environmentID), environmentKeySubject(environmentID))
}

// RewrapServerKey does the same for a key of the whole installation.
func (v *Vault) RewrapServerKey(ctx context.Context, masterID, name string, wrapped []byte) ([]byte, error) {
	return v.rewrap(ctx, masterID, wrapped, serverKeyData(name), serverKeySubject(name))
}

// rewrap opens what it made once more: a key service may let a caller encrypt
// and not decrypt, and the old form is about to go.
func (v *Vault) rewrap(ctx context.Context, masterID string, wrapped, aad []byte, subject string) ([]byte, error) {
	to, err := v.master(masterID)
	if err != nil {
		return nil, err
	}
	clear, err := v.unwrap(ctx, wrapped, aad, subject)
	if err != nil {
		return nil, err
	}
	again, err := wrapKey(ctx, to, clear, aad)
	if err != nil {
		return nil, fmt.Errorf("wrap %s: %w", subject, err)
	}
	opened, err := unwrapKey(ctx, []Master{to}, again, aad, subject)
	if err != nil {
		return nil, fmt.Errorf("open %s by its new master key: %w", subject, err)
	}
	if subtle.ConstantTimeCompare(opened, clear) != 1 {
		return nil, fmt.Errorf("the new master key does not give back what it wrapped of %s", subject)
	}
	return again, nil
}

// Masters lists the fingerprints of the vault's master keys; the first one
// wraps what is new.
func (v *Vault) Masters() []string {
	masters := v.known()
	ids := make([]string, len(masters))
	for i, master := range masters {
		ids[i] = master.ID()
	}
	return ids
}

func (v *Vault) cipher(ctx context.Context, place Place) (*keyring, error) {
	if err := place.check(); err != nil {
		return nil, err
	}
	return v.cache.get(ctx, place.EnvironmentID)
}

func (v *Vault) loadKeyring(ctx context.Context, environmentID string) (*keyring, error) {
	wrapped, err := v.keys.EnvironmentKey(ctx, environmentID)
	if err != nil {
		return nil, fmt.Errorf("find key of environment %s: %w", environmentID, err)
	}
	return v.unwrapKeyring(ctx, environmentID, wrapped)
}

func (v *Vault) unwrapKeyring(ctx context.Context, environmentID string, wrapped []byte) (*keyring, error) {
	subject := environmentKeySubject(environmentID)
	clear, err := v.unwrap(ctx, wrapped, environmentKeyData(environmentID), subject)
	if err != nil {
		return nil, err
	}
	ring, err := openKeyset(clear)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", subject, err)
	}
	ring.wrapped = wrapped
	return ring, nil
}
