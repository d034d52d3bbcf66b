package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"strings"

	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/upstream"
)

// openBlobs opens the blob stores that a configuration names.
func openBlobs(c config.Config) (blob.Store, error) {
	common, err := openBlob(c.BlobStore)
	if err != nil || len(c.Regions) == 0 {
		return common, err
	}
	placed := &placedBlobs{common: common, regions: make(map[string]blob.Store, len(c.Regions))}
	for region, placement := range c.Regions {
		if placed.regions[region], err = openBlob(placement.BlobStore); err != nil {
			return nil, fmt.Errorf("region %s: %w", region, err)
		}
	}
	return placed, nil
}

func openBlob(c config.BlobStore) (blob.Store, error) {
	if c.S3 == nil {
		return blob.OpenFiles(c.Dir)
	}
	// The operator named the endpoint, so it is allowed wherever it is.
	host, _, err := net.SplitHostPort(c.S3.Endpoint)
	if err != nil {
		host = c.S3.Endpoint
	}
	client, err := upstream.New(upstream.Config{Allow: []string{host, "*." + host}})
	if err != nil {
		return nil, fmt.Errorf("reach blob store: %w", err)
	}
	return blob.NewS3(blob.S3Config{
		Endpoint: c.S3.Endpoint, Insecure: c.S3.Insecure, Region: c.S3.Region, Bucket: c.S3.Bucket, Prefix: c.S3.Prefix, PathStyle: c.S3.PathStyle,
		AccessKeyID: c.S3.AccessKeyID, SecretAccessKey: string(c.S3.SecretAccessKey), SessionToken: string(c.S3.SessionToken),
		Transport: client.RoundTripper(),
	})
}

// placedBlobs keeps each blob in the store of its region, which is the second
// segment of its key.
type placedBlobs struct {
	common  blob.Store
	regions map[string]blob.Store
}

func (p *placedBlobs) of(key string) blob.Store {
	_, rest, _ := strings.Cut(key, "/")
	region, _, _ := strings.Cut(rest, "/")
	if store, ok := p.regions[region]; ok {
		return store
	}
	return p.common
}

// Close ends the stores that hold something open.
func (p *placedBlobs) Close() error {
	var errs []error
	stores := []blob.Store{p.common}
	for _, store := range p.regions {
		stores = append(stores, store)
	}
	for _, store := range stores {
		if closer, ok := store.(io.Closer); ok {
			errs = append(errs, closer.Close())
		}
	}
	return errors.Join(errs...)
}

func (p *placedBlobs) Put(ctx context.Context, key string, content []byte) error {
	return p.of(key).Put(ctx, key, content)
}

func (p *placedBlobs) Get(ctx context.Context, key string) ([]byte, error) {
	return p.of(key).Get(ctx, key)
}

func (p *placedBlobs) Stat(ctx context.Context, key string) (blob.Info, error) {
	return p.of(key).Stat(ctx, key)
}

func (p *placedBlobs) Delete(ctx context.Context, key string) error {
	return p.of(key).Delete(ctx, key)
}

func (p *placedBlobs) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		stores := []blob.Store{p.common}
		for _, store := range p.regions {
			stores = append(stores, store)
		}
		for _, store := range stores {
			for info, err := range store.List(ctx, prefix) {
				if !yield(info, err) || err != nil {
					return
				}
			}
		}
	}
}
