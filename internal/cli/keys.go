package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/server"
)

func newKeysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Make master keys, and move from one to another"}
	cmd.AddCommand(newKeysGenerateCommand(), newKeysRewrapCommand())
	return cmd
}

func newKeysGenerateCommand() *cobra.Command {
	return &cobra.Command{
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
	}
}

func newKeysRewrapCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rewrap",
		Short: "Wrap all keys by the next master key",
		Long: "Wraps the keys of all environments, and those of the server, by the next master key, and prints how many and its fingerprint. The keys themselves stay, and so does everything that they encrypt. " +
			"Without a next master key it wraps them again by the one there is, which brings them to the newest version of a key in a key service.\n\n" +
			"All change at once or none does: a run that ends half-way is repeated. Servers may run meanwhile if they were started with both master keys.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return usageError{err}
			}
			done, err := server.RewrapKeys(cmd.Context(), c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrapped %d keys by %s\n", done.Keys, done.Master)
			return err
		},
	}
	config.AddFlags(cmd.Flags(), append(config.StoreSettings(), config.NextMasterKeySettings()...)...)
	return cmd
}
