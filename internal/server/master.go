package server

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/seal/keyservice"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/upstream"
)

// masters are the master keys of a configuration with the ways to their
// services.
type masters struct {
	master  seal.Master
	next    seal.Master // nil when there is no second one
	later   func() []seal.Master
	clients []*upstream.Client
}

// close lets go of the connections. The keys are not used afterwards.
func (m *masters) close() error {
	if m != nil {
		for _, client := range m.clients {
			client.Close()
		}
	}
	return nil
}

// openMasters opens the master key, and the second one where there is one.
func openMasters(ctx context.Context, c config.Config, database store.Config) (*masters, error) {
	m := &masters{}
	err := m.open(ctx, c, database)
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

func (m *masters) open(ctx context.Context, c config.Config, database store.Config) (err error) {
	switch {
	case c.MasterKeyService != config.KeyService{}:
		m.master, err = m.openService(c, c.MasterKeyService)
	case c.MasterKey != "":
		m.master, err = seal.MasterFromText(string(c.MasterKey))
	default:
		m.master, err = openMasterFile(ctx, c, database)
		m.later = func() []seal.Master { return masterFiles(c) }
	}
	if err != nil {
		return err
	}
	if !c.HasNextMasterKey() {
		return m.openRotation(c)
	}
	switch {
	case c.NextMasterKeyService != config.KeyService{}:
		m.next, err = m.openService(c, c.NextMasterKeyService)
	case c.NextMasterKey != "":
		m.next, err = seal.MasterFromText(string(c.NextMasterKey))
	default:
		m.next, err = seal.LoadMasterFile(c.NextMasterKeyFile)
	}
	if err != nil {
		return fmt.Errorf("next master key: %w", err)
	}
	if m.next.ID() == m.master.ID() {
		return fmt.Errorf("the next master key has the name of the present one, %s: leave it out, or give the new key another name, since wrapped keys are told apart by it", m.next.ID())
	}
	return nil
}

// openMasterFile returns the master key of a file. It is made only where that
// can lose nothing: on SQLite, in a folder without data.
func openMasterFile(ctx context.Context, c config.Config, database store.Config) (seal.Master, error) {
	path := c.MasterKeyPath()
	if store.IsPostgres(database.DatabaseURL) && c.MasterKeyFile == "" {
		return nil, errors.New("PostgreSQL needs a master key that every node shares: " +
			"make one with 'sinew keys generate FILE' and give it with --master-key-file, or name one in a key service with --master-key-uri")
	}
	master, err := seal.LoadMasterFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return master, err
	}
	if store.IsPostgres(database.DatabaseURL) {
		return nil, fmt.Errorf("there is no master key file %s: make one with 'sinew keys generate %s', or give the one that the data was written with", path, path)
	}
	has, err := store.HasData(ctx, database)
	if err != nil {
		return nil, err
	}
	if has {
		// A process that started beside this one writes its key before data.
		if master, err := seal.LoadMasterFile(path); err == nil {
			return master, nil
		}
		return nil, fmt.Errorf("there is data in %s, and no master key file %s: put the key file back, or give it with --master-key-file, or name the key service that holds it with --master-key-uri; without it the credentials cannot be read", c.DataDir, path)
	}
	master, err = seal.GenerateMasterFile(path)
	if errors.Is(err, fs.ErrExist) {
		return seal.LoadMasterFile(path) // another process made it just now
	}
	return master, err
}

// keyServiceTimeout bounds one attempt of a call to a key service, which is
// near and has little to say.
const keyServiceTimeout = 5 * time.Second

// openService returns a master key in a key service. The operator named the
// service, so that it is allowed wherever it is, as a blob store is.
func (m *masters) openService(c config.Config, service config.KeyService) (seal.Master, error) {
	if key := service.Vault; key != nil {
		authorities, err := loadAuthorities(key.CAFile)
		if err != nil {
			return nil, err
		}
		client, err := m.reach(upstream.Config{RootCAs: authorities}, key.Address)
		if err != nil {
			return nil, err
		}
		return keyservice.NewVault(keyservice.VaultConfig{
			Address: key.Address, Namespace: key.Namespace, Mount: key.Mount, Key: key.Key,
			Token: string(c.VaultToken), TokenFile: key.TokenFile, Transport: client.RoundTripper(),
		})
	}
	key := service.AWS
	endpoint := key.Endpoint
	if endpoint == "" {
		endpoint = keyservice.AWSEndpoint(key.Region)
	}
	client, err := m.reach(upstream.Config{}, endpoint)
	if err != nil {
		return nil, err
	}
	role, err := m.reach(upstream.Config{Allow: roleAddresses()})
	if err != nil {
		return nil, err
	}
	return keyservice.NewAWS(keyservice.AWSConfig{
		KeyID: key.ID, Region: key.Region, Endpoint: endpoint,
		AccessKeyID: c.AWS.AccessKeyID, SecretAccessKey: string(c.AWS.SecretAccessKey), SessionToken: string(c.AWS.SessionToken),
		Role:      credentials.New(&credentials.IAM{Client: role.HTTP(), Region: key.Region}),
		Transport: client.RoundTripper(),
	})
}

// roleAddresses are where AWS gives a machine, a container or a pod the keys of
// its role. They are reached for that only, by a client of their own.
func roleAddresses() []string {
	return []string{"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23", "127.0.0.0/8"}
}

// reach opens a way to the addresses of a service.
func (m *masters) reach(way upstream.Config, addresses ...string) (*upstream.Client, error) {
	for _, address := range addresses {
		parsed, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("reach key service: %w", err)
		}
		way.Allow = append(way.Allow, parsed.Hostname())
	}
	way.TotalTimeout, way.MaxResponse = keyServiceTimeout, 1<<20
	client, err := upstream.New(way)
	if err != nil {
		return nil, fmt.Errorf("reach key service: %w", err)
	}
	m.clients = append(m.clients, client)
	return client, nil
}

// loadAuthorities reads certificates; nil, those of the system, when there is
// no file.
func loadAuthorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificates of the key service: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", path)
	}
	return pool, nil
}

// Rewrapped is what moving the keys came to.
type Rewrapped struct {
	Keys   int    // that were wrapped again
	Master string // fingerprint of the master key that wraps them all now
}

// RewrapKeys wraps all keys of an installation by its next master key, or, when
// the configuration has none, again by the one it has.
func RewrapKeys(ctx context.Context, c config.Config) (result Rewrapped, err error) {
	st, keys, err := openStore(ctx, c)
	if err != nil {
		return Rewrapped{}, err
	}
	defer func() { err = errors.Join(err, st.Close(), keys.close()) }()
	to := keys.master.ID()
	if keys.next != nil {
		to = keys.next.ID()
	}
	n, err := st.Rewrap(ctx, to)
	return Rewrapped{Keys: n, Master: to}, err
}
