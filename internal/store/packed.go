package store

import (
	"errors"
	"strconv"
	"strings"
)

// packedColumn is a column of a packed row.
type packedColumn struct {
	expression string
	number     bool // an integer or a boolean, instead of text
}

// packed returns the SQL expression that joins columns into one text. Drivers
// charge for every value they hand over, several times what the database needs
// to join them, so rows that are read by the page are read as one value each.
//
// A text is written as its length in bytes, a colon, and itself, so that any
// text may hold anything; NULL is the empty text. A number ends in a semicolon.
func packed(columns []packedColumn) string {
	parts := make([]string, len(columns))
	for i, column := range columns {
		if column.number {
			parts[i] = column.expression + ", ';'"
		} else {
			parts[i] = "octet_length(" + column.expression + "), ':', " + column.expression
		}
	}
	return "concat(" + strings.Join(parts, ", ") + ")"
}

var errPackedRow = errors.New("read packed row: lengths and texts disagree")

// unpacker takes a packed row apart, column by column. The texts are parts of
// the row and cost nothing.
type unpacker struct {
	rest string
	err  error
}

func (u *unpacker) until(end byte) string {
	before, after, ok := strings.Cut(u.rest, string(end))
	if !ok {
		u.fail()
		return ""
	}
	u.rest = after
	return before
}

func (u *unpacker) text() string {
	length := u.until(':')
	if length == "" {
		return ""
	}
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 || n > len(u.rest) {
		u.fail()
		return ""
	}
	text := u.rest[:n]
	u.rest = u.rest[n:]
	return text
}

func (u *unpacker) number() int64 {
	text := u.until(';')
	if u.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		u.fail()
	}
	return n
}

// truth reads a boolean, which PostgreSQL writes as t or f and SQLite as a
// number.
func (u *unpacker) truth() bool {
	text := u.until(';')
	return text == "t" || text == "1"
}

// done returns an error when the row was not what the columns said.
func (u *unpacker) done() error {
	if u.err == nil && u.rest != "" {
		u.fail()
	}
	return u.err
}

func (u *unpacker) fail() { u.rest, u.err = "", errPackedRow }
