package cli

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/server"
)

// revokeFlags are what sinew revoke is called with.
type revokeFlags struct {
	integration, tenant, team, environment, createdBefore, report string
	all, keep, dryRun                                             bool
	wait                                                          time.Duration
}

func newRevokeCommand() *cobra.Command {
	var f revokeFlags
	cmd := &cobra.Command{
		Use:   "revoke",
		Short: "Revoke the credentials of accounts at their vendors, and delete the accounts",
		Long: "Takes every account that all of the given flags match, in every environment unless one is named: deletes it, or with --keep leaves it as needs_reauth without its credential, and gives its token back to the vendor. " +
			"Works beside a running server and without one.\n\n" +
			"From the moment an account is taken nothing can be called with it. The vendors are told by jobs: what a stopped command has left is done by a server, or by the same command again, which goes on where it was stopped. " +
			"Prints a report: how many credentials were revoked, and why the others could not be. --report shows it again.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRevoke(cmd, f) },
	}
	cmd.Flags().StringVar(&f.integration, "integration", "", "Accounts of the integration of this name.")
	cmd.Flags().StringVar(&f.tenant, "tenant", "", "Accounts of the tenant of this id.")
	cmd.Flags().StringVar(&f.createdBefore, "created-before", "", "Accounts that were connected before this time, as 2026-01-31 or 2026-01-31T10:00:00Z.")
	cmd.Flags().StringVar(&f.environment, "environment", "", "Accounts of this environment, by name or id.")
	cmd.Flags().StringVar(&f.team, "team", "", "Team of the environment, by name or id. Default: the first one.")
	cmd.Flags().BoolVar(&f.all, "all", false, "Every account of the installation.")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "Keep the accounts, without their credentials, for their customers to connect again.")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "Print what would happen, and change nothing.")
	cmd.Flags().DurationVar(&f.wait, "wait", time.Minute, "How long to wait for vendors that were asked and gave no answer. A server asks on for a day.")
	cmd.Flags().StringVar(&f.report, "report", "", "Print the report of the run of this id, and do nothing else.")
	config.AddFlags(cmd.Flags(), append(config.StoreSettings(), "egress-allow")...)
	return cmd
}

func (f revokeFlags) check() error {
	if _, err := parseMoment(f.createdBefore); f.createdBefore != "" && err != nil {
		return err
	}
	narrowed := f.integration != "" || f.tenant != "" || f.createdBefore != "" || f.environment != ""
	switch {
	case f.report != "":
		if narrowed || f.all || f.keep || f.dryRun {
			return errors.New("--report stands alone")
		}
	case f.all && narrowed:
		return errors.New("--all takes every account; leave it out, or the flags that name some")
	case !f.all && !narrowed:
		return errors.New("say which accounts: --integration, --tenant, --created-before, --environment, or --all")
	}
	return nil
}

func runRevoke(cmd *cobra.Command, f revokeFlags) error {
	if err := f.check(); err != nil {
		return usageError{err}
	}
	settings, err := config.Load(cmd.Flags())
	if err != nil {
		return usageError{err}
	}
	return withCore(cmd, func(core *server.Core) error {
		ctx, out := cmd.Context(), cmd.OutOrStdout()
		if f.report != "" {
			counts, err := core.RevocationReport(ctx, f.report)
			if err != nil {
				return err
			}
			return printReport(out, counts)
		}
		scope, err := f.scope(cmd, core)
		if err != nil {
			return err
		}
		if f.dryRun {
			counts, err := core.PreviewRevocation(ctx, scope)
			if err != nil {
				return err
			}
			return printReport(out, counts)
		}
		r, err := core.Revoke(ctx, settings, scope, f.wait, func(r server.Revoking) {
			switch {
			case r.Taken:
				fmt.Fprintln(out, "no account of these can be used any more; their vendors are told")
			case r.Resumed:
				fmt.Fprintf(out, "run %s goes on\n", r.Run.ID)
			default:
				fmt.Fprintf(out, "run %s begins\n", r.Run.ID)
			}
		})
		if err != nil {
			return err
		}
		return printReport(out, r.Counts)
	})
}

func (f revokeFlags) scope(cmd *cobra.Command, core *server.Core) (sinew.RevocationScope, error) {
	scope := sinew.RevocationScope{IntegrationName: f.integration, TenantID: f.tenant, All: f.all, Keep: f.keep}
	if f.createdBefore != "" {
		scope.CreatedBefore, _ = parseMoment(f.createdBefore) // checked
	}
	if f.environment == "" {
		return scope, nil
	}
	found, err := (&place{team: f.team, environment: f.environment}).find(cmd.Context(), core)
	scope.EnvironmentID = found.ID
	return scope, err
}

// parseMoment reads a date, or a date with a time and a zone.
func parseMoment(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time such as 2026-01-31 or 2026-01-31T10:00:00Z", text)
}

// printReport prints a line for each integration, outcome and reason, and the sums.
func printReport(out io.Writer, counts []sinew.RevocationCount) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "INTEGRATION\tOUTCOME\tACCOUNTS\tREASON")
	total, sums := 0, map[sinew.RevocationOutcome]int{}
	for _, c := range counts {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", c.IntegrationName, c.Outcome, c.Count, c.Detail)
		total += c.Count
		sums[c.Outcome] += c.Count
	}
	if err := table.Flush(); err != nil {
		return err
	}
	revoked, pending := sums[sinew.RevocationRevoked], sums[sinew.RevocationPending]
	_, err := fmt.Fprintf(out, "total %d, revoked %d, pending %d, unrevocable %d\n", total, revoked, pending, total-revoked-pending)
	return err
}
