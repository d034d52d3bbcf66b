package delivery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

// The headers of a signed delivery.
const (
	headerTruto     = "X-Truto-Signature" // spec 01 section 13.3
	headerID        = "Webhook-Id"        // Standard Webhooks
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// sign signs a body in both ways. While a secret is being replaced, the signature of
// Standard Webhooks is there for either; X-Truto-Signature has room for one, and
// stays with the one that receivers have until the overlap ends.
func sign(header http.Header, w sinew.Webhook, secrets sinew.WebhookSecrets, eventID string, body []byte, now time.Time) {
	keys := []string{secrets.Current}
	if secrets.Previous != "" && now.Before(secrets.PreviousUntil) {
		keys = append(keys, secrets.Previous)
	}
	digest := mac(keys[len(keys)-1], body)
	value := base64.StdEncoding.EncodeToString(digest)
	if w.SignatureEncoding == sinew.SignatureHex {
		value = hex.EncodeToString(digest)
	}
	header.Set(headerTruto, "format=sha256,v="+value)

	timestamp := strconv.FormatInt(now.Unix(), 10)
	signatures := make([]string, len(keys))
	for i, key := range keys {
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac(key, []byte(eventID+"."+timestamp+"."), body))
	}
	header.Set(headerID, eventID)
	header.Set(headerTimestamp, timestamp)
	header.Set(headerSignature, strings.Join(signatures, " "))
}

func mac(key string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, []byte(key))
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// StandardSecret is a secret in the form that libraries for Standard Webhooks take.
func StandardSecret(secret string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(secret))
}
