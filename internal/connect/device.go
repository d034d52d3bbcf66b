package connect

import (
	"context"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// device is what an attempt remembers of a consent on another device.
type device struct {
	Code                    string `json:"code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete,omitzero"`
	// Seconds is the pause before the next question.
	Seconds float64 `json:"seconds"`
	// Token is what the vendor has issued, from when it came until it is stored,
	// and Scopes what it is good for.
	Token  jsonx.Value `json:"token,omitzero"`
	Scopes []string    `json:"scopes,omitzero"`

	life time.Duration
}

func (d *device) pause() time.Duration { return time.Duration(d.Seconds * float64(time.Second)) }

// page is where the customer goes, if possible with the code.
func (d *device) page() string {
	if d.VerificationURIComplete != "" {
		return d.VerificationURIComplete
	}
	return d.VerificationURI
}

// offersDevice reports whether a way to connect takes a consent on another device.
func offersDevice(c definition.Credential) bool {
	return c.Format == string(sinew.MethodOAuth2) && c.Config.At("auth", "deviceAuthorizationPath").Str() != ""
}

// deviceOnly reports whether a consent on another device is the only one.
func deviceOnly(c definition.Credential) bool {
	return offersDevice(c) && c.Config.At("auth", "authorizePath").Str() == ""
}

// byDevice reports whether the customer consents on another device: where there is
// no other way, or where the caller wants it.
func (b *begun) byDevice() bool {
	return deviceOnly(b.credential) || b.attempt.Mode == sinew.ModeDevice && offersDevice(b.credential)
}

// beginDevice asks the vendor for a code that its customer types (RFC 8628 section
// 3.1), and returns where. From there on a job asks for the token.
func (s *Service) beginDevice(ctx context.Context, b *begun, g credential.Grant) (redirect string, err error) {
	b.attempt.Mode = sinew.ModeDevice
	d, err := s.askDevice(ctx, g, b.attempt.RequestedScopes)
	if err != nil {
		if err := s.enter(ctx, b, sinew.AttemptExchanging, sinew.AttemptHashes{}); err != nil {
			return "", err
		}
		return "", s.fail(ctx, b, err)
	}
	// One link has one code, so that the vendor is not asked for more and more of
	// them.
	if err := s.Store.EndDeviceAttempts(ctx, b.token.ID, failedWith(FailedReplaced, "Another code was asked for in its place."), view.ConnectionError); err != nil {
		return "", err
	}
	b.memory.Device = d
	b.attempt.PollAt = s.Store.Now().Add(d.pause())
	return d.page(), s.enter(ctx, b, sinew.AttemptRedirect, sinew.AttemptHashes{})
}

func (s *Service) askDevice(ctx context.Context, g credential.Grant, scopes []string) (*device, error) {
	status, header, body, err := s.send(ctx, g.AuthorizeDevice(scopes))
	if err != nil {
		return nil, err
	}
	d, err := credential.ReadDevice(status, header, body, s.Store.Now())
	return &device{
		Code: d.Code, UserCode: d.UserCode, VerificationURI: d.VerificationURI, VerificationURIComplete: d.VerificationURIComplete,
		Seconds: d.Interval.Seconds(), life: d.Life,
	}, err
}

// showDevice shows what the customer of an attempt types, and where.
func (s *Service) showDevice(ctx context.Context, v *view.ConnectAttempt, a sinew.ConnectAttempt) error {
	if a.Mode != sinew.ModeDevice || a.Status != sinew.AttemptRedirect {
		return nil
	}
	open, err := s.Store.DeviceAttempt(ctx, a.ID)
	if sinew.IsNotFound(err) {
		return nil // it has just ended
	}
	if err != nil {
		return err
	}
	m, err := recall(open.Secret)
	if err != nil || m.Device == nil {
		return err
	}
	v.UserCode, v.VerificationURI, v.VerificationURIComplete = text(m.Device.UserCode), text(m.Device.VerificationURI), text(m.Device.VerificationURIComplete)
	return nil
}
