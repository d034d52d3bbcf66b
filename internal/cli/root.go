package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes of the program.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// usageError marks an error in how the command was called, so that Main can
// answer with the usage exit code.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// Main runs the program with the given arguments and streams and returns its
// exit code: 0 on success, 1 when the work failed, 2 when the command was
// called wrongly. SIGINT and SIGTERM cancel the context that commands get; the second
// of them ends the program.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "sinew: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "sinew",
		Short:         "Self-hosted unified API and embedded-integration platform",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		newServeCommand(),
		newTokenCommand(), newLinkTokenCommand(),
		newTeamCommand(),
		newEnvironmentCommand(),
		newKeysCommand(),
		newRevokeCommand(),
		newExportCommand(),
		newImportCommand(),
		newMigrateCommand(),
		newListenCommand(),
		newIntegrationCommand(),
		newSimulateCommand(),
		newJSONataCommand(),
		newVersionCommand(),
	)
	checkCalls(root)
	return root
}

// checkCalls makes wrong arguments, missing flags and unknown commands usage
// errors, for a command and all below it.
func checkCalls(cmd *cobra.Command) {
	check := cmd.Args
	if cmd.HasSubCommands() {
		check = knownCommand
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			err = cmd.ValidateRequiredFlags()
		}
		if err != nil {
			return usageError{err}
		}
		return nil
	}
	for _, below := range cmd.Commands() {
		checkCalls(below)
	}
}

func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unknown command %q; 'sinew help' lists the commands", strings.Join(append(commandNames(cmd), args[0]), " "))
}

// commandNames returns the names of a command and those above it, without the
// program's.
func commandNames(cmd *cobra.Command) []string { return strings.Fields(cmd.CommandPath())[1:] }
