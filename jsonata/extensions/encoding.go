package extensions

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew/jsonata"
)

func encodingFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("base64encode", 2, pure(base64encode)),
		define("base64decode", 2, pure(base64decode)),
		define("digest", 3, pure(digest)),
		define("sign", 4, pure(sign)),
		define("uuid", 0, simple(func(args) value { return str(uuid.NewString()) })),
	}
}

func encode64(data []byte, urlSafe bool) string {
	if urlSafe {
		return base64.RawURLEncoding.EncodeToString(data)
	}
	return base64.StdEncoding.EncodeToString(data)
}

// decode64 is JavaScript's atob: white space is dropped, padding may be absent.
func decode64(s string, urlSafe bool) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\f\r", r) {
			return -1
		}
		return r
	}, s)
	if urlSafe {
		s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	}
	if len(s)%4 == 0 {
		s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
	}
	data, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil, errors.New("invalid base64 text")
	}
	return data, nil
}

func base64encode(a args) (value, error) {
	v := a.at(0)
	data, ok := bytesOf(v)
	if !ok {
		if v.IsUndefined() {
			return str(""), nil
		}
		data = []byte(strings.ToValidUTF8(scriptText(v), "\uFFFD"))
	}
	return str(encode64(data, truthy(a.at(1)))), nil
}

func base64decode(a args) (value, error) {
	v := a.at(0)
	if truthy(a.at(1)) && !v.IsString() {
		return value{}, errors.New("base64decode: not a string")
	}
	data, err := decode64(scriptText(v), truthy(a.at(1)))
	if err != nil {
		return value{}, err
	}
	return str(strings.ToValidUTF8(string(data), "\uFFFD")), nil
}

func newHash(algorithm string) (func() hash.Hash, bool) {
	switch strings.ToUpper(algorithm) {
	case "SHA-1":
		return sha1.New, true
	case "SHA-256":
		return sha256.New, true
	case "SHA-384":
		return sha512.New384, true
	case "SHA-512":
		return sha512.New, true
	}
	return nil, false
}

// output writes a digest in one of the text forms; undefined for others.
func output(sum []byte, form string) value {
	switch form {
	case "hex":
		return str(hex.EncodeToString(sum))
	case "base64":
		return str(encode64(sum, false))
	case "base64-urlSafe":
		return str(encode64(sum, true))
	}
	return jsonata.Undefined()
}

func digest(a args) (value, error) {
	text := ""
	if !a.at(0).IsUndefined() {
		text = scriptText(a.at(0))
	}
	algorithm := scriptText(a.or(1, str("SHA-256")))
	form := scriptText(a.or(2, str("hex")))
	if strings.EqualFold(algorithm, "MD5") {
		sum := md5.Sum([]byte(text))
		if form != "hex" && form != "base64-urlSafe" {
			form = "base64"
		}
		return output(sum[:], form), nil
	}
	h, ok := newHash(algorithm)
	if !ok {
		return value{}, fmt.Errorf("digest: unknown algorithm %q", algorithm)
	}
	d := h()
	d.Write([]byte(text))
	return output(d.Sum(nil), form), nil
}

func sign(a args) (value, error) {
	text := ""
	if !a.at(0).IsUndefined() {
		text = scriptText(a.at(0))
	}
	algorithm := strings.ToUpper(strings.TrimSpace(scriptText(a.or(1, str("SHA-256")))))
	form := scriptText(a.or(3, str("hex")))
	if algorithm == "RS256" {
		sum, err := signRSA(text, a.at(2))
		if err != nil {
			return value{}, err
		}
		return output(sum, form), nil
	}
	if algorithm == "" || algorithm == "NULL" {
		algorithm = "SHA-256"
	}
	h, ok := newHash(algorithm)
	if !ok {
		return value{}, fmt.Errorf("sign: unknown algorithm %q", algorithm)
	}
	secret := a.at(2)
	if isNil(secret) || secret.Str() == "" && secret.IsString() {
		return value{}, errors.New("sign: the secret is missing")
	}
	mac := hmac.New(h, []byte(scriptText(secret)))
	mac.Write([]byte(text))
	return output(mac.Sum(nil), form), nil
}

func signRSA(text string, key value) ([]byte, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(key.Str(), `\n`, "\n")))
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("sign: RS256 needs an unencrypted PKCS#8 private key in PEM form")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("sign: read the private key: %w", err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("sign: RS256 needs an RSA key")
	}
	sum := sha256.Sum256([]byte(text))
	return rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
}
