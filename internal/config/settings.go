package config

import (
	"strings"
)

// EnvPrefix begins every environment variable.
const EnvPrefix = "SINEW_"

// configName is the setting that names the settings file. It is read before
// the others and means nothing inside a file.
const configName = "config"

// setting declares one setting.
type setting struct {
	name string
	// fallback is the text of the default; empty when there is none.
	fallback string
	// fallbackNote says in words what an absent value means.
	fallbackNote string
	// kind is what the value looks like, in help and reference.
	kind string
	help string
	// list says that the value is a list: the flag may be repeated, and each
	// text may hold several values behind commas.
	list bool
	// envOnly keeps secrets out of command lines and files.
	envOnly bool
	// secret keeps the value out of error messages.
	secret bool
	// set parses a text into its field. Its error says what would be right.
	set func(*Config, string) error
}

func (s setting) env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

func (s setting) isBool() bool { return s.kind == "true|false" }

// settings is the one declaration of what can be set, in the order of the
// reference page.
func settings() []setting {
	all := []setting{
		{
			name: "addr", fallback: "127.0.0.1:8080", kind: "host:port",
			help: "Address to listen on; port 0 takes a free one.",
			set:  func(c *Config, text string) (err error) { c.Addr, err = parseAddr(text); return err },
		},
		{
			name: "public-url", fallbackNote: "http:// and the address", kind: "url",
			help: "Address under which users reach the server: links, OAuth callbacks and cookies are made from it.",
			set:  func(c *Config, text string) (err error) { c.PublicURL, err = parsePublicURL(text); return err },
		},
		{
			name: "data", fallback: "./sinew-data", kind: "folder",
			help: "Folder for the SQLite databases, the master key and the file blob store.",
			set:  func(c *Config, text string) (err error) { c.DataDir, err = parsePath(text); return err },
		},
		{
			name: "database-url", fallbackNote: "SQLite in the data folder", kind: "url", secret: true,
			help: "PostgreSQL database, as postgres://user:password@host:port/name.",
			set: func(c *Config, text string) (err error) {
				c.DatabaseURL, err = parseDatabaseURL(text)
				return err
			},
		},
		{
			name: "egress-allow", fallbackNote: "none", kind: "list", list: true,
			help: "Address ranges (CIDR), addresses or host names that calls may reach although they are loopback or private, such as 127.0.0.0/8.",
			set:  func(c *Config, text string) (err error) { c.EgressAllow, err = parseEgress(text); return err },
		},
		{
			name: "log-format", fallback: "json", kind: "json|text",
			help: "Form of the log on standard error.",
			set: func(c *Config, text string) (err error) {
				c.LogFormat, err = parseChoice(text, "json", "text")
				return err
			},
		},
		{
			name: "log-level", fallback: "info", kind: "debug|info|warn|error",
			help: "Least severe entry that is logged.",
			set:  func(c *Config, text string) (err error) { c.LogLevel, err = parseLevel(text); return err },
		},
		{
			name: "log-retention", fallback: "30d", kind: "duration",
			help: "How long log records of calls are kept, such as 12h or 30d; 0 is without limit.",
			set:  func(c *Config, text string) (err error) { c.LogRetention, err = parseDuration(text); return err },
		},
		{
			name: "log-max-size", fallback: "5GB", kind: "size",
			help: "How much room log records of calls may take, such as 500MB or 5GB; the oldest go first. 0 is without limit.",
			set:  func(c *Config, text string) (err error) { c.LogMaxSize, err = parseSize(text); return err },
		},
		{
			name: "inbound-retention", fallback: "30d", kind: "duration",
			help: "How long webhooks that vendors delivered stay in the inbox, such as 12h or 30d; 0 is without limit.",
			set:  func(c *Config, text string) (err error) { c.InboundRetention, err = parseDuration(text); return err },
		},
		{
			name: "event-retention", fallback: "90d", kind: "duration",
			help: "How long events stay to be listed and replayed, such as 30d; those that are still to be delivered stay longer. 0 is without limit.",
			set:  func(c *Config, text string) (err error) { c.EventRetention, err = parseDuration(text); return err },
		},
		{
			name: "list-alias", fallback: "true", kind: "true|false",
			help: "Repeat the rows of account and sync run lists under \"results\", as their published pages show them.",
			set:  func(c *Config, text string) (err error) { c.ListAlias, err = parseBool(text); return err },
		},
		{
			name: "limit-token", fallback: "500", kind: "number",
			help: "Requests in 10 seconds per API token; 0 for no limit.",
			set:  func(c *Config, text string) (err error) { c.LimitToken, err = parseLimit(text); return err },
		},
		{
			name: "limit-account", fallback: "50", kind: "number",
			help: "Requests in 10 seconds per integrated account; 0 for no limit.",
			set:  func(c *Config, text string) (err error) { c.LimitAccount, err = parseLimit(text); return err },
		},
		{
			name: "limit-inbound", fallback: "500", kind: "number",
			help: "Deliveries of vendors that are taken in 10 seconds per integrated account; 0 for no limit.",
			set:  func(c *Config, text string) (err error) { c.LimitInbound, err = parseLimit(text); return err },
		},
		{
			name: "limit-inbound-size", fallback: "50MB", kind: "size",
			help: "How large those deliveries may be together, such as 500KB or 50MB; 0 for no limit.",
			set:  func(c *Config, text string) (err error) { c.LimitInboundSize, err = parseSize(text); return err },
		},
		{
			name: "drain-timeout", fallback: "25s", kind: "duration",
			help: "How long requests and jobs under way may take after a stop.",
			set:  func(c *Config, text string) (err error) { c.DrainTimeout, err = parseDuration(text); return err },
		},
		{
			name: "blob-store", fallbackNote: "the folder blobs in the data folder", kind: "url",
			help: "Where large values live: file:///FOLDER, or s3://BUCKET/PREFIX with the options endpoint (a URL), region and path-style behind a question mark.",
			set:  func(c *Config, text string) (err error) { c.BlobStore, err = parseBlobStore(text); return err },
		},
		{
			name: "s3-access-key-id", fallbackNote: "none", kind: "text", envOnly: true,
			help: "Access key of the S3 blob stores.",
			set:  func(c *Config, text string) error { return c.eachS3(func(s *S3) { s.AccessKeyID = text }) },
		},
		{
			name: "s3-secret-access-key", fallbackNote: "none", kind: "text", envOnly: true, secret: true,
			help: "Secret of that access key.",
			set:  func(c *Config, text string) error { return c.eachS3(func(s *S3) { s.SecretAccessKey = Secret(text) }) },
		},
		{
			name: "s3-session-token", fallbackNote: "none", kind: "text", envOnly: true, secret: true,
			help: "Session token that goes with temporary keys.",
			set:  func(c *Config, text string) error { return c.eachS3(func(s *S3) { s.SessionToken = Secret(text) }) },
		},
		{
			name: configName, fallbackNote: "no file", kind: "file",
			help: "Settings file in YAML; each key is the name of a setting.",
			set:  func(*Config, string) error { return nil },
		},
	}
	all = insertBefore(all, "egress-allow", masterKeySettings())
	all = insertBefore(all, "log-format", mailSettings())
	return insertBefore(all, "s3-access-key-id", regionSettings())
}

// regionSettings places regions on stores of their own.
func regionSettings() []setting {
	var all []setting
	for _, region := range []string{"wnam", "enam", "apac", "eu"} {
		all = append(all, setting{
			name: "region-" + region + "-blob-store", fallbackNote: "blob-store", kind: "url",
			help: "Blob store of the region " + region + ", in the form of blob-store.",
			set: func(c *Config, text string) error {
				store, err := parseBlobStore(text)
				if err == nil {
					c.Regions[region] = Placement{BlobStore: store}
				}
				return err
			},
		})
	}
	return all
}

// masterKeySettings name the master key, and the one that takes its place.
func masterKeySettings() []setting {
	return []setting{
		{
			name: "master-key-file", fallbackNote: "master.key in the data folder, made at the first start on SQLite", kind: "file",
			help: "File with the key that opens all stored credentials, readable by its owner only. PostgreSQL needs it given.",
			set:  func(c *Config, text string) (err error) { c.MasterKeyFile, err = parsePath(text); return err },
		},
		{
			name: "master-key", fallbackNote: "the master key file", kind: "text", envOnly: true, secret: true,
			help: "The content of a master key file, for installations that keep secrets in the environment.",
			set:  func(c *Config, text string) error { c.MasterKey = Secret(text); return nil },
		},
		{
			name: "master-key-uri", fallbackNote: "the master key file", kind: "url", secret: true,
			help: "Master key that stays in a key service: hcvault://HOST:PORT/MOUNT/KEY for the transit engine of Vault or OpenBao, with the options namespace, ca-file, token-file and tls=false behind a question mark; " +
				"or aws-kms://KEY for AWS KMS, where KEY is an ARN or alias/NAME, with the options region and endpoint.",
			set: func(c *Config, text string) (err error) { c.MasterKeyService, err = parseKeyService(text); return err },
		},
		{
			name: "next-master-key-file", fallbackNote: "none", kind: "file",
			help: "File of a second master key, which opens what it wrapped. 'sinew keys rewrap' moves all keys to it.",
			set:  func(c *Config, text string) (err error) { c.NextMasterKeyFile, err = parsePath(text); return err },
		},
		{
			name: "next-master-key", fallbackNote: "none", kind: "text", envOnly: true, secret: true,
			help: "The content of the file of a second master key.",
			set:  func(c *Config, text string) error { c.NextMasterKey = Secret(text); return nil },
		},
		{
			name: "next-master-key-uri", fallbackNote: "none", kind: "url", secret: true,
			help: "Second master key in a key service, in the form of master-key-uri.",
			set: func(c *Config, text string) (err error) {
				c.NextMasterKeyService, err = parseKeyService(text)
				return err
			},
		},
		{
			name: "vault-token", fallbackNote: "none", kind: "text", envOnly: true, secret: true,
			help: "Token for the transit engine, where its address names no token-file.",
			set:  func(c *Config, text string) error { c.VaultToken = Secret(text); return nil },
		},
		{
			name: "aws-access-key-id", fallbackNote: "the role of the machine or container", kind: "text", envOnly: true,
			help: "Access key for AWS KMS.",
			set:  func(c *Config, text string) error { c.AWS.AccessKeyID = text; return nil },
		},
		{
			name: "aws-secret-access-key", fallbackNote: "none", kind: "text", envOnly: true, secret: true,
			help: "Secret of that access key.",
			set:  func(c *Config, text string) error { c.AWS.SecretAccessKey = Secret(text); return nil },
		},
		{
			name: "aws-session-token", fallbackNote: "none", kind: "text", envOnly: true, secret: true,
			help: "Session token that goes with a temporary access key.",
			set:  func(c *Config, text string) error { c.AWS.SessionToken = Secret(text); return nil },
		},
	}
}

// insertBefore puts settings before a named one: the order is that of the
// reference page, and the credentials of S3 are laid over stores that must be
// known by then.
func insertBefore(all []setting, name string, more []setting) []setting {
	var merged []setting
	for _, s := range all {
		if s.name == name {
			merged = append(merged, more...)
		}
		merged = append(merged, s)
	}
	return merged
}

// eachS3 changes every S3 store of the settings.
func (c *Config) eachS3(change func(*S3)) error {
	if c.BlobStore.S3 != nil {
		change(c.BlobStore.S3)
	}
	for _, placement := range c.Regions {
		if placement.BlobStore.S3 != nil {
			change(placement.BlobStore.S3)
		}
	}
	return nil
}
