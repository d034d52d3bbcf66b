package wire

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// MaxFormParts bounds the parts of a multipart body that DecodeMultipart reads.
const MaxFormParts = 1000

// DecodeMultipart reads a whole multipart/form-data body as an object, by the rules of
// DecodeBody for urlencoded forms: texts under the names of the fields, with brackets in
// names as in queries. A part that says that it is JSON is its value. A file is an object
// of filename, content_type, size and content, in base64.
//
// Errors are *DecodeError: a body that is cut or not multipart, more than MaxFormParts, a
// header of a part beyond 16 KiB, names that contradict each other.
func DecodeMultipart(contentType string, body []byte) (jsonx.Value, error) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != "multipart/form-data" || !validBoundary(parameters["boundary"]) {
		return jsonx.Value{}, multipartError("there is no boundary")
	}
	if !bytes.Contains(body, []byte("--"+parameters["boundary"]+"--")) {
		return jsonx.Value{}, multipartError("it ends before its last boundary")
	}
	var names strings.Builder
	var values []jsonx.Value
	for parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		p, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // wrapped, it is an end too early
			break
		}
		if err != nil {
			return jsonx.Value{}, multipartError("it is cut, or no multipart body")
		}
		if len(values) == MaxFormParts || headerSize(p) > maxPartHeader {
			return jsonx.Value{}, multipartError("it has too many parts, or one with a header that is too large")
		}
		described, isFile := describe(p)
		if described.content, err = io.ReadAll(p); err != nil {
			return jsonx.Value{}, multipartError("it ends before its last boundary")
		}
		names.WriteString(url.QueryEscape(strings.ToValidUTF8(described.name, "\uFFFD")) + "=" + strconv.Itoa(len(values)) + "&")
		values = append(values, described.decoded(isFile))
	}
	tree, err := ParseQuery(names.String())
	if err != nil {
		return jsonx.Value{}, multipartError("its names contradict each other, or are too long")
	}
	return fillIn(tree, values), nil
}

// fillIn puts values in the place of their numbers in a tree of names.
func fillIn(tree jsonx.Value, values []jsonx.Value) jsonx.Value {
	switch tree.Kind() {
	case jsonx.Object:
		b := jsonx.NewBuilder(tree.Len())
		for name, v := range tree.Members() {
			b.Set(name, fillIn(v, values))
		}
		return b.Value()
	case jsonx.Array:
		items := make([]jsonx.Value, 0, tree.Len())
		for _, v := range tree.Items() {
			items = append(items, fillIn(v, values))
		}
		return jsonx.ArrayValue(items...)
	}
	if n, err := strconv.Atoi(tree.Str()); err == nil && n < len(values) {
		return values[n]
	}
	return tree
}

// decoded is what a part holds.
func (p part) decoded(isFile bool) jsonx.Value {
	if !isFile {
		return heldPart{part: p}.value()
	}
	orNull := func(text string) jsonx.Value {
		if text == "" {
			return jsonx.NullValue()
		}
		return jsonx.StringValue(strings.ToValidUTF8(text, "\uFFFD"))
	}
	return jsonx.NewBuilder(4).Set("filename", orNull(p.filename)).Set("content_type", orNull(p.contentType)).
		Set("size", jsonx.IntValue(int64(len(p.content)))).Set("content", jsonx.StringValue(base64.StdEncoding.EncodeToString(p.content))).Value()
}

func headerSize(p *multipart.Part) (size int) {
	for name, values := range p.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	return size
}

func multipartError(reason string) error {
	return &DecodeError{Format: FormatMultipart, Reason: reason}
}
