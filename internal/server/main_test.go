package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// trusted is a certificate for servers of tests that calls trust; those of
// httptest's own are not.
var trusted tls.Certificate

// TestMain gives the tests a network of their own: the certificate, which this
// process trusts, and a name server that leads every name to this machine, or to
// where testkit.HostileHosts wants it, but for names of the documentation, which
// are nobody's.
func TestMain(m *testing.M) {
	if vendor := os.Getenv(envReverseProxy); vendor != "" {
		if err := serveReverseProxy(vendor); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	stop, err := startNames()
	if err == nil {
		err = makeTrusted()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	log.SetOutput(io.Discard) // where net/http quotes hostile vendors
	code := m.Run()
	stop()
	os.Exit(code)
}

func startNames() (stop func(), err error) {
	resolver, stop, err := testkit.StartResolver(func(name string) []string {
		for _, end := range []string{".example", "example.com", "evil.com"} {
			if strings.HasSuffix(name, end) {
				return nil
			}
		}
		return testkit.ResolveHostile(name)
	})
	net.DefaultResolver = resolver
	return stop, err
}

// newTrustedServer is an https server that calls trust.
func newTrustedServer(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{trusted}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func makeTrusted() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	trusted = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return trust(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// trust adds a certificate to the authorities of this process, which are read
// once; the programs that tests start keep their own.
func trust(certificate []byte) error {
	file, err := os.CreateTemp("", "authorities-*.pem")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(certificate); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	const setting = "SSL_CERT_FILE"
	before, set := os.LookupEnv(setting)
	if err := os.Setenv(setting, file.Name()); err != nil {
		return err
	}
	if _, err := x509.SystemCertPool(); err != nil {
		return err
	}
	if set {
		return os.Setenv(setting, before)
	}
	return os.Unsetenv(setting)
}
