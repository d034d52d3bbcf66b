package credential_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// A certificate as a form keeps it, on one line, gets in together with a token.
func TestMutualTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "anna"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName+" "+r.Header.Get("Authorization"))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	server.TLS.ClientCAs.AddCert(parsed)
	server.StartTLS()
	defer server.Close()
	client, err := upstream.New(upstream.Config{Allow: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	flat := func(text string) jsonx.Value { return jsonx.StringValue(strings.ReplaceAll(text, "\n", " ")) }
	config := jsonx.MustParse(`{"authorization":{"format":"bearer","config":{"value":"t1"}}}`).
		With("certificate", flat(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))).
		With("private_key", flat(privatePEM(t, key, "EC PRIVATE KEY"))).
		With("ca", flat(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))))
	r := &upstream.Request{URL: server.URL}
	if err := credential.NewFormats().Attach(r, credential.Authorization{Format: "mtls", Config: config}); err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := response.ReadAll()
	if err != nil || string(body) != "anna Bearer t1" {
		t.Errorf("got %q, %v", body, err)
	}
}

// The authorization beside a certificate may be challenged.
func TestMutualTLSWithDigest(t *testing.T) {
	t.Parallel()
	formats := credential.NewFormats()
	a := with("mtls", `{"certificate":"c","private_key":"k","authorization":{"format":"digest","config":{"username":"u","password":"p"}}}`)
	r := &upstream.Request{URL: "https://h"}
	if err := formats.Attach(r, a); err != nil {
		t.Fatal(err)
	}
	accepted, err := formats.Challenge(r, a, challenged(`Digest realm="r", nonce="n"`))
	if accepted == nil || err != nil || !strings.HasPrefix(r.Header.Get("Authorization"), "Digest ") || r.Identity == nil {
		t.Errorf("got %v, %v", r.Header, err)
	}
	accepted, err = formats.Challenge(r, with("mtls", `{"certificate":"c","private_key":"k"}`), challenged(`Digest realm="r", nonce="n"`))
	if accepted != nil || err != nil {
		t.Errorf("again %v, %v", accepted != nil, err)
	}
}
