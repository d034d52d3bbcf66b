package cli

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/delivery"
	"github.com/sinewhq/sinew/internal/upstream"
)

func newListenCommand() *cobra.Command {
	var o listenOptions
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Deliver the events of an environment to this machine",
		Long: "Asks a server for the events of an environment and delivers them to an address of yours, such as http://localhost:3000/hooks: with the bodies, headers and signatures of a webhook, by a secret of this session. A delivery that the address does not answer, or answers with 5xx, 429 or 408, is tried again until it is taken, and the events behind it wait. " +
			"The server is that of --server or " + config.ServerVariable + ", the API token that of --token-file or " + config.TokenVariable + ". Ctrl-C stops.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := o.listener(cmd)
			if err != nil {
				return usageError{err}
			}
			return l.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.server, "server", "", "Address of the server's API; "+config.ServerVariable+" unless given.")
	f.StringVar(&o.tokenFile, "token-file", "", "File with an API token; "+config.TokenVariable+" unless given.")
	f.StringVar(&o.forward, "forward", "", "Where events are posted to.")
	f.StringSliceVar(&o.events, "events", nil, "Events to deliver: names, integrated_account:*, or *; all unless given.")
	f.StringVar(&o.since, "since", "", "Begin with events from this moment on, such as 2026-01-31T10:00:00Z, or 10m for ten minutes ago; now unless given.")
	f.IntVar(&o.latest, "latest", 0, "Begin with so many of these events among the newest 1000.")
	f.BoolVar(&o.print, "print", false, "Print the bodies.")
	return cmd
}

// listenOptions are the flags as they were written.
type listenOptions struct {
	server, tokenFile, forward, since string
	events                            []string
	latest                            int
	print                             bool
}

// mostLatest bounds --latest.
const mostLatest = 1000

var eventPattern = regexp.MustCompile(`^(\*|[a-z_]+:(\*|[a-z_]+)|test)$`)

// listener checks the flags and makes what does the work.
func (o listenOptions) listener(cmd *cobra.Command) (*listener, error) {
	if o.forward == "" && !o.print {
		return nil, errors.New("say where to deliver with --forward, or --print the events")
	}
	for _, pattern := range o.events {
		if !eventPattern.MatchString(pattern) {
			return nil, fmt.Errorf("--events: %q is neither the name of an event, nor integrated_account:*, nor *", pattern)
		}
	}
	if o.latest < 0 || o.latest > mostLatest || o.latest > 0 && o.since != "" {
		return nil, fmt.Errorf("--latest is a number from 1 to %d, and excludes --since", mostLatest)
	}
	l := &listener{forward: o.forward, events: o.events, latest: o.latest, print: o.print, out: cmd.OutOrStdout(), complaints: cmd.ErrOrStderr(), known: map[string]time.Time{}}
	if o.since != "" {
		since, err := parseSince(o.since, time.Now())
		if err != nil {
			return nil, err
		}
		l.from = since
	}
	if o.forward != "" {
		if err := checkAddress("--forward", o.forward); err != nil {
			return nil, err
		}
	}
	var err error
	if l.api, err = o.api(); err != nil {
		return nil, err
	}
	random, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("make a secret: %w", err)
	}
	l.secrets = sinew.WebhookSecrets{Current: random.String()}
	l.webhook = sinew.Webhook{ID: uuid.Must(uuid.NewV7()).String(), TargetURL: o.forward, IsActive: true, SignatureEncoding: sinew.SignatureBase64, EventTypes: o.events}
	l.receiver = upstream.NewDirect(receiverWithin)
	return l, nil
}

func (o listenOptions) api() (*eventAPI, error) {
	c := config.ClientFromEnvironment()
	if o.server != "" {
		c.Server = o.server
	}
	if o.tokenFile != "" {
		text, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
		c.Token = config.Secret(strings.TrimSpace(string(text)))
	}
	if c.Server == "" || c.Token == "" {
		return nil, fmt.Errorf("name the server with --server or %s, and an API token with --token-file or %s", config.ServerVariable, config.TokenVariable)
	}
	if err := checkAddress("--server", c.Server); err != nil {
		return nil, err
	}
	return &eventAPI{server: strings.TrimRight(c.Server, "/"), token: string(c.Token), client: upstream.NewDirect(askWithin)}, nil
}

func checkAddress(flag, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s: want an address that begins with http:// or https://", flag)
	}
	return nil
}

// parseSince reads a moment, or how long ago it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, errors.New("--since: want a moment such as 2026-01-31T10:00:00Z, or how long ago, such as 10m")
	}
	return at, nil
}

// greet says what is needed to check the deliveries.
func (l *listener) greet() {
	where := "prints the events of " + l.api.server
	if l.forward != "" {
		where = "delivers the events of " + l.api.server + " to " + l.forward
	}
	fmt.Fprintf(l.complaints, "sinew %s; Ctrl-C stops\nsecret          %s\nstandard secret %s\n", where, l.secrets.Current, delivery.StandardSecret(l.secrets.Current))
}

// foreign reports whether an error is one that will not pass by itself: the server is
// there and does not want us.
func foreign(err error) bool {
	var refused *refusedError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &refused) || errors.As(err, &certificate)
}
