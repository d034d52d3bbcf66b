package connect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Journalled is the kind of this package's entries in the journal, which Apply
// applies.
const Journalled = "connect"

// answerLife is how long a token that a vendor has issued may wait for its
// attempt. Whoever wanted to connect has given up long before.
const answerLife = 24 * time.Hour

// answer is what a vendor has issued for an attempt, with all that it takes to
// complete it: an attempt that has ended remembers nothing.
type answer struct {
	LinkTokenID string      `json:"link_token_id"`
	Bound       string      `json:"bound,omitzero"` // the account that the link token had
	Memory      jsonx.Value `json:"memory"`
	Token       jsonx.Value `json:"token"`
	Scopes      []string    `json:"scopes"`
	At          int64       `json:"at"`
}

// complete stores what a vendor has issued, which it will not issue again: in the
// journal first, then as an account. While the database is away the attempt is left
// to the journal, and is no failure.
func (s *Service) complete(ctx context.Context, b *begun, got *issued) error {
	return s.completeHeld(ctx, b, got, s.keep(ctx, b, got))
}

func (s *Service) completeHeld(ctx context.Context, b *begun, got *issued, held *escrow.Held) error {
	err := s.store(ctx, b, got, false)
	if err != nil && held != nil && !isLasting(err) {
		s.Log.WarnContext(ctx, "connect: the token waits in the journal", "attempt", b.attempt.ID, "integration", b.attempt.IntegrationName, "error", err.Error())
		held.Leave()
		return nil
	}
	if err != nil {
		err = s.fail(ctx, b, err)
	}
	switch {
	case held == nil:
	case err == nil:
		held.Done()
	default:
		held.Leave()
	}
	return err
}

// keep writes what a vendor has issued to the journal. nil when it could not: the
// database may take it all the same.
func (s *Service) keep(ctx context.Context, b *begun, got *issued) *escrow.Held {
	e, err := s.entry(b, got)
	var held *escrow.Held
	if err == nil {
		held, err = s.Journal.Put(ctx, e)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "connect: write journal", "attempt", b.attempt.ID, "integration", b.attempt.IntegrationName, "error", err.Error())
		return nil
	}
	return held
}

func (s *Service) entry(b *begun, got *issued) (escrow.Entry, error) {
	secret, err := b.memory.sealable()
	if err != nil {
		return escrow.Entry{}, err
	}
	memory, err := jsonx.ParseString(string(secret))
	if err != nil {
		return escrow.Entry{}, err
	}
	content, err := jsonx.Marshal(answer{b.token.ID, b.token.AccountID, memory, got.token, got.scopes, s.Store.Now().UnixMilli()})
	return escrow.Entry{EnvironmentID: b.attempt.EnvironmentID, Kind: Journalled, Key: b.attempt.ID, Content: content}, err
}

// isLasting reports whether an error stands against an attempt itself, and not only
// against storing it now.
func isLasting(err error) bool {
	known, ok := errors.AsType[*sinew.Error](err)
	return ok && known.Kind != sinew.KindInternal && known.Kind != sinew.KindUnavailable
}

// Apply completes an attempt with the token that the journal has kept: the database
// was away when it came, or a process died before it was stored. That works once,
// and also for an attempt that was given up for its deadline meanwhile, as long as
// its link has connected nothing else.
func (s *Service) Apply(ctx context.Context, e escrow.Entry) error {
	var kept answer
	if err := jsonx.Unmarshal(e.Content, &kept); err != nil {
		return fmt.Errorf("read journal entry of attempt %s: %w", e.Key, err)
	}
	a, err := s.Store.Attempt(ctx, kept.LinkTokenID, e.Key)
	if sinew.IsNotFound(err) || err == nil && !canComplete(a) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Store.Now().UnixMilli()-kept.At > answerLife.Milliseconds() {
		s.Log.ErrorContext(ctx, "connect: a token has waited in the journal for too long, and is given up", "attempt", a.ID, "integration", a.IntegrationName)
		return nil
	}
	a.Secret = sinew.JSON(kept.Memory.String())
	b, err := s.takeUp(ctx, a)
	if err == nil && b.token.AccountID != kept.Bound {
		err = errFaster
	}
	if err == nil {
		err = s.store(ctx, &b, &issued{token: kept.Token, scopes: kept.Scopes}, true)
	}
	switch {
	case err == nil:
		s.Log.InfoContext(ctx, "connect: stored a token of the journal", "attempt", a.ID, "integration", a.IntegrationName)
		return nil
	case isLasting(err):
		return s.fail(ctx, &b, err)
	}
	return err
}

// errFaster says that another attempt of the link has stored an account meanwhile.
var errFaster = sinew.Errorf(sinew.KindConflict, "Another attempt of this link was faster").WithCode(sinew.CodeLinkTokenBound)

// canComplete reports whether an attempt may still get its account: one that waits,
// or that was given up because nobody answered.
func canComplete(a sinew.ConnectAttempt) bool {
	return waits(a.Status) || a.Status == sinew.AttemptFailed && (a.Error.Code == FailedInterrupted || a.Error.Code == FailedExpired)
}
