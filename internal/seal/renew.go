package seal

import (
	"context"
	"encoding/binary"
	"fmt"
)

// DataKeys says what a stored keyset holds.
type DataKeys struct {
	Wrapped []byte
	Mark    Mark // of the key that seals
	Former  int  // how many others still open
}

// RenewEnvironmentKey adds a new key to those of an environment, and returns them
// wrapped by the master key of a fingerprint: the new one seals, and all open.
func (v *Vault) RenewEnvironmentKey(ctx context.Context, masterID, environmentID string, wrapped []byte) (DataKeys, error) {
	return v.rewriteKeyset(ctx, masterID, environmentID, wrapped, renewKeyset)
}

// PruneEnvironmentKey leaves the one that seals of the keys of an environment. What
// the others sealed opens nowhere afterwards.
func (v *Vault) PruneEnvironmentKey(ctx context.Context, masterID, environmentID string, wrapped []byte) (DataKeys, error) {
	return v.rewriteKeyset(ctx, masterID, environmentID, wrapped, pruneKeyset)
}

// ReadEnvironmentKey says what the wrapped keys of an environment are.
func (v *Vault) ReadEnvironmentKey(ctx context.Context, environmentID string, wrapped []byte) (DataKeys, error) {
	ring, err := v.unwrapKeyring(ctx, environmentID, wrapped)
	if err != nil {
		return DataKeys{}, err
	}
	return DataKeys{wrapped, ring.primary, len(ring.marks) - 1}, nil
}

// rewriteKeyset opens what it made once more, as rewrap does: what is stored in its
// place is about to go.
func (v *Vault) rewriteKeyset(ctx context.Context, masterID, environmentID string, wrapped []byte, rewrite func(clear []byte) ([]byte, error)) (DataKeys, error) {
	subject := environmentKeySubject(environmentID)
	master, err := v.master(masterID)
	if err != nil {
		return DataKeys{}, err
	}
	clear, err := v.unwrap(ctx, wrapped, environmentKeyData(environmentID), subject)
	if err != nil {
		return DataKeys{}, err
	}
	if clear, err = rewrite(clear); err != nil {
		return DataKeys{}, fmt.Errorf("rewrite %s: %w", subject, err)
	}
	next, err := wrapKey(ctx, master, clear, environmentKeyData(environmentID))
	if err != nil {
		return DataKeys{}, fmt.Errorf("wrap %s: %w", subject, err)
	}
	return v.ReadEnvironmentKey(ctx, environmentID, next)
}

// ForgetAll drops the keys of all environments from memory, so that each is asked of
// the key store again.
func (v *Vault) ForgetAll() { v.cache.forgetAll() }

// Warm has the key of an environment in memory, so that a transaction which seals
// waits for no key service.
func (v *Vault) Warm(ctx context.Context, environmentID string) error {
	_, err := v.cache.get(ctx, environmentID)
	return err
}

// SealAlone is Seal for what may be opened long after, when the environment has other
// keys: the bytes carry the wrapped key beside what it sealed.
func (v *Vault) SealAlone(ctx context.Context, place Place, plaintext []byte) ([]byte, error) {
	ring, err := v.cipher(ctx, place)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	sealed, err := ring.Encrypt(plaintext, place.associatedData())
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", place, err)
	}
	alone := binary.AppendUvarint(nil, uint64(len(ring.wrapped)))
	return append(append(alone, ring.wrapped...), sealed...), nil
}

// OpenAlone decrypts what SealAlone made for the same place. It returns a
// *TamperedError and no data when the bytes do not authenticate there.
func (v *Vault) OpenAlone(ctx context.Context, place Place, alone []byte) ([]byte, error) {
	if err := place.check(); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	length, n := binary.Uvarint(alone)
	if n <= 0 || length > uint64(len(alone)-n) {
		return nil, &TamperedError{Subject: place.String()}
	}
	wrapped, sealed := alone[n:n+int(length)], alone[n+int(length):]
	ring, err := v.unwrapKeyring(ctx, place.EnvironmentID, wrapped)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	plaintext, err := ring.Decrypt(sealed, place.associatedData())
	if err != nil {
		return nil, &TamperedError{Subject: place.String()}
	}
	return plaintext, nil
}
