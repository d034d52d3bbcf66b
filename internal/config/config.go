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
	// when not set. MasterKeyFile and MasterKey are never both set.
	MasterKey Secret
	// EgressAllow holds address ranges (CIDR) and host names that calls may
	// reach although they are loopback or private.
	EgressAllow []string
	// LogFormat is "json" or "text".
	LogFormat string
	LogLevel  slog.Level
	// LogRetention is how long log records of calls are kept, and LogMaxSize
	// how many bytes they may take; 0 is without limit.
	LogRetention time.Duration
	LogMaxSize   int64
	// ListAlias repeats the rows of some lists under "results".
	ListAlias bool
	// LimitToken and LimitAccount are requests per 10 seconds; 0 means no
	// limit.
	LimitToken   int
	LimitAccount int
	// BlobStore is where large values live.
	BlobStore BlobStore
	// Regions holds the placements of the regions that have one of their own;
	// the others share the stores above.
	Regions map[string]Placement
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
