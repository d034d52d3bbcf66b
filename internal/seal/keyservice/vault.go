package keyservice

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

// VaultConfig names a key of the transit engine of HashiCorp Vault or OpenBao.
type VaultConfig struct {
	// Address is where the service is, as https://host:port.
	Address string
	// Namespace is the namespace of the engine; "" for the root.
	Namespace string
	// Mount is the path that the engine is mounted at, such as transit.
	Mount string
	// Key is the name of the key, which must be of a type that takes
	// associated data: aes256-gcm96, aes128-gcm96 or chacha20-poly1305.
	Key string
	// Token is the token to present; TokenFile is a file that holds it and wins.
	// The file is read for each call, so that an agent may renew it.
	Token     string
	TokenFile string
	// Transport makes every request. It is required.
	Transport http.RoundTripper
}

// Vault is a master key in the transit engine of Vault or OpenBao.
type Vault struct{ config VaultConfig }

var _ seal.Master = (*Vault)(nil)

// NewVault returns a master key. It makes no request: a key that cannot be used
// shows in its first use.
func NewVault(config VaultConfig) (*Vault, error) {
	if config.Transport == nil {
		return nil, errors.New("open master key: no transport")
	}
	v := &Vault{config}
	return v, checkID(v.ID())
}

// ID names the key by namespace, mount and name. The address is no part of it,
// since a service may move. A key of the same name elsewhere opens nothing.
func (v *Vault) ID() string {
	return "hcvault:" + strings.Trim(v.config.Namespace+"/"+v.config.Mount+"/"+v.config.Key, "/")
}

func (v *Vault) path(verb string) string {
	return strings.Join([]string{v.config.Mount, verb, v.config.Key}, "/")
}

// Wrap encrypts a key with the newest version of the service's key.
func (v *Vault) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	data, err := v.ask(ctx, "encrypt", aad, jsonx.Member{Name: "plaintext", Value: base64Value(bound(plaintext, aad))})
	if err != nil {
		return nil, err
	}
	ciphertext := data.Get("ciphertext").Str()
	if !strings.HasPrefix(ciphertext, "vault:v") {
		return nil, v.fail("it answered without a ciphertext")
	}
	return []byte(ciphertext), nil
}

// Unwrap undoes Wrap, also when the service's key has been rotated since.
func (v *Vault) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if !strings.HasPrefix(string(wrapped), "vault:v") {
		return nil, seal.ErrTampered
	}
	data, err := v.ask(ctx, "decrypt", aad, jsonx.Member{Name: "ciphertext", Value: jsonx.StringValue(string(wrapped))})
	if err != nil {
		return nil, err
	}
	clear, err := base64.StdEncoding.DecodeString(data.Get("plaintext").Str())
	if err != nil {
		return nil, v.fail("it answered without a plaintext")
	}
	return unbound(clear, aad)
}

// bound puts a digest of the associated data before a key. Services from before
// they knew associated data ignore it without a word; then this alone binds.
func bound(plaintext, aad []byte) []byte {
	digest := sha256.Sum256(aad)
	return append(digest[:], plaintext...)
}

func unbound(clear, aad []byte) ([]byte, error) {
	digest := sha256.Sum256(aad)
	if len(clear) < len(digest) || subtle.ConstantTimeCompare(clear[:len(digest)], digest[:]) != 1 {
		return nil, seal.ErrTampered
	}
	return clear[len(digest):], nil
}

func base64Value(content []byte) jsonx.Value {
	return jsonx.StringValue(base64.StdEncoding.EncodeToString(content))
}

// ask makes one call of the engine and returns the data of its answer.
func (v *Vault) ask(ctx context.Context, verb string, aad []byte, input jsonx.Member) (jsonx.Value, error) {
	body := jsonx.ObjectValue(input, jsonx.Member{Name: "associated_data", Value: base64Value(aad)}).Bytes()
	got, err := post(ctx, v.config.Transport, func(ctx context.Context) (*http.Request, error) {
		return v.request(ctx, verb, body)
	}, vaultIsBusy)
	switch {
	case ctx.Err() != nil:
		return jsonx.Value{}, ctx.Err()
	case err != nil:
		return jsonx.Value{}, v.fail("it cannot be reached: %w", err)
	}
	value, err := jsonx.ParseLenient(got.body)
	if got.status != http.StatusOK || err != nil {
		return jsonx.Value{}, v.explain(verb, got.status, vaultErrors(value))
	}
	return value.Get("data"), nil
}

func (v *Vault) request(ctx context.Context, verb string, body []byte) (*http.Request, error) {
	token, err := v.token()
	if err != nil {
		return nil, err
	}
	request, err := newRequest(ctx, v.config.Address+"/v1/"+v.path(verb), body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Vault-Request", "true")
	request.Header.Set("X-Vault-Token", token)
	if v.config.Namespace != "" {
		request.Header.Set("X-Vault-Namespace", v.config.Namespace)
	}
	return request, nil
}

// token returns the token. Its text stays out of errors.
func (v *Vault) token() (string, error) {
	token := v.config.Token
	if v.config.TokenFile != "" {
		content, err := os.ReadFile(v.config.TokenFile)
		if err != nil {
			return "", fmt.Errorf("read its token: %w", err)
		}
		token = string(content)
	}
	token = strings.TrimSpace(token)
	switch {
	case token == "":
		return "", errors.New("there is no token for it: set SINEW_VAULT_TOKEN, or name a file with the option token-file")
	case strings.ContainsAny(token, "\r\n\t "):
		return "", errors.New("its token holds white space: one token alone is wanted")
	}
	return token, nil
}

// vaultIsBusy reports an answer that another attempt may better: a sealed
// service stays so until somebody does something.
func vaultIsBusy(got answer) bool {
	switch got.status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	case http.StatusServiceUnavailable:
		return !strings.Contains(string(got.body), "sealed")
	}
	return false
}

func vaultErrors(value jsonx.Value) string {
	var texts []string
	for _, item := range value.Get("errors").Items() {
		texts = append(texts, strings.TrimSpace(item.Str()))
	}
	return quoted(strings.Join(texts, "; "))
}

// explain says what to do about a refusal.
func (v *Vault) explain(verb string, status int, said string) error {
	says := func(text string) bool { return strings.Contains(said, text) }
	switch {
	case verb == "decrypt" && status == http.StatusBadRequest && (says("message authentication failed") || says("invalid ciphertext")):
		return seal.ErrTampered
	case says("disallowed by policy"):
		return v.fail("the version of its key that the data was written with is disabled: lower min_decryption_version of the key, run 'sinew keys rewrap', and raise it again")
	case says("encryption key not found"):
		return v.fail("it has no key %s: make it with 'vault write -f %s type=aes256-gcm96' if this installation is new, or restore the key that the data was written with", v.config.Key, v.path("keys"))
	case says("associated_data"):
		return v.fail("its key %s cannot bind what it encrypts to an environment: use one of the type aes256-gcm96 (%s)", v.config.Key, said)
	case status == http.StatusServiceUnavailable && says("sealed"):
		return v.fail("it is sealed: unseal it with 'vault operator unseal', or wait until it has unsealed itself")
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return v.fail("it does not let the token %s: the token may have expired, or its policy must allow update on %s and %s", verb, v.path("encrypt"), v.path("decrypt"))
	case status == http.StatusNotFound:
		return v.fail("it has no transit engine at %s%s: mount one with 'vault secrets enable -path=%s transit', or correct the address of the master key", v.config.Mount, v.inNamespace(), v.config.Mount)
	case status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		return v.fail("it redirects to another node: give the address of the active node, or of a load balancer")
	case said == "":
		return v.fail("it answered %s with status %d", verb, status)
	}
	return v.fail("it answered %s with status %d: %s", verb, status, said)
}

func (v *Vault) inNamespace() string {
	if v.config.Namespace == "" {
		return ""
	}
	return " in the namespace " + v.config.Namespace
}

func (v *Vault) fail(format string, args ...any) error {
	return unusable("the key service at %s: %w", v.config.Address, fmt.Errorf(format, args...))
}

// maxID is what the form of a wrapped key has room for.
const maxID = 255

func checkID(id string) error {
	if len(id) > maxID {
		return fmt.Errorf("the name of the master key is longer than %d bytes", maxID)
	}
	return nil
}
