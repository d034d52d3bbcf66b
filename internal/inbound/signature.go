package inbound

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// Why a delivery is refused, for whoever reads the inbox. The sender learns none of it.
const (
	CodeSignatureMissing   = "signature_missing"
	CodeSignatureMismatch  = "signature_mismatch"
	CodeTimestampTolerance = "timestamp_outside_tolerance"
	CodeSecretMissing      = "secret_missing"
	CodeSignatureConfig    = "signature_config"
	CodeKeysUnavailable    = "keys_unavailable"
)

// Refusal says why a delivery is not taken for genuine.
type Refusal struct{ Code, Reason string }

func refuse(code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Reason: fmt.Sprintf(format, args...)}
}

// verifier holds deliveries against a signature. root is what templates read. It
// returns nil for a delivery that is genuine.
type verifier interface {
	verify(ctx context.Context, r *Request, root jsonx.Value) *Refusal
}

// Defaults of a signature.
const (
	usualTolerance = 300 * time.Second
	usualHash      = "sha256"
)

// newVerifier compiles a signature_verification. A definition that cannot be compiled
// lets nothing through.
func newVerifier(v jsonx.Value, keys *keySets) verifier {
	compiled, err := compileVerifier(v, keys)
	if err != nil {
		return nobody{refuse(CodeSignatureConfig, "the definition is not valid: %v", err)}
	}
	return compiled
}

// nobody refuses everything.
type nobody struct{ refusal *Refusal }

func (n nobody) verify(context.Context, *Request, jsonx.Value) *Refusal { return n.refusal }

func compileVerifier(v jsonx.Value, keys *keySets) (verifier, error) {
	format, config := v.Get("format").Str(), v.Get("config")
	algorithms, problem := definition.SignatureAlgorithms(format, config.Get("algorithm").Str())
	if problem != "" {
		return nil, fmt.Errorf("algorithm %s", problem)
	}
	if problem := definition.TimestampProblem(format, config); problem != "" {
		return nil, fmt.Errorf("timestamp %s", problem)
	}
	if len(algorithms) == 0 && format != definition.SignedJWT {
		algorithms = []string{usualHash}
	}
	c := compiler{config: config, algorithms: algorithms, format: format, keys: keys}
	switch format {
	case definition.SignedHMAC:
		return c.hmac()
	case definition.SignedBasic:
		return c.basic()
	case definition.SignedBearer:
		return c.bearer()
	case definition.SignedClerk, definition.SignedStandard:
		return c.svix()
	case definition.SignedJWT:
		return c.jwt()
	case definition.SignedEd25519, definition.SignedRSA, definition.SignedECDSA:
		return c.publicKey()
	}
	return nil, fmt.Errorf("there is no format %q", format)
}

// compiler makes a verifier of a config.
type compiler struct {
	config     jsonx.Value
	algorithms []string
	format     string
	keys       *keySets
}

// secrets are what both sides know, as templates.
type secrets struct {
	what      string
	templates []*placeholder.Template
	encoding  string
}

// secrets compiles a member that is a text or a list of texts.
func (c compiler) secrets(name, encoding string) (secrets, error) {
	s := secrets{what: name, encoding: encoding}
	list := []jsonx.Value{c.config.Get(name)}
	if list[0].Kind() == jsonx.Array {
		list = list[0].Items()
	}
	for _, text := range list {
		if !text.Exists() || text.IsNull() {
			continue
		}
		t, err := placeholder.Compile(text)
		if err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
		s.templates = append(s.templates, t)
	}
	if len(s.templates) == 0 {
		return s, fmt.Errorf("%s is missing", name)
	}
	return s, nil
}

// maxSecrets bounds the secrets that one delivery is held against.
const maxSecrets = 10

// values are the secrets that are there. A template may read a list of them. None is
// a refusal, and so is an empty one: everybody knows that.
func (s secrets) values(root jsonx.Value) (all [][]byte, refusal *Refusal) {
	var missing string
	for _, t := range s.templates {
		v, unresolved := t.Render(root)
		if len(unresolved) > 0 {
			missing = unresolved[0]
			continue
		}
		list := []jsonx.Value{v}
		if v.Kind() == jsonx.Array {
			list = v.Items()
		}
		for _, one := range list {
			text, isText := one.Text()
			if number, ok := one.NumberText(); ok {
				text, isText = number, true
			}
			secret, ok := decodeText(text, s.encoding)
			if isText && ok && len(secret) > 0 && len(all) < maxSecrets {
				all = append(all, secret)
			}
		}
	}
	switch {
	case len(all) > 0:
		return all, nil
	case missing != "":
		return nil, refuse(CodeSecretMissing, "the %s reads %s, which has no value", s.what, missing)
	}
	return nil, refuse(CodeSecretMissing, "the %s is empty, or not in its encoding", s.what)
}

// message is what is signed.
type message []part

func (c compiler) message() (message, error) {
	if c.config.Get("parts").Len() == 0 {
		return message{{token: "$body"}}, nil
	}
	var m message
	for i, text := range c.config.Get("parts").Items() {
		p, err := newPart(text.Str())
		if err != nil {
			return nil, fmt.Errorf("parts.%d: %w", i, err)
		}
		m = append(m, p)
	}
	return m, nil
}

func (m message) bytes(r *Request, root jsonx.Value) (text []byte, refusal *Refusal) {
	text = make([]byte, 0, len(r.Body)+256)
	for _, p := range m {
		if text, refusal = p.append(text, r, root); refusal != nil {
			return nil, refusal
		}
	}
	return text, nil
}

// signaturePlace is where the signature of a delivery is.
type signaturePlace struct {
	prefix, token, encoding string
}

func (c compiler) place(usualEncoding string) (signaturePlace, error) {
	text := c.config.Get("compare_with").Str()
	prefix, token, ok := definition.SplitSignaturePlace(text)
	if !ok {
		return signaturePlace{}, fmt.Errorf("compare_with names no part of a delivery")
	}
	encoding := c.config.Get("string_type").Str()
	if encoding == "" {
		encoding = usualEncoding
	}
	return signaturePlace{prefix: prefix, token: token, encoding: encoding}, nil
}

// candidates are the signatures that a delivery brings, decoded. The prefix may stand
// in the definition, in the delivery, or in both; one that the definition does not
// know, such as sha256=, does no harm.
func (p signaturePlace) candidates(r *Request) ([][]byte, *Refusal) {
	values, refusal := valuesOf(p.token, r)
	if refusal != nil {
		return nil, refusal
	}
	var all [][]byte
	for _, value := range values {
		texts := []string{value}
		if p.prefix != "" && len(value) > len(p.prefix) && value[:len(p.prefix)] == p.prefix {
			texts = append(texts, value[len(p.prefix):])
		}
		if _, rest, ok := cutScheme(value); ok {
			texts = append(texts, rest)
		}
		for _, text := range texts {
			if digest, ok := decodeText(text, p.encoding); ok && len(digest) > 0 {
				all = append(all, digest)
			}
		}
	}
	if len(all) == 0 {
		return nil, refuse(CodeSignatureMismatch, "%s holds no signature as %s", p.token, p.encoding)
	}
	return all, nil
}

// cutScheme splits sha256=… and v0=… .
func cutScheme(text string) (scheme, rest string, ok bool) {
	for i, c := range text {
		switch {
		case c == '=':
			return text[:i], text[i+1:], i > 0
		case i > 20, !slices.Contains([]rune("abcdefghijklmnopqrstuvwxyz0123456789_-"), c):
			return "", "", false
		}
	}
	return "", "", false
}
