package credential

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"regexp"
	"strings"
)

// onOneLine finds blocks of PEM whose line breaks a form turned into spaces.
var onOneLine = regexp.MustCompile(`(-----BEGIN [A-Z0-9 ]+-----)([^-]*)(-----END [A-Z0-9 ]+-----)`)

// normalPEM gives PEM its line breaks back, where they are written as \n, as in
// environment variables, or became spaces.
func normalPEM(text string) string {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, `\r`, ""), `\n`, "\n")
	}
	if strings.Contains(text, "\n") {
		return text + "\n"
	}
	return onOneLine.ReplaceAllStringFunc(text, func(block string) string {
		parts := onOneLine.FindStringSubmatch(block)
		return parts[1] + "\n" + strings.Join(strings.Fields(parts[2]), "\n") + "\n" + parts[3] + "\n"
	})
}

// privateKey reads a private key from PEM: PKCS #8, PKCS #1 or SEC 1. Its errors
// tell nothing of the key.
func privateKey(text string) (crypto.Signer, error) {
	rest := []byte(normalPEM(text))
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil:
			return nil, errors.New("it is not PEM")
		case strings.Contains(block.Type, "ENCRYPTED"), block.Headers["DEK-Info"] != "":
			return nil, errors.New("it is encrypted")
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return privateKeyDER(block.Bytes)
		}
	}
}

func privateKeyDER(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, errors.New("it cannot sign")
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errors.New("it is not a private key")
}
