package cli

import (
	"fmt"
	stdlog "log"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/server"
)

func newServeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: "Runs the server on SQLite in the data folder, or on PostgreSQL. On an empty database it makes the first team with the environments production, staging and development.\n\n" +
			"Settings come from flags, SINEW_* environment variables and a YAML file, in that order.",
		Args: cobra.NoArgs,
		RunE: runServe,
	}
	config.AddFlags(cmd.Flags())
	return cmd
}

func runServe(cmd *cobra.Command, _ []string) error {
	c, err := config.Load(cmd.Flags())
	if err != nil {
		return usageError{err}
	}
	log, err := obs.NewLogger(cmd.ErrOrStderr(), c.LogFormat, c.LogLevel)
	if err != nil {
		return usageError{err}
	}
	stdlog.SetFlags(0)
	stdlog.SetOutput(obs.NewStandardOutput(log))
	go paceCollector(cmd.Context())
	takeFileSizeLimit()
	s, err := server.Open(cmd.Context(), c, log, Version())
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Sinew %s serves %s\nMake a token: sinew token create --name NAME%s\n", Version(), s.URL(c), storeFlags(c))
	waited := s.Wait(cmd.Context())
	if err := s.Close(); err != nil {
		return err
	}
	return waited
}

// storeFlags are the flags with which another command finds the same data. The
// address of a database is left out, since it may hold a password.
func storeFlags(c config.Config) string {
	service := c.MasterKeyService != config.KeyService{}
	switch {
	case c.DatabaseURL != "" && service:
		return " --database-url … --master-key-uri …"
	case c.DatabaseURL != "":
		return " --database-url … --master-key-file …"
	case service:
		return " --data " + c.DataDir + " --master-key-uri …"
	}
	flags := " --data " + c.DataDir
	if c.MasterKeyFile != "" {
		flags += " --master-key-file " + c.MasterKeyFile
	}
	return flags
}
