package inbound

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// decodeText reads bytes that are written as hex, as base64 of either alphabet, with
// or without padding, or as they are.
func decodeText(text, encoding string) ([]byte, bool) {
	switch encoding {
	case "hex":
		b, err := hex.DecodeString(text)
		return b, err == nil
	case "base64", "base64url":
		return decode64(text)
	}
	return []byte(text), true
}

func decode64(text string) ([]byte, bool) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	if strings.ContainsAny(text, "\r\n") {
		return nil, false // which the decoder would pass over
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(text)
	return b, err == nil
}
