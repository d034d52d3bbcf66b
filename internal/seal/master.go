package seal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Master is a master key: it wraps other keys and never seals data itself.
// Implementations are safe for concurrent use and may call a key service.
type Master interface {
	// ID is a fingerprint of the key. It is not secret, and two different keys
	// have different ones.
	ID() string
	// Wrap encrypts a key and binds it to the associated data. Calling it
	// again gives other bytes that unwrap to the same key.
	Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error)
	// Unwrap undoes Wrap. The error wraps ErrTampered when the bytes do not
	// authenticate with this key and this associated data; any other error
	// means that the key could not be used now.
	Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error)
}

const (
	masterKeyBytes = 32
	// masterSaltBytes is what the XAES-256-GCM specification asks for.
	masterSaltBytes = 12
	masterLabel     = "sinew-master-key"
	masterVersion   = "v1"
)

// localMaster is a master key held in memory.
type localMaster struct {
	id     string
	cipher tink.AEAD
}

func (m *localMaster) ID() string { return m.id }

func (m *localMaster) Wrap(_ context.Context, plaintext, aad []byte) ([]byte, error) {
	return m.cipher.Encrypt(plaintext, aad)
}

func (m *localMaster) Unwrap(_ context.Context, wrapped, aad []byte) ([]byte, error) {
	plaintext, err := m.cipher.Decrypt(wrapped, aad)
	if err != nil {
		// The library's text says no more than this.
		return nil, ErrTampered
	}
	return plaintext, nil
}

// MasterFromText reads a master key from the text of a key file, as an
// environment variable would carry it: the whole file or only its key line.
// The error never repeats the text.
func MasterFromText(text string) (Master, error) {
	line, err := keyLine(text)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(line, ":")
	if parts[0] != masterLabel {
		return nil, fmt.Errorf("not a master key: the text must hold a line that starts with %q", masterLabel+":")
	}
	if len(parts) != 4 {
		return nil, fmt.Errorf("damaged master key: the line must have the form %s:%s:FINGERPRINT:KEY", masterLabel, masterVersion)
	}
	if parts[1] != masterVersion {
		return nil, fmt.Errorf("unknown master key version %q: this program reads %s; a newer one may have written it", parts[1], masterVersion)
	}
	key, err := base64.RawURLEncoding.Strict().DecodeString(parts[3])
	if err != nil || len(key) != masterKeyBytes {
		return nil, errors.New("damaged master key: the key is not 32 bytes of unpadded base64url")
	}
	if subtle.ConstantTimeCompare([]byte(fingerprint(key)), []byte(parts[2])) != 1 {
		return nil, errors.New("damaged master key: the key does not fit its fingerprint")
	}
	return newLocalMaster(key)
}

// keyLine finds the one line that is neither empty nor a comment.
func keyLine(text string) (string, error) {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			found = append(found, line)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", errors.New("no master key: the text is empty")
	default:
		return "", fmt.Errorf("not a master key: %d lines where one key line is expected", len(found))
	}
}

// newMasterText makes a fresh master key and its key line.
func newMasterText() string {
	key := make([]byte, masterKeyBytes)
	rand.Read(key) // never fails: the program stops when the system has no randomness
	return strings.Join([]string{
		masterLabel, masterVersion, fingerprint(key), base64.RawURLEncoding.EncodeToString(key),
	}, ":")
}

func fingerprint(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("master key fingerprint v1"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

func newLocalMaster(key []byte) (*localMaster, error) {
	cipher, err := newMasterCipher(key)
	if err != nil {
		return nil, fmt.Errorf("set up master key: %w", err)
	}
	return &localMaster{id: fingerprint(key), cipher: cipher}, nil
}

func newMasterCipher(key []byte) (tink.AEAD, error) {
	parameters, err := xaesgcm.NewParameters(xaesgcm.VariantNoPrefix, masterSaltBytes)
	if err != nil {
		return nil, err
	}
	secret := secretdata.NewBytesFromData(key, insecuresecretdataaccess.Token{})
	masterKey, err := xaesgcm.NewKey(secret, 0, parameters)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManager()
	id, err := manager.AddKey(masterKey)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	return aead.New(handle)
}
