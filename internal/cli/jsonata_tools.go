package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

// readExpression reads an expression from a file, standard input for "-".
func readExpression(stdin io.Reader, path string) (string, error) {
	if path == "-" {
		data, err := io.ReadAll(stdin)
		return string(data), err
	}
	data, err := os.ReadFile(path)
	return string(data), err
}

func newJSONataFmtCommand() *cobra.Command {
	var write bool
	cmd := &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Lay out expressions in the standard way, keeping comments",
		Long: "Print each expression in the standard layout; - reads standard input.\n" +
			"With -w the files are rewritten instead.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, path := range args {
				if err := formatFile(cmd, path, write); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "rewrite the files")
	return cmd
}

func formatFile(cmd *cobra.Command, path string, write bool) error {
	source, err := readExpression(cmd.InOrStdin(), path)
	if err != nil {
		return err
	}
	out, err := jsonata.Format(source)
	if err != nil {
		return err
	}
	if write && path != "-" {
		if out == source {
			return nil
		}
		return os.WriteFile(path, []byte(out), 0o644)
	}
	_, err = io.WriteString(cmd.OutOrStdout(), out)
	return err
}

// lintFlags are the flags of jsonata lint.
type lintFlags struct {
	sample     string
	variables  []string
	extensions bool
}

func newJSONataLintCommand() *cobra.Command {
	var f lintFlags
	cmd := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Report unknown functions, unbound variables and paths that find nothing",
		Long: "Check expressions in files; - reads standard input. With --sample, paths\n" +
			"that find nothing in that JSON document are reported too. The exit status\n" +
			"is 1 when anything was found.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runJSONataLint(cmd, args, f) },
	}
	cmd.Flags().StringVar(&f.sample, "sample", "", "file with a typical JSON input")
	cmd.Flags().StringArrayVar(&f.variables, "var", nil, "name of a variable that will be bound (repeatable)")
	cmd.Flags().BoolVar(&f.extensions, "extensions", false, "the extension functions are there")
	return cmd
}

var errFindings = errors.New("there are findings")

func runJSONataLint(cmd *cobra.Command, paths []string, f lintFlags) error {
	o := jsonata.LintOptions{Variables: f.variables}
	if f.extensions {
		for _, fn := range extensions.Functions() {
			o.Functions = append(o.Functions, fn.Name)
		}
	}
	if f.sample != "" {
		data, err := os.ReadFile(f.sample)
		if err != nil {
			return err
		}
		if o.Sample, err = jsonata.Decode(data); err != nil {
			return fmt.Errorf("%s: %w", f.sample, err)
		}
	}
	found := 0
	for _, path := range paths {
		source, err := readExpression(cmd.InOrStdin(), path)
		if err != nil {
			return err
		}
		list, err := jsonata.Lint(source, o)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, x := range list {
			fmt.Fprintf(cmd.OutOrStdout(), "%s:%d: %s (%s)\n", path, x.Position, x.Message, x.Code)
		}
		found += len(list)
	}
	if found > 0 {
		return errFindings
	}
	return nil
}
