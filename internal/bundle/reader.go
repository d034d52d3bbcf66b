package bundle

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"strings"

	"filippo.io/age"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The codes of errors.
const (
	CodeRecipient = "invalid_recipient"  // no public key of age
	CodeIdentity  = "invalid_identity"   // no private key of age
	CodeForeign   = "bundle_not_for_you" // encrypted to somebody else
	CodeDamaged   = "bundle_damaged"     // cut, changed, or no bundle
	CodeSigner    = "bundle_signer"      // signed by somebody who is not trusted
)

func damaged(reason string) error {
	return sinew.Errorf(sinew.KindInvalid, "The bundle is damaged: %s", reason).WithCode(CodeDamaged)
}

// ParseIdentities reads the private keys of a file that age-keygen has made. Invalid
// otherwise.
func ParseIdentities(text io.Reader) ([]age.Identity, error) {
	identities, err := age.ParseIdentities(text)
	if err != nil {
		return nil, sinew.Errorf(sinew.KindInvalid, "The identity file holds no private key of age, which begins with AGE-SECRET-KEY-1").WithCode(CodeIdentity).WithCause(err)
	}
	return identities, nil
}

// maxLine bounds a line, in bytes: an account with its large values.
const maxLine = 256 << 20

// eachLine decrypts a bundle and visits its lines, with the text that is hashed.
func eachLine(in io.Reader, identities []age.Identity, visit func(l line, text []byte) error) error {
	decrypted, err := age.Decrypt(in, identities...)
	if noMatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &noMatch) {
		return sinew.Errorf(sinew.KindInvalid, "The bundle is encrypted to another key than the identity given").WithCode(CodeForeign)
	}
	if err != nil {
		return damaged("its beginning is not that of an encrypted file")
	}
	lines := bufio.NewScanner(decrypted)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	lines.Split(wholeLines)
	for lines.Scan() {
		var l line
		if err := jsonx.Unmarshal(lines.Bytes(), &l); err != nil {
			return damaged("a part of it is not readable")
		}
		if err := visit(l, lines.Bytes()); err != nil {
			return err
		}
	}
	if lines.Err() != nil {
		return damaged("it was cut or changed")
	}
	return nil
}

// wholeLines splits after line ends, and refuses a last line without one.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// Checked is a bundle that is whole.
type Checked struct {
	Header Header
	Counts map[string]int
	// Signer is the public key of the installation that wrote it, and Hash names it.
	Signer, Hash string
	// Tokens are the names of the API tokens that there were.
	Tokens []string
}

// Check reads a bundle to its end and makes sure that it is whole and that its
// signer signed it. Whether the signer is to be trusted is the caller's to say.
func Check(in io.Reader, identities []age.Identity) (c Checked, err error) {
	sum, ended := sha256.New(), false
	counts := map[string]int{}
	err = eachLine(in, identities, func(l line, text []byte) error {
		switch {
		case ended:
			return damaged("there is something behind its end")
		case len(counts) == 0 && (l.Kind != kindHeader || l.Header == nil):
			return damaged("it has no header")
		case l.Kind == kindHeader && l.Header != nil && len(counts) == 0:
			if c.Header = *l.Header; c.Header.Version != version {
				return damaged("its version is not known; a newer program may have written it")
			}
		case l.Kind == kindTrailer && l.Trailer != nil:
			ended = true
			c.Counts, c.Signer, c.Hash = l.Trailer.Counts, l.Trailer.Signer, l.Trailer.SHA256
			return l.Trailer.check(sum.Sum(nil), counts)
		}
		if l.Token != nil {
			c.Tokens = append(c.Tokens, l.Token.Name)
		}
		sum.Write(text)
		counts[l.Kind]++
		return nil
	})
	if err == nil && !ended {
		err = damaged("its end is missing")
	}
	return c, err
}

func (t *trailer) check(sum []byte, counts map[string]int) error {
	if t.SHA256 != hex.EncodeToString(sum) || !maps.Equal(t.Counts, counts) {
		return damaged("parts are missing or were changed")
	}
	text, ok := strings.CutPrefix(t.Signer, signerPrefix)
	key, err := base64.RawURLEncoding.DecodeString(text)
	signature, errSignature := base64.RawURLEncoding.DecodeString(t.Signature)
	if !ok || err != nil || errSignature != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, signed(sum), signature) {
		return damaged("its signature does not verify")
	}
	return nil
}
