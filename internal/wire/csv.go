package wire

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// decodeCSV reads RFC 4180. A cell beyond the header is named column_N, and so
// is a column without a name; a name that occurs again is numbered. Rows may
// be shorter than the header.
func decodeCSV(contentType string, text []byte) (jsonx.Value, error) {
	mediaType, parameters, _ := mime.ParseMediaType(contentType)
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	r.Comma = delimiter(mediaType, parameters["delimiter"], text)
	d := csvDecoder{reader: r, bare: strings.EqualFold(parameters["header"], "absent")}
	rows := []jsonx.Value{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return jsonx.ArrayValue(rows...), nil
		}
		if err != nil {
			return jsonx.Value{}, d.fail(err)
		}
		if d.cells += len(record); d.cells > MaxCells {
			return jsonx.Value{}, d.fail(fmt.Errorf("more than %d cells", MaxCells))
		}
		switch {
		case d.bare:
			rows = append(rows, jsonx.StringsValue(record))
		case d.names == nil:
			d.header(record)
		default:
			rows = append(rows, d.row(record))
		}
	}
}

type csvDecoder struct {
	reader *csv.Reader
	bare   bool // there is no header
	names  []string
	cells  int
}

func (d *csvDecoder) header(record []string) {
	seen, last := map[string]bool{}, map[string]int{}
	d.names = make([]string, len(record))
	for i, name := range record {
		name = strings.ToValidUTF8(name, "\uFFFD")
		if strings.TrimSpace(name) == "" {
			name = columnName(i)
		}
		unique := name
		for seen[unique] {
			last[name]++
			unique = name + "_" + strconv.Itoa(last[name]+1)
		}
		seen[unique], d.names[i] = true, unique
	}
}

func columnName(i int) string { return "column_" + strconv.Itoa(i+1) }

func (d *csvDecoder) row(record []string) jsonx.Value {
	list := make([]jsonx.Member, len(record))
	for i, cell := range record {
		name := columnName(i)
		if i < len(d.names) {
			name = d.names[i]
		}
		list[i] = jsonx.Member{Name: name, Value: jsonx.StringValue(strings.ToValidUTF8(cell, "\uFFFD"))}
	}
	return jsonx.ObjectValue(list...)
}

func (d *csvDecoder) fail(err error) error {
	e := &DecodeError{Format: FormatCSV, Offset: d.reader.InputOffset(), Reason: err.Error()}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		e.Line, e.Column = parse.Line, parse.Column
		e.Reason = parse.Err.Error()
	}
	return e
}

// delimiter returns what separates cells: what the label says, a tab for
// tab-separated values, else the first of , ; tab | that the first line holds.
func delimiter(mediaType, labelled string, text []byte) rune {
	switch strings.ToLower(labelled) {
	case "tab", `\t`:
		return '\t'
	case "comma":
		return ','
	case "semicolon":
		return ';'
	}
	if r, size := utf8.DecodeRuneInString(labelled); size == len(labelled) && size > 0 && validDelimiter(r) {
		return r
	}
	if mediaType == "text/tab-separated-values" {
		return '\t'
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	for _, candidate := range []byte(",;\t|") {
		if bytes.IndexByte(line, candidate) >= 0 {
			return rune(candidate)
		}
	}
	return ','
}

func validDelimiter(r rune) bool {
	return r != '"' && r != '\r' && r != '\n' && r != utf8.RuneError
}
