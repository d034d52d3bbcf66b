package upstream_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/upstream"
)

// identity returns a client certificate that signs itself.
func identity(t testing.TB, name string) (*upstream.Identity, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &upstream.Identity{
		Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		PrivateKey:  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
	}, certificate
}

// serveMutual answers with the name in the client's certificate. Only those of
// the certificates are let in; with none, a certificate is asked for and not
// needed.
func serveMutual(t testing.TB, known ...*x509.Certificate) (s *httptest.Server, ca string) {
	t.Helper()
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			return
		}
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		fmt.Fprint(w, name)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	if len(known) > 0 {
		s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
		for _, certificate := range known {
			s.TLS.ClientCAs.AddCert(certificate)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func TestIdentity(t *testing.T) {
	anna, annasCertificate := identity(t, "anna")
	ben, _ := identity(t, "ben")
	s, ca := serveMutual(t, annasCertificate)
	anna.CA, ben.CA = ca, ca
	var reused int
	c := newClient(t, upstream.Config{Allow: loopback(), Observe: func(o upstream.Observation) {
		if o.Reused {
			reused++
		}
	}})
	for range 3 {
		again := *anna
		if _, body := text(t, c, &upstream.Request{URL: s.URL, Identity: &again}); body != "anna" {
			t.Errorf("got %q", body)
		}
	}
	if reused != 2 {
		t.Errorf("connections were used again %d times", reused)
	}
	_, err := c.Do(t.Context(), &upstream.Request{URL: s.URL, Identity: ben})
	wantError(t, err, sinew.KindUpstream, upstream.CodeTLS)
	_, err = c.Do(t.Context(), &upstream.Request{URL: s.URL})
	wantError(t, err, sinew.KindUpstream, upstream.CodeTLS)
	// The authority is that of the identity, not of the client.
	anna.CA = ""
	_, err = c.Do(t.Context(), &upstream.Request{URL: s.URL, Identity: anna})
	wantError(t, err, sinew.KindUpstream, upstream.CodeTLS)
}

// Another host never sees the certificate, nor does a connection without one
// get mixed up with those of one.
func TestIdentityStaysWithItsHost(t *testing.T) {
	anna, _ := identity(t, "anna")
	first, _ := serveMutual(t)
	second, _ := serveMutual(t)
	roots := x509.NewCertPool()
	roots.AddCert(first.Certificate())
	c := newClient(t, upstream.Config{Allow: loopback(), RootCAs: roots})
	for _, k := range []struct {
		url      string
		identity *upstream.Identity
		want     string
	}{
		{first.URL, anna, "anna"},
		{first.URL + "/?to=/here", anna, "anna"},
		{first.URL + "/?to=" + second.URL, anna, "nobody"},
		{first.URL, nil, "nobody"},
	} {
		if _, body := text(t, c, &upstream.Request{URL: k.url, Identity: k.identity}); body != k.want {
			t.Errorf("%s: got %q, want %q", k.url, body, k.want)
		}
	}
}

func TestIdentityRefused(t *testing.T) {
	anna, _ := identity(t, "anna")
	ben, _ := identity(t, "ben")
	c := newClient(t, upstream.Config{Allow: loopback()})
	for name, bad := range map[string]upstream.Identity{
		"nothing":        {},
		"no key":         {Certificate: anna.Certificate},
		"another key":    {Certificate: anna.Certificate, PrivateKey: ben.PrivateKey},
		"no PEM":         {Certificate: "canary", PrivateKey: "canary"},
		"bad authority":  {Certificate: anna.Certificate, PrivateKey: anna.PrivateKey, CA: "canary"},
		"truncated keys": {Certificate: anna.Certificate, PrivateKey: anna.PrivateKey[:100]},
	} {
		_, err := c.Do(t.Context(), &upstream.Request{URL: "https://127.0.0.1:1", Identity: &bad})
		wantError(t, err, sinew.KindInvalid, upstream.CodeCertificate)
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
	_, err := c.Do(t.Context(), &upstream.Request{URL: "http://127.0.0.1:1", Identity: anna})
	wantError(t, err, sinew.KindInvalid, upstream.CodeURL)
	_, err = c.Do(t.Context(), &upstream.Request{URL: "https://127.0.0.1:1", Identity: anna, Gate: &upstream.Gate{URL: "https://127.0.0.1:2"}})
	wantError(t, err, sinew.KindInvalid, upstream.CodeCertificate)
	for _, shown := range []string{fmt.Sprint(anna), fmt.Sprintf("%+v %#v %s", *anna, *anna, anna)} {
		if strings.Contains(shown, "PRIVATE") {
			t.Errorf("printed %s", shown)
		}
	}
}

// Keys are forgotten when nobody used them for the idle timeout, and when there
// are many.
func TestIdentitiesAreForgotten(t *testing.T) {
	s, _ := serveMutual(t)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c := newClient(t, upstream.Config{Allow: loopback(), RootCAs: roots, IdleTimeout: 50 * time.Millisecond})
	for i := range upstream.MaxIdentities + 3 {
		one, _ := identity(t, fmt.Sprint(i))
		if _, body := text(t, c, &upstream.Request{URL: s.URL, Identity: one}); body != fmt.Sprint(i) {
			t.Errorf("got %q, want %d", body, i)
		}
		if n := c.Identities(); n > upstream.MaxIdentities {
			t.Fatalf("%d identities are kept", n)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); c.Identities() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d identities are left", c.Identities())
		}
	}
}
