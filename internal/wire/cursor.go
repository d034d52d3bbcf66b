package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The sizes of a cursor: version, milliseconds, id, seal.
const (
	MinCursorKey    = 32
	cursorVersion   = 1
	cursorHead      = 1 + 8
	cursorSeal      = 16
	maxCursorLength = 1024
)

// CodeCursor is the code of the failure that a bad cursor gets.
const CodeCursor = "cursor"

// Cursors makes and reads the next_cursor of lists. A cursor says where a page
// ended and carries a seal over that, the list, the environment, the filter
// and the order; the limit is free to change from page to page. Cursors do not
// expire. Safe for concurrent use.
type Cursors struct {
	key []byte
}

// NewCursors returns Cursors that seal with the key, which must have at least
// MinCursorKey bytes and be the same on all nodes.
func NewCursors(key []byte) (*Cursors, error) {
	if len(key) < MinCursorKey {
		return nil, fmt.Errorf("cursor key: %d bytes, want at least %d", len(key), MinCursorKey)
	}
	return &Cursors{key: append([]byte(nil), key...)}, nil
}

// Encode returns the cursor of a place. The scope names what the list reads:
// the list and the environment. The key of the position is kept in
// milliseconds.
func (c *Cursors) Encode(scope string, q sinew.ListQuery, p sinew.Position) string {
	raw := make([]byte, cursorHead, cursorHead+len(p.ID)+cursorSeal)
	raw[0] = cursorVersion
	binary.BigEndian.PutUint64(raw[1:], uint64(p.Key.UnixMilli()))
	raw = append(raw, p.ID...)
	return base64.RawURLEncoding.EncodeToString(append(raw, c.seal(scope, q, raw)...))
}

// Decode returns the place of a cursor that Encode made for the same scope,
// filter and order. Anything else is a *sinew.Error of KindInvalid with a
// failure at next_cursor, in the same words whatever is wrong.
func (c *Cursors) Decode(scope string, q sinew.ListQuery, text string) (sinew.Position, error) {
	bad := sinew.InvalidField(paramCursor, CodeCursor,
		"is not a cursor of this list; send next_cursor unchanged, with the filter and order that it came with")
	if len(text) > maxCursorLength {
		return sinew.Position{}, bad
	}
	// The decoder skips line breaks even when strict, hence the comparison.
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= cursorHead+cursorSeal || base64.RawURLEncoding.EncodeToString(raw) != text {
		return sinew.Position{}, bad
	}
	body, seal := raw[:len(raw)-cursorSeal], raw[len(raw)-cursorSeal:]
	if !hmac.Equal(seal, c.seal(scope, q, body)) {
		return sinew.Position{}, bad
	}
	p := sinew.Position{
		Key: time.UnixMilli(int64(binary.BigEndian.Uint64(body[1:cursorHead]))).UTC(),
		ID:  string(body[cursorHead:]),
	}
	if body[0] != cursorVersion || !jsonx.ValidText(p.ID) {
		return sinew.Position{}, bad
	}
	return p, nil
}

// seal authenticates the parts with their lengths, so that none can lend
// bytes to its neighbour.
func (c *Cursors) seal(scope string, q sinew.ListQuery, body []byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	var size [8]byte
	for _, part := range [][]byte{[]byte("sinew list cursor"), []byte(scope), []byte(q.Canonical()), body} {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		mac.Write(size[:])
		mac.Write(part)
	}
	return mac.Sum(nil)[:cursorSeal]
}
