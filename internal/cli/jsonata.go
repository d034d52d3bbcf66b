package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

func newJSONataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "jsonata",
		Short: "Evaluate, check and format JSONata expressions",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(newJSONataEvalCommand(), newJSONataCasesCommand(), newJSONataFmtCommand(), newJSONataLintCommand())
	return cmd
}

// evalFlags are the flags of jsonata eval.
type evalFlags struct {
	input      string
	bindings   []string
	extensions bool
}

func newJSONataEvalCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval EXPR",
		Short: "Evaluate an expression and print the result as JSON",
		Long: "Evaluate an expression and print the result as one line of JSON.\n" +
			"Nothing is printed when the expression yields nothing. Without --input\n" +
			"there is no input; --input - reads standard input.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runJSONataEval(cmd, args[0], f)
		},
	}
	cmd.Flags().StringVar(&f.input, "input", "", "file with the JSON input, - for standard input")
	cmd.Flags().StringArrayVar(&f.bindings, "bind", nil, "bind a variable: name=json (repeatable)")
	cmd.Flags().BoolVar(&f.extensions, "extensions", false, "add the extension functions")
	return cmd
}

func runJSONataEval(cmd *cobra.Command, source string, f evalFlags) error {
	vars, err := parseBindings(f.bindings)
	if err != nil {
		return usageError{err}
	}
	expr, err := jsonata.Compile(source, jsonataOptions(f.extensions)...)
	if err != nil {
		return err
	}
	input, err := readInput(cmd.InOrStdin(), f.input)
	if err != nil {
		return err
	}
	out, err := expr.EvalBytes(cmd.Context(), input, vars)
	if err != nil || out == nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", out)
	return err
}

// jsonataOptions are the compile options for an expression with or without the
// extension functions.
func jsonataOptions(extended bool) []jsonata.Option {
	if extended {
		return []jsonata.Option{extensions.With()}
	}
	return nil
}

func parseBindings(list []string) (jsonata.Bindings, error) {
	vars := jsonata.Bindings{}
	for _, b := range list {
		name, text, ok := strings.Cut(b, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--bind %q: want name=json", b)
		}
		v, err := jsonata.Decode([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("--bind %s: %w", name, err)
		}
		vars[strings.TrimPrefix(name, "$")] = v
	}
	return vars, nil
}

func readInput(stdin io.Reader, path string) ([]byte, error) {
	switch path {
	case "":
		return nil, nil
	case "-":
		return io.ReadAll(stdin)
	}
	return os.ReadFile(path)
}
