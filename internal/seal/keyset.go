package seal

import (
	"bytes"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// newKeyset makes a keyset with one key. The returned bytes are in the clear:
// they must be wrapped before they leave the package.
func newKeyset() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, err
	}
	var clear bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&clear)); err != nil {
		return nil, err
	}
	return clear.Bytes(), nil
}

// openKeyset makes a cipher that seals with the keyset's primary key and opens
// with any of its keys.
func openKeyset(clear []byte) (tink.AEAD, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(clear)))
	if err != nil {
		return nil, fmt.Errorf("read keyset: %w", err)
	}
	return aead.New(handle)
}
