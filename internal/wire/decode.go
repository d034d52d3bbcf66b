package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

// Limits of what DecodeBody builds, so that a small body does not become a
// large value.
const (
	// MaxXMLNodes bounds the elements, attributes and texts of an XML document.
	MaxXMLNodes = 1_000_000
	// MaxCells bounds the cells of a CSV.
	MaxCells = 2_000_000
	// MaxLines bounds the lines of an NDJSON.
	MaxLines = 1_000_000
)

// DecodeError says why a body is not in its format. It does not quote the body.
type DecodeError struct {
	Format string
	// Line and Column count from 1, Column in bytes; 0 where they are not
	// known.
	Line, Column int
	// Offset is the byte in the text as UTF-8 near which it went wrong.
	Offset int64
	// Reason is a clause such as "unclosed element a".
	Reason string
}

func (e *DecodeError) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("not valid %s: %s (line %d, column %d)", e.Format, e.Reason, e.Line, e.Column)
	case e.Offset > 0:
		return fmt.Sprintf("not valid %s: %s (byte %d)", e.Format, e.Reason, e.Offset)
	}
	return fmt.Sprintf("not valid %s: %s", e.Format, e.Reason)
}

// ResponseFormat tells how an answer is read: as forced says, else by its
// media type. Where the label is text/* or absent, a body that begins with a
// brace or bracket and is JSON as a whole counts as JSON, since servers label
// it so by mistake. What no parser takes is binary: images, archives, and
// texts without a label that are no UTF-8.
func ResponseFormat(forced, contentType string, body []byte) string {
	if forced != "" {
		return normalFormat(forced)
	}
	mediaType := MediaType(contentType)
	switch format := formatOf(mediaType); {
	case format == FormatText && looksJSON(contentType, body), mediaType == "" && looksJSON(contentType, body):
		return FormatJSON
	case format != "":
		return format
	case mediaType == "" && utf8.Valid(body) && bytes.IndexByte(body, 0) < 0:
		return FormatText
	}
	return FormatBinary
}

// normalFormat takes the names that configs give to formats.
func normalFormat(name string) string {
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "jsonl", "jsonlines", "json-lines":
		return FormatNDJSON
	case "raw", "plain":
		return FormatText
	case "blob", "stream", "buffer", "arraybuffer":
		return FormatBinary
	}
	return name
}

func formatOf(mediaType string) string {
	switch mediaType {
	case "application/json", "text/json", "text/x-json", "application/x-json":
		return FormatJSON
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl", "application/jsonlines",
		"application/x-jsonlines", "application/x-json-stream", "application/json-seq", "text/x-ndjson", "application/stream+json":
		return FormatNDJSON
	case "application/xml", "text/xml":
		return FormatXML
	case "text/csv", "application/csv", "text/x-csv", "text/tab-separated-values":
		return FormatCSV
	case typeForm:
		return FormatForm
	case "application/xhtml+xml":
		return FormatText
	}
	switch {
	case strings.HasPrefix(mediaType, "text/"):
		return FormatText
	case strings.HasPrefix(mediaType, "image/"):
		return ""
	case strings.HasSuffix(mediaType, "+json"):
		return FormatJSON
	case strings.HasSuffix(mediaType, "+xml"):
		return FormatXML
	}
	return ""
}

func looksJSON(contentType string, body []byte) bool {
	text, err := ToUTF8(FormatJSON, contentType, body)
	if err != nil {
		return false
	}
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return false
	}
	_, err = jsonx.ParseLenient(text)
	return err == nil
}

// DecodeBody reads an answer in a format that ResponseFormat named; the
// content type gives charset and, for CSV, delimiter and header.
//
//   - json: the value, numbers with their literal; see jsonx.ParseLenient.
//   - xml: the compact convention of xml-js. Entities that the document
//     declares are refused.
//   - csv: an array of an object for each row, named by the first row; with
//     header=absent an array of arrays. All cells are texts.
//   - ndjson: an array of the values, one on a line.
//   - form: ParseQuery.
//   - text: a text.
//
// An empty body is Missing as json, xml or form, an empty array as csv or
// ndjson, an empty text as text. Errors are *DecodeError; binary bodies and
// formats that are not known are one.
func DecodeBody(format, contentType string, body []byte) (jsonx.Value, error) {
	format = normalFormat(format)
	switch format {
	case FormatJSON, FormatXML, FormatCSV, FormatNDJSON, FormatForm, FormatText:
	case FormatBinary:
		return jsonx.Value{}, &DecodeError{Format: FormatText, Reason: "the body is binary"}
	default:
		return jsonx.Value{}, &DecodeError{Format: "body", Reason: "there is no such format"}
	}
	text, err := ToUTF8(format, contentType, body)
	if err != nil {
		return jsonx.Value{}, err
	}
	switch format {
	case FormatText:
		return jsonx.StringValue(strings.ToValidUTF8(string(text), "\uFFFD")), nil
	case FormatCSV:
		return decodeCSV(contentType, text)
	case FormatNDJSON:
		return decodeLines(text)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return jsonx.Value{}, nil
	}
	switch format {
	case FormatXML:
		return decodeXML(string(text))
	case FormatForm:
		return decodeForm(string(text))
	}
	v, err := jsonx.ParseLenient(text)
	if err != nil {
		return jsonx.Value{}, jsonError(err, text, 1)
	}
	return v, nil
}

// jsonError places an error of the JSON parser in a text that begins on a line.
func jsonError(err error, text []byte, line int) error {
	var syntax *jsonx.SyntaxError
	if !errors.As(err, &syntax) {
		return &DecodeError{Format: FormatJSON, Reason: "unreadable"}
	}
	before := text[:min(max(int(syntax.Offset), 0), len(text))]
	return &DecodeError{
		Format: FormatJSON, Offset: syntax.Offset, Reason: syntax.Reason,
		Line: line + bytes.Count(before, []byte("\n")), Column: len(before) - bytes.LastIndexByte(before, '\n'),
	}
}

func decodeXML(text string) (jsonx.Value, error) {
	tree, err := extensions.ParseXML(text, MaxXMLNodes)
	var syntax *extensions.XMLError
	switch {
	case errors.As(err, &syntax):
		return jsonx.Value{}, &DecodeError{Format: FormatXML, Line: syntax.Line, Column: syntax.Column, Offset: syntax.Offset, Reason: syntax.Reason}
	case err != nil:
		return jsonx.Value{}, &DecodeError{Format: FormatXML, Reason: err.Error()}
	}
	v := fromJSONata(tree)
	for name := range v.Members() {
		if isXMLElement(name) {
			return v, nil
		}
	}
	return jsonx.Value{}, &DecodeError{Format: FormatXML, Reason: "there is no element"}
}

func decodeForm(text string) (jsonx.Value, error) {
	v, err := ParseQuery(strings.TrimSpace(text))
	if err != nil {
		return jsonx.Value{}, &DecodeError{Format: FormatForm, Reason: "a parameter cannot be read"}
	}
	return v, nil
}

// decodeLines reads JSON values by line. Record separators (RFC 7464) in front
// of them are taken too.
func decodeLines(text []byte) (jsonx.Value, error) {
	var items []jsonx.Value
	for number, offset := 1, 0; offset < len(text); number++ {
		line, rest, _ := bytes.Cut(text[offset:], []byte("\n"))
		next := len(text) - len(rest)
		if line = bytes.Trim(line, " \t\r\x1e"); len(line) > 0 {
			if len(items) == MaxLines {
				return jsonx.Value{}, &DecodeError{Format: FormatNDJSON, Line: number, Column: 1, Offset: int64(offset), Reason: fmt.Sprintf("more than %d lines", MaxLines)}
			}
			v, err := jsonx.ParseLenient(line)
			if err != nil {
				at := jsonError(err, line, number).(*DecodeError)
				at.Format, at.Offset = FormatNDJSON, at.Offset+int64(offset)
				return jsonx.Value{}, at
			}
			items = append(items, v)
		}
		offset = next
	}
	return jsonx.ArrayValue(items...), nil
}
