package server

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/upstream"
)

// newConnect lets customers connect accounts at an address.
func newConnect(core *Core, answers *escrow.Journal, client *upstream.Client, url string, log *slog.Logger) (*connect.Service, error) {
	s, err := connect.New(connect.Config{
		Store: core.Store, Accounts: core.Accounts, Sender: client, Journal: answers, Log: log, Key: core.Store.TokenKey(), URL: url,
	})
	if err != nil {
		return nil, fmt.Errorf("public address: %w", err)
	}
	return s, nil
}

// CreateLinkToken makes a link token where no server need run: for a new account of
// a tenant, or for one that is connected again, with what it knows if persist is
// set. See connect.Service.CreateToken for the errors.
func (c *Core) CreateLinkToken(ctx context.Context, environment sinew.Environment, tenantID, accountID string, persist bool) (secret string, err error) {
	links, err := connect.New(connect.Config{Store: c.Store, Accounts: c.Accounts, Log: slog.New(slog.DiscardHandler), Key: c.Store.TokenKey()})
	if err != nil {
		return "", err
	}
	p := sinew.Principal{Kind: sinew.PrincipalAPIToken, EnvironmentID: environment.ID, TeamID: environment.TeamID}
	return links.CreateToken(ctx, p, connect.TokenRequest{TenantID: tenantID, AccountID: accountID, Options: sinew.LinkOptions{PersistContext: persist}})
}
