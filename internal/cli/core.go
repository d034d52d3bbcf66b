package cli

import (
	"errors"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/server"
)

// withCore opens the data that the flags name, runs work on it, and closes it.
// It works beside a running server, and on an empty folder, which it makes
// usable.
func withCore(cmd *cobra.Command, work func(*server.Core) error) (err error) {
	c, err := config.Load(cmd.Flags())
	if err != nil {
		return usageError{err}
	}
	core, err := server.OpenCore(cmd.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, core.Close()) }()
	return work(core)
}

// addStoreFlags adds the flags that name the data.
func addStoreFlags(cmd *cobra.Command) {
	config.AddFlags(cmd.Flags(), config.StoreSettings()...)
}
