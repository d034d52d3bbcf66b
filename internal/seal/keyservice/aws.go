package keyservice

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

// AWSConfig names a key of AWS KMS.
type AWSConfig struct {
	// KeyID is the ARN of a symmetric key or alias, or alias/NAME.
	KeyID string
	// Region is where the key is.
	Region string
	// Endpoint is the address of the service; "" is AWS's own of the region.
	Endpoint string

	AccessKeyID     string
	SecretAccessKey string
	// SessionToken goes with temporary keys; "" for none.
	SessionToken string
	// Role gives the keys of the role that the machine or container runs as and
	// is used when AccessKeyID is empty. Its requests are not those of Transport,
	// since the addresses that give out such keys are not public.
	Role *credentials.Credentials

	// Transport makes every request to KMS. It is required.
	Transport http.RoundTripper
}

// AWS is a master key in AWS KMS.
type AWS struct {
	config      AWSConfig
	credentials *credentials.Credentials
}

var _ seal.Master = (*AWS)(nil)

// NewAWS returns a master key. It makes no request: a key that cannot be used
// shows in its first use.
func NewAWS(config AWSConfig) (*AWS, error) {
	if config.Transport == nil {
		return nil, errors.New("open master key: no transport")
	}
	if config.Endpoint == "" {
		config.Endpoint = AWSEndpoint(config.Region)
	}
	a := &AWS{config: config}
	switch {
	case config.AccessKeyID != "" && config.SecretAccessKey == "":
		return nil, errors.New("open master key: there is an access key of AWS without its secret: set SINEW_AWS_SECRET_ACCESS_KEY")
	case config.AccessKeyID != "":
		a.credentials = credentials.NewStaticV4(config.AccessKeyID, config.SecretAccessKey, config.SessionToken)
	case config.Role != nil:
		a.credentials = config.Role
	default:
		return nil, errors.New("open master key: there is no access key of AWS: set SINEW_AWS_ACCESS_KEY_ID and SINEW_AWS_SECRET_ACCESS_KEY")
	}
	return a, checkID(a.ID())
}

// AWSEndpoint is the address of KMS in a region.
func AWSEndpoint(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "https://kms." + region + ".amazonaws.com.cn"
	}
	return "https://kms." + region + ".amazonaws.com"
}

// ID is the name of the key without region and account: a multi-region key is
// the same everywhere, and other ids of keys are not used twice.
func (a *AWS) ID() string {
	return "aws-kms:" + a.config.KeyID[strings.LastIndexByte(a.config.KeyID, ':')+1:]
}

// Wrap encrypts a key. KMS binds it to the context, which its log shows.
func (a *AWS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	return a.ask(ctx, "Encrypt", "Plaintext", plaintext, "CiphertextBlob", aad)
}

// Unwrap undoes Wrap.
func (a *AWS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if len(wrapped) == 0 {
		return nil, seal.ErrTampered
	}
	return a.ask(ctx, "Decrypt", "CiphertextBlob", wrapped, "Plaintext", aad)
}

// encryptionContext writes associated data as KMS takes it: readable names, so
// that the log of KMS tells whose key was opened, and policies can ask for one.
func encryptionContext(aad []byte) jsonx.Value {
	if parts, ok := seal.Parts(aad); ok && len(parts) == 2 {
		return jsonx.ObjectValue(
			jsonx.Member{Name: "purpose", Value: jsonx.StringValue(parts[0])},
			jsonx.Member{Name: "of", Value: jsonx.StringValue(parts[1])},
		)
	}
	return jsonx.ObjectValue(jsonx.Member{Name: "associated_data", Value: base64Value(aad)})
}

// ask makes one call and returns the bytes of a field of its answer.
func (a *AWS) ask(ctx context.Context, action, sends string, content []byte, wants string, aad []byte) ([]byte, error) {
	body := jsonx.ObjectValue(
		jsonx.Member{Name: "KeyId", Value: jsonx.StringValue(a.config.KeyID)},
		jsonx.Member{Name: sends, Value: base64Value(content)},
		jsonx.Member{Name: "EncryptionContext", Value: encryptionContext(aad)},
	).Bytes()
	got, err := post(ctx, a.config.Transport, func(ctx context.Context) (*http.Request, error) {
		return a.request(ctx, action, body)
	}, awsIsBusy)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, a.fail("it cannot be reached: %w", err)
	}
	value, err := jsonx.ParseLenient(got.body)
	if got.status != http.StatusOK || err != nil {
		return nil, a.explain(action, got.status, awsErrorType(value), quoted(value.Get("message").Str()+value.Get("Message").Str()))
	}
	result, err := base64.StdEncoding.DecodeString(value.Get(wants).Str())
	if err != nil || len(result) == 0 {
		return nil, a.fail("it answered without a %s", wants)
	}
	return result, nil
}

// request makes one signed attempt.
func (a *AWS) request(ctx context.Context, action string, body []byte) (*http.Request, error) {
	keys, err := a.credentials.GetWithContext(&credentials.CredContext{Context: ctx})
	if err != nil {
		return nil, fmt.Errorf("no keys of the role that this machine runs as could be had (%w): set SINEW_AWS_ACCESS_KEY_ID and SINEW_AWS_SECRET_ACCESS_KEY, or give the machine a role", err)
	}
	if keys.AccessKeyID == "" || keys.SecretAccessKey == "" {
		return nil, errors.New("the role that this machine runs as gave no keys")
	}
	request, err := newRequest(ctx, a.config.Endpoint+"/", body)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(body)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "TrentService."+action)
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(digest[:]))
	return signer.SignV4WithServiceType(*request, keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken, a.config.Region, "kms"), nil
}

// awsErrorType is the name of an error, which may stand behind a namespace.
func awsErrorType(value jsonx.Value) string {
	name := value.Get("__type").Str()
	return name[strings.LastIndexByte(name, '#')+1:]
}

func awsIsBusy(got answer) bool {
	if got.status == http.StatusTooManyRequests || got.status >= http.StatusInternalServerError {
		return true
	}
	value, err := jsonx.ParseLenient(got.body)
	return err == nil && strings.HasPrefix(awsErrorType(value), "Throttl")
}

// explain says what to do about a refusal.
func (a *AWS) explain(action string, status int, name, said string) error {
	switch name {
	case "InvalidCiphertextException", "IncorrectKeyException":
		if action == "Decrypt" {
			return seal.ErrTampered
		}
	case "NotFoundException":
		return a.fail("it has no key %s: correct the id or the region, or restore the key that the data was written with", a.config.KeyID)
	case "DisabledException":
		return a.fail("the key %s is disabled: enable it with 'aws kms enable-key'", a.config.KeyID)
	case "KMSInvalidStateException":
		return a.fail("the key %s is not usable; if its deletion is scheduled, stop that with 'aws kms cancel-key-deletion' (%s)", a.config.KeyID, said)
	case "AccessDeniedException":
		return a.fail("the access key may not %s: allow kms:Encrypt and kms:Decrypt on the key %s (%s)", action, a.config.KeyID, said)
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "IncompleteSignature", "SignatureDoesNotMatch":
		return a.fail("it does not know the access key, or its secret is another one: check SINEW_AWS_ACCESS_KEY_ID and SINEW_AWS_SECRET_ACCESS_KEY, and the clock of this machine (%s)", said)
	case "ExpiredTokenException":
		return a.fail("the session token has expired: set a new SINEW_AWS_SESSION_TOKEN, or give the machine a role")
	case "InvalidKeyUsageException":
		return a.fail("the key %s is not one that encrypts: use a symmetric key", a.config.KeyID)
	}
	return a.fail("it answered %s with status %d: %s %s", action, status, name, said)
}

func (a *AWS) fail(format string, args ...any) error {
	return unusable("the key service at %s: %w", a.config.Endpoint, fmt.Errorf(format, args...))
}
