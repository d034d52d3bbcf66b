package config

import (
	"errors"
	"net/mail"
	"strconv"
	"strings"
)

// mailSettings name the server that e-mail is sent through.
func mailSettings() []setting {
	return []setting{
		{
			name: "smtp-host", fallbackNote: "no e-mail is sent", kind: "host",
			help: "Mail server that notifications by e-mail go through. It may be on a private address.",
			set:  func(c *Config, text string) (err error) { c.Mail.Host, err = parseHost(text); return err },
		},
		{
			name: "smtp-port", fallback: "587", kind: "number",
			help: "Port of the mail server: 587 for starttls, 465 for tls.",
			set:  func(c *Config, text string) (err error) { c.Mail.Port, err = parsePort(text); return err },
		},
		{
			name: "smtp-tls", fallback: "starttls", kind: "starttls|tls|none",
			help: "How the connection is encrypted: starttls goes no further with a server that cannot, tls is encrypted from the first byte.",
			set: func(c *Config, text string) (err error) {
				c.Mail.Encryption, err = parseChoice(text, "starttls", "tls", "none")
				return err
			},
		},
		{
			name: "smtp-username", fallbackNote: "no login", kind: "text",
			help: "Name to log in to the mail server with.",
			set:  func(c *Config, text string) error { c.Mail.Username = text; return nil },
		},
		{
			name: "smtp-password", fallbackNote: "none", kind: "text", envOnly: true, secret: true,
			help: "Password of that name.",
			set:  func(c *Config, text string) error { c.Mail.Password = Secret(text); return nil },
		},
		{
			name: "smtp-from", fallbackNote: "needed with smtp-host", kind: "address",
			help: "Sender of e-mail, such as sinew@example.com, or Sinew <sinew@example.com>.",
			set:  func(c *Config, text string) (err error) { c.Mail.From, err = parseSender(text); return err },
		},
		{
			name: "smtp-ca-file", fallbackNote: "the certificates of the system", kind: "file",
			help: "Certificates that the mail server's is checked with.",
			set:  func(c *Config, text string) (err error) { c.Mail.CAFile, err = parsePath(text); return err },
		},
	}
}

// checkMail finds a mail server that nothing can be sent through.
func (c *Config) checkMail() (wrong []error) {
	if c.Mail.Host != "" && c.Mail.From == "" {
		wrong = append(wrong, errors.New("smtp-host is set and smtp-from is not: e-mail needs a sender"))
	}
	return wrong
}

func parseHost(text string) (string, error) {
	if text == "" || strings.ContainsAny(text, " /:@") {
		return "", errors.New("want the name or the address of a host, without a port")
	}
	return text, nil
}

func parsePort(text string) (int, error) {
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || number == 0 {
		return 0, errors.New("want a port between 1 and 65535")
	}
	return int(number), nil
}

func parseSender(text string) (string, error) {
	if _, err := mail.ParseAddress(text); err != nil {
		return "", errors.New("want an address, such as sinew@example.com")
	}
	return text, nil
}
