package config_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/testkit"
)

// sources is what a person gives: arguments, variables, and a file.
type sources struct {
	args []string
	env  []string
	file string
}

func load(t *testing.T, from sources) (config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.AddFlags(flags)
	args := from.args
	if from.file != "" {
		args = append([]string{"--config", writeFile(t, from.file)}, args...)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.LoadFrom(flags, from.env)
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sinew.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, from sources) config.Config {
	t.Helper()
	c, err := load(t, from)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := config.Config{
		Addr:             "127.0.0.1:8080",
		DataDir:          "./sinew-data",
		Mail:             config.Mail{Port: 587, Encryption: "starttls"},
		LogFormat:        "json",
		LogLevel:         slog.LevelInfo,
		LogRetention:     30 * 24 * time.Hour,
		LogMaxSize:       5 << 30,
		DrainTimeout:     25 * time.Second,
		InboundRetention: 30 * 24 * time.Hour,
		EventRetention:   90 * 24 * time.Hour,
		ListAlias:        true,
		LimitToken:       500,
		LimitAccount:     50,
		LimitInbound:     500,
		LimitInboundSize: 50 << 20,
		BlobStore:        config.BlobStore{Dir: "sinew-data/blobs"},
		Regions:          map[string]config.Placement{},
	}
	if diff := cmp.Diff(want, mustLoad(t, sources{})); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	const file = "addr: 127.0.0.1:3\nlimit-token: 3\nlog-level: warn\nlist-alias: false\n"
	got := mustLoad(t, sources{
		args: []string{"--addr", "127.0.0.1:1"},
		env:  []string{"SINEW_ADDR=127.0.0.1:2", "SINEW_LIMIT_TOKEN=2", "SINEW_LOG_LEVEL=", "OTHER=x"},
		file: file,
	})
	if got.Addr != "127.0.0.1:1" {
		t.Errorf("flag over all: got %s", got.Addr)
	}
	if got.LimitToken != 2 {
		t.Errorf("environment over file: got %d", got.LimitToken)
	}
	if got.LogLevel != slog.LevelWarn || got.ListAlias {
		t.Errorf("file over default, empty variable absent: got %v, %v", got.LogLevel, got.ListAlias)
	}
	if got.LimitAccount != 50 {
		t.Errorf("default: got %d", got.LimitAccount)
	}
}

func TestEmptyFlagPutsBackTheDefault(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, sources{args: []string{"--database-url", ""}, env: []string{"SINEW_DATABASE_URL=postgres://h/d"}})
	if got.DatabaseURL != "" {
		t.Errorf("got %q", string(got.DatabaseURL))
	}
}

func TestEveryValue(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, sources{
		args: []string{
			"--public-url", "https://sinew.example.com/", "--data", "/srv/data",
			"--egress-allow", "127.0.0.0/8", "--egress-allow", "10.1.2.3, CRM.internal,*.corp.example",
			"--log-format", "text", "--log-level", "debug", "--log-retention", "12h", "--log-max-size", "500MB", "--drain-timeout", "5s", "--inbound-retention", "6h", "--event-retention", "8h", "--list-alias=false",
			"--limit-token", "0", "--limit-account", "7", "--limit-inbound", "9", "--limit-inbound-size", "3KB",
			"--blob-store", "s3://bucket/some/prefix?endpoint=http://127.0.0.1:9000&region=eu-1&path-style=true",
			"--region-eu-blob-store", "s3://europe?region=eu-west-1",
			"--region-apac-blob-store", "file:///srv/apac",
			"--smtp-host", "mail.internal", "--smtp-port", "465", "--smtp-tls", "tls", "--smtp-username", "sinew", "--smtp-from", "Sinew <sinew@example.com>", "--smtp-ca-file", "/srv/ca.pem",
		},
		env: []string{
			"SINEW_DATABASE_URL=postgres://u:p@h/d", "SINEW_MASTER_KEY=key text",
			"SINEW_S3_ACCESS_KEY_ID=id", "SINEW_S3_SECRET_ACCESS_KEY=s3cret", "SINEW_S3_SESSION_TOKEN=token", "SINEW_SMTP_PASSWORD=s3cret",
		},
	})
	want := config.Config{
		Addr: "127.0.0.1:8080", PublicURL: "https://sinew.example.com", DataDir: "/srv/data",
		DatabaseURL: "postgres://u:p@h/d", MasterKey: "key text",
		EgressAllow: []string{"127.0.0.0/8", "10.1.2.3/32", "crm.internal", "*.corp.example"},
		Mail:        config.Mail{Host: "mail.internal", Port: 465, Encryption: "tls", Username: "sinew", Password: "s3cret", From: "Sinew <sinew@example.com>", CAFile: "/srv/ca.pem"},
		LogFormat:   "text", LogLevel: slog.LevelDebug, LogRetention: 12 * time.Hour, DrainTimeout: 5 * time.Second, LogMaxSize: 500 << 20, InboundRetention: 6 * time.Hour, EventRetention: 8 * time.Hour, LimitAccount: 7, LimitInbound: 9, LimitInboundSize: 3 << 10,
		BlobStore: config.BlobStore{S3: &config.S3{
			Bucket: "bucket", Prefix: "some/prefix", Endpoint: "127.0.0.1:9000", Insecure: true, Region: "eu-1",
			PathStyle: true, AccessKeyID: "id", SecretAccessKey: "s3cret", SessionToken: "token",
		}},
		Regions: map[string]config.Placement{
			"eu": {BlobStore: config.BlobStore{S3: &config.S3{
				Bucket: "europe", Endpoint: "s3.eu-west-1.amazonaws.com", Region: "eu-west-1",
				AccessKeyID: "id", SecretAccessKey: "s3cret", SessionToken: "token",
			}}},
			"apac": {BlobStore: config.BlobStore{Dir: "/srv/apac"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestFileTakesLists(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, sources{file: "egress-allow: [10.0.0.0/8, crm.internal]\n"})
	if diff := cmp.Diff([]string{"10.0.0.0/8", "crm.internal"}, got.EgressAllow); diff != "" {
		t.Errorf("egress-allow (-want +got):\n%s", diff)
	}
	if empty := mustLoad(t, sources{file: ""}); empty.Addr == "" {
		t.Error("no file: no defaults")
	}
	if comment := mustLoad(t, sources{file: "# nothing set\n"}); comment.Addr == "" {
		t.Error("file without settings: no defaults")
	}
}

func TestWrongValuesNameSettingAndSource(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from sources
		want []string
	}{
		"flag":             {sources{args: []string{"--limit-token", "many"}}, []string{"limit-token", "flag --limit-token", `"many"`, "whole number"}},
		"variable":         {sources{env: []string{"SINEW_LOG_LEVEL=loud"}}, []string{"log-level", "variable SINEW_LOG_LEVEL", "debug, info"}},
		"file":             {sources{file: "addr: nowhere\n"}, []string{"addr", "sinew.yaml", "host:port"}},
		"port":             {sources{args: []string{"--addr", ":99999"}}, []string{"addr", "65535"}},
		"port sign":        {sources{args: []string{"--addr", ":+80"}}, []string{"addr", "65535"}},
		"unknown key":      {sources{file: "adr: x\n"}, []string{"adr", "sinew.yaml", "no such setting"}},
		"two keys":         {sources{file: "addr: :1\naddr: :2\n"}, []string{"sinew.yaml", "addr"}},
		"list for scalar":  {sources{file: "addr: [a, b]\n"}, []string{"addr", "not a list"}},
		"map for scalar":   {sources{file: "addr: {a: b}\n"}, []string{"addr", "not a mapping"}},
		"null":             {sources{file: "addr:\n"}, []string{"addr", "no value"}},
		"not a mapping":    {sources{file: "- a\n"}, []string{"sinew.yaml", "mapping"}},
		"broken YAML":      {sources{file: "addr: 'x\n"}, []string{"sinew.yaml"}},
		"secret in file":   {sources{file: "master-key: x\n"}, []string{"master-key", "SINEW_MASTER_KEY only"}},
		"nested file":      {sources{file: "config: other.yaml\n"}, []string{"config", "another file"}},
		"absent file":      {sources{args: []string{"--config", "/nonexistent/x"}}, []string{"settings file", "/nonexistent/x"}},
		"negative limit":   {sources{args: []string{"--limit-account=-1"}}, []string{"limit-account"}},
		"fraction":         {sources{file: "limit-token: 1.5\n"}, []string{"limit-token", `"1.5"`}},
		"bool":             {sources{env: []string{"SINEW_LIST_ALIAS=maybe"}}, []string{"list-alias", "true or false"}},
		"egress":           {sources{args: []string{"--egress-allow", "10.0.0.0/99"}}, []string{"egress-allow", "10.0.0.0/99"}},
		"egress all":       {sources{args: []string{"--egress-allow", "*"}}, []string{"egress-allow", `"*"`}},
		"public URL":       {sources{args: []string{"--public-url", "sinew.example.com"}}, []string{"public-url", "https://"}},
		"public URL query": {sources{args: []string{"--public-url", "https://x/?a=b"}}, []string{"public-url", "query"}},
		"blob scheme":      {sources{args: []string{"--blob-store", "gs://x"}}, []string{"blob-store", "s3://BUCKET"}},
		"blob secret":      {sources{args: []string{"--blob-store", "s3://k:s@b"}}, []string{"blob-store", "SINEW_S3_ACCESS_KEY_ID"}},
		"blob option":      {sources{args: []string{"--blob-store", "s3://b?acl=public"}}, []string{"blob-store", "acl"}},
		"blob endpoint":    {sources{args: []string{"--blob-store", "s3://b?endpoint=host:1"}}, []string{"blob-store", "endpoint"}},
		"blob folder":      {sources{args: []string{"--blob-store", "file://here"}}, []string{"blob-store", "absolute path"}},
		"region":           {sources{args: []string{"--region-eu-blob-store", "x"}}, []string{"region-eu-blob-store"}},
		"two keys at once": {
			sources{args: []string{"--master-key-file", "f"}, env: []string{"SINEW_MASTER_KEY=k"}},
			[]string{"master-key", "master-key-file", "both"},
		},
		"mail sender":  {sources{args: []string{"--smtp-host", "mail.internal"}}, []string{"smtp-host", "smtp-from"}},
		"mail address": {sources{args: []string{"--smtp-from", "nobody"}}, []string{"smtp-from", "address"}},
		"mail port":    {sources{args: []string{"--smtp-port", "0"}}, []string{"smtp-port"}},
		"mail host":    {sources{args: []string{"--smtp-host", "mail:25"}}, []string{"smtp-host"}},
		"all at once":  {sources{args: []string{"--addr", "x", "--limit-token", "y"}}, []string{"setting addr", "setting limit-token"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.from)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in the error: %v", want, err)
				}
			}
		})
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	const canary = "canary-2b7e"
	c := mustLoad(t, sources{
		args: []string{"--blob-store", "s3://b"},
		env: []string{
			"SINEW_DATABASE_URL=postgres://u:" + canary + "@h/d", "SINEW_MASTER_KEY=" + canary,
			"SINEW_S3_SECRET_ACCESS_KEY=" + canary, "SINEW_S3_SESSION_TOKEN=" + canary,
		},
	})
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("settings", "config", c, "url", c.DatabaseURL, "s3", c.BlobStore.S3)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %v", c, c, c, *c.BlobStore.S3), log.String()} {
		if strings.Contains(text, canary) {
			t.Errorf("a secret is printed: %s", text)
		}
	}
	if _, err := load(t, sources{env: []string{"SINEW_DATABASE_URL=mysql://u:" + canary + "@h/d"}}); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v, want an error without the secret", err)
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ public, listening, want string }{
		{"", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"", ":8080", "http://localhost:8080"},
		{"", "[::]:8080", "http://localhost:8080"},
		{"", "0.0.0.0:80", "http://localhost:80"},
		{"", "[::1]:8080", "http://[::1]:8080"},
		{"https://x.example", "127.0.0.1:8080", "https://x.example"},
	} {
		if got := (config.Config{PublicURL: c.public}).BaseURL(c.listening); got != c.want {
			t.Errorf("public %q, listening %q: got %q, want %q", c.public, c.listening, got, c.want)
		}
	}
}

func TestMasterKeyPath(t *testing.T) {
	t.Parallel()
	if got, want := mustLoad(t, sources{args: []string{"--data", "/d"}}).MasterKeyPath(), "/d/master.key"; got != want {
		t.Errorf("default: got %s, want %s", got, want)
	}
	if got, want := mustLoad(t, sources{args: []string{"--master-key-file", "/k"}}).MasterKeyPath(), "/k"; got != want {
		t.Errorf("set: got %s, want %s", got, want)
	}
}

func TestStoreFlagsOnly(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("token create", pflag.ContinueOnError)
	config.AddFlags(flags, config.StoreSettings()...)
	if flags.Lookup("addr") != nil || flags.Lookup("data") == nil {
		t.Error("want the flags of the store and no others")
	}
	if err := flags.Parse([]string{"--data", "/x"}); err != nil {
		t.Fatal(err)
	}
	c, err := config.LoadFrom(flags, []string{"SINEW_ADDR=:1"})
	if err != nil || c.DataDir != "/x" || c.Addr != ":1" {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestHelpShowsDefaultAndVariableOfEachFlag(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.AddFlags(flags)
	testkit.Golden(t, filepath.Join("testdata", "help.golden"), []byte(flags.FlagUsagesWrapped(100)))
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := "SINEW_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if !strings.Contains(flag.Usage, "["+variable+"]") {
			t.Errorf("--%s does not name %s", flag.Name, variable)
		}
		if flag.DefValue == "" && !strings.Contains(flag.Usage, "Default: ") {
			t.Errorf("--%s does not say its default", flag.Name)
		}
	})
}

func TestReferencePage(t *testing.T) {
	t.Parallel()
	testkit.Golden(t, filepath.Join("..", "..", "docs", "reference", "configuration.md"), []byte(config.Reference()))
}
