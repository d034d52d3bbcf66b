package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/server"
)

func newLinkTokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "link-token", Short: "Make link tokens, with which customers connect accounts"}
	cmd.AddCommand(newLinkTokenCreateCommand())
	return cmd
}

func newLinkTokenCreateCommand() *cobra.Command {
	var in place
	var tenantID, accountID string
	var persist bool
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a link token and print it, once",
		Long:  "Makes a link token and prints it alone on standard output. Who opens /connect-account?link_token=TOKEN on the server connects one account with it within seven days: a new one of a tenant, or again one that is there.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withCore(cmd, func(core *server.Core) error {
				environment, err := in.find(cmd.Context(), core)
				if err != nil {
					return err
				}
				secret, err := core.CreateLinkToken(cmd.Context(), environment, tenantID, accountID, persist)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&tenantID, "tenant", "", "Tenant that a new account is connected for.")
	cmd.Flags().StringVar(&accountID, "account", "", "Account that is connected again, in the place of --tenant.")
	cmd.Flags().BoolVar(&persist, "persist-previous-context", false, "Keep the context of an account that is connected again.")
	in.addFlags(cmd)
	return cmd
}
