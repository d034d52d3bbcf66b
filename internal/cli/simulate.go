package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/simulator"
)

// simulatorStop is how long requests under way may take after a stop.
const simulatorStop = 5 * time.Second

func newSimulateCommand() *cobra.Command {
	var addr string
	var connect bool
	var oddities string
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run a simulated vendor with contacts, companies and tickets",
		Long: "Runs a vendor on this machine whose API holds a few hundred contacts, companies and tickets, the same at every start, that can be listed, created, changed and deleted. " +
			"It takes the API key " + simulator.DefaultAPIKey + " in X-API-Key, the bearer token " + simulator.DefaultToken + ", and the user " + simulator.DefaultUsername + " with the password " + simulator.DefaultPassword + ". " +
			"Its OAuth 2.0 server has the endpoints /oauth/authorize, /oauth/token, /oauth/revoke and /oauth/device_authorization, and the app " + simulator.DefaultClientID + " with the secret " + simulator.DefaultClientSecret + "; GET /oauth/accounts tells how often tokens were asked for. " +
			"Below /signed/ and a name it takes requests that are signed by OAuth 1.0a, HTTP Digest or AWS Signature Version 4, and nothing else.\n\n" +
			"With --connect it also installs its integration in the data that the other flags name, connects an account of tenant acme-1, and prints the account's id. The server needs --egress-allow 127.0.0.0/8 to call it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			quirks, err := readOddities(cmd, oddities)
			if err != nil {
				return err
			}
			s, err := simulator.New(simulator.Options{Quirks: quirks}).Start(cmd.Context(), addr)
			if err != nil {
				return err
			}
			defer func() {
				ctx, cancel := context.WithTimeout(context.Background(), simulatorStop)
				defer cancel()
				err = errors.Join(err, s.Stop(ctx))
			}()
			if connect {
				if err := connectDemo(cmd, s.URL); err != nil {
					return err
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "simulated vendor at %s\n", s.URL)
			<-cmd.Context().Done()
			return nil
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8090", "Address to listen on; port 0 takes a free one.")
	cmd.Flags().StringVar(&oddities, "oddities", "", "File in YAML that gives the vendor oddities: delays, headers, refusals, bodies, faults, and what its OAuth server does.")
	cmd.Flags().BoolVar(&connect, "connect", false, "Install the integration and connect an account.")
	addStoreFlags(cmd)
	return cmd
}

// readOddities reads the file of oddities, none when it is not named.
func readOddities(cmd *cobra.Command, file string) ([]simulator.Quirk, error) {
	if file == "" {
		return nil, nil
	}
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, err
	}
	return simulator.ReadOddities(text)
}

func connectDemo(cmd *cobra.Command, url string) error {
	return withCore(cmd, func(core *server.Core) error {
		id, err := core.ConnectDemo(cmd.Context(), url)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "account %s\n", id)
		return err
	})
}
