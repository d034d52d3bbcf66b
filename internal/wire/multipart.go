package wire

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"mime"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// How a nested object goes into a multipart body.
const (
	objectAsJSON     = "json"     // one part with the type application/json
	objectInBrackets = "brackets" // a part for each leaf, named as in a form
)

// The members of an object that is a file.
const (
	fileName    = "filename"
	fileType    = "content_type"
	fileText    = "content"
	fileContent = "content_base64"
)

// part is one part of a multipart body.
type part struct {
	name        string
	filename    string
	isFile      bool
	contentType string
	content     []byte
}

// encodeMultipart writes an object as multipart/form-data, members in their
// order. A scalar is a field, null an empty one. An object with content or
// content_base64, with filename or content_type, and with nothing else is a
// part with that content: a file when it has a filename. Elements of an array
// repeat the name, or are named as array_format says. Every other object is a
// part of type application/json, or with object_format "brackets" several
// fields named as in a form.
//
// The option boundary must not occur in the content; without it one is drawn.
// The option content_type replaces multipart/form-data by another multipart
// type.
func encodeMultipart(value, options jsonx.Value) (content []byte, mediaType string, err error) {
	parts, err := partsOf(value, options)
	if err != nil {
		return nil, "", err
	}
	boundary := options.Get("boundary").Str()
	if boundary == "" {
		boundary = randomBoundary()
	} else if !validBoundary(boundary) {
		return nil, "", bodyError("body_format_config.boundary", "must be 1 to 70 letters, digits or '()+_,-./:=?, and not end in a space")
	}
	var out bytes.Buffer
	for _, p := range parts {
		if bytes.Contains(p.content, []byte("--"+boundary)) {
			return nil, "", bodyError("body_format_config.boundary", "occurs in the body")
		}
		out.WriteString("--" + boundary + "\r\n")
		out.Write(p.header())
		out.Write(p.content)
		out.WriteString("\r\n")
	}
	out.WriteString("--" + boundary + "--\r\n")
	mediaType = "multipart/form-data"
	if own := options.Get("content_type").Str(); own != "" {
		kind, _, err := mime.ParseMediaType(own)
		if err != nil || !strings.HasPrefix(kind, "multipart/") {
			return nil, "", bodyError("body_format_config.content_type", "must be a multipart type")
		}
		mediaType = kind
	}
	return out.Bytes(), mime.FormatMediaType(mediaType, map[string]string{"boundary": boundary}), nil
}

// partsOf returns the parts that an object comes to.
func partsOf(value, options jsonx.Value) ([]part, error) {
	if value.Kind() != jsonx.Object {
		return nil, bodyError("body", "must be an object to be sent as multipart, not %s", value.Kind())
	}
	w := partWriter{arrays: ArrayRepeat}
	switch format := options.Get("array_format").Str(); format {
	case "", ArrayRepeat:
	case ArrayBrackets, ArrayIndices, ArrayComma:
		w.arrays = format
	default:
		return nil, bodyError("body_format_config.array_format", "must be one of %s", strings.Join(ArrayFormats(), ", "))
	}
	switch format := options.Get("object_format").Str(); format {
	case "", objectAsJSON:
	case objectInBrackets:
		w.brackets = true
	default:
		return nil, bodyError("body_format_config.object_format", "must be json or brackets")
	}
	for name, member := range value.Members() {
		if err := w.add(name, member, "body."+name); err != nil {
			return nil, err
		}
	}
	return w.parts, nil
}

type partWriter struct {
	arrays   string
	brackets bool
	parts    []part
}

func (w *partWriter) add(name string, v jsonx.Value, path string) error {
	switch v.Kind() {
	case jsonx.Missing:
	case jsonx.Array:
		return w.array(name, v, path)
	case jsonx.Object:
		return w.object(name, v, path)
	default:
		w.parts = append(w.parts, part{name: name, content: []byte(scalarText(v))})
	}
	return nil
}

func (w *partWriter) array(name string, v jsonx.Value, path string) error {
	if w.arrays == ArrayComma && scalars(v.Items()) {
		texts := make([]string, v.Len())
		for i, item := range v.Items() {
			texts[i] = scalarText(item)
		}
		w.parts = append(w.parts, part{name: name, content: []byte(strings.Join(texts, ","))})
		return nil
	}
	for i, item := range v.Items() {
		named := name
		switch w.arrays {
		case ArrayBrackets:
			named += "[]"
		case ArrayIndices, ArrayComma:
			named += "[" + strconv.Itoa(i) + "]"
		}
		if err := w.add(named, item, path+"."+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

func (w *partWriter) object(name string, v jsonx.Value, path string) error {
	switch {
	case isFile(v):
		p, err := filePart(name, v, path)
		w.parts = append(w.parts, p)
		return err
	case !w.brackets:
		w.parts = append(w.parts, part{name: name, contentType: typeJSON, content: v.Bytes()})
		return nil
	}
	for key, kid := range v.Members() {
		if err := w.add(name+"["+key+"]", kid, path+"."+key); err != nil {
			return err
		}
	}
	return nil
}

// isFile reports whether an object describes a part.
func isFile(v jsonx.Value) bool {
	content, described := 0, false
	for name := range v.Members() {
		switch name {
		case fileText, fileContent:
			content++
		case fileName, fileType:
			described = true
		default:
			return false
		}
	}
	return content == 1 && described
}

func filePart(name string, v jsonx.Value, path string) (part, error) {
	p := part{name: name, filename: v.Get(fileName).Str(), isFile: v.Get(fileName).Exists(), contentType: v.Get(fileType).Str()}
	if strings.ContainsAny(p.contentType, "\r\n\x00") {
		return p, bodyError(path+"."+fileType, "holds a line break")
	}
	if p.isFile && p.contentType == "" {
		p.contentType = "application/octet-stream"
	}
	if content := v.Get(fileText); content.Exists() {
		p.content = []byte(scalarText(content))
		if kind := content.Kind(); kind == jsonx.Object || kind == jsonx.Array {
			p.content = content.Bytes()
		}
		return p, nil
	}
	encoded := strings.Map(dropSpace, v.Get(fileContent).Str())
	content, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		if content, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(encoded, "=")); err != nil {
			return p, bodyError(path+"."+fileContent, "is not base64")
		}
	}
	p.content = content
	return p, nil
}

func dropSpace(r rune) rune {
	switch r {
	case ' ', '\r', '\n', '\t':
		return -1
	}
	return r
}

// header returns the header of a part with its blank line.
func (p part) header() []byte {
	out := []byte("Content-Disposition: " + p.disposition())
	if p.contentType != "" {
		out = append(out, "\r\nContent-Type: "+p.contentType...)
	}
	return append(out, "\r\n\r\n"...)
}

// disposition names the part, escaped as browsers do (the HTML standard,
// multipart/form-data).
func (p part) disposition() string {
	out := `form-data; name="` + escapeDisposition(p.name) + `"`
	if p.isFile {
		out += `; filename="` + escapeDisposition(p.filename) + `"`
	}
	return out
}

func escapeDisposition(text string) string {
	return strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22", "\x00", "%00").Replace(text)
}

func randomBoundary() string { return "sinew-" + rand.Text() }

// validBoundary checks RFC 2046 section 5.1.1.
func validBoundary(boundary string) bool {
	for i := range len(boundary) {
		c := boundary[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("'()+_,-./:=? ", c) >= 0) {
			return false
		}
	}
	return boundary != "" && len(boundary) <= 70 && !strings.HasSuffix(boundary, " ")
}
