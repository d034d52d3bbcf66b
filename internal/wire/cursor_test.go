package wire_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/wire"
	"pgregory.net/rapid"
)

const scope = "integrated-account 8a2b104d-74a6-47f2-b93e-c6b611e82391"

func newCursors(t testing.TB, seed byte) *wire.Cursors {
	t.Helper()
	c, err := wire.NewCursors(bytes.Repeat([]byte{seed}, wire.MinCursorKey))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func samplePosition() sinew.Position {
	return sinew.Position{Key: time.UnixMilli(1628589600123).UTC(), ID: "1ba1f401-7183-47c5-9e39-e8e257e3c795"}
}

func sampleQuery() sinew.ListQuery {
	return sinew.ListQuery{Limit: 50, Filter: sinew.Compare{Field: "status", Op: sinew.OpEqual, Values: []any{"active"}}}
}

func TestCursorNeedsAKey(t *testing.T) {
	t.Parallel()
	if _, err := wire.NewCursors(make([]byte, wire.MinCursorKey-1)); err == nil {
		t.Error("a short key was taken")
	}
}

func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	c := newCursors(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		want := sinew.Position{
			Key: time.UnixMilli(rapid.Int64Range(-1e15, 1e15).Draw(t, "key")).UTC(),
			ID:  rapid.StringMatching(`[ -~é]{1,256}`).Draw(t, "id"),
		}
		q := sampleQuery()
		text := c.Encode(scope, q, want)
		q.Limit = 7
		got, err := c.Decode(scope, q, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestCursorRefusesEveryFlippedBit(t *testing.T) {
	t.Parallel()
	c := newCursors(t, 1)
	text := c.Encode(scope, sampleQuery(), samplePosition())
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		bad := bytes.Clone(raw)
		bad[i/8] ^= 1 << (i % 8)
		wantBadCursor(t, c, scope, sampleQuery(), base64.RawURLEncoding.EncodeToString(bad))
	}
}

func TestCursorRefusesEveryChangedCharacter(t *testing.T) {
	t.Parallel()
	c := newCursors(t, 1)
	// Ids of three lengths, so that the last character has 0, 2 and 4 spare
	// bits.
	for _, id := range []string{"a", "ab", "abc"} {
		text := c.Encode(scope, sampleQuery(), sinew.Position{Key: time.UnixMilli(5), ID: id})
		for i := range len(text) {
			for b := range 256 {
				if byte(b) == text[i] {
					continue
				}
				wantBadCursor(t, c, scope, sampleQuery(), text[:i]+string([]byte{byte(b)})+text[i+1:])
			}
			wantBadCursor(t, c, scope, sampleQuery(), text[:i]+text[i+1:])
			for _, extra := range []string{"\n", "\r", " ", "=", "A"} {
				wantBadCursor(t, c, scope, sampleQuery(), text[:i]+extra+text[i:])
			}
		}
		for _, tail := range []string{"=", "==", "\n", "\r\n", " ", "A", "AAAA"} {
			wantBadCursor(t, c, scope, sampleQuery(), text+tail)
		}
	}
}

func TestCursorIsBound(t *testing.T) {
	t.Parallel()
	c := newCursors(t, 1)
	text := c.Encode(scope, sampleQuery(), samplePosition())
	other := func(change func(*sinew.ListQuery)) sinew.ListQuery {
		q := sampleQuery()
		change(&q)
		return q
	}
	for _, q := range []sinew.ListQuery{
		other(func(q *sinew.ListQuery) { q.Filter = nil }),
		other(func(q *sinew.ListQuery) {
			q.Filter = sinew.Compare{Field: "status", Op: sinew.OpNotEqual, Values: []any{"active"}}
		}),
		other(func(q *sinew.ListQuery) {
			q.Filter = sinew.Compare{Field: "status", Op: sinew.OpEqual, Values: []any{"connecting"}}
		}),
		other(func(q *sinew.ListQuery) {
			q.Filter = sinew.Compare{Field: "region", Op: sinew.OpEqual, Values: []any{"active"}}
		}),
		other(func(q *sinew.ListQuery) { q.Sort = sinew.Sort{Ascending: true} }),
		other(func(q *sinew.ListQuery) { q.Sort = sinew.Sort{Field: sinew.SortUpdatedAt} }),
	} {
		wantBadCursor(t, c, scope, q, text)
	}
	wantBadCursor(t, c, strings.Replace(scope, "8a2b", "8a2c", 1), sampleQuery(), text)
	wantBadCursor(t, c, "tenant"+scope[len("integrated-account"):], sampleQuery(), text)
	wantBadCursor(t, c, "", sampleQuery(), text)
	wantBadCursor(t, newCursors(t, 2), scope, sampleQuery(), text)
}

func TestCursorRefusesRubbish(t *testing.T) {
	t.Parallel()
	c := newCursors(t, 1)
	for _, text := range []string{
		"", " ", "A", "AA", "AAA", "AAAA", "null", "0", "MjAyNC0wMS0wMVQwMDowMDowMC4wMDBa", "{}", "eyJpZCI6MX0",
		"é", "\x00", "%00", "../../etc/passwd", strings.Repeat("A", 100), strings.Repeat("A", 1<<20), strings.Repeat("=", 40),
	} {
		wantBadCursor(t, c, scope, sampleQuery(), text)
	}
}

func wantBadCursor(t *testing.T, c *wire.Cursors, scope string, q sinew.ListQuery, text string) {
	t.Helper()
	got, err := c.Decode(scope, q, text)
	if err == nil {
		t.Fatalf("%q was taken as %v", text, got)
	}
	wantFailure(t, err, "next_cursor", wire.CodeCursor)
}

func FuzzCursor(f *testing.F) {
	c := newCursors(f, 1)
	good := c.Encode(scope, sampleQuery(), samplePosition())
	f.Add(good)
	f.Add(good[1:])
	f.Add("")
	f.Add("AQAAAAAAAAAF")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := c.Decode(scope, sampleQuery(), text); err == nil && text != good {
			t.Fatalf("%q was taken as %v", text, got)
		}
	})
}
