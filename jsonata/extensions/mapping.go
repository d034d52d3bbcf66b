package extensions

import (
	"errors"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

func mappingFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("mapValues", 4, simple(mapValuesFn)),
		define("toNumber", 1, simple(func(a args) value { return num(scriptNumber(a.at(0))) })),
		define("jsonParse", 1, simple(jsonParse)),
		define("zipSqlResponse", 3, pure(zipSQLResponse)),
	}
}

func removeEmpty(a args) (value, error) {
	v := a.at(0)
	switch {
	case isNil(v):
		return value{}, errors.New("removeEmpty: no value given")
	case v.IsString() && v.Str() != "", v.IsArray() && v.Arr().Len() > 0:
		return v, nil
	case v.IsObject() && truthy(member(v, "length")):
		return v, nil
	}
	return jsonata.Undefined(), nil
}

func removeEmptyItems(a args) value {
	arr := a.at(0).Arr()
	if arr == nil {
		return a.at(0)
	}
	out := []value{}
	for _, v := range arr.Items() {
		switch {
		case v.IsArray() && v.Arr().Len() == 0, v.IsObject() && v.Obj().Len() == 0, !truthy(v):
		default:
			out = append(out, v)
		}
	}
	return list(out)
}

func firstNonEmpty(a args) value {
	for _, v := range a {
		if !isNil(v) {
			return v
		}
	}
	return jsonata.Undefined()
}

func mapValuesFn(a args) value {
	v, table, def := a.at(0), a.at(1), a.or(3, jsonata.Null())
	if isNil(v) && !def.IsNull() {
		return def
	}
	if isNil(table) {
		return v
	}
	lookup := map[string]value{}
	names, vals := members(table)
	for i, n := range names {
		if !truthy(a.at(2)) {
			n = strings.ToLower(n)
		}
		lookup[n] = vals[i]
	}
	return mapValue(v, lookup, 0)
}

// mapValue translates texts and numbers by a table, in lists and objects too.
func mapValue(v value, lookup map[string]value, depth int) value {
	switch {
	case depth > 1000:
	case v.IsString(), v.IsNumber():
		if m, ok := lookup[strings.ToLower(scriptText(v))]; ok && !isNil(m) {
			return m
		}
	case v.IsArray():
		out := make([]value, v.Arr().Len())
		for i := range out {
			out[i] = mapValue(v.Arr().At(i), lookup, depth+1)
		}
		return list(out)
	case v.IsObject():
		o := newObject()
		for i, k := range v.Obj().Keys() {
			o.set(k, mapValue(v.Obj().Vals()[i], lookup, depth+1))
		}
		return o.value()
	}
	return v
}

func jsonParse(a args) value {
	v := a.at(0)
	if v.IsUndefined() {
		return jsonata.Null()
	}
	out, err := jsonata.Decode([]byte(scriptText(v)))
	if err != nil {
		return jsonata.Null()
	}
	return out
}

func zipSQLResponse(a args) (value, error) {
	columns, rows, key := a.at(0), a.at(1), scriptText(a.at(2))
	if isNil(columns) || isNil(rows) {
		return value{}, errors.New("zipSqlResponse: columns or rows are missing")
	}
	out := []value{}
	for _, row := range cast(rows) {
		o := newObject()
		cells := cast(row)
		for i, c := range cast(columns) {
			var cell value
			if i < len(cells) {
				cell = cells[i]
			}
			if !cell.IsUndefined() {
				o.set(scriptText(member(c, key)), cell)
			}
		}
		out = append(out, o.value())
	}
	return list(out), nil
}
