package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/server"
)

// addBundleFlags adds the flags of commands that read or write a whole environment,
// large values included.
func (p *place) addBundleFlags(cmd *cobra.Command) {
	p.addFlags(cmd)
	config.AddFlags(cmd.Flags(), "blob-store")
}

func newExportCommand() *cobra.Command {
	var in place
	var recipient string
	var showSigner bool
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write an environment with all credentials to an encrypted file",
		Long: "Writes the environment's settings, integrations, installed integrations with their variables, static gates, tenants, accounts with their credentials, large values and timelines, and events to a new file, all as they are at one moment. Only the holder of the recipient's private key can read it (age, https://age-encryption.org). " +
			"API tokens do not move, and neither do logs and link tokens.\n\n" +
			"The file is signed by this installation. Note its public key, which --show-signer prints: an import asks for it.",
		Args: func(cmd *cobra.Command, args []string) error {
			if showSigner {
				return cobra.NoArgs(cmd, args)
			}
			if recipient == "" {
				return errors.New("--recipient is missing: the public key of age that the file is encrypted to")
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return withCore(cmd, func(core *server.Core) error {
				if showSigner {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), core.Signer())
					return err
				}
				environment, err := in.find(cmd.Context(), core)
				if err != nil {
					return err
				}
				counts, err := core.Export(cmd.Context(), environment, recipient, args[0])
				if err != nil {
					return err
				}
				return printCounts(cmd.OutOrStdout(), "exported", counts)
			})
		},
	}
	cmd.Flags().StringVar(&recipient, "recipient", "", "Public key of age that the file is encrypted to, as age1….")
	cmd.Flags().BoolVar(&showSigner, "show-signer", false, "Print the public key that this installation signs with, and do nothing else.")
	in.addBundleFlags(cmd)
	return cmd
}

func newImportCommand() *cobra.Command {
	var in place
	var identity, signer string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Fill an empty environment from a file that sinew export has written",
		Long: "Reads the file to its end first: one that was cut or changed, is encrypted to somebody else, or signed by another installation than expected writes nothing. " +
			"Ids stay as they were, unless they are taken. An import that was stopped goes on when it is repeated.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			bundle, err := openGiven(args[0])
			if err != nil {
				return err
			}
			defer bundle.Close()
			key, err := openGiven(identity)
			if err != nil {
				return err
			}
			defer key.Close()
			return withCore(cmd, func(core *server.Core) error {
				environment, err := in.find(cmd.Context(), core)
				if err != nil {
					return err
				}
				done, err := core.Import(cmd.Context(), environment, bundle, key, signer)
				if err != nil {
					return err
				}
				if err := printCounts(cmd.OutOrStdout(), "imported", done.Counts); err != nil || len(done.Tokens) == 0 {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "API tokens do not move; make these anew: %s\n", strings.Join(done.Tokens, ", "))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&identity, "identity", "", "File with the private key of age.")
	cmd.Flags().StringVar(&signer, "signer", "", "Public key of the installation that wrote the file, or any. Default: this installation.")
	in.addBundleFlags(cmd)
	if err := cmd.MarkFlagRequired("identity"); err != nil {
		panic(err)
	}
	return cmd
}

func openGiven(path string) (*os.File, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usageError{fmt.Errorf("there is no file %s", path)}
	}
	return file, err
}

// printCounts prints what a bundle holds, a line for each kind.
func printCounts(out io.Writer, verb string, counts map[string]int) error {
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if kind == "sinew-bundle" || kind == "environment" || verb == "imported" && kind == "api_token" {
			continue // one each, and what is not written
		}
		if _, err := fmt.Fprintf(out, "%s %d %s\n", verb, counts[kind], kind); err != nil {
			return err
		}
	}
	return nil
}
