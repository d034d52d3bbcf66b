package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/wire"
)

// explain words an error of a transport for the caller. Its message names the
// host and the reason; the error itself stays the cause, for the log.
func (c *call) explain(u *url.URL, err error) error {
	var known *sinew.Error
	switch {
	case errors.As(err, &known):
		return err
	case c.watch.expired.Load():
		return c.client.publicError(u, context.DeadlineExceeded)
	case c.gaveUp():
		return fmt.Errorf("call %s: %w", u.Hostname(), context.Canceled)
	}
	return c.client.publicError(u, err)
}

func (c *Client) publicError(u *url.URL, err error) error {
	if err == nil {
		return nil
	}
	host := u.Hostname()
	var refused *blocked
	if errors.As(err, &refused) {
		return sinew.Errorf(sinew.KindForbidden, "Calls to %s are not allowed: %s", host, refused.reason).WithCode(CodeBlocked)
	}
	kind, code, reason := classify(err)
	if kind == sinew.KindTimeout {
		return sinew.Errorf(kind, "%s did not answer in time", host).WithCode(code).WithCause(err)
	}
	return sinew.Errorf(kind, "%s gave no usable answer: %s", host, reason).WithCode(code).WithCause(err)
}

// classify tells the usual failures apart.
func classify(err error) (kind sinew.ErrorKind, code, reason string) {
	var timeout interface{ Timeout() bool }
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var unknownCA x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var coding *wire.CodingError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return sinew.KindTimeout, CodeTimeout, ""
	case errors.As(err, &dns):
		return sinew.KindUpstream, CodeUnreachable, "its name is not known"
	case errors.Is(err, syscall.ECONNREFUSED):
		return sinew.KindUpstream, CodeUnreachable, "connection refused"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return sinew.KindUpstream, CodeUnreachable, "no way to its network"
	case errors.As(err, &certificate), errors.As(err, &unknownCA):
		return sinew.KindUpstream, CodeTLS, "its certificate is not trusted"
	case errors.As(err, &record), errors.As(err, &alert):
		return sinew.KindUpstream, CodeTLS, "the TLS handshake failed"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return sinew.KindUpstream, CodeCut, "the connection was cut"
	case errors.Is(err, wire.ErrTooLarge):
		return sinew.KindUpstream, CodeTooLarge, "its body is larger than calls accept"
	case errors.As(err, &coding):
		return sinew.KindUpstream, CodeProtocol, "its body is not valid " + coding.Coding
	}
	// The standard library words these without a type of their own.
	switch text := err.Error(); {
	case strings.Contains(text, "server response headers exceeded"), strings.Contains(text, "header list larger"):
		return sinew.KindUpstream, CodeTooLarge, "its header is too large"
	case strings.Contains(text, "tls:"):
		return sinew.KindUpstream, CodeTLS, "the TLS handshake failed"
	case strings.Contains(text, "timeout"):
		return sinew.KindTimeout, CodeTimeout, ""
	case strings.Contains(text, "dial "):
		return sinew.KindUpstream, CodeUnreachable, "no connection"
	}
	return sinew.KindUpstream, CodeProtocol, "the answer is not valid HTTP"
}

func codeOf(err error) string {
	var known *sinew.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &known):
		return known.Code
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "unknown"
}
