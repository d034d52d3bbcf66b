package keyservice_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"go.uber.org/goleak"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/seal/keyservice"
	"github.com/sinewhq/sinew/internal/seal/keyservice/keyservicetest"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is the way out that the server uses, open to loopback.
func door(t testing.TB) http.RoundTripper {
	t.Helper()
	client, err := upstream.New(upstream.Config{Allow: []string{"127.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client.RoundTripper()
}

// wantUnusable checks an error for the operator: it says what to do, and the
// part that callers of the API see does not.
func wantUnusable(t testing.TB, err error, says string) {
	t.Helper()
	var e *sinew.Error
	if !errors.As(err, &e) || e.Kind != sinew.KindUnavailable || e.Code != keyservice.CodeUnusable {
		t.Errorf("got %v, want an error of a key service that cannot be used", err)
		return
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("the error does not say %q: %v", says, err)
	}
	if strings.Contains(e.Message, says) || strings.Contains(e.Message, "127.0.0.1") {
		t.Errorf("callers of the API read %q", e.Message)
	}
}

func TestLocalMaster(t *testing.T) {
	t.Parallel()
	master, err := seal.GenerateMasterFile(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	keyservicetest.Run(t, master)
}

func vaultConfig(t testing.TB, s *testkit.TransitServer) keyservice.VaultConfig {
	t.Helper()
	return keyservice.VaultConfig{Address: s.Address, Mount: "transit", Key: "sinew", Token: testkit.TransitApp, Transport: door(t)}
}

func newVault(t testing.TB, config keyservice.VaultConfig) *keyservice.Vault {
	t.Helper()
	vault, err := keyservice.NewVault(config)
	if err != nil {
		t.Fatal(err)
	}
	return vault
}

// startTransit starts the transit engine with a key.
func startTransit(t testing.TB) *testkit.TransitServer {
	t.Helper()
	s := testkit.StartTransit(t)
	s.Mount("", "transit")
	s.Call("", "transit/keys/sinew", `{}`)
	return s
}

var aad = []byte("\x12environment key v1\x05env-a")

// TestTransit runs against the transit engine of Vault.
func TestTransit(t *testing.T) {
	t.Parallel()
	s := startTransit(t)
	config := vaultConfig(t, s)
	master := newVault(t, config)
	keyservicetest.Run(t, master)
	if got, want := master.ID(), "hcvault:transit/sinew"; got != want {
		t.Errorf("fingerprint: got %s, want %s", got, want)
	}
	wrapped, err := master.Wrap(t.Context(), []byte("key"), aad)
	if err != nil || !bytes.HasPrefix(wrapped, []byte("vault:v1:")) {
		t.Fatalf("got %q, %v", wrapped, err)
	}

	t.Run("Rotation", func(t *testing.T) {
		s.Call("", "transit/keys/sinew/rotate", `{}`)
		again, err := master.Wrap(t.Context(), []byte("key"), aad)
		if err != nil || !bytes.HasPrefix(again, []byte("vault:v2:")) {
			t.Errorf("after a rotation: got %q, %v", again, err)
		}
		if got, err := master.Unwrap(t.Context(), wrapped, aad); err != nil || string(got) != "key" {
			t.Errorf("the earlier version: got %q, %v", got, err)
		}
		s.Call("", "transit/keys/sinew/config", `{"min_decryption_version":2}`)
		_, err = master.Unwrap(t.Context(), wrapped, aad)
		wantUnusable(t, err, "lower min_decryption_version of the key, run 'sinew keys rewrap', and raise it again")
		if got, err := master.Unwrap(t.Context(), again, aad); err != nil || string(got) != "key" {
			t.Errorf("the newest version: got %q, %v", got, err)
		}
		s.Call("", "transit/keys/sinew/config", `{"min_decryption_version":1}`)
	})
	t.Run("Namespace", func(t *testing.T) {
		s.Mount("team-a", "deep/transit")
		s.Call("team-a", "deep/transit/keys/sinew", `{}`)
		config := config
		config.Namespace, config.Mount = "team-a", "deep/transit"
		master := newVault(t, config)
		keyservicetest.Run(t, master)
		if got, want := master.ID(), "hcvault:team-a/deep/transit/sinew"; got != want {
			t.Errorf("fingerprint: got %s, want %s", got, want)
		}
		if got, err := master.Unwrap(t.Context(), wrapped, aad); !errors.Is(err, seal.ErrTampered) {
			t.Errorf("the key of the same name elsewhere: got %q, %v", got, err)
		}
	})
	t.Run("TokenFile", func(t *testing.T) {
		config := config
		config.Token, config.TokenFile = "expired", filepath.Join(t.TempDir(), "token")
		write := func(text string) {
			t.Helper()
			if err := os.WriteFile(config.TokenFile, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("also-expired\n")
		master := newVault(t, config)
		_, err := master.Unwrap(t.Context(), wrapped, aad)
		wantUnusable(t, err, "the token may have expired")
		if strings.Contains(err.Error(), "also-expired") {
			t.Errorf("the error holds the token: %v", err)
		}
		write(testkit.TransitApp + "\n") // as an agent does that renews it
		if got, err := master.Unwrap(t.Context(), wrapped, aad); err != nil || string(got) != "key" {
			t.Errorf("with the renewed token: got %q, %v", got, err)
		}
		write("two tokens")
		_, err = master.Unwrap(t.Context(), wrapped, aad)
		wantUnusable(t, err, "one token alone is wanted")
	})
	t.Run("Refusals", func(t *testing.T) {
		for name, c := range map[string]struct {
			change func(*keyservice.VaultConfig)
			says   string
		}{
			"no token":         {func(c *keyservice.VaultConfig) { c.Token = "" }, "set SINEW_VAULT_TOKEN, or name a file"},
			"foreign token":    {func(c *keyservice.VaultConfig) { c.Token = "stolen" }, "its policy must allow update on transit/encrypt/sinew and transit/decrypt/sinew"},
			"may only encrypt": {func(c *keyservice.VaultConfig) { c.Token = testkit.TransitSealer }, "does not let the token decrypt"},
			"no such key":      {func(c *keyservice.VaultConfig) { c.Key = "other" }, "it has no key other: make it with 'vault write -f transit/keys/other type=aes256-gcm96'"},
			"no such mount":    {func(c *keyservice.VaultConfig) { c.Mount = "transmit" }, "vault secrets enable -path=transmit transit"},
			"no such token file": {
				func(c *keyservice.VaultConfig) { c.TokenFile = filepath.Join(t.TempDir(), "absent") },
				"read its token",
			},
			"nobody there": {func(c *keyservice.VaultConfig) { c.Address = "http://127.0.0.1:1" }, "it cannot be reached"},
		} {
			config := config
			c.change(&config)
			_, err := newVault(t, config).Unwrap(t.Context(), wrapped, aad)
			t.Run(name, func(t *testing.T) { wantUnusable(t, err, c.says) })
		}
		s.Call("", "transit/keys/pair", `{"type":"rsa-2048"}`)
		config := config
		config.Key = "pair"
		_, err := newVault(t, config).Wrap(t.Context(), []byte("key"), aad)
		wantUnusable(t, err, "use one of the type aes256-gcm96")
		// The token may use keys and not make any, so a mistake in the name
		// makes none.
		config.Key = "mistaken"
		_, err = newVault(t, config).Wrap(t.Context(), []byte("key"), aad)
		wantUnusable(t, err, "does not let the token encrypt")
	})
	t.Run("Sealed", func(t *testing.T) {
		s.Call("", "sys/seal", ``)
		began := time.Now()
		_, err := master.Unwrap(t.Context(), wrapped, aad)
		wantUnusable(t, err, "it is sealed: unseal it with 'vault operator unseal'")
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v to say so", took)
		}
		s.Call("", "sys/unseal", ``)
		if got, err := master.Unwrap(t.Context(), wrapped, aad); err != nil || string(got) != "key" {
			t.Errorf("unsealed: got %q, %v", got, err)
		}
	})
}

// TestBindingWithoutTheServersHelp runs against a service that takes associated
// data and ignores it, as versions from before it do.
func TestBindingWithoutTheServersHelp(t *testing.T) {
	t.Parallel()
	old := roundTrip(func(r *http.Request) (int, string) {
		body, err := readJSON(r)
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(r.URL.Path, "/encrypt/") {
			return 200, `{"data":{"ciphertext":"vault:v1:` + body.Get("plaintext").Str() + `"}}`
		}
		return 200, `{"data":{"plaintext":"` + strings.TrimPrefix(body.Get("ciphertext").Str(), "vault:v1:") + `"}}`
	})
	master := newVault(t, keyservice.VaultConfig{Address: "https://vault.internal:8200", Mount: "transit", Key: "sinew", Token: "t", Transport: old})
	wrapped, err := master.Wrap(t.Context(), []byte("key"), aad)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := master.Unwrap(t.Context(), wrapped, aad); err != nil || string(got) != "key" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := master.Unwrap(t.Context(), wrapped, []byte("\x12environment key v1\x05env-b")); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("as another environment's: got %q, %v", got, err)
	}
}

// TestBusyVaultIsAskedAgain counts attempts.
func TestBusyVaultIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		asked  int
		says   string
	}{
		"overloaded": {429, `{"errors":["rate limit"]}`, 3, "rate limit"},
		"broken":     {500, `{"errors":["storage"]}`, 3, "storage"},
		"a proxy":    {502, `<html>`, 3, "status 502"},
		"standby":    {503, `{"errors":["no active node"]}`, 3, "no active node"},
		"sealed":     {503, `{"errors":["Vault is sealed"]}`, 1, "is sealed"},
		"forbidden":  {403, `{"errors":["permission denied"]}`, 1, "may have expired"},
		"elsewhere":  {307, ``, 1, "give the address of the active node"},
		"no answer":  {200, `{}`, 1, "without a ciphertext"},
		"not JSON":   {200, `hello`, 1, "status 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			master := newVault(t, keyservice.VaultConfig{
				Address: "https://vault.internal:8200", Mount: "transit", Key: "sinew", Token: "t",
				Transport: roundTrip(func(*http.Request) (int, string) { asked++; return c.status, c.body }),
			})
			_, err := master.Wrap(t.Context(), []byte("key"), aad)
			wantUnusable(t, err, c.says)
			if asked != c.asked {
				t.Errorf("asked %d times, want %d", asked, c.asked)
			}
		})
	}
}

// TestACallEndsWithItsCaller gives up between two attempts.
func TestACallEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	master := newVault(t, keyservice.VaultConfig{
		Address: "https://vault.internal:8200", Mount: "transit", Key: "sinew", Token: "t",
		Transport: roundTrip(func(*http.Request) (int, string) { asked++; cancel(); return 500, `{}` }),
	})
	if _, err := master.Wrap(ctx, []byte("key"), aad); !errors.Is(err, context.Canceled) || asked != 1 {
		t.Errorf("asked %d times, got %v", asked, err)
	}
}

func awsConfig(t testing.TB, k *keyservicetest.KMS) keyservice.AWSConfig {
	t.Helper()
	return keyservice.AWSConfig{
		KeyID: k.KeyID, Region: k.Region, Endpoint: k.URL, AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, Transport: door(t),
	}
}

func newAWS(t testing.TB, config keyservice.AWSConfig) *keyservice.AWS {
	t.Helper()
	master, err := keyservice.NewAWS(config)
	if err != nil {
		t.Fatal(err)
	}
	return master
}

func TestKMS(t *testing.T) {
	t.Parallel()
	k := keyservicetest.NewKMS(t)
	config := awsConfig(t, k)
	master := newAWS(t, config)
	keyservicetest.Run(t, master)
	if got, want := master.ID(), "aws-kms:key/1234abcd-12ab-34cd-56ef-1234567890ab"; got != want {
		t.Errorf("fingerprint: got %s, want %s", got, want)
	}
	if got, want := k.Contexts()[0], `{"purpose":"environment key v1","of":"env-a"}`; got != want {
		t.Errorf("encryption context: got %s, want %s", got, want)
	}
	wrapped, err := master.Wrap(t.Context(), []byte("key"), aad)
	if err != nil {
		t.Fatal(err)
	}
	config.KeyID = k.Alias
	if got, err := newAWS(t, config).Unwrap(t.Context(), wrapped, aad); err != nil || string(got) != "key" {
		t.Errorf("by its alias: got %q, %v", got, err)
	}

	k.SessionToken = "temporary"
	_, err = master.Unwrap(t.Context(), wrapped, aad)
	wantUnusable(t, err, "the session token has expired")
	config.SessionToken = "temporary"
	if got, err := newAWS(t, config).Unwrap(t.Context(), wrapped, aad); err != nil || string(got) != "key" {
		t.Errorf("with a session token: got %q, %v", got, err)
	}
	k.SessionToken, config.SessionToken = "", ""

	for name, c := range map[string]struct {
		change func(*keyservice.AWSConfig)
		says   string
	}{
		"another access key": {func(c *keyservice.AWSConfig) { c.AccessKeyID = "AKIDOTHER" }, "it does not know the access key"},
		"another secret":     {func(c *keyservice.AWSConfig) { c.SecretAccessKey = "other" }, "or its secret is another one: check"},
		"another region":     {func(c *keyservice.AWSConfig) { c.Region = "us-east-1" }, "scoped to a valid region"},
		"another key":        {func(c *keyservice.AWSConfig) { c.KeyID = "alias/other" }, "it has no key alias/other: correct the id or the region"},
		"nobody there":       {func(c *keyservice.AWSConfig) { c.Endpoint = "http://127.0.0.1:1" }, "it cannot be reached"},
	} {
		config := config
		c.change(&config)
		_, err := newAWS(t, config).Unwrap(t.Context(), wrapped, aad)
		t.Run(name, func(t *testing.T) { wantUnusable(t, err, c.says) })
	}
	for _, c := range []struct {
		fault keyservicetest.Fault
		asked int
		says  string
	}{
		{keyservicetest.Fault{Status: 400, Type: "AccessDeniedException"}, 1, "allow kms:Encrypt and kms:Decrypt on the key arn:aws:kms:"},
		{keyservicetest.Fault{Status: 400, Type: "DisabledException"}, 1, "aws kms enable-key"},
		{keyservicetest.Fault{Status: 400, Type: "com.amazonaws.kms#KMSInvalidStateException"}, 1, "aws kms cancel-key-deletion"},
		{keyservicetest.Fault{Status: 400, Type: "InvalidKeyUsageException"}, 1, "use a symmetric key"},
		{keyservicetest.Fault{Status: 400, Type: "ThrottlingException"}, 3, "ThrottlingException"},
		{keyservicetest.Fault{Status: 500, Type: "KMSInternalException"}, 3, "KMSInternalException"},
		{keyservicetest.Fault{Status: 503, Type: "DependencyTimeoutException"}, 3, "DependencyTimeoutException"},
		{keyservicetest.Fault{Status: 400, Type: "Novelty"}, 1, "status 400: Novelty"},
	} {
		k.Fail(c.fault, 10)
		before := k.Calls()
		_, err := master.Unwrap(t.Context(), wrapped, aad)
		wantUnusable(t, err, c.says)
		if got := k.Calls() - before; got != c.asked {
			t.Errorf("%s: asked %d times, want %d", c.fault.Type, got, c.asked)
		}
	}
	k.Fail(keyservicetest.Fault{Status: 500, Type: "KMSInternalException"}, 2)
	if got, err := master.Unwrap(t.Context(), wrapped, aad); err != nil || string(got) != "key" {
		t.Errorf("after two failures: got %q, %v", got, err)
	}
	k.Fail(keyservicetest.Fault{Status: 400, Type: "IncorrectKeyException"}, 1)
	if _, err := master.Unwrap(t.Context(), wrapped, aad); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("a ciphertext of another key: got %v, want ErrTampered", err)
	}
}

// TestKMSByRole takes the keys of the role of a machine, as its metadata
// service gives them out.
func TestKMSByRole(t *testing.T) {
	k := keyservicetest.NewKMS(t)
	k.SessionToken = "of-the-role"
	for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ROLE_ARN"} {
		t.Setenv(name, "")
	}
	asked := 0
	config := awsConfig(t, k)
	config.AccessKeyID, config.SecretAccessKey = "", ""
	role := func(answer roundTrip) *credentials.Credentials {
		return credentials.New(&credentials.IAM{Client: &http.Client{Transport: answer}})
	}
	config.Role = role(func(r *http.Request) (int, string) {
		asked++
		switch {
		case r.URL.Host != "169.254.169.254":
			t.Errorf("asked %s for keys", r.URL)
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
			return 200, "session"
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "session":
			return 401, ""
		case r.URL.Path == "/latest/meta-data/iam/security-credentials/":
			return 200, "sinew-role"
		}
		return 200, `{"Code":"Success","AccessKeyId":"` + k.AccessKeyID + `","SecretAccessKey":"` + k.SecretAccessKey +
			`","Token":"of-the-role","Expiration":"` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`
	})
	master := newAWS(t, config)
	keyservicetest.Run(t, master)
	if asked != 3 {
		t.Errorf("asked for keys %d times: they are good for an hour", asked)
	}
	config.Role = role(func(*http.Request) (int, string) { return 404, "" })
	_, err := newAWS(t, config).Wrap(t.Context(), []byte("key"), aad)
	wantUnusable(t, err, "set SINEW_AWS_ACCESS_KEY_ID and SINEW_AWS_SECRET_ACCESS_KEY, or give the machine a role")
}

func TestMastersNeedWhatTheySay(t *testing.T) {
	t.Parallel()
	some := roundTrip(func(*http.Request) (int, string) { return 500, "" })
	for name, config := range map[string]keyservice.AWSConfig{
		"no transport": {KeyID: "alias/a", Region: "eu-1", AccessKeyID: "a", SecretAccessKey: "s"},
		"no secret":    {KeyID: "alias/a", Region: "eu-1", AccessKeyID: "a", Transport: some},
		"no keys":      {KeyID: "alias/a", Region: "eu-1", Transport: some},
		"a long name":  {KeyID: "alias/" + strings.Repeat("a", 256), Region: "eu-1", AccessKeyID: "a", SecretAccessKey: "s", Transport: some},
	} {
		if _, err := keyservice.NewAWS(config); err == nil {
			t.Errorf("KMS with %s was taken", name)
		}
	}
	for name, config := range map[string]keyservice.VaultConfig{
		"no transport": {Mount: "transit", Key: "a"},
		"a long name":  {Mount: "transit", Key: strings.Repeat("a", 256), Transport: some},
	} {
		if _, err := keyservice.NewVault(config); err == nil {
			t.Errorf("Vault with %s was taken", name)
		}
	}
	if got, want := keyservice.AWSEndpoint("cn-north-1"), "https://kms.cn-north-1.amazonaws.com.cn"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestSignatureOracle holds the computation that the test server verifies with
// against examples that AWS published (get-vanilla and post-vanilla of its
// Signature Version 4 test suite).
func TestSignatureOracle(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		"GET":  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		"POST": "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
	} {
		r, err := http.NewRequest(method, "https://example.amazonaws.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Date", "20150830T123600Z")
		got := keyservicetest.Signature(r, nil, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830/us-east-1/service/aws4_request", []string{"host", "x-amz-date"})
		if got != want {
			t.Errorf("%s: got %s, want %s", method, got, want)
		}
	}
}

// roundTrip answers requests with a status and a body.
type roundTrip func(*http.Request) (status int, body string)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status, body := f(r)
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: nopCloser{strings.NewReader(body)}, Request: r,
	}, nil
}

type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }

func readJSON(r *http.Request) (jsonx.Value, error) {
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		return jsonx.Value{}, err
	}
	return jsonx.Parse(b.Bytes())
}
