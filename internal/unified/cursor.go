package unified

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

// maxCursor bounds the cursors that are handed out and read, in bytes.
const maxCursor = 16 << 10

// cursorPlace binds a cursor of a mapping to the account and the list.
func (c *call) cursorPlace() seal.Place {
	return seal.Place{EnvironmentID: c.opened.Record.EnvironmentID, Table: "cursor", RowID: c.AccountID, Column: c.Model + "/" + c.Resource + "." + c.Method}
}

// sealTurn makes the caller's cursor of what a mapping says is next.
func (c *call) sealTurn(ctx context.Context, next jsonx.Value) (string, error) {
	sealed, err := c.service.sealer.Seal(ctx, c.cursorPlace(), next.Bytes())
	if err != nil {
		return "", fmt.Errorf("seal cursor of account %s: %w", c.AccountID, err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// openTurn reads a cursor that a mapping made; Missing for one of the vendor's
// paging, which the proxy reads.
func (c *call) openTurn(ctx context.Context, cursor string) (jsonx.Value, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if cursor == "" || err != nil || len(cursor) > maxCursor {
		return jsonx.Value{}, nil
	}
	clear, err := c.service.sealer.Open(ctx, c.cursorPlace(), sealed)
	if errors.Is(err, seal.ErrTampered) {
		return jsonx.Value{}, nil
	}
	if err != nil {
		return jsonx.Value{}, fmt.Errorf("open cursor of account %s: %w", c.AccountID, err)
	}
	return jsonx.Parse(clear)
}
