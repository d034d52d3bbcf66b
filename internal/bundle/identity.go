package bundle

import (
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
)

// GenerateIdentity makes a private key of age in a new file that only its owner can
// read, and returns its public key: what exports are encrypted to.
func GenerateIdentity(path string) (recipient string, err error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("make identity: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("make identity: %w", err)
	}
	recipient = identity.Recipient().String()
	_, err = io.WriteString(file, "# Reads the exports that are encrypted to "+recipient+"\n"+identity.String()+"\n")
	return recipient, errors.Join(err, file.Sync(), file.Close())
}
