package server

import (
	"fmt"
	"log/slog"

	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/upstream"
)

// newConnect lets customers connect accounts at an address.
func newConnect(core *Core, client *upstream.Client, url string, log *slog.Logger) (*connect.Service, error) {
	s, err := connect.New(connect.Config{
		Store: core.Store, Accounts: core.Accounts, Sender: client, Log: log, Key: core.Store.TokenKey(), URL: url,
	})
	if err != nil {
		return nil, fmt.Errorf("public address: %w", err)
	}
	return s, nil
}
