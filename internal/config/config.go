package config

import (
	"log/slog"
	"net"
	"path/filepath"
	"time"
)

// Config is every setting with its value, checked.
type Config struct {
	// Addr is the host and port to listen on; port 0 means a free one.
	Addr string
	// PublicURL is the address under which users reach the server, without a
	// slash at the end; empty when it was not set (see BaseURL).
	PublicURL string
	// DataDir is the folder for the SQLite databases, the master key and the
	// file blob store.
	DataDir string
	// DatabaseURL is the address of a PostgreSQL database; empty for SQLite.
	DatabaseURL Secret
	// MasterKeyFile is the path of the master key file; empty when not set.
	MasterKeyFile string
	// MasterKey is the text of a master key file, from the environment; empty
	// when not set. Of MasterKeyFile, MasterKey and MasterKeyService one at most
	// is set.
	MasterKey Secret
	// MasterKeyService is a master key in a key service.
	MasterKeyService KeyService
	// NextMasterKeyFile, NextMasterKey and NextMasterKeyService are a second
	// master key, of which one at most is set.
	NextMasterKeyFile    string
	NextMasterKey        Secret
	NextMasterKeyService KeyService
	// VaultToken is the token for keys of Vault that name no file with one.
	VaultToken Secret
	// AWS holds an access key for keys of AWS; empty for the machine's role.
	AWS AWSAccess
	// EgressAllow holds address ranges (CIDR) and host names that calls may
	// reach although they are loopback or private.
	EgressAllow []string
	// Mail is the server that e-mail is sent through.
	Mail Mail
	// LogFormat is "json" or "text".
	LogFormat string
	LogLevel  slog.Level
	// LogRetention is how long log records of calls are kept, and LogMaxSize
	// how many bytes they may take; 0 is without limit.
	LogRetention time.Duration
	LogMaxSize   int64
	// InboundRetention is how long deliveries of vendors stay in the inbox; 0 is
	// without limit.
	InboundRetention time.Duration
	// EventRetention is how long events stay to be listed and replayed; 0 is without
	// limit.
	EventRetention time.Duration
	// ListAlias repeats the rows of some lists under "results".
	ListAlias bool
	// LimitToken and LimitAccount are requests per 10 seconds; 0 means no
	// limit.
	LimitToken   int
	LimitAccount int
	// LimitInbound and LimitInboundSize are deliveries of vendors, and their bytes,
	// per 10 seconds and account; 0 means no limit.
	LimitInbound     int
	LimitInboundSize int64
	// DrainTimeout is how long requests and jobs under way may take after a stop.
	DrainTimeout time.Duration
	// BlobStore is where large values live.
	BlobStore BlobStore
	// Regions holds the placements of the regions that have one of their own;
	// the others share the stores above.
	Regions map[string]Placement
}

// Mail names a mail server; one without a host sends none.
type Mail struct {
	Host string
	Port int
	// Encryption is starttls, tls or none.
	Encryption string
	// Username and Password are shown to the server; empty for no login.
	Username string
	Password Secret
	// From is the sender, as an address with or without a name.
	From string
	// CAFile holds the certificates that the server's is checked with; empty for
	// those of the system.
	CAFile string
}

// Placement is where the data of one region lives.
type Placement struct {
	BlobStore BlobStore
}

// BlobStore names a blob store.
type BlobStore struct {
	// Dir is the folder of a file store; empty for S3.
	Dir string
	// S3 is set for a store that speaks the S3 protocol.
	S3 *S3
}

// S3 is a bucket and how to reach it.
type S3 struct {
	Bucket string
	// Prefix goes before every key; empty for none.
	Prefix string
	// Endpoint is the host, with a port where needed.
	Endpoint string
	// Insecure says to speak HTTP instead of HTTPS.
	Insecure bool
	Region   string
	// PathStyle puts the bucket into the path instead of the host name.
	PathStyle bool

	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret
}

// KeyService names a key in a key service; the zero value names none.
type KeyService struct {
	Vault *VaultKey
	AWS   *AWSKey
}

// VaultKey is a key of the transit engine of Vault or OpenBao.
type VaultKey struct {
	// Address is where the service is, as https://host:port.
	Address string
	// Mount is the path of the engine, Key the name of the key.
	Mount, Key string
	// Namespace is the namespace of the engine; empty for the root.
	Namespace string
	// CAFile holds the certificates that the service's is checked with; empty
	// for those of the system.
	CAFile string
	// TokenFile holds the token; empty for VaultToken.
	TokenFile string
}

// AWSKey is a key of AWS KMS.
type AWSKey struct {
	ID     string // an ARN, or alias/NAME
	Region string
	// Endpoint is the address of the service; empty for AWS's own.
	Endpoint string
}

// AWSAccess is an access key of AWS.
type AWSAccess struct {
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret
}

// HasNextMasterKey reports whether a second master key was set.
func (c Config) HasNextMasterKey() bool {
	return c.NextMasterKeyFile != "" || c.NextMasterKey != "" || c.NextMasterKeyService != KeyService{}
}

// MasterKeyPath is the master key file: the one that was set, or master.key in
// the data folder.
func (c Config) MasterKeyPath() string {
	if c.MasterKeyFile != "" {
		return c.MasterKeyFile
	}
	return filepath.Join(c.DataDir, "master.key")
}

// BaseURL is the address under which users reach the server: PublicURL, or
// http:// and the address that the server listens on.
func (c Config) BaseURL(listening string) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		return "http://" + listening
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost" // the server listens everywhere; this machine is one such place
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Secret is a text that prints as a placeholder. Convert it to a string where
// it is used.
type Secret string

const hidden = "[hidden]"

// String hides the secret; an empty one shows that it is empty.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret in %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret in encodings.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
