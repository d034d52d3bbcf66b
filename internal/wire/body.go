package wire

import (
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The formats of bodies. Requests are written as json, form, multipart, raw or
// xml; answers are read as json, xml, csv, ndjson, form or text, or not at all
// when they are binary.
const (
	FormatJSON      = "json"
	FormatForm      = "form"
	FormatMultipart = "multipart"
	FormatRaw       = "raw"
	FormatXML       = "xml"
	FormatCSV       = "csv"
	FormatNDJSON    = "ndjson"
	FormatText      = "text"
	FormatBinary    = "binary"
)

// CodeBody is the code of failures about a body that its format cannot hold.
const CodeBody = "body_format"

// The media types of what EncodeBody writes.
const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
	typeText = "text/plain; charset=utf-8"
	typeXML  = "application/xml"
)

// EncodeBody writes a value as the body of a request and returns the media
// type beside it. Formats and their options:
//
//   - json, also for "": the JSON text.
//   - form: StringifyQuery; arrays says how arrays are written. A text goes out
//     as it is.
//   - raw: a text as it is, every other value as JSON.
//   - xml: the compact convention of xml-js (see FormatXML of the JSONata
//     extensions), with every text and attribute escaped. Options: root wraps
//     the value in an element, attributes are those of the root, declaration
//     puts an XML declaration in front, spaces indents,
//     full_tag_empty_element writes <a></a> for <a/>. A text goes out as it is.
//   - multipart: one part for each member, see encodeMultipart. Options:
//     boundary, array_format, object_format.
//
// The option content_type of every format replaces the media type.
//
// Errors are *sinew.Error of KindInvalid that name the place in the value, not
// what stands there.
func EncodeBody(format string, value, options jsonx.Value, arrays string) (content []byte, mediaType string, err error) {
	content, mediaType, err = encodeBody(format, value, options, arrays)
	if err != nil {
		return nil, "", err
	}
	if own := options.Get("content_type").Str(); own != "" && format != FormatMultipart {
		mediaType = own
	}
	return content, mediaType, nil
}

func encodeBody(format string, value, options jsonx.Value, arrays string) (content []byte, mediaType string, err error) {
	text, isText := value.Text()
	switch format {
	case FormatJSON, "":
		return value.Bytes(), typeJSON, nil
	case FormatForm:
		if isText {
			return []byte(text), typeForm, nil
		}
		if value.Kind() != jsonx.Object {
			return nil, "", bodyError("body", "must be an object to be sent as a form, not %s", value.Kind())
		}
		return []byte(StringifyQuery(value, arrays)), typeForm, nil
	case FormatRaw:
		if isText {
			return []byte(text), typeText, nil
		}
		return value.Bytes(), typeJSON, nil
	case FormatXML:
		if isText {
			return []byte(text), typeXML, nil
		}
		content, err = encodeXML(value, options)
		return content, typeXML, err
	case FormatMultipart:
		return encodeMultipart(value, options)
	}
	return nil, "", bodyError("body_format", "must be one of %s", strings.Join([]string{FormatJSON, FormatForm, FormatMultipart, FormatRaw, FormatXML}, ", "))
}

func bodyError(path, format string, args ...any) error {
	return sinew.InvalidField(path, CodeBody, format, args...)
}
