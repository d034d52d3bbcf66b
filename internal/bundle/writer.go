package bundle

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"filippo.io/age"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Signer signs bundles.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner returns the signer of a seed of 32 bytes.
func NewSigner(seed []byte) Signer { return Signer{ed25519.NewKeyFromSeed(seed)} }

// signerPrefix begins public keys of signers, so that they are not taken for others.
const signerPrefix = "sinew-signer-"

// Public is the public key as people pass it on.
func (s Signer) Public() string {
	return signerPrefix + base64.RawURLEncoding.EncodeToString(s.key.Public().(ed25519.PublicKey))
}

// signed is what a signature is over: the hash alone could be that of anything else.
func signed(sum []byte) []byte { return append([]byte("sinew bundle v1\n"), sum...) }

// ParseRecipients reads the public keys that a bundle is encrypted to. Invalid
// otherwise.
func ParseRecipients(text string) ([]age.Recipient, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil {
		return nil, sinew.Errorf(sinew.KindInvalid, "The recipient is not a public key of age, which begins with age1").WithCode(CodeRecipient).WithCause(err)
	}
	return recipients, nil
}

// writer writes the lines of a bundle.
type writer struct {
	encrypted io.WriteCloser
	out       *bufio.Writer
	sum       hash.Hash
	counts    map[string]int
}

func newWriter(out io.Writer, recipients []age.Recipient) (*writer, error) {
	encrypted, err := age.Encrypt(out, recipients...)
	if err != nil {
		return nil, fmt.Errorf("encrypt bundle: %w", err)
	}
	return &writer{encrypted: encrypted, out: bufio.NewWriterSize(encrypted, 64<<10), sum: sha256.New(), counts: map[string]int{}}, nil
}

func (w *writer) write(l line) error {
	text, err := jsonx.Marshal(l)
	if err != nil {
		return fmt.Errorf("write %s: %w", l.Kind, err)
	}
	text = append(text, '\n')
	if l.Kind != kindTrailer {
		w.sum.Write(text)
		w.counts[l.Kind]++
	}
	if _, err := w.out.Write(text); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// close writes the trailer and ends the encryption. Without it the bundle is
// refused.
func (w *writer) close(s Signer) error {
	sum := w.sum.Sum(nil)
	err := w.write(line{Kind: kindTrailer, Trailer: &trailer{
		Counts: w.counts, SHA256: hex.EncodeToString(sum), Signer: s.Public(),
		Signature: base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.key, signed(sum))),
	}})
	if err != nil {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return w.encrypted.Close()
}
