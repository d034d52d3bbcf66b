package seal

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// MarkSize is how many bytes a Mark has.
const MarkSize = 5

// Mark is what every value that a data key sealed begins with: it tells the key,
// and is no secret.
type Mark string

// MarkOf returns the mark of a sealed value; "" when the bytes are none.
func MarkOf(sealed []byte) Mark {
	if len(sealed) < MarkSize {
		return ""
	}
	return Mark(sealed[:MarkSize])
}

// markOf is the prefix that Tink gives what a key seals: the number 1 and the key's
// id (https://developers.google.com/tink/wire-format).
func markOf(keyID uint32) Mark {
	return Mark(binary.BigEndian.AppendUint32([]byte{1}, keyID))
}

// keyring is an opened keyset.
type keyring struct {
	tink.AEAD
	marks   []Mark // of all its keys
	primary Mark   // of the one that seals
	wrapped []byte // as it is stored
}

func (k *keyring) has(mark Mark) bool {
	for _, known := range k.marks {
		if known == mark {
			return true
		}
	}
	return false
}

// newKeyset makes a keyset with one key. The returned bytes are in the clear:
// they must be wrapped before they leave the package.
func newKeyset() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, err
	}
	return clearKeyset(handle)
}

func clearKeyset(handle *keyset.Handle) ([]byte, error) {
	var clear bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&clear)); err != nil {
		return nil, err
	}
	return clear.Bytes(), nil
}

func readKeyset(clear []byte) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(clear)))
	if err != nil {
		return nil, fmt.Errorf("read keyset: %w", err)
	}
	return handle, nil
}

// openKeyset makes a cipher that seals with the keyset's primary key and opens
// with any of its keys.
func openKeyset(clear []byte) (*keyring, error) {
	handle, err := readKeyset(clear)
	if err != nil {
		return nil, err
	}
	cipher, err := aead.New(handle)
	if err != nil {
		return nil, err
	}
	info := handle.KeysetInfo()
	k := &keyring{AEAD: cipher, primary: markOf(info.GetPrimaryKeyId())}
	for _, key := range info.GetKeyInfo() {
		if key.GetOutputPrefixType() != tinkpb.OutputPrefixType_TINK {
			return nil, fmt.Errorf("read keyset: key %d leaves no mark on what it seals", key.GetKeyId())
		}
		k.marks = append(k.marks, markOf(key.GetKeyId()))
	}
	return k, nil
}

// renewKeyset adds a new key to a keyset, which seals from now on.
func renewKeyset(clear []byte) ([]byte, error) {
	handle, err := readKeyset(clear)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	if handle, err = manager.Handle(); err != nil {
		return nil, err
	}
	return clearKeyset(handle)
}

// pruneKeyset takes every key out of a keyset but the one that seals.
func pruneKeyset(clear []byte) ([]byte, error) {
	handle, err := readKeyset(clear)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManagerFromHandle(handle)
	info := handle.KeysetInfo()
	for _, key := range info.GetKeyInfo() {
		if key.GetKeyId() == info.GetPrimaryKeyId() {
			continue
		}
		if err := manager.Delete(key.GetKeyId()); err != nil {
			return nil, err
		}
	}
	if handle, err = manager.Handle(); err != nil {
		return nil, err
	}
	return clearKeyset(handle)
}
