package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	smtp "github.com/wneessen/go-mail"

	"github.com/sinewhq/sinew/internal/upstream"
)

// Encryption is when the connection is encrypted.
type Encryption string

// The ways to encrypt. EncryptionSTARTTLS asks for it on the open connection and goes
// no further without.
const (
	EncryptionSTARTTLS Encryption = "starttls"
	EncryptionTLS      Encryption = "tls"
	EncryptionNone     Encryption = "none"
)

const (
	// within bounds all that is said with the server for one message.
	within = 30 * time.Second
	// maxAnswers bounds what the server may say, in bytes.
	maxAnswers = 256 << 10
)

// Config names a mail server.
type Config struct {
	Host       string
	Port       int
	Encryption Encryption
	// Username and Password are shown to the server; empty for no login.
	Username, Password string
	// From is the address of the sender, with or without a name.
	From string
	// CAFile holds the certificates that the server's is checked with; empty for
	// those of the system.
	CAFile string
}

// Client sends messages. It is safe for concurrent use.
type Client struct {
	config Config
	tls    *tls.Config
}

// New returns a client. The error says that CAFile has no certificates.
func New(c Config) (*Client, error) {
	settings := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		text, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificates of the mail server: %w", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("read the certificates of the mail server: %s has none", c.CAFile)
		}
	}
	return &Client{config: c, tls: settings}, nil
}

// Message is a text for some people.
type Message struct {
	// ID is the same each time the message is sent, so that mail servers may drop
	// what they have seen.
	ID          string
	To, Cc, Bcc []string
	Subject     string
	Text        string
}

// RefusedError says that the server does not want a message, and will not later.
type RefusedError struct{ cause error }

func (e *RefusedError) Error() string { return e.cause.Error() }
func (e *RefusedError) Unwrap() error { return e.cause }

// Send hands a message to the server. RefusedError when there is no point in trying
// again.
func (c *Client) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	letter, err := c.letter(m)
	if err != nil {
		return &RefusedError{err}
	}
	client, err := smtp.NewClient(c.config.Host, c.options()...)
	if err != nil {
		return fmt.Errorf("set up the mail client: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, letter)
	if refusal, ok := errors.AsType[*smtp.SendError](err); ok && !refusal.IsTemp() && refusal.ErrorCode() >= 500 {
		return &RefusedError{err}
	}
	return err
}

func (c *Client) options() []smtp.Option {
	all := []smtp.Option{
		smtp.WithPort(c.config.Port), smtp.WithTimeout(within), smtp.WithTLSConfig(c.tls), smtp.WithDialContextFunc(c.dial), smtp.WithoutNoop(),
		smtp.WithTLSPolicy(c.policy()),
	}
	if c.config.Username != "" {
		all = append(all, smtp.WithSMTPAuth(smtp.SMTPAuthAutoDiscover), smtp.WithUsername(c.config.Username), smtp.WithPassword(c.config.Password))
	}
	return all
}

func (c *Client) policy() smtp.TLSPolicy {
	switch c.config.Encryption {
	case EncryptionTLS:
		return smtp.TLSOpportunistic // the connection is encrypted by then, which this finds out
	case EncryptionNone:
		return smtp.NoTLS
	}
	return smtp.TLSMandatory
}

// dial connects to the server.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	opened, err := upstream.DialNamed(ctx, network, address)
	if err != nil {
		return nil, err
	}
	bounded := &boundedConn{Conn: opened, left: maxAnswers}
	bounded.end, _ = ctx.Deadline()
	if c.config.Encryption != EncryptionTLS {
		return bounded, nil
	}
	encrypted := tls.Client(bounded, c.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("encrypt the connection to %s: %w", address, err), opened.Close())
	}
	return encrypted, nil
}

// letter is a message as it is sent. Addresses and texts that would add headers of
// their own are refused or encoded by the library.
func (c *Client) letter(m Message) (*smtp.Msg, error) {
	letter := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	for _, set := range []func() error{
		func() error { return letter.From(c.config.From) },
		func() error { return letter.To(m.To...) },
		func() error { return letter.Cc(m.Cc...) },
		func() error { return letter.Bcc(m.Bcc...) },
	} {
		if err := set(); err != nil {
			return nil, fmt.Errorf("address a message: %w", err)
		}
	}
	letter.Subject(strings.Join(strings.Fields(m.Subject), " "))
	letter.SetMessageIDWithValue(m.ID + "@" + c.config.Host)
	letter.SetDate()
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	letter.SetBodyString(smtp.TypeTextPlain, m.Text)
	return letter, nil
}

// boundedConn is a connection that ends at a moment, and after so many bytes, whatever
// its user asks for.
type boundedConn struct {
	net.Conn
	end  time.Time
	left int
}

var errTalkative = errors.New("the mail server says too much")

func (c *boundedConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTalkative
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

func (c *boundedConn) SetDeadline(at time.Time) error { return c.Conn.SetDeadline(c.bound(at)) }

func (c *boundedConn) SetReadDeadline(at time.Time) error { return c.Conn.SetReadDeadline(c.bound(at)) }

func (c *boundedConn) SetWriteDeadline(at time.Time) error {
	return c.Conn.SetWriteDeadline(c.bound(at))
}

func (c *boundedConn) bound(at time.Time) time.Time {
	if !c.end.IsZero() && (at.IsZero() || at.After(c.end)) {
		return c.end
	}
	return at
}
