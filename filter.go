package sinew

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Operator compares a field with values.
type Operator string

// The operators of the query grammar.
const (
	OpEqual        Operator = "eq"
	OpNotEqual     Operator = "ne"
	OpGreater      Operator = "gt"
	OpGreaterEqual Operator = "gte"
	OpLess         Operator = "lt"
	OpLessEqual    Operator = "lte"
	OpIn           Operator = "in"
	OpNotIn        Operator = "nin"
	OpLike         Operator = "like"  // case-sensitive, % and _ are wildcards
	OpILike        Operator = "ilike" // like, regardless of case
	OpExists       Operator = "exists"
)

// Operators lists all operators, in the order of the documentation.
func Operators() []Operator {
	return []Operator{OpEqual, OpNotEqual, OpGreater, OpGreaterEqual, OpLess, OpLessEqual, OpIn, OpNotIn, OpLike, OpILike, OpExists}
}

// FieldKind is the type of a filterable field, which decides how its values
// are read and which operators it takes.
type FieldKind int

// The kinds of field.
const (
	FieldText FieldKind = iota
	FieldBool
	FieldInt
	FieldTime
)

// Field is something that a list can be filtered by.
type Field struct {
	Name string
	Kind FieldKind
	// Enum lists the values that exist; another one is a mistake of the
	// caller's. Empty means any.
	Enum []string
	// Sortable fields have an index that ends in the id, so that a page of
	// them costs the same everywhere.
	Sortable    bool
	Description string
	Example     string
}

// Filter is a condition on rows: a Compare, an And or an Or. nil and an empty
// And let every row through.
type Filter interface {
	// appendCanonical writes a text that two filters share only if they mean
	// the same, for binding cursors to them.
	appendCanonical(dst []byte) []byte
}

// Compare holds one field against values. Values are string, bool, int64 or
// time.Time by the field's kind; exists takes one bool; in and nin any number,
// the others one.
type Compare struct {
	Field  string
	Op     Operator
	Values []any
}

// And lets through what every part lets through.
type And []Filter

// Or lets through what any part lets through.
type Or []Filter

func (c Compare) appendCanonical(dst []byte) []byte {
	dst = append(dst, '(')
	dst = strconv.AppendQuote(dst, c.Field)
	dst = append(dst, ' ')
	dst = append(dst, c.Op...)
	for _, value := range c.Values {
		dst = append(dst, ' ')
		switch v := value.(type) {
		case time.Time:
			dst = strconv.AppendInt(dst, v.UnixMilli(), 10)
		case string:
			dst = strconv.AppendQuote(dst, v)
		default:
			dst = fmt.Append(dst, v)
		}
	}
	return append(dst, ')')
}

func (a And) appendCanonical(dst []byte) []byte { return appendGroup(dst, "and", a) }
func (o Or) appendCanonical(dst []byte) []byte  { return appendGroup(dst, "or", o) }

func appendGroup(dst []byte, name string, parts []Filter) []byte {
	dst = append(dst, '(')
	dst = append(dst, name...)
	for _, part := range parts {
		dst = part.appendCanonical(append(dst, ' '))
	}
	return append(dst, ')')
}

// Sort is the order of a list. The zero Sort is newest first.
type Sort struct {
	Field     string // "" means created_at
	Ascending bool
}

// Key returns the field that the list is ordered by.
func (s Sort) Key() string {
	if s.Field == "" {
		return SortCreatedAt
	}
	return s.Field
}

// The fields that lists can be ordered by.
const (
	SortCreatedAt = "created_at"
	SortUpdatedAt = "updated_at"
)

// Position is a place in a sorted list: the sort key and id of the last row
// that the caller has seen.
type Position struct {
	Key time.Time
	ID  string
}

// Limits of a page.
const (
	DefaultPageLimit = 100
	MaxPageLimit     = 5000
)

// ListQuery asks for one page.
type ListQuery struct {
	Filter Filter
	Sort   Sort
	Limit  int
	// After is where the previous page ended; nil asks for the first page.
	After *Position
}

// Canonical returns a text that identifies filter and order, for binding
// cursors to them. Limit and place do not count.
func (q ListQuery) Canonical() string {
	var b []byte
	if q.Filter != nil {
		b = q.Filter.appendCanonical(b)
	}
	b = append(b, " by "...)
	b = append(b, q.Sort.Key()...)
	b = strconv.AppendBool(append(b, ' '), q.Sort.Ascending)
	return string(b)
}

// Page is one page of a list.
type Page[T any] struct {
	Rows []T
	// Next is where the next page begins; nil at the end.
	Next *Position
}

// FieldNames lists the names of fields, for messages.
func FieldNames(fields []Field) string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name
	}
	return strings.Join(names, ", ")
}
