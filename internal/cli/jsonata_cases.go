package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/jsonata/jsonatatest"
)

func newJSONataCasesCommand() *cobra.Command {
	var group string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "cases DIR",
		Short: "Run the conformance cases in a folder",
		Long: "Run every case below DIR/groups, or those of one group. The last line\n" +
			"counts those that passed, failed, and differ where the case says that the\n" +
			"reference is odd (quirks). The exit status is 1 when any failed.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, err := jsonatatest.Load(args[0], group)
			if err != nil {
				return err
			}
			failed := runCases(cmd.Context(), cmd.OutOrStdout(), cases, verbose)
			if failed > 0 {
				return fmt.Errorf("%d of %d cases failed", failed, len(cases))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&group, "group", "", "run the cases of this group only")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "print each case with what was wanted and what came")
	return cmd
}

func runCases(ctx context.Context, w io.Writer, cases []jsonatatest.Case, verbose bool) (failed int) {
	passed, quirks := 0, 0
	for i := range cases {
		c := &cases[i]
		o := c.Run(ctx, jsonataOptions(c.Function != "")...)
		word := "ok"
		switch {
		case o.OK:
			passed++
		case o.Quirk:
			quirks++
			word = "quirk"
		default:
			failed++
			word = "FAIL"
		}
		if verbose || word == "FAIL" {
			fmt.Fprintf(w, "%-5s %s/%s\n", word, c.Group, c.Name)
		}
		if verbose && word != "ok" {
			fmt.Fprintf(w, "      expr %s\n      want %s\n      got  %s\n", c.Expr, o.Want, o.Got)
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d quirks\n", passed, failed, quirks)
	return failed
}
