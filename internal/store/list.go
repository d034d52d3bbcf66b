package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

// column is how a filterable field is spelled in SQL.
type column struct {
	name     string
	nullable bool
}

// columns maps the names of filterable fields to their columns.
type columns map[string]column

// listing describes a list: which rows, in which columns, how they are read.
type listing[T any] struct {
	selects string // SELECT … FROM …, without WHERE
	alias   string // prefix of created_at, updated_at and id, with its dot
	id      string // "id" unless the key is called otherwise
	columns columns
	scan    func(scanner) (T, error)
	// position returns where a row stands in the list.
	position func(T, sinew.Sort) sinew.Position
}

// page reads one page of rows that satisfy the scope, an SQL condition whose
// parameters come first.
func (l listing[T]) page(ctx context.Context, r *reader, q sinew.ListQuery, scope string, args ...any) (sinew.Page[T], error) {
	text, args, err := l.statement(q, "", scope, args...)
	if err != nil {
		return sinew.Page[T]{}, err
	}
	rows, err := r.QueryContext(ctx, text, args...)
	if err != nil {
		return sinew.Page[T]{}, err
	}
	all, err := collect(rows, l.scan, q.Limit+1)
	if err != nil {
		return sinew.Page[T]{}, err
	}
	return l.cut(all, q), nil
}

// cut turns limit+1 rows into a page and the place where the next one begins.
func (l listing[T]) cut(rows []T, q sinew.ListQuery) sinew.Page[T] {
	if len(rows) <= q.Limit {
		return sinew.Page[T]{Rows: rows}
	}
	rows = rows[:q.Limit]
	next := l.position(rows[q.Limit-1], q.Sort)
	return sinew.Page[T]{Rows: rows, Next: &next}
}

// statement builds the SELECT of one page, one row longer than asked for.
func (l listing[T]) statement(q sinew.ListQuery, hint, scope string, args ...any) (string, []any, error) {
	w := &where{columns: l.columns, args: args}
	var b strings.Builder
	b.WriteString(l.selects)
	b.WriteString(hint)
	b.WriteString(" WHERE ")
	b.WriteString(scope)
	if filter := withoutPassed(q); filter != nil {
		condition, err := w.condition(filter)
		if err != nil {
			return "", nil, err
		}
		b.WriteString(" AND ")
		b.WriteString(condition)
	}
	key, id := l.alias+q.Sort.Key(), l.alias+l.id
	if l.id == "" {
		id = l.alias + "id"
	}
	order, than := "DESC", "<"
	if q.Sort.Ascending {
		order, than = "ASC", ">"
	}
	if q.After != nil {
		fmt.Fprintf(&b, " AND (%s, %s) %s (%s, %s)", key, id, than, w.param(q.After.Key.UnixMilli()), w.param(q.After.ID))
	}
	// The limit stands in the text: with a parameter, PostgreSQL would plan
	// every call anew, not knowing that it asks for few rows, and SQLite would
	// parse it anew.
	fmt.Fprintf(&b, " ORDER BY %s %s, %s %s LIMIT %d", key, order, id, order, q.Limit+1)
	return b.String(), w.args, nil
}

// withoutPassed returns the filter without the bounds that the place of the page
// has left behind: a database that is given both may begin at the bound and walk
// to the place row by row.
func withoutPassed(q sinew.ListQuery) sinew.Filter {
	parts, ok := q.Filter.(sinew.And)
	if !ok || q.After == nil {
		return q.Filter
	}
	kept := make(sinew.And, 0, len(parts))
	for _, part := range parts {
		if c, ok := part.(sinew.Compare); !ok || !passed(c, q) {
			kept = append(kept, part)
		}
	}
	return kept
}

// passed reports whether every row behind the place satisfies a bound.
func passed(c sinew.Compare, q sinew.ListQuery) bool {
	if c.Field != q.Sort.Key() || len(c.Values) != 1 {
		return false
	}
	bound, ok := c.Values[0].(time.Time)
	if !ok {
		return false
	}
	at := q.After.Key
	switch c.Op {
	case sinew.OpLess:
		return !q.Sort.Ascending && at.Before(bound)
	case sinew.OpLessEqual:
		return !q.Sort.Ascending && !at.After(bound)
	case sinew.OpGreater:
		return q.Sort.Ascending && at.After(bound)
	case sinew.OpGreaterEqual:
		return q.Sort.Ascending && !at.Before(bound)
	}
	return false
}

// where collects the parameters of a condition.
type where struct {
	columns columns
	args    []any
}

func (w *where) param(value any) string {
	w.args = append(w.args, value)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) condition(f sinew.Filter) (string, error) {
	switch f := f.(type) {
	case sinew.And:
		return w.group(f, " AND ", "1 = 1")
	case sinew.Or:
		return w.group(f, " OR ", "1 = 0")
	case sinew.Compare:
		return w.compare(f)
	}
	return "", fmt.Errorf("build filter: unknown node %T", f)
}

func (w *where) group(parts []sinew.Filter, glue, empty string) (string, error) {
	if len(parts) == 0 {
		return empty, nil
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		text, err := w.condition(part)
		if err != nil {
			return "", err
		}
		texts[i] = text
	}
	if len(texts) == 1 {
		return texts[0], nil
	}
	return "(" + strings.Join(texts, glue) + ")", nil
}

func (w *where) compare(c sinew.Compare) (string, error) {
	col, ok := w.columns[c.Field]
	if !ok {
		return "", fmt.Errorf("build filter: field %q has no column", c.Field)
	}
	switch c.Op {
	case sinew.OpIn, sinew.OpNotIn:
		return w.in(col, c), nil
	case sinew.OpExists:
		return exists(col, c.Values), nil
	}
	if len(c.Values) != 1 {
		return "", fmt.Errorf("build filter: %s %s takes one value", c.Field, c.Op)
	}
	p := w.param(columnValue(c.Values[0]))
	switch c.Op {
	case sinew.OpEqual:
		return col.name + " = " + p, nil
	case sinew.OpNotEqual:
		if col.nullable {
			return col.name + " IS DISTINCT FROM " + p, nil
		}
		return col.name + " <> " + p, nil
	case sinew.OpGreater:
		return col.name + " > " + p, nil
	case sinew.OpGreaterEqual:
		return col.name + " >= " + p, nil
	case sinew.OpLess:
		return col.name + " < " + p, nil
	case sinew.OpLessEqual:
		return col.name + " <= " + p, nil
	case sinew.OpLike:
		return col.name + ` LIKE ` + p + ` ESCAPE '\'`, nil
	case sinew.OpILike:
		// lower folds ASCII on both engines: SQLite knows no more, and
		// PostgreSQL does no more under the C collation.
		return "lower(" + col.name + ") LIKE lower(" + p + `) ESCAPE '\'`, nil
	}
	return "", fmt.Errorf("build filter: unknown operator %q", c.Op)
}

func (w *where) in(col column, c sinew.Compare) string {
	if len(c.Values) == 0 {
		if c.Op == sinew.OpIn {
			return "1 = 0"
		}
		return "1 = 1"
	}
	params := make([]string, len(c.Values))
	for i, value := range c.Values {
		params[i] = w.param(columnValue(value))
	}
	list := " (" + strings.Join(params, ", ") + ")"
	switch {
	case c.Op == sinew.OpIn:
		return col.name + " IN" + list
	case col.nullable:
		return "(" + col.name + " IS NULL OR " + col.name + " NOT IN" + list + ")"
	}
	return col.name + " NOT IN" + list
}

func exists(col column, values []any) string {
	want := len(values) == 0 || values[0] == true
	switch {
	case col.nullable && want:
		return col.name + " IS NOT NULL"
	case col.nullable:
		return col.name + " IS NULL"
	case want:
		return "1 = 1"
	}
	return "1 = 0"
}

func columnValue(value any) any {
	if t, ok := value.(time.Time); ok {
		return t.UnixMilli()
	}
	return value
}

// stamped returns the position of a row by its two times and its id.
func stamped(createdAt, updatedAt time.Time, id string, sort sinew.Sort) sinew.Position {
	key := createdAt
	if sort.Key() == sinew.SortUpdatedAt {
		key = updatedAt
	}
	return sinew.Position{Key: key, ID: id}
}

// plainColumns maps field names to columns of the same name.
func plainColumns(names ...string) columns {
	c := make(columns, len(names))
	for _, name := range names {
		c[name] = column{name: name}
	}
	return c
}

// basicColumns are the columns behind sinew.BasicFields.
func basicColumns() columns { return plainColumns("id", "name", "created_at", "updated_at") }
