package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/sinewhq/sinew"
)

const tokenColumns = "SELECT id, name, environment_id, created_by, expires_at, created_at, updated_at FROM api_token"

func scanAPIToken(row scanner) (sinew.APIToken, error) {
	var t sinew.APIToken
	var created, updated int64
	var expires sql.NullInt64
	err := row.Scan(&t.ID, &t.Name, &t.EnvironmentID, &t.CreatedBy, &expires, &created, &updated)
	t.ExpiresAt = fromNullMillis(expires)
	t.CreatedAt, t.UpdatedAt = fromMillis(created), fromMillis(updated)
	return t, err
}

// CreateAPIToken writes a token by the hash of its secret and gives it its id,
// together with the event.
func (s *Store) CreateAPIToken(ctx context.Context, token *sinew.APIToken, hash []byte, event func(sinew.APIToken) sinew.Event) error {
	err := s.change(ctx, func(t *tx) error {
		token.ID = newID()
		_, err := t.ExecContext(ctx, `INSERT INTO api_token (id, environment_id, name, hash, created_by, expires_at, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			token.ID, token.EnvironmentID, token.Name, hash, token.CreatedBy, millis(token.ExpiresAt), token.CreatedAt.UnixMilli(), token.UpdatedAt.UnixMilli())
		if err != nil {
			return err
		}
		if err := notifyToken(ctx, t, *token, false); err != nil {
			return err
		}
		return insertEvent(ctx, t, event(*token))
	})
	return wrap(err, "create API token %q", token.Name)
}

// APIToken returns a token of an environment. NotFound when there is none.
func (s *Store) APIToken(ctx context.Context, environmentID, id string) (sinew.APIToken, error) {
	t, err := scanAPIToken(s.reader.QueryRowContext(ctx, tokenColumns+" WHERE environment_id = $1 AND id = $2", environmentID, id))
	return t, notFound("API token", id, err)
}

// APITokens returns one page of an environment's tokens.
func (s *Store) APITokens(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.APIToken], error) {
	list := listing[sinew.APIToken]{
		selects: tokenColumns, scan: scanAPIToken,
		columns: plainColumns("id", "name", "environment_id", "created_at", "updated_at"),
		position: func(t sinew.APIToken, sort sinew.Sort) sinew.Position {
			return stamped(t.CreatedAt, t.UpdatedAt, t.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list API tokens")
}

// DeleteAPIToken removes a token, which is refused from then on, and writes the
// event. NotFound when there is none.
func (s *Store) DeleteAPIToken(ctx context.Context, environmentID, id string, event func(sinew.APIToken) sinew.Event) error {
	err := s.change(ctx, func(t *tx) error {
		token, err := scanAPIToken(t.QueryRowContext(ctx, tokenColumns+" WHERE environment_id = $1 AND id = $2"+s.dialect.forUpdate, environmentID, id))
		if err != nil {
			return notFound("API token", id, err)
		}
		if _, err := t.ExecContext(ctx, "DELETE FROM api_token WHERE id = $1", id); err != nil {
			return err
		}
		if err := notifyToken(ctx, t, token, true); err != nil {
			return err
		}
		return insertEvent(ctx, t, event(token))
	})
	return wrap(err, "delete API token %s", id)
}

// APITokenByHash finds the token that a secret belongs to, with the team of
// its environment. NotFound when there is none. Expiry is the caller's to judge.
func (s *Store) APITokenByHash(ctx context.Context, hash []byte) (token sinew.APIToken, teamID string, err error) {
	generation, err := s.Generation(ctx)
	if err != nil {
		return token, "", err
	}
	row, ok := s.apiTokens.Get(tokenHash(hash), generation)
	if ok {
		return row.token, row.teamID, nil
	}
	if row.token, row.teamID, err = s.readAPIToken(ctx, hash); err == nil {
		s.apiTokens.Put(tokenHash(hash), generation, row)
	}
	return row.token, row.teamID, err
}

// tokenHash is the hash of a token's secret.
type tokenHash string

// apiTokenRow is a token with the team of its environment.
type apiTokenRow struct {
	token  sinew.APIToken
	teamID string
}

func (s *Store) readAPIToken(ctx context.Context, hash []byte) (token sinew.APIToken, teamID string, err error) {
	var created, updated int64
	var expires sql.NullInt64
	err = s.reader.QueryRowContext(ctx, `SELECT t.id, t.name, t.environment_id, t.created_by, t.expires_at, t.created_at, t.updated_at, e.team_id
		FROM api_token t JOIN environment e ON e.id = t.environment_id WHERE t.hash = $1`, hash).
		Scan(&token.ID, &token.Name, &token.EnvironmentID, &token.CreatedBy, &expires, &created, &updated, &teamID)
	if isNoRows(err) {
		return sinew.APIToken{}, "", sinew.Errorf(sinew.KindNotFound, "API token not found")
	}
	token.ExpiresAt = fromNullMillis(expires)
	token.CreatedAt, token.UpdatedAt = fromMillis(created), fromMillis(updated)
	return token, teamID, wrap(err, "look up API token")
}

// CreateAccountToken writes a token for one account by the hash of its secret,
// and drops those that have expired. NotFound when the account is not there.
func (s *Store) CreateAccountToken(ctx context.Context, environmentID, accountID string, hash []byte, now, expiresAt time.Time) error {
	err := s.change(ctx, func(t *tx) error {
		ok, err := affected(t.ExecContext(ctx, `INSERT INTO account_token (hash, environment_id, account_id, expires_at, created_at)
			SELECT $1, environment_id, id, $2, $3 FROM integrated_account WHERE environment_id = $4 AND id = $5`,
			hash, expiresAt.UnixMilli(), now.UnixMilli(), environmentID, accountID))
		if err != nil {
			return err
		}
		if !ok {
			return sinew.NotFound("Integrated account", accountID)
		}
		_, err = t.ExecContext(ctx, "DELETE FROM account_token WHERE expires_at < $1", now.UnixMilli())
		return err
	})
	return wrap(err, "create token for account %s", accountID)
}

// AccountTokenByHash finds what a token stands for. NotFound when there is none.
func (s *Store) AccountTokenByHash(ctx context.Context, hash []byte) (sinew.AccountToken, error) {
	generation, err := s.Generation(ctx)
	if err != nil {
		return sinew.AccountToken{}, err
	}
	token, ok := s.accountTokens.Get(tokenHash(hash), generation)
	if ok {
		return token, nil
	}
	if token, err = s.readAccountToken(ctx, hash); err == nil {
		s.accountTokens.Put(tokenHash(hash), generation, token)
	}
	return token, err
}

func (s *Store) readAccountToken(ctx context.Context, hash []byte) (sinew.AccountToken, error) {
	var token sinew.AccountToken
	var expires int64
	err := s.reader.QueryRowContext(ctx, `SELECT e.team_id, t.environment_id, t.account_id, t.expires_at
		FROM account_token t JOIN environment e ON e.id = t.environment_id WHERE t.hash = $1`, hash).
		Scan(&token.TeamID, &token.EnvironmentID, &token.AccountID, &expires)
	if isNoRows(err) {
		return token, sinew.Errorf(sinew.KindNotFound, "Integrated account token not found")
	}
	token.ExpiresAt = fromMillis(expires)
	return token, wrap(err, "look up account token")
}
