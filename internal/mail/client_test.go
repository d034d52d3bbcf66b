package mail_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/mail"
	"github.com/sinewhq/sinew/internal/testkit"
)

func letter() mail.Message {
	return mail.Message{
		ID: "01a2", To: []string{"ops@example.com"}, Cc: []string{"lead@example.com"}, Bcc: []string{"audit@example.com"},
		Subject: "[Sinew] Grüße\r\nBcc: thief@example.com", Text: "One.\n.\nÜber two.\n",
	}
}

func client(t *testing.T, c mail.Config) *mail.Client {
	t.Helper()
	c.Host, c.From = "127.0.0.1", "Sinew <sinew@example.com>"
	m, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSend holds every way to encrypt and to log in against a mail server.
func TestSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		encryption mail.Encryption
		user       string
	}{
		"starttls":            {mail.EncryptionSTARTTLS, ""},
		"starttls with login": {mail.EncryptionSTARTTLS, "sinew"},
		"tls with login":      {mail.EncryptionTLS, "sinew"},
		"plain":               {mail.EncryptionNone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testkit.NewMailServer(t, c.user, "password-canary", c.encryption == mail.EncryptionTLS)
			m := client(t, mail.Config{Port: server.Port, Encryption: c.encryption, Username: c.user, Password: "password-canary", CAFile: server.CAFile})
			if err := m.Send(t.Context(), letter()); err != nil {
				t.Fatal(err)
			}
			got := server.Wait(t, 1)[0]
			if got.From != "sinew@example.com" || strings.Join(got.To, " ") != "ops@example.com lead@example.com audit@example.com" || got.User != c.user || got.TLS != (c.encryption != mail.EncryptionNone) {
				t.Errorf("got %+v", got)
			}
			head, body, _ := strings.Cut(got.Text, "\r\n\r\n")
			for _, line := range []string{"Message-ID: <01a2@127.0.0.1>", "To: <ops@example.com>", "Cc: <lead@example.com>", "Auto-Submitted: auto-generated"} {
				if !strings.Contains(head, line) {
					t.Errorf("no %q in\n%s", line, head)
				}
			}
			if strings.Contains(head, "audit@example.com") || strings.Contains(head, "\nBcc:") || !strings.Contains(body, "One.") {
				t.Errorf("got\n%s", got.Text)
			}
		})
	}
}

// TestRefusals tells what will not be taken later from what may be.
func TestRefusals(t *testing.T) {
	t.Parallel()
	server := testkit.NewMailServer(t, "", "", false)
	m := client(t, mail.Config{Port: server.Port, Encryption: mail.EncryptionNone})
	for code, final := range map[int]bool{550: true, 451: false} {
		server.Refuse(testkit.Refusal(code, "not today"))
		err := m.Send(t.Context(), letter())
		if _, refused := errors.AsType[*mail.RefusedError](err); err == nil || refused != final {
			t.Errorf("%d: got %v, refused %v", code, err, refused)
		}
	}
	server.Refuse(nil)
	bad := letter()
	bad.To = []string{"nobody"}
	if _, refused := errors.AsType[*mail.RefusedError](m.Send(t.Context(), bad)); !refused {
		t.Error("an address that is none is not refused")
	}
	// Nothing goes to a server that cannot encrypt, and to one that nobody vouches for.
	strange := client(t, mail.Config{Port: server.Port, Encryption: mail.EncryptionSTARTTLS})
	if err := strange.Send(t.Context(), letter()); err == nil {
		t.Error("a server without a known certificate is trusted")
	}
	if _, err := mail.New(mail.Config{CAFile: "/dev/null"}); err == nil {
		t.Error("a file without certificates is taken")
	}
}

// TestHostileServers holds that a server that hangs, or never ends, costs bounded time
// and memory.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	for name, talk := range map[string]func(net.Conn){
		"hangs": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"talks": func(c net.Conn) {
			_, _ = io.WriteString(c, "220-hello\r\n")
			for {
				if _, err := io.WriteString(c, "220-"+strings.Repeat("x", 500)+"\r\n"); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			go func() {
				for {
					c, err := listener.Accept()
					if err != nil {
						return
					}
					go func() {
						defer c.Close()
						talk(c)
					}()
				}
			}()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			m := client(t, mail.Config{Port: listener.Addr().(*net.TCPAddr).Port, Encryption: mail.EncryptionNone})
			began := time.Now()
			if err := m.Send(ctx, letter()); err == nil || time.Since(began) > 3*time.Second {
				t.Errorf("got %v after %s", err, time.Since(began))
			}
		})
	}
}
