// Package keyservicetest is what the tests of key services share: a server that
// speaks the protocol of AWS KMS, and one suite for every master key.
package keyservicetest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// KMS is a server that answers Encrypt and Decrypt as AWS KMS documents them.
// It verifies the signature of each request by a computation of its own, and
// binds a ciphertext to its key and its encryption context.
type KMS struct {
	*httptest.Server
	Region          string
	KeyID           string // the ARN of the key
	Alias           string // another name of it
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string

	mu       sync.Mutex
	key      cipher.AEAD
	fault    Fault
	faults   int
	contexts []string
	calls    int
}

// Fault is an error that the server answers in place of its work.
type Fault struct {
	Status int
	Type   string
}

// NewKMS starts a server with one key and stops it when the test ends.
func NewKMS(t testing.TB) *KMS {
	t.Helper()
	k := &KMS{
		Region: "eu-central-1", KeyID: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", Alias: "alias/sinew",
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", key: newKey(t),
	}
	k.Server = httptest.NewServer(k)
	t.Cleanup(k.Close)
	return k
}

func newKey(t testing.TB) cipher.AEAD {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// Fail makes the server answer the next requests with a fault.
func (k *KMS) Fail(fault Fault, times int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fault, k.faults = fault, times
}

// Calls returns the number of requests so far.
func (k *KMS) Calls() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.calls
}

// Contexts returns the encryption contexts that the server has seen.
func (k *KMS) Contexts() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.contexts)
}

// ServeHTTP answers one request.
func (k *KMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	if k.faults > 0 {
		k.faults--
		refuse(w, k.fault.Status, k.fault.Type, "as the test wants it")
		return
	}
	if name, why := k.checkSignature(r, body); name != "" {
		refuse(w, http.StatusBadRequest, name, why)
		return
	}
	request, err := jsonx.Parse(body)
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	switch {
	case r.Method != http.MethodPost, r.URL.Path != "/", !ok, err != nil, r.Header.Get("Content-Type") != "application/x-amz-json-1.1":
		refuse(w, http.StatusBadRequest, "SerializationException", "not a request of this service")
	case request.Get("KeyId").Str() != k.KeyID && request.Get("KeyId").Str() != k.Alias:
		refuse(w, http.StatusBadRequest, "NotFoundException", "Key '"+request.Get("KeyId").Str()+"' does not exist")
	case action == "Encrypt":
		k.encrypt(w, request)
	case action == "Decrypt":
		k.decrypt(w, request)
	default:
		refuse(w, http.StatusBadRequest, "UnknownOperationException", "")
	}
}

func (k *KMS) encrypt(w http.ResponseWriter, request jsonx.Value) {
	var input struct{ Plaintext []byte }
	if err := jsonx.Unmarshal(request.Bytes(), &input); err != nil || len(input.Plaintext) == 0 || len(input.Plaintext) > 4096 {
		refuse(w, http.StatusBadRequest, "ValidationException", "Plaintext must have 1 to 4096 bytes")
		return
	}
	answer(w, k.KeyID, "CiphertextBlob", k.key.Seal(nil, nil, input.Plaintext, k.binding(request)))
}

func (k *KMS) decrypt(w http.ResponseWriter, request jsonx.Value) {
	var input struct{ CiphertextBlob []byte }
	if err := jsonx.Unmarshal(request.Bytes(), &input); err != nil {
		refuse(w, http.StatusBadRequest, "ValidationException", "CiphertextBlob is no base64")
		return
	}
	clear, err := k.key.Open(nil, nil, input.CiphertextBlob, k.binding(request))
	if err != nil {
		refuse(w, http.StatusBadRequest, "com.amazonaws.kms#InvalidCiphertextException", "")
		return
	}
	answer(w, k.KeyID, "Plaintext", clear)
}

// binding writes the encryption context in a form of its own, in which the
// order of members does not matter.
func (k *KMS) binding(request jsonx.Value) []byte {
	context := request.Get("EncryptionContext")
	k.contexts = append(k.contexts, context.String())
	names := slices.Sorted(slices.Values(context.Names()))
	var b bytes.Buffer
	for _, name := range names {
		b.WriteString(jsonx.ArrayValue(jsonx.StringValue(name), context.Get(name)).String())
	}
	return b.Bytes()
}

func answer(w http.ResponseWriter, keyID, name string, content []byte) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	text, _ := jsonx.Marshal(map[string]any{"KeyId": keyID, name: content, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})
	_, _ = w.Write(text)
}

func refuse(w http.ResponseWriter, status int, name, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	text, _ := jsonx.Marshal(map[string]string{"__type": name, "message": message})
	_, _ = w.Write(text)
}
