package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is a message that a mail server has taken.
type Letter struct {
	From string
	To   []string
	Text string // with its headers
	User string // who has logged in, "" for nobody
	TLS  bool
}

// MailServer is a mail server on loopback that keeps what it takes.
type MailServer struct {
	Port int
	// CAFile holds its certificate.
	CAFile string
	// User and Password let in; without a user everybody is.
	User, Password string

	mu      sync.Mutex // guards what follows
	letters []Letter
	refuse  error
}

// NewMailServer starts a mail server for one test. implicit encrypts from the first
// byte; otherwise STARTTLS is offered.
func NewMailServer(t testing.TB, user, password string, implicit bool) *MailServer {
	t.Helper()
	m := &MailServer{User: user, Password: password, CAFile: filepath.Join(t.TempDir(), "mail.pem")}
	certificate, err := selfSigned(m.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.Port = listener.Addr().(*net.TCPAddr).Port
	s := smtp.NewServer(m)
	s.Domain = "mail.example"
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	s.ErrorLog = silent{}
	if implicit {
		listener = tls.NewListener(listener, s.TLSConfig)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// selfSigned makes a certificate for loopback and writes it to a file.
func selfSigned(file string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, os.WriteFile(file, text, 0o600)
}

// Refuse makes the server answer every sender with an error; nil for none.
func (m *MailServer) Refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = err
}

// Refusal is an answer of a mail server.
func Refusal(code int, text string) error { return &smtp.SMTPError{Code: code, Message: text} }

// Wait returns what the server has taken once it is so many.
func (m *MailServer) Wait(t testing.TB, n int) []Letter {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		m.mu.Lock()
		letters := append([]Letter(nil), m.letters...)
		m.mu.Unlock()
		if len(letters) >= n {
			return letters
		}
		if time.Now().After(deadline) {
			t.Fatalf("the mail server has %d letters, want %d", len(letters), n)
		}
	}
}

// NewSession begins a conversation.
func (m *MailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, encrypted := c.TLSConnectionState()
	return &mailSession{server: m, letter: Letter{TLS: encrypted}}, nil
}

type mailSession struct {
	server *MailServer
	letter Letter
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.User || password != s.server.Password {
			return smtp.ErrAuthFailed
		}
		s.letter.User = user
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.refuse != nil {
		return s.server.refuse
	}
	if s.server.User != "" && s.letter.User == "" {
		return smtp.ErrAuthRequired
	}
	s.letter.From = from
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.To = append(s.letter.To, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return errors.Join(errors.New("read letter"), err)
	}
	s.letter.Text = string(text)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.letters = append(s.server.letters, s.letter)
	return nil
}

func (s *mailSession) Reset() { s.letter.From, s.letter.To, s.letter.Text = "", nil, "" }

func (s *mailSession) Logout() error { return nil }
