package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/server"
)

func newKeysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Make master keys, and move from one to another"}
	cmd.AddCommand(newKeysGenerateCommand(), newKeysRewrapCommand(), newKeysRotateCommand(), newKeysIdentityCommand())
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

func newKeysRotateCommand() *cobra.Command {
	var dataKeys bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Make a new master key and move everything to it, or new data keys",
		Long: "Makes a new master key, wraps the keys of all environments and those of the server by it, and prints what is left to do. Everything that is encrypted stays as it is; servers go on meanwhile.\n\n" +
			"Where the master key is a file, the new one takes its place, and the former one is kept beside it under a name that ends in its fingerprint. Servers that read the same file find the new key by themselves. " +
			"With a next master key, which servers on other machines have to be started with first, that one is taken; a file that does not exist is made.\n\n" +
			"With --data-keys the master key stays, and every team and environment gets a new data key: all that is encrypted is encrypted anew by it, large values included, and the former data keys are destroyed when nothing is left of them. After the loss of a master key together with a copy of the database do both, the master key first.\n\n" +
			"A run that ends half-way is repeated, and goes on: the former keys are in place until the last step.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dataKeys {
				return rotateDataKeys(cmd)
			}
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return usageError{err}
			}
			done, err := server.RotateKeys(cmd.Context(), c)
			if err != nil {
				return err
			}
			return printRotated(cmd.OutOrStdout(), done)
		},
	}
	cmd.Flags().BoolVar(&dataKeys, "data-keys", false, "Exchange the data keys instead of the master key. Takes the blob store that the servers use.")
	config.AddFlags(cmd.Flags(), "blob-store")
	config.AddFlags(cmd.Flags(), append(config.StoreSettings(), config.NextMasterKeySettings()...)...)
	return cmd
}

// progressEvery is how often a long command says how far it is.
const progressEvery = time.Second

func rotateDataKeys(cmd *cobra.Command) error {
	return withCore(cmd, func(core *server.Core) error {
		out := cmd.OutOrStdout()
		var begun bool
		var last time.Time
		done, err := core.RotateDataKeys(cmd.Context(), func(p server.KeyProgress) {
			if !begun {
				begun = true
				word := "begins"
				if p.Resumed {
					word = "goes on"
				}
				fmt.Fprintf(out, "exchange %d of the data keys %s\n", p.Number, word)
			}
			if time.Since(last) >= progressEvery && p.Values+p.Blobs > 0 {
				last = time.Now()
				fmt.Fprintf(out, "encrypted anew so far: %d values, %d large values\n", p.Values, p.Blobs)
			}
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "new data keys: %d; encrypted anew: %d values, %d large values; former data keys destroyed: %d\n", done.Owners, done.Values, done.Blobs, done.Destroyed)
		return err
	})
}

func printRotated(out io.Writer, r server.Rotated) error {
	text := fmt.Sprintf("wrapped %d keys by %s\n", r.Keys, r.Master)
	switch {
	case r.Old != "":
		text += fmt.Sprintf("the new master key is in %s: keep a copy where the database is not\n"+
			"the former one is in %s: it opens backups from before, and nothing else; remove it when those are gone\n", r.File, r.Old)
	case r.File != "":
		text += fmt.Sprintf("the new master key is in %s: keep a copy where the database is not, and restart each server with it alone\n", r.File)
	default:
		text += "restart each server with the new master key alone\n"
	}
	_, err := io.WriteString(out, text)
	return err
}

func newKeysIdentityCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "identity FILE",
		Short: "Make the private key that exports are read with, and print the public one",
		Long:  "Makes a file with a private key of age (https://age-encryption.org), as age-keygen does, and prints the public key that sinew export takes as --recipient. Make it where exports are to be read, and keep it there: the server never needs it. An existing file is never replaced.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			recipient, err := server.GenerateIdentity(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), recipient)
			return err
		},
	}
}
