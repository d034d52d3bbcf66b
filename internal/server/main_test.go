package server_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// TestMain lets calls trust the TLS servers of tests.
func TestMain(m *testing.M) {
	if err := trustTestServers(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// trustTestServers adds their certificate to the authorities of this process,
// which are read once; the programs that tests start keep their own.
func trustTestServers() error {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	file, err := os.CreateTemp("", "authorities-*.pem")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := pem.Encode(file, &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}); err != nil {
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
