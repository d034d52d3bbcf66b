package extensions

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
	model "github.com/sinewhq/sinew/jsonata/internal/value"
)

func dataFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("jsonToCsv", 2, pure(jsonToCSV)),
		define("jsonToParquet", 2, pure(jsonToParquet)),
		define("xmlToJs", 2, pure(xmlToJS)),
		define("jsToXml", 2, simple(jsToXML)),
	}
}

// csvField is a column: its heading and the path of its values.
type csvField struct {
	label string
	path  value
	def   value
}

// csvWriter follows json2csv: texts are quoted, numbers are not, nested values
// are written as JSON.
type csvWriter struct {
	o     options
	delim string
	eol   string
}

func jsonToCSV(a args) (value, error) {
	rows := compact(args{a.at(0)}).Arr().Items()
	if a.at(0).IsUndefined() || len(rows) == 0 {
		return str(""), nil
	}
	for _, row := range rows {
		if !row.IsObject() && !row.IsHost() {
			return value{}, errors.New("jsonToCsv: a row is no object")
		}
	}
	o := options{a.at(1)}
	w := &csvWriter{o: o, delim: o.text("delimiter", ","), eol: o.text("eol", "\n")}
	fields := w.fields(rows)
	if len(fields) == 0 {
		return str(""), nil
	}
	var lines []string
	if !o.has("header") || o.flag("header") {
		heads := make([]string, len(fields))
		for i, f := range fields {
			heads[i] = w.quoted(f.label)
		}
		lines = append(lines, strings.Join(heads, w.delim))
	}
	for _, row := range rows {
		cells := make([]string, len(fields))
		empty := true
		for i, f := range fields {
			v := getPath(row, f.path)
			if v.IsUndefined() || v.IsNull() && !f.def.IsUndefined() {
				v = f.def
			}
			empty = empty && isNil(v)
			cells[i] = w.cell(v)
		}
		if o.flag("includeEmptyRows") || !empty || len(fields) == 0 {
			lines = append(lines, strings.Join(cells, w.delim))
		}
	}
	out := strings.Join(lines, w.eol)
	if o.flag("withBOM") {
		out = "\uFEFF" + out
	}
	return str(out), nil
}

func (w *csvWriter) fields(rows []value) []csvField {
	var out []csvField
	def := w.o.get("defaultValue")
	if f := w.o.get("fields"); f.IsArray() {
		for _, item := range f.Arr().Items() {
			field := csvField{label: scriptText(item), path: item, def: def}
			if item.IsObject() {
				field.path = member(item, "value")
				field.label = scriptTextOr(member(item, "label"), scriptText(field.path))
				if d := member(item, "default"); !d.IsUndefined() {
					field.def = d
				}
			}
			out = append(out, field)
		}
		return out
	}
	for _, row := range rows {
		names, _ := members(row)
		for _, n := range names {
			if !slices.ContainsFunc(out, func(f csvField) bool { return f.label == n }) {
				out = append(out, csvField{label: n, path: str(n), def: def})
			}
		}
	}
	return out
}

func (w *csvWriter) quoted(s string) string {
	if w.o.flag("excelStrings") {
		return `"=""` + strings.ReplaceAll(s, `"`, `""""`) + `"""`
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func (w *csvWriter) cell(v value) string {
	switch v.Kind() {
	case jsonata.KindString:
		return w.quoted(v.Str())
	case jsonata.KindNumber:
		if math.IsNaN(v.Float()) {
			return "NaN"
		}
		return model.FormatNumber(v.Float())
	case jsonata.KindBool:
		return scriptText(v)
	case jsonata.KindArray, jsonata.KindObject, jsonata.KindHost:
		text, err := jsonata.Encode(v)
		if err != nil {
			return ""
		}
		if v.IsHost() && len(text) > 1 && text[0] == '"' {
			return w.quoted(strings.Trim(string(text), `"`))
		}
		return w.quoted(string(text))
	}
	return ""
}
