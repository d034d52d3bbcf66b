package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/server"
)

func newTokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Make, list and revoke API tokens"}
	cmd.AddCommand(newTokenCreateCommand(), newTokenListCommand(), newTokenRevokeCommand())
	return cmd
}

// place names the environment that a command works in.
type place struct {
	team        string
	environment string
}

func (p *place) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.environment, "environment", sinew.DefaultEnvironment, "Environment, by name or id.")
	cmd.Flags().StringVar(&p.team, "team", "", "Team, by name or id. Default: the first one.")
	addStoreFlags(cmd)
}

func (p *place) find(ctx context.Context, core *server.Core) (sinew.Environment, error) {
	team, err := core.Workspace.FindTeam(ctx, p.team)
	if err != nil {
		return sinew.Environment{}, err
	}
	return core.Workspace.FindEnvironment(ctx, team.ID, p.environment)
}

func newTokenCreateCommand() *cobra.Command {
	var in place
	var name string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make an API token and print it, once",
		Long:  "Makes an API token for one environment and prints it alone on standard output. It is not kept: who loses it makes another.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if life < 0 {
				return usageError{fmt.Errorf("--expires-in must not be negative")}
			}
			return withCore(cmd, func(core *server.Core) error {
				return createToken(cmd, core, in, name, life)
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "Name of the token, for people.")
	cmd.Flags().DurationVar(&life, "expires-in", 0, "How long the token is valid, such as 24h. Default: for ever.")
	in.addFlags(cmd)
	if err := cmd.MarkFlagRequired("name"); err != nil {
		panic(err)
	}
	return cmd
}

func createToken(cmd *cobra.Command, core *server.Core, in place, name string, life time.Duration) error {
	environment, err := in.find(cmd.Context(), core)
	if err != nil {
		return err
	}
	owner, err := core.Workspace.Owner(cmd.Context(), environment.TeamID)
	if err != nil {
		return err
	}
	_, secret, err := core.Access.CreateAPIToken(cmd.Context(), environment.ID, name, owner.ID, life)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
	return err
}

func newTokenListCommand() *cobra.Command {
	var in place
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the API tokens of an environment, without their secrets",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withCore(cmd, func(core *server.Core) error { return listTokens(cmd, core, in) })
		},
	}
	in.addFlags(cmd)
	return cmd
}

func listTokens(cmd *cobra.Command, core *server.Core, in place) error {
	environment, err := in.find(cmd.Context(), core)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tCREATED\tEXPIRES")
	q := sinew.ListQuery{Limit: sinew.MaxPageLimit}
	for {
		page, err := core.Access.APITokens(cmd.Context(), sinew.Principal{EnvironmentID: environment.ID}, q)
		if err != nil {
			return err
		}
		for _, t := range page.Rows {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.ID, t.Name, t.CreatedAt.Format(time.RFC3339), expiry(t))
		}
		if page.Next == nil {
			return table.Flush()
		}
		q.After = page.Next
	}
}

func expiry(t sinew.APIToken) string {
	if t.ExpiresAt.IsZero() {
		return "never"
	}
	return t.ExpiresAt.Format(time.RFC3339)
}

func newTokenRevokeCommand() *cobra.Command {
	var in place
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke an API token at once",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withCore(cmd, func(core *server.Core) error {
				environment, err := in.find(cmd.Context(), core)
				if err != nil {
					return err
				}
				return core.Access.RevokeAPIToken(cmd.Context(), environment.ID, args[0])
			})
		},
	}
	in.addFlags(cmd)
	return cmd
}
