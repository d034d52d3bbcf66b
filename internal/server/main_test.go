package server_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestMain gives the tests a network of their own: a name server that leads
// every name to this machine, or to where testkit.HostileHosts wants it, but for
// names of the documentation, which are nobody's; and the certificates of
// httptest as the only ones that are trusted.
func TestMain(m *testing.M) {
	code, err := inOwnNetwork(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func inOwnNetwork(run func() int) (code int, err error) {
	log.SetOutput(io.Discard) // where net/http quotes hostile vendors
	resolver, stop, err := testkit.StartResolver(func(name string) []string {
		if strings.HasSuffix(name, ".example") || strings.HasSuffix(name, "example.com") || strings.HasSuffix(name, "evil.com") {
			return nil
		}
		return testkit.ResolveHostile(name)
	})
	if err != nil {
		return 0, err
	}
	defer stop()
	net.DefaultResolver = resolver
	dir, err := os.MkdirTemp("", "server-test")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	s := httptest.NewTLSServer(nil)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	s.Close()
	file := filepath.Join(dir, "authorities.pem")
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		return 0, err
	}
	if err := os.Setenv("SSL_CERT_FILE", file); err != nil {
		return 0, err
	}
	return run(), nil
}
