package wire

import (
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The parameters of a list that are not fields.
const (
	paramLimit  = "limit"
	paramCursor = "next_cursor"
	paramSort   = "sort_by"
)

// List is what a list query asks for.
type List struct {
	// Query is the page without its place: After is nil.
	Query sinew.ListQuery
	// Cursor is the next_cursor as the caller sent it; "" asks for the first
	// page. Cursors.Decode makes Query.After of it.
	Cursor string
}

// ListOptions changes the limits of a list. The zero value means
// sinew.DefaultPageLimit and sinew.MaxPageLimit.
type ListOptions struct {
	DefaultLimit int
	MaxLimit     int
}

func (o ListOptions) withDefaults() ListOptions {
	if o.DefaultLimit == 0 {
		o.DefaultLimit = sinew.DefaultPageLimit
	}
	if o.MaxLimit == 0 {
		o.MaxLimit = sinew.MaxPageLimit
	}
	return o
}

// CompileList reads the query of a list: limit, next_cursor, sort_by and a
// filter over the fields in the grammar of CompileFilter. Parameters that are
// none of these are ignored, since clients send extras.
//
// An absent or empty limit is the default one, a larger one than the maximum
// is lowered to it. Without sort_by, a range on updated_at orders the list by
// updated_at, newest first; everything else by created_at.
//
// The failures name the parameter as the caller wrote it ("created_at[gte]").
// When there is one, the List must not be used.
func CompileList(fields []sinew.Field, query jsonx.Value, opts ListOptions) (List, []sinew.Failure) {
	opts = opts.withDefaults()
	c := &compiler{fields: fields, style: bracketPaths, lenient: true}
	list := List{Query: sinew.ListQuery{Limit: c.limit(query.Get(paramLimit), opts)}}
	list.Cursor = c.cursor(query.Get(paramCursor))
	list.Query.Filter = c.object(query, noPath, 0)
	list.Query.Sort = c.sort(query.Get(paramSort), list.Query.Filter)
	return list, c.failures
}

func (c *compiler) limit(v jsonx.Value, opts ListOptions) int {
	text, isText := v.Text()
	if literal, isNumber := v.NumberText(); isNumber {
		text, isText = literal, true
	}
	switch {
	case !v.Exists() || v.IsNull() || isText && text == "":
		return opts.DefaultLimit
	case !isText:
		c.fail(paramLimit, CodeType, "must be a single integer")
		return opts.DefaultLimit
	}
	limit, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		c.fail(paramLimit, CodeType, "must be an integer from 1 to %d", opts.MaxLimit)
		return opts.DefaultLimit
	}
	if limit < 1 {
		c.fail(paramLimit, CodeRange, "must be at least 1")
		return opts.DefaultLimit
	}
	return int(min(limit, int64(opts.MaxLimit)))
}

func (c *compiler) cursor(v jsonx.Value) string {
	if text, ok := v.Text(); ok || !v.Exists() || v.IsNull() {
		return text
	}
	c.fail(paramCursor, CodeType, "must be a single text")
	return ""
}

func (c *compiler) sort(v jsonx.Value, filter sinew.Filter) sinew.Sort {
	if !v.Exists() || v.IsNull() {
		return c.naturalSort(filter)
	}
	if v.Kind() != jsonx.Object || v.Len() != 1 {
		c.fail(paramSort, CodeType, "must name one field, as in sort_by[created_at]=asc")
		return sinew.Sort{}
	}
	name := v.Names()[0]
	path := c.member(paramSort, name)
	field := c.field(name)
	if field == nil || !field.Sortable {
		c.fail(path, CodeUnknownField, "cannot be sorted by; one of %s can", sinew.FieldNames(sortable(c.fields)))
		return sinew.Sort{}
	}
	switch v.Get(name).Str() {
	case "asc":
		return sinew.Sort{Field: name, Ascending: true}
	case "desc":
		return sinew.Sort{Field: name}
	}
	c.fail(path, CodeValue, "must be asc or desc")
	return sinew.Sort{}
}

// naturalSort orders by updated_at where every row has to lie in a range of
// it: an index on created_at would have to read past all the others.
func (c *compiler) naturalSort(filter sinew.Filter) sinew.Sort {
	if field := c.field(sinew.SortUpdatedAt); field != nil && field.Sortable && hasRange(filter, sinew.SortUpdatedAt) {
		return sinew.Sort{Field: sinew.SortUpdatedAt}
	}
	return sinew.Sort{}
}

func hasRange(filter sinew.Filter, name string) bool {
	switch f := filter.(type) {
	case sinew.Compare:
		return f.Field == name && isRange(f.Op)
	case sinew.And:
		for _, part := range f {
			if hasRange(part, name) {
				return true
			}
		}
	}
	return false
}

func isRange(op sinew.Operator) bool {
	switch op {
	case sinew.OpGreater, sinew.OpGreaterEqual, sinew.OpLess, sinew.OpLessEqual:
		return true
	}
	return false
}

func sortable(fields []sinew.Field) []sinew.Field {
	var some []sinew.Field
	for _, field := range fields {
		if field.Sortable {
			some = append(some, field)
		}
	}
	return some
}
