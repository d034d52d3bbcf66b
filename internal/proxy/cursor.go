package proxy

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/paginate"
	"github.com/sinewhq/sinew/internal/seal"
)

// Sealer encrypts what goes around outside: the place of a page may be a link
// of the vendor's with a credential in it.
type Sealer interface {
	Seal(ctx context.Context, place seal.Place, plaintext []byte) ([]byte, error)
	Open(ctx context.Context, place seal.Place, sealed []byte) ([]byte, error)
}

// maxCursor bounds the cursors that are handed out and read, in bytes.
const maxCursor = 16 << 10

// cursorPlace binds a cursor to the account and the list.
func (c *call) cursorPlace() seal.Place {
	return seal.Place{EnvironmentID: c.account.EnvironmentID, Table: "cursor", RowID: c.account.ID, Column: c.plan.Resource + "." + c.plan.Name}
}

// sealPlace makes the caller's cursor of a place; "" of none.
func (c *call) sealPlace(ctx context.Context, p *paginate.Place) (string, error) {
	if p == nil {
		return "", nil
	}
	b := jsonx.NewBuilder(3).Set("at", p.At)
	if p.Limit > 0 {
		b.Set("limit", jsonx.IntValue(int64(p.Limit)))
	}
	if len(p.Seen) > 0 {
		seen := make([]jsonx.Value, len(p.Seen))
		for i, sum := range p.Seen {
			seen[i] = jsonx.StringValue(strconv.FormatUint(sum, 36))
		}
		b.Set("seen", jsonx.ArrayValue(seen...))
	}
	sealed, err := c.service.sealer.Seal(ctx, c.cursorPlace(), b.Value().Bytes())
	if err != nil {
		return "", fmt.Errorf("seal cursor of account %s: %w", c.account.ID, err)
	}
	cursor := base64.RawURLEncoding.EncodeToString(sealed)
	if len(cursor) > maxCursor {
		return "", sinew.Errorf(sinew.KindUpstream, "The vendor names its next page by %d bytes, too many to be handed out as a cursor", len(p.At.Bytes())).WithCode("cursor_too_large")
	}
	return cursor, nil
}

// openPlace reads the place that a call asks for: of its cursor, or the first.
func (c *call) openPlace(ctx context.Context) (paginate.Place, error) {
	limit, err := limitOf(c.Query.Get("limit"))
	if err != nil {
		return paginate.Place{}, err
	}
	text := c.Query.Get("next_cursor")
	if !text.Exists() || text.Str() == "" && text.Kind() == jsonx.String || text.IsNull() {
		return paginate.Place{Limit: limit}, nil
	}
	bad := sinew.InvalidField("next_cursor", "cursor", "is not a cursor of this list; send next_cursor unchanged, for the same account, resource and method")
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text.Str())
	if err != nil || len(text.Str()) > maxCursor || base64.RawURLEncoding.EncodeToString(sealed) != text.Str() {
		return paginate.Place{}, bad
	}
	clear, err := c.service.sealer.Open(ctx, c.cursorPlace(), sealed)
	if errors.Is(err, seal.ErrTampered) {
		return paginate.Place{}, bad
	}
	if err != nil {
		return paginate.Place{}, fmt.Errorf("open cursor of account %s: %w", c.account.ID, err)
	}
	v, err := jsonx.Parse(clear)
	if err != nil {
		return paginate.Place{}, bad
	}
	place := paginate.Place{At: v.Get("at"), Limit: limit}
	if n, ok := v.Get("limit").Int(); ok && limit == 0 {
		place.Limit = int(n)
	}
	for _, sum := range v.Get("seen").Items() {
		if n, err := strconv.ParseUint(sum.Str(), 36, 64); err == nil {
			place.Seen = append(place.Seen, n)
		}
	}
	return place, nil
}

// maxLimit bounds the page size that is taken; vendors give less.
const maxLimit = 1_000_000

func limitOf(v jsonx.Value) (int, error) {
	if !v.Exists() || v.Kind() == jsonx.String && v.Str() == "" {
		return 0, nil
	}
	n, ok := numberOf(v)
	if !ok || n != float64(int(n)) || n < 1 || n > maxLimit {
		return 0, sinew.InvalidField("limit", "range", "must be a whole number from 1 to %d", maxLimit)
	}
	return int(n), nil
}
