package proxy

import (
	"context"
	"errors"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// renew gets a new token before a call for an account whose token has run out. An
// account that needs a new connection is called with what it has: that is how it
// shows that its vendor takes it again.
func (c *call) renew(ctx context.Context) error {
	if c.Renewing || c.account.Status == sinew.StatusNeedsReauth {
		return nil
	}
	seen, expired := c.service.tokens.Expired(c.account, c.opened.Whole)
	if !expired {
		return nil
	}
	return c.renewFrom(ctx, seen)
}

func (c *call) renewFrom(ctx context.Context, seen string) error {
	record, whole, err := c.service.tokens.Renew(ctx, c.account.EnvironmentID, c.account.ID, seen)
	if known, ok := errors.AsType[*sinew.Error](err); ok && known.Kind == sinew.KindUnauthenticated {
		// The vendor's no, and not ours to the caller.
		return &RemoteError{Status: http.StatusUnauthorized, Message: known.Message, Header: http.Header{}, Raw: jsonx.NullValue()}
	}
	if err != nil {
		return err
	}
	c.opened = account.NewOpened(record, whole)
	c.account = &c.opened.Record
	return nil
}

// mayRenew reports whether a vendor's 401 may mean that the token alone is no
// longer good: then a new one is worth a second try, once.
func (c *call) mayRenew(status int) bool {
	if status != http.StatusUnauthorized || c.Renewing || c.renewed || c.account.Status == sinew.StatusNeedsReauth || c.plan.NoAuth {
		return false
	}
	token, ok := credential.StoredToken(c.opened.Whole)
	return ok && account.Refreshable(c.account, token)
}

// again makes a call once more whose token was refused, with a new one. What
// cannot be sent twice is not; the next call has the new token.
func (c *call) again(ctx context.Context, refused error) (Result, error) {
	c.renewed = true
	token, _ := credential.StoredToken(c.opened.Whole)
	if err := c.renewFrom(ctx, token.AccessToken); err != nil {
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		return Result{}, refused
	}
	if c.Stream != nil || c.Upload != nil {
		return Result{}, refused
	}
	c.hide, c.credential = nil, nil
	if err := c.prepare(); err != nil {
		return Result{}, err
	}
	request, err := c.build(ctx)
	if err != nil {
		return Result{}, err
	}
	return c.send(ctx, request)
}
