package upstream

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"log/slog"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

// CodeCertificate is the code of an error about a client certificate that
// cannot be used.
const CodeCertificate = "invalid_certificate"

// maxIdentities bounds the transports that are kept for client certificates.
const maxIdentities = 64

// Identity is what a client shows to servers that ask for a certificate, all of
// it in PEM. Printing one shows nothing of it.
type Identity struct {
	// Certificate is the client's, with intermediate ones behind it.
	Certificate string
	// PrivateKey belongs to it; not encrypted.
	PrivateKey string
	// CA replaces the authorities that the server's certificate is checked
	// against; "" leaves them.
	CA string
}

// String hides the key.
func (Identity) String() string { return "client certificate" }

// GoString hides the key.
func (i Identity) GoString() string { return i.String() }

// LogValue hides the key.
func (i Identity) LogValue() slog.Value { return slog.StringValue(i.String()) }

// key tells identities apart without holding them.
func (i *Identity) key() [sha256.Size]byte {
	h := sha256.New()
	for _, text := range []string{i.Certificate, i.PrivateKey, i.CA} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(text)))
		h.Write(length[:])
		h.Write([]byte(text))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// config returns the TLS settings of a client that has the identity.
func (i *Identity) config(roots *x509.CertPool) (*tls.Config, error) {
	pair, err := tls.X509KeyPair([]byte(i.Certificate), []byte(i.PrivateKey))
	if err != nil {
		return nil, badIdentity("The client certificate cannot be used: it and its private key must be PEM, not encrypted, and belong together").WithCause(err)
	}
	if i.CA != "" {
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(i.CA)) {
			return nil, badIdentity("The certificate authority for the client certificate cannot be used: it must be PEM")
		}
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		RootCAs:      roots,
		Certificates: []tls.Certificate{pair},
		// Servers that ask for a certificate by path alone do so in a second
		// handshake, before TLS 1.3.
		Renegotiation: tls.RenegotiateOnceAsClient,
	}, nil
}

func badIdentity(message string) *sinew.Error {
	return sinew.Errorf(sinew.KindInvalid, "%s", message).WithCode(CodeCertificate)
}

// identities are the transports of client certificates: connections are never
// shared between two of them. One that was not used for the idle timeout is
// forgotten with its key.
type identities struct {
	config Config
	allow  allowList

	mu    sync.Mutex // guards doors
	doors map[[sha256.Size]byte]*identityDoor
}

type identityDoor struct {
	door
	used  time.Time
	timer *time.Timer
}

// door returns the transport of an identity.
func (s *identities) door(identity *Identity) (door, error) {
	key := identity.key()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.doors[key]
	if d == nil {
		settings, err := identity.config(s.config.RootCAs)
		if err != nil {
			return door{}, err
		}
		if len(s.doors) >= maxIdentities {
			s.dropOldestLocked()
		}
		d = &identityDoor{door: newDoor(s.config, s.allow, false, settings)}
		d.timer = time.AfterFunc(s.config.IdleTimeout, func() { s.forget(key, d) })
		s.doors[key] = d
	}
	d.used = time.Now()
	d.timer.Reset(s.config.IdleTimeout)
	return d.door, nil
}

func (s *identities) forget(key [sha256.Size]byte, d *identityDoor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doors[key] == d {
		s.dropLocked(key)
	}
}

func (s *identities) dropOldestLocked() {
	var oldest [sha256.Size]byte
	var found *identityDoor
	for key, d := range s.doors {
		if found == nil || d.used.Before(found.used) {
			oldest, found = key, d
		}
	}
	s.dropLocked(oldest)
}

// dropLocked forgets an identity. Calls under way end as they would; their
// connections close when they were idle for the idle timeout.
func (s *identities) dropLocked(key [sha256.Size]byte) {
	d := s.doors[key]
	d.timer.Stop()
	d.transport.CloseIdleConnections()
	delete(s.doors, key)
}

func (s *identities) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.doors {
		s.dropLocked(key)
	}
}
