package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says which bucket to use and how to reach it.
type S3Config struct {
	// Endpoint is the host of the service, with a port where needed.
	Endpoint string
	// Insecure says to speak HTTP instead of HTTPS.
	Insecure bool
	Region   string
	Bucket   string
	// Prefix goes before every key, with a slash between; empty for none.
	Prefix string
	// PathStyle puts the bucket into the path instead of the host name. It
	// is detected for the services that are known to need one or the other.
	PathStyle bool

	AccessKeyID     string
	SecretAccessKey string
	// SessionToken goes with temporary keys; empty for none.
	SessionToken string

	// Transport makes every request, so that the rules for outbound calls
	// apply. It is required.
	Transport http.RoundTripper
}

// s3Tries bounds the attempts of one call, whose caller usually waits for it.
const s3Tries = 3

// S3 keeps blobs in a bucket of a service that speaks the S3 protocol.
type S3 struct {
	client *minio.Client
	bucket string
	prefix string // empty, or with a slash at the end
}

var _ Store = (*S3)(nil)

// NewS3 returns a store in a bucket. It makes no request; a bucket that does
// not exist shows in the first use.
func NewS3(config S3Config) (*S3, error) {
	if config.Transport == nil {
		return nil, errors.New("open S3 store: no transport")
	}
	if config.Prefix != "" {
		config.Prefix += "/"
	}
	lookup := minio.BucketLookupAuto
	if config.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(config.Endpoint, &minio.Options{
		Creds:        credentials.NewStaticV4(config.AccessKeyID, config.SecretAccessKey, config.SessionToken),
		Secure:       !config.Insecure,
		Region:       config.Region,
		BucketLookup: lookup,
		Transport:    config.Transport,
		MaxRetries:   s3Tries,
	})
	if err != nil {
		return nil, fmt.Errorf("open S3 store: %w", err)
	}
	return &S3{client, config.Bucket, config.Prefix}, nil
}

// Put implements Store.
func (s *S3) Put(ctx context.Context, key string, content []byte) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{
		ContentType: "application/octet-stream",
		// One request, so that no parts are left behind by a crash.
		DisableMultipart: true,
		// Signing the content in chunks is an extension that not every service
		// understands; the checksum finds damage on the way.
		DisableContentSha256: true,
		SendContentMd5:       true,
	})
	return s.explain("put", key, err)
}

// Get implements Store.
func (s *S3) Get(ctx context.Context, key string) (content []byte, err error) {
	if err := ready(ctx, key); err != nil {
		return nil, err
	}
	object, err := s.client.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, s.explain("get", key, err)
	}
	defer func() { err = errors.Join(err, object.Close()) }()
	content, err = io.ReadAll(object)
	if err != nil {
		return nil, s.explain("get", key, err)
	}
	return content, nil
}

// Stat implements Store.
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := ready(ctx, key); err != nil {
		return Info{}, err
	}
	info, err := s.client.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, s.explain("stat", key, err)
	}
	return Info{Key: key, Size: info.Size, ModifiedAt: info.LastModified}, nil
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	err := s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
	if err = s.explain("delete", key, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// List implements Store.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	if err := checkPrefix(prefix); err != nil {
		return failed(err)
	}
	return func(yield func(Info, error) bool) {
		// The client lists ahead in a goroutine until its context ends.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		objects := s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true})
		for object := range objects {
			if object.Err != nil {
				yield(Info{}, fmt.Errorf("list blobs: %w", object.Err))
				return
			}
			info := Info{Key: strings.TrimPrefix(object.Key, s.prefix), Size: object.Size, ModifiedAt: object.LastModified}
			if CheckKey(info.Key) != nil {
				continue // not one of ours
			}
			if !yield(info, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Info{}, fmt.Errorf("list blobs: %w", err))
		}
	}
}

// explain turns an error of the service into one of this package.
func (s *S3) explain(action, key string, err error) error {
	if err == nil {
		return nil
	}
	switch response := minio.ToErrorResponse(err); response.Code {
	case minio.NoSuchKey:
		return fmt.Errorf("%w: %s", ErrNotFound, key)
	case minio.NoSuchBucket:
		return fmt.Errorf("%s blob %s: the bucket %s does not exist", action, key, s.bucket)
	}
	return fmt.Errorf("%s blob %s: %w", action, key, err)
}
