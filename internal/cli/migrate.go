package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/server"
)

func newMigrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database schema up to date",
		Long:  "Brings the database schema up to date and prints its version. The server does the same when it starts.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return usageError{err}
			}
			version, err := server.Migrate(cmd.Context(), c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "schema version %d\n", version)
			return err
		},
	}
	addStoreFlags(cmd)
	return cmd
}

func newKeysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Make master keys"}
	cmd.AddCommand(&cobra.Command{
		Use:   "generate FILE",
		Short: "Make a master key file and print its fingerprint",
		Long:  "Makes a file with a new master key, which opens all stored credentials. Keep a copy where the database is not: without it the credentials are lost. An existing file is never replaced.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			master, err := seal.GenerateMasterFile(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), master.ID())
			return err
		},
	})
	return cmd
}
