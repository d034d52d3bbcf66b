package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// Store keeps tokens by the hash of their secret.
type Store interface {
	CreateAPIToken(ctx context.Context, token *sinew.APIToken, hash []byte, event func(sinew.APIToken) sinew.Event) error
	APIToken(ctx context.Context, environmentID, id string) (sinew.APIToken, error)
	APITokens(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.APIToken], error)
	DeleteAPIToken(ctx context.Context, environmentID, id string, event func(sinew.APIToken) sinew.Event) error
	APITokenByHash(ctx context.Context, hash []byte) (token sinew.APIToken, teamID string, err error)
	CreateAccountToken(ctx context.Context, environmentID, accountID string, hash []byte, now, expiresAt time.Time) error
	AccountTokenByHash(ctx context.Context, hash []byte) (sinew.AccountToken, error)
}

// Prefix begins every API token, so that secret scanners and people recognise
// one: "sinew_" and 43 characters of base64url.
const Prefix = "sinew_"

// secretSize is the entropy of an API token, in bytes.
const secretSize = 32

// Service makes tokens and recognises them. It is safe for concurrent use.
type Service struct {
	store Store
	macs  sync.Pool // of hash.Hash, with the key in them
}

// New returns a service that hashes tokens with a key of 32 bytes or more.
func New(store Store, key []byte) (*Service, error) {
	if len(key) < sha256.Size {
		return nil, fmt.Errorf("token key: %d bytes are too few, %d are needed", len(key), sha256.Size)
	}
	return &Service{store: store, macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}, nil
}

func (s *Service) hash(secret string) []byte {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

// CreateAPIToken makes a token for an environment and returns it with its
// secret, which is not kept. life 0 means that it never expires.
func (s *Service) CreateAPIToken(ctx context.Context, environmentID, name, userID string, life time.Duration) (token sinew.APIToken, secret string, err error) {
	random := make([]byte, secretSize)
	if _, err := rand.Read(random); err != nil {
		return token, "", fmt.Errorf("make API token: %w", err)
	}
	secret = Prefix + base64.RawURLEncoding.EncodeToString(random)
	at := time.Now().UTC().Truncate(time.Millisecond)
	token = sinew.APIToken{Name: name, EnvironmentID: environmentID, CreatedBy: userID, CreatedAt: at, UpdatedAt: at}
	if life > 0 {
		token.ExpiresAt = at.Add(life)
	}
	err = s.store.CreateAPIToken(ctx, &token, s.hash(secret), tokenEvent(sinew.EventAPITokenCreated))
	return token, secret, err
}

// RevokeAPIToken removes a token. NotFound when the environment has none of
// that id.
func (s *Service) RevokeAPIToken(ctx context.Context, environmentID, id string) error {
	return s.store.DeleteAPIToken(ctx, environmentID, id, tokenEvent(sinew.EventAPITokenDeleted))
}

func tokenEvent(kind sinew.EventType) func(sinew.APIToken) sinew.Event {
	return func(t sinew.APIToken) sinew.Event {
		payload, err := jsonx.Marshal(view.NewAPIToken(t))
		if err != nil {
			payload = []byte(sinew.EmptyObject)
		}
		return sinew.Event{EnvironmentID: t.EnvironmentID, Type: kind, Payload: sinew.JSON(payload), CreatedAt: time.Now()}
	}
}

// APIToken returns a token without its secret. NotFound when the environment
// has none of that id.
func (s *Service) APIToken(ctx context.Context, p sinew.Principal, id string) (sinew.APIToken, error) {
	if !sinew.IsUUID(id) {
		return sinew.APIToken{}, sinew.NotFound("API token", id)
	}
	return s.store.APIToken(ctx, p.EnvironmentID, id)
}

// APITokens returns one page of an environment's tokens.
func (s *Service) APITokens(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.APIToken], error) {
	return s.store.APITokens(ctx, p.EnvironmentID, q)
}

// CreateAccountToken makes a token that reaches one account for
// sinew.AccountTokenLife: a random UUID, as clients expect. Its 122 random bits
// are what the wire form holds; the short life makes up for the missing ones.
// NotFound when the account is not there.
func (s *Service) CreateAccountToken(ctx context.Context, p sinew.Principal, accountID string) (secret string, err error) {
	if !sinew.IsUUID(accountID) {
		return "", sinew.NotFound("Integrated account", accountID)
	}
	random, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("make account token: %w", err)
	}
	secret = random.String()
	at := time.Now()
	return secret, s.store.CreateAccountToken(ctx, p.EnvironmentID, accountID, s.hash(secret), at, at.Add(sinew.AccountTokenLife))
}

// Authenticate returns who a bearer token stands for. Unauthenticated when it
// is unknown or expired, in the same words for both.
func (s *Service) Authenticate(ctx context.Context, bearer string) (sinew.Principal, error) {
	if bearer == "" {
		return sinew.Principal{}, sinew.Errorf(sinew.KindUnauthenticated, "Send a token as Authorization: Bearer <token>").WithCode("token_missing")
	}
	if strings.HasPrefix(bearer, Prefix) {
		return s.apiPrincipal(ctx, bearer)
	}
	return s.accountPrincipal(ctx, bearer)
}

func (s *Service) apiPrincipal(ctx context.Context, bearer string) (sinew.Principal, error) {
	token, teamID, err := s.store.APITokenByHash(ctx, s.hash(bearer))
	if err != nil {
		return sinew.Principal{}, refuse(err)
	}
	if !token.ExpiresAt.IsZero() && !token.ExpiresAt.After(time.Now()) {
		return sinew.Principal{}, refused()
	}
	return sinew.Principal{Kind: sinew.PrincipalAPIToken, TokenID: token.ID, TeamID: teamID, EnvironmentID: token.EnvironmentID, UserID: token.CreatedBy}, nil
}

func (s *Service) accountPrincipal(ctx context.Context, bearer string) (sinew.Principal, error) {
	if !sinew.IsUUID(bearer) {
		return sinew.Principal{}, refused()
	}
	token, err := s.store.AccountTokenByHash(ctx, s.hash(bearer))
	if err != nil {
		return sinew.Principal{}, refuse(err)
	}
	if !token.ExpiresAt.After(time.Now()) {
		return sinew.Principal{}, refused()
	}
	return sinew.Principal{Kind: sinew.PrincipalAccountToken, TokenID: token.AccountID, TeamID: token.TeamID, EnvironmentID: token.EnvironmentID, AccountID: token.AccountID}, nil
}

func refuse(err error) error {
	if sinew.IsNotFound(err) {
		return refused()
	}
	return err
}

func refused() error {
	return sinew.Errorf(sinew.KindUnauthenticated, "The token is unknown or has expired").WithCode("token_invalid")
}
