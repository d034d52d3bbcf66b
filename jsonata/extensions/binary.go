package extensions

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/sinewhq/sinew/jsonata"
)

// blob is bytes with a media type. Its kind says which JavaScript object it
// stands for: a Blob, an ArrayBuffer or a ReadableStream.
type blob struct {
	kind string
	data []byte
	mime string
}

const (
	kindBlob   = "blob"
	kindBuffer = "buffer"
	kindStream = "stream"
)

func newBlob(data []byte, mime string) value {
	return jsonata.NewWrapped(&blob{kind: kindBlob, data: data, mime: strings.ToLower(mime)})
}

func newBuffer(data []byte) value { return jsonata.NewWrapped(&blob{kind: kindBuffer, data: data}) }

func newStream(data []byte) value { return jsonata.NewWrapped(&blob{kind: kindStream, data: data}) }

// NewBlob makes a file value with the given content and media type, for
// bindings and results of host functions.
func NewBlob(data []byte, mime string) jsonata.Value { return newBlob(data, mime) }

// Bytes returns the content of a file, buffer or stream value and its media
// type, which may be empty.
func Bytes(v jsonata.Value) (data []byte, mime string, ok bool) {
	b := asBlob(v)
	if b == nil {
		return nil, "", false
	}
	return b.data, b.mime, true
}

func asBlob(v value) *blob {
	if h := v.Host(); h != nil {
		b, _ := h.Wrapped.(*blob)
		return b
	}
	return nil
}

// bytesOf is the content of an ArrayBuffer.
func bytesOf(v value) ([]byte, bool) {
	if b := asBlob(v); b != nil && b.kind == kindBuffer {
		return b.data, true
	}
	return nil, false
}

// Member implements jsonata.Wrapped.
func (b *blob) Member(name string) value {
	switch b.kind + "." + name {
	case "blob.size", "buffer.byteLength":
		return num(float64(len(b.data)))
	case "blob.type":
		return str(b.mime)
	case "blob.text":
		return method("text", func(args) (value, error) {
			return str(strings.ToValidUTF8(string(b.data), "\uFFFD")), nil
		})
	case "blob.arrayBuffer":
		return method("arrayBuffer", func(args) (value, error) { return newBuffer(b.data), nil })
	case "blob.stream":
		return method("stream", func(args) (value, error) { return newStream(b.data), nil })
	case "blob.slice":
		return method("slice", func(a args) (value, error) {
			return newBlob(b.cut(a), scriptTextOr(a.at(2), "")), nil
		})
	case "buffer.slice":
		return method("slice", func(a args) (value, error) { return newBuffer(b.cut(a)), nil })
	case "stream.locked":
		return jsonata.Bool(false)
	case "stream.tee":
		return method("tee", func(args) (value, error) {
			return jsonata.NewArray(newStream(b.data), newStream(b.data)), nil
		})
	case "stream.cancel":
		return method("cancel", func(args) (value, error) { return jsonata.Undefined(), nil })
	}
	return jsonata.Undefined()
}

func scriptTextOr(v value, def string) string {
	if v.IsUndefined() {
		return def
	}
	return scriptText(v)
}

func (b *blob) cut(a args) []byte {
	n := len(b.data)
	edge := func(i, def int) int {
		v := a.at(i)
		if !v.IsNumber() {
			return def
		}
		k := int(v.Float())
		if k < 0 {
			k += n
		}
		return min(max(k, 0), n)
	}
	from, to := edge(0, 0), edge(1, n)
	return b.data[from:max(from, to)]
}

// Members implements jsonata.Wrapped.
func (b *blob) Members() []string {
	switch b.kind {
	case kindBlob:
		return []string{"size", "type", "arrayBuffer", "text", "slice", "stream"}
	case kindBuffer:
		return []string{"byteLength", "slice"}
	}
	return []string{"locked", "cancel", "tee"}
}

// JSON implements jsonata.Wrapped: the plain members.
func (b *blob) JSON() value {
	o := newObject()
	for _, name := range b.Members() {
		if v := b.Member(name); !v.IsFunction() {
			o.set(name, v)
		}
	}
	return o.value()
}

// method makes a function value that is a member of a host value.
func method(name string, f func(a args) (value, error)) value {
	v, err := jsonata.NewFunction(jsonata.Function{Name: name, Params: 1, Call: func(_ context.Context, list []value) (value, error) {
		return f(list)
	}})
	if err != nil {
		return jsonata.Undefined()
	}
	return v
}

func binaryFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("blob", 2, pure(makeBlob)),
		define("base64ToBlob", 1, pure(base64ToBlob)),
		define("getArrayBuffer", 1, simple(func(a args) value {
			b := asBlob(a.at(0))
			if b == nil || b.kind != kindBlob {
				return jsonata.Undefined()
			}
			return newBuffer(b.data)
		})),
		define("bufferToString", 2, pure(bufferToString)),
		define("getDataUri", 2, pure(getDataURI)),
		define("teeStream", 1, pure(func(a args) (value, error) {
			b := asBlob(a.at(0))
			if b == nil || b.kind != kindStream {
				return value{}, errors.New("teeStream: not a stream")
			}
			return jsonata.NewArray(newStream(b.data), newStream(b.data)), nil
		})),
		define("getMimeType", 1, simple(getMimeType)),
	}
}

func makeBlob(a args) (value, error) {
	content := a.at(0)
	if !truthy(content) {
		content = str("")
	}
	var data []byte
	for _, part := range cast(content) {
		if b := asBlob(part); b != nil {
			data = append(data, b.data...)
			continue
		}
		data = append(data, scriptText(part)...)
	}
	return newBlob(data, options{a.at(1)}.text("type", "")), nil
}

var dataURI = regexp.MustCompile(`^data:([^;]+);base64,(.+)$`)

func base64ToBlob(a args) (value, error) {
	o := options{a.at(1)}
	mime := o.text("mimeType", "application/octet-stream")
	if !a.at(0).IsString() || a.at(0).Str() == "" {
		return newBlob(nil, mime), nil
	}
	text := strings.TrimSpace(a.at(0).Str())
	if strings.HasPrefix(text, "data:") {
		m := dataURI.FindStringSubmatch(text)
		if m == nil {
			return value{}, errors.New("base64ToBlob: invalid data URI")
		}
		mime, text = m[1], m[2]
	}
	data, err := decode64(text, o.flag("urlSafe"))
	if err != nil {
		return value{}, err
	}
	return newBlob(data, mime), nil
}

func bufferToString(a args) (value, error) {
	b := asBlob(a.at(0))
	if b == nil || b.kind == kindBlob {
		return value{}, errors.New("bufferToString: not a buffer or stream")
	}
	encoding := "utf8"
	if !isNil(a.at(1)) {
		encoding = strings.ToLower(scriptText(a.at(1)))
	}
	switch encoding {
	case "utf8", "utf-8":
		return str(strings.ToValidUTF8(string(b.data), "\uFFFD")), nil
	case "hex":
		return str(hex.EncodeToString(b.data)), nil
	case "base64":
		return str(base64.StdEncoding.EncodeToString(b.data)), nil
	case "base64url":
		return str(base64.RawURLEncoding.EncodeToString(b.data)), nil
	case "latin1", "binary":
		return str(latin1(b.data, 0xFF)), nil
	case "ascii":
		return str(latin1(b.data, 0x7F)), nil
	case "utf16le", "ucs2", "ucs-2", "utf-16le":
		units := make([]uint16, len(b.data)/2)
		for i := range units {
			units[i] = uint16(b.data[2*i]) | uint16(b.data[2*i+1])<<8
		}
		return str(string(utf16.Decode(units))), nil
	}
	return value{}, errors.New("bufferToString: unknown encoding " + encoding)
}

func latin1(data []byte, mask byte) string {
	rs := make([]rune, len(data))
	for i, c := range data {
		rs[i] = rune(c & mask)
	}
	return string(rs)
}

func getDataURI(a args) (value, error) {
	b := asBlob(a.at(0))
	if b == nil {
		return value{}, errors.New("getDataUri: not a file, buffer or stream")
	}
	mime := scriptText(a.at(1))
	return str("data:" + mime + ";base64," + encode64(b.data, false)), nil
}

// mimeTypes lists media types with their file extensions. The data is that of
// the mime-db project, MIT licence.
//
//go:embed mimetypes.txt
var mimeTypes string

func getMimeType(a args) value {
	v := a.at(0)
	if !v.IsString() {
		return jsonata.Null()
	}
	name := strings.ToLower(v.Str())
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	dot := strings.LastIndexByte(name, '.')
	ext := name[dot+1:]
	hasPath := strings.ContainsAny(v.Str(), `/\`)
	if ext == "" || hasPath && dot < 1 {
		return jsonata.Null()
	}
	for line := range strings.Lines(mimeTypes) {
		fields := strings.Fields(line)
		for _, e := range fields[1:] {
			if e == ext {
				return str(fields[0])
			}
		}
	}
	return jsonata.Null()
}
