package extensions

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/internal/lib"
)

func sqlFunctions() []jsonata.Function {
	return []jsonata.Function{define("convertQueryToSql", 6, pure(convertQueryToSQL))}
}

// sqlWriter turns a filter into the text of a WHERE clause. Texts are only
// escaped when an option asks for it, as callers of the original expect; the
// option safe refuses values that would break out of their quotes.
type sqlWriter struct {
	mapping, types, operators value
	o                         options
}

func sqlOperator(name string) string {
	switch name {
	case "eq":
		return "="
	case "ne":
		return "<>"
	case "gt":
		return ">"
	case "gte":
		return ">="
	case "lt":
		return "<"
	case "lte":
		return "<="
	case "in":
		return "in"
	case "nin":
		return "not in"
	case "like":
		return "like"
	}
	return ""
}

func convertQueryToSQL(a args) (value, error) {
	w := &sqlWriter{mapping: a.at(2), types: a.at(3), operators: a.at(4), o: options{a.at(5)}}
	var keys []string
	if !isNil(a.at(1)) {
		for _, k := range cast(a.at(1)) {
			keys = append(keys, scriptText(k))
		}
	}
	text, err := w.query(a.at(0), keys, 0)
	if err != nil {
		return value{}, err
	}
	return str(text), nil
}

func (w *sqlWriter) query(q value, keys []string, depth int) (string, error) {
	if isNil(q) || depth > 100 {
		return "", errors.New("convertQueryToSql: no query given")
	}
	if len(keys) == 0 {
		keys = lib.MemberNames(q)
	}
	var clauses []string
	for _, key := range keys {
		if key == "or" {
			inner, err := w.query(member(q, "or"), nil, depth+1)
			if err != nil {
				return "", err
			}
			clauses = append(clauses, "("+inner+")")
			continue
		}
		more, err := w.field(key, member(q, key))
		if err != nil {
			return "", err
		}
		clauses = append(clauses, more...)
	}
	glue := " " + w.o.text("conjunction", "AND") + " "
	if w.o.flag("groupComparisonInBrackets") && len(clauses) > 0 {
		out := clauses[0]
		for _, c := range clauses[1:] {
			out = "(" + out + glue + c + ")"
		}
		return out, nil
	}
	return strings.Join(clauses, glue), nil
}

func (w *sqlWriter) field(key string, v value) ([]string, error) {
	ops := []string{"eq"}
	vals := []value{v}
	switch {
	case v.IsArray():
		ops = []string{"in"}
	case v.IsObject():
		ops, vals = members(v)
	case v.IsNull():
		return nil, errors.New("convertQueryToSql: null as a condition on " + key)
	}
	column := key
	if m := member(w.mapping, key); truthy(m) {
		column = scriptText(m)
	}
	var out []string
	for i, op := range ops {
		clause, err := w.condition(key, column, op, vals[i])
		if err != nil {
			return nil, err
		}
		if clause != "" {
			out = append(out, clause)
		}
	}
	return out, nil
}

func (w *sqlWriter) condition(key, column, op string, v value) (string, error) {
	sql := sqlOperator(op)
	if c := member(w.operators, op); truthy(c) {
		sql = scriptText(c)
	}
	if op == "in" || op == "nin" {
		return w.list(key, column, sql, v)
	}
	if sql == "" {
		return "", fmt.Errorf("convertQueryToSql: unknown operator %q", op)
	}
	text, ok, err := w.literal(key, v)
	if err != nil || !ok {
		return "", err
	}
	return w.compare(column, sql, text), nil
}

func (w *sqlWriter) compare(column, sql, text string) string {
	space := " "
	if w.o.flag("noSpaceBetweenOperator") {
		space = ""
	}
	return column + space + sql + space + text
}

func (w *sqlWriter) list(key, column, sql string, v value) (string, error) {
	a := v.Arr()
	if a == nil {
		return "", errors.New("convertQueryToSql: in and nin need a list")
	}
	var parts []string
	for _, item := range a.Items() {
		text, ok, err := w.literal(key, item)
		if err != nil {
			return "", err
		}
		if w.o.flag("useOrForIn") {
			if ok {
				eq := "="
				if c := member(w.operators, "eq"); truthy(c) {
					eq = scriptText(c)
				}
				parts = append(parts, w.compare(column, eq, text))
			}
			continue
		}
		parts = append(parts, text)
	}
	if w.o.flag("useOrForIn") {
		return "(" + strings.Join(parts, " OR ") + ")", nil
	}
	return w.compare(column, sql, "("+strings.Join(parts, ",")+")"), nil
}

// literal writes a value as its data type asks; ok is false for no value.
func (w *sqlWriter) literal(key string, v value) (text string, ok bool, err error) {
	if isNil(v) {
		return "", false, nil
	}
	kind := member(w.types, key)
	text = scriptText(v)
	switch {
	case kind.IsObject():
		m := mapValuesFn(args{v, kind})
		if m.IsString() {
			return w.quote(m.Str(), w.o.flag("noQuotes"), false), true, w.check(m.Str())
		}
		return scriptText(m), true, nil
	case !kind.IsString():
	case kind.Str() == "string":
		return w.quote(text, w.o.flag("noQuotes"), w.o.flag("escapeSingleQuotes")), true, w.check(text)
	case kind.Str() == "dotnetdate":
		return "DateTime(" + formatISO(text, "yyyy,MM,dd") + ")", true, nil
	case strings.HasPrefix(kind.Str(), "date"):
		_, format, _ := strings.Cut(kind.Str(), "|")
		format, _, _ = strings.Cut(format, "|")
		return w.quote(formatISO(text, format), w.o.flag("noQuotes") || w.o.flag("noQuotesForDate"), false), true, nil
	}
	if w.o.flag("safe") && !v.IsNumber() && !v.IsBool() {
		return "", false, fmt.Errorf("convertQueryToSql: %s has no data type, so its text would not be quoted", key)
	}
	return text, true, nil
}

func (w *sqlWriter) quote(text string, bare, escape bool) string {
	switch {
	case bare:
		return text
	case w.o.flag("useDoubleQuotes"):
		return `"` + text + `"`
	case escape:
		return "'" + strings.ReplaceAll(text, "'", `\'`) + "'"
	}
	return "'" + text + "'"
}

// check refuses quotes and backslashes in a text when the option safe is set.
func (w *sqlWriter) check(text string) error {
	if w.o.flag("safe") && strings.ContainsAny(text, "'\"\\") {
		return errors.New("convertQueryToSql: a text holds a quote or a backslash")
	}
	return nil
}
