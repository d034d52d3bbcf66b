package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/server"
)

func newTeamCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "team", Short: "Make teams"}
	var name, domain string
	create := &cobra.Command{
		Use:   "create",
		Short: "Make a team with its standard environments and print its id",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withCore(cmd, func(core *server.Core) error {
				team, err := core.Workspace.CreateTeam(cmd.Context(), name, domain)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), team.ID)
				return err
			})
		},
	}
	create.Flags().StringVar(&name, "name", "", "Name of the team.")
	create.Flags().StringVar(&domain, "domain", "", "Internet domain of the team.")
	addStoreFlags(create)
	if err := create.MarkFlagRequired("name"); err != nil {
		panic(err)
	}
	cmd.AddCommand(create)
	return cmd
}

func newEnvironmentCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "environment", Short: "Make environments"}
	var team, name string
	create := &cobra.Command{
		Use:   "create",
		Short: "Make an environment and print its id",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withCore(cmd, func(core *server.Core) error {
				found, err := core.Workspace.FindTeam(cmd.Context(), team)
				if err != nil {
					return err
				}
				environment, err := core.Workspace.CreateEnvironment(cmd.Context(), found.ID, name)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), environment.ID)
				return err
			})
		},
	}
	create.Flags().StringVar(&name, "name", "", "Name of the environment, unique in its team.")
	create.Flags().StringVar(&team, "team", "", "Team, by name or id. Default: the first one.")
	addStoreFlags(create)
	if err := create.MarkFlagRequired("name"); err != nil {
		panic(err)
	}
	cmd.AddCommand(create)
	return cmd
}
