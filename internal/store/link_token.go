package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

// linkTokenAge is how long link tokens stay once they have expired, with what
// became of them.
const linkTokenAge = 24 * time.Hour

const linkTokenFrom = `SELECT t.id, t.environment_id, e.team_id, t.tenant_id, coalesce(t.account_id, ''), t.reconnects, t.options, t.context_secret, t.expires_at, t.burnt_at, t.created_at
	FROM link_token t JOIN environment e ON e.id = t.environment_id`

// linkTokenRow is a link token with its context as it is stored.
type linkTokenRow struct {
	sinew.LinkToken
	sealed []byte
}

func scanLinkToken(row scanner) (t linkTokenRow, err error) {
	var options string
	var expires, created int64
	var burnt sql.NullInt64
	if err := row.Scan(&t.ID, &t.EnvironmentID, &t.TeamID, &t.TenantID, &t.AccountID, &t.Reconnects, &options, &t.sealed, &expires, &burnt, &created); err != nil {
		return t, err
	}
	t.ExpiresAt, t.BurntAt, t.CreatedAt = fromMillis(expires), fromNullMillis(burnt), fromMillis(created)
	return t, wrap(jsonx.Unmarshal([]byte(options), &t.Options), "link token %s: read options", t.ID)
}

func linkTokenPlace(t sinew.LinkToken) seal.Place {
	return seal.Place{EnvironmentID: t.EnvironmentID, Table: "link_token", RowID: t.ID, Column: "context_secret", Version: 1}
}

// CreateLinkToken writes a link token by the hash of its secret, gives it its id,
// and drops those that expired long ago.
func (s *Store) CreateLinkToken(ctx context.Context, token *sinew.LinkToken, hash []byte) error {
	token.ID = newID()
	options, err := jsonx.Marshal(token.Options)
	if err != nil {
		return fmt.Errorf("write options: %w", err)
	}
	if err := s.vault.Warm(ctx, token.EnvironmentID); err != nil {
		return wrap(err, "create link token")
	}
	err = s.changeAside(ctx, func(t *tx) error {
		sealed, err := s.sealColumn(ctx, linkTokenPlace(*token), string(token.Context))
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO link_token (id, environment_id, hash, tenant_id, account_id, reconnects, options, context_secret, expires_at, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			token.ID, token.EnvironmentID, hash, token.TenantID, orNull(token.AccountID), token.Reconnects, string(options), sealed, token.ExpiresAt.UnixMilli(), token.CreatedAt.UnixMilli())
		if isForeignKey(err) {
			return sinew.NotFound("Integrated account", token.AccountID)
		}
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, "DELETE FROM link_token WHERE expires_at < $1", s.Now().Add(-linkTokenAge).UnixMilli())
		return err
	})
	return wrap(err, "create link token")
}

// LinkTokenByHash finds the token that a secret belongs to, with its context.
// NotFound when there is none. Expiry, and whether it is burnt, are the caller's to
// judge.
func (s *Store) LinkTokenByHash(ctx context.Context, hash []byte) (sinew.LinkToken, error) {
	return s.linkToken(ctx, linkTokenFrom+" WHERE t.hash = $1", hash)
}

// LinkToken returns a token of an environment with its context. NotFound when
// there is none.
func (s *Store) LinkToken(ctx context.Context, environmentID, id string) (sinew.LinkToken, error) {
	return s.linkToken(ctx, linkTokenFrom+" WHERE t.environment_id = $1 AND t.id = $2", environmentID, id)
}

func (s *Store) linkToken(ctx context.Context, query string, args ...any) (sinew.LinkToken, error) {
	row, err := scanLinkToken(s.reader.QueryRowContext(ctx, query, args...))
	if isNoRows(err) {
		return sinew.LinkToken{}, sinew.Errorf(sinew.KindNotFound, "Link token not found")
	}
	if err != nil {
		return sinew.LinkToken{}, fmt.Errorf("read link token: %w", err)
	}
	text, err := s.openColumn(ctx, linkTokenPlace(row.LinkToken), row.sealed)
	row.Context = sinew.JSON(text)
	return row.LinkToken, s.failClosed(ctx, row.EnvironmentID, err)
}
