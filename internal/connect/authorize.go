package connect

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// Submission is what a customer sends to connect.
type Submission struct {
	Integration string
	Format      string
	Values      jsonx.Value
	Mode        sinew.ConnectMode
	// Page are the query parameters of the connect page, for the way back to it.
	Page jsonx.Value
}

// Authorize begins an attempt and takes it as far as it goes without the customer:
// to the vendor's consent page, or to the stored account. Invalid names what is
// wrong with the form, and says so when the integration is not set up; what the
// vendor refuses makes a failed attempt.
func (s *Service) Authorize(ctx context.Context, p sinew.Principal, in Submission) (view.ConnectAttempt, error) {
	token, err := s.usable(ctx, p)
	if err != nil {
		return view.ConnectAttempt{}, err
	}
	sub, err := s.subject(ctx, token, in.Integration, in.Format)
	if err != nil {
		return view.ConnectAttempt{}, err
	}
	if wantsApp(sub.credential) {
		return view.ConnectAttempt{}, noApp(sub.label)
	}
	if in.Mode == sinew.ModeDevice && !offersDevice(sub.credential) {
		return view.ConnectAttempt{}, sinew.InvalidField("mode", "not_offered", "is not a way to connect this integration: its definition names no device authorization endpoint")
	}
	page, err := pageParameters(in.Page)
	if err != nil {
		return view.ConnectAttempt{}, err
	}
	filled, err := sub.fill(in.Values)
	if err != nil {
		return view.ConnectAttempt{}, err
	}
	b := begun{subject: sub, memory: memory{Values: filled, Page: page}}
	b.attempt = sinew.ConnectAttempt{
		EnvironmentID: token.EnvironmentID, LinkTokenID: token.ID, EnvironmentIntegrationID: sub.record.EnvironmentIntegrationID, IntegrationName: in.Integration,
		Method: sinew.AuthenticationMethod(in.Format), Mode: in.Mode, CreatedAt: s.Store.Now(),
	}
	// What the vendor answers is stored, whether or not the caller still waits.
	ctx = context.WithoutCancel(ctx)
	redirect := ""
	switch b.attempt.Method {
	case sinew.MethodOAuth2:
		redirect, err = s.beginOAuth2(ctx, &b)
	case sinew.MethodOAuth1:
		redirect, err = s.beginOAuth1(ctx, &b)
	case sinew.MethodClientCredentials, sinew.MethodKeka:
		err = s.fetchToken(ctx, &b)
	default:
		err = s.storeForm(ctx, &b)
	}
	if err != nil {
		return view.ConnectAttempt{}, err
	}
	return s.answer(ctx, p, b.attempt.ID, redirect)
}

func (s *Service) answer(ctx context.Context, p sinew.Principal, id, redirect string) (view.ConnectAttempt, error) {
	v, err := s.Attempt(ctx, p, id, 0, "")
	if v.Status == string(sinew.AttemptRedirect) {
		v.RedirectURL = text(redirect)
	}
	return v, err
}

// storeForm connects by what the customer has filled in alone.
func (s *Service) storeForm(ctx context.Context, b *begun) error {
	if err := s.enter(ctx, b, sinew.AttemptExchanging, sinew.AttemptHashes{}); err != nil {
		return err
	}
	if err := s.store(ctx, b, nil, false); err != nil {
		return s.fail(ctx, b, err)
	}
	return nil
}

// begun is an attempt under way with what it is about.
type begun struct {
	subject
	attempt sinew.ConnectAttempt
	memory  memory
}

// enter writes the attempt in the state that it is in until it hears from the
// vendor, or from the customer.
func (s *Service) enter(ctx context.Context, b *begun, status sinew.AttemptStatus, h sinew.AttemptHashes) error {
	secret, err := b.memory.sealable()
	if err != nil {
		return err
	}
	for _, status := range []sinew.AttemptStatus{sinew.AttemptRedirect, sinew.AttemptExchanging} {
		if err := s.Store.ExpireAttempts(ctx, status, overdue(status), view.ConnectionError); err != nil {
			return err
		}
	}
	life := s.Times.Vendor + s.Times.Vendor/2
	switch {
	case b.memory.Device != nil:
		life = b.memory.Device.life
	case status == sinew.AttemptRedirect:
		life = s.Times.Consent
	}
	b.attempt.Enter(status, s.Store.Now().Add(life))
	b.attempt.Secret = secret
	return s.Store.CreateAttempt(ctx, &b.attempt, h)
}

// fail ends an attempt by an error. The error is returned when it is one for the
// log.
func (s *Service) fail(ctx context.Context, b *begun, cause error) error {
	e, known := failureOf(cause, b.label)
	if !known {
		s.Log.ErrorContext(ctx, "connect", "attempt", b.attempt.ID, "integration", b.attempt.IntegrationName, "error", cause.Error())
	}
	return s.Store.FailAttempt(ctx, b.attempt.ID, e, view.ConnectionError)
}
