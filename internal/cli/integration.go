package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/server"
)

func newIntegrationCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "integration", Short: "Work with integration definitions"}
	cmd.AddCommand(newIntegrationValidateCommand(), newIntegrationShowCommand())
	return cmd
}

func newIntegrationValidateCommand() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check integration definitions as the server would",
		Long: "Checks files of JSON or YAML, offline, by the rules that the server applies on every create and update: keys, types, placeholders, URLs, and every JSONata expression. " +
			"A file is a config, or an object with a config in it as POST /integration takes it; - is standard input.\n\n" +
			"Prints a line for each finding: file, severity, path, message. Ends with status 1 when a file cannot be used.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			bad := 0
			for _, file := range files {
				text, err := readFile(cmd, file)
				if err != nil {
					return err
				}
				failures, warnings, err := server.CheckDefinition(text)
				if err != nil {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: error: %v\n", file, err)
					bad++
					continue
				}
				printFindings(cmd.OutOrStdout(), file, "error", failures)
				printFindings(cmd.OutOrStdout(), file, "warning", warnings)
				if len(failures) > 0 || strict && len(warnings) > 0 {
					bad++
				}
			}
			if bad > 0 {
				return fmt.Errorf("%d of %d definitions cannot be used", bad, len(files))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d definitions are valid\n", len(files))
			return nil
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "Treat warnings as errors.")
	return cmd
}

func readFile(cmd *cobra.Command, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usageError{fmt.Errorf("there is no file %s", file)}
	}
	return text, err
}

func printFindings(w io.Writer, file, severity string, findings []sinew.Failure) {
	for _, f := range findings {
		fmt.Fprintf(w, "%s: %s: %s: %s\n", file, severity, f.Path, f.Message)
	}
}

func newIntegrationShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE",
		Short: "Print the config of a definition as JSON, as the API takes it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			text, err := readFile(cmd, files[0])
			if err != nil {
				return err
			}
			config, err := server.ReadConfig(text)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), config)
			return err
		},
	}
}
