package wire

import (
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Limits of a multipart body that is passed on. Files have none here.
const (
	// MaxUploadFields bounds the fields in front of the files, in bytes.
	MaxUploadFields = 1 << 20
	// MaxUploadParts bounds how many fields there are in front of the files.
	MaxUploadParts = 1000
	// maxPartHeader bounds the header of a part.
	maxPartHeader = 16 << 10
)

// MultipartReader reads a multipart/form-data body once, from front to end, and
// holds no more of it than the fields in front of the first file. Read the
// Fields first, then take the files one by one with NextFile, or pass the whole
// body on with Forward. It is not safe for concurrent use.
//
// Errors are *sinew.Error of KindInvalid for a body that is not valid, of
// KindTooLarge beyond the limits; those of the reader below come back as they
// are.
type MultipartReader struct {
	source  *sourceWatch
	parts   *multipart.Reader
	leading []heldPart
	next    *multipart.Part // read, but not given out
	ended   bool
	read    bool // the leading fields were
}

// heldPart is a field in memory, as it came.
type heldPart struct {
	part
	header textproto.MIMEHeader
}

// File is a part that is passed on. Content is valid until the next one.
type File struct {
	// Name is the name of the field, Filename that of the file as it was sent.
	Name, Filename string
	ContentType    string
	Content        io.Reader
}

// NewMultipartReader returns a reader of a body with that Content-Type.
func NewMultipartReader(contentType string, body io.Reader) (*MultipartReader, error) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(mediaType, "multipart/") || !validBoundary(parameters["boundary"]) {
		return nil, bodyError("body", "is not multipart with a boundary")
	}
	source := &sourceWatch{in: body}
	return &MultipartReader{source: source, parts: multipart.NewReader(source, parameters["boundary"])}, nil
}

// Fields returns the fields in front of the first file as an object: texts, an
// array where a name repeats, and the value of a part that is JSON. Fields
// behind a file are not among them, since they cannot be read without it.
func (r *MultipartReader) Fields() (jsonx.Value, error) {
	if err := r.readLeading(); err != nil {
		return jsonx.Value{}, err
	}
	b := jsonx.NewBuilder(len(r.leading))
	for _, held := range r.leading {
		value := held.value()
		switch before := b.Get(held.name); before.Kind() {
		case jsonx.Missing:
		case jsonx.Array:
			value = jsonx.ArrayValue(append(before.Items()[:before.Len():before.Len()], value)...)
		default:
			value = jsonx.ArrayValue(before, value)
		}
		b.Set(held.name, value)
	}
	return b.Value(), nil
}

func (h heldPart) value() jsonx.Value {
	if mediaType, _, _ := mime.ParseMediaType(h.contentType); mediaType == typeJSON {
		if v, err := jsonx.ParseLenient(h.content); err == nil {
			return v
		}
	}
	return jsonx.StringValue(strings.ToValidUTF8(string(h.content), "\uFFFD"))
}

// NextFile returns the next file, io.EOF behind the last one. Fields are passed
// over.
func (r *MultipartReader) NextFile() (File, error) {
	if err := r.readLeading(); err != nil {
		return File{}, err
	}
	for {
		p, err := r.nextPart()
		if err != nil {
			return File{}, err
		}
		if described, isFile := describe(p); isFile {
			return File{described.name, described.filename, described.contentType, r.words(p)}, nil
		}
	}
}

// readLeading holds the fields up to the first file.
func (r *MultipartReader) readLeading() error {
	if r.read {
		return nil
	}
	r.read = true
	for left := int64(MaxUploadFields); ; {
		p, err := r.nextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		described, isFile := describe(p)
		if isFile {
			r.next = p
			return nil
		}
		described.content, err = io.ReadAll(io.LimitReader(r.words(p), left+1))
		if err != nil {
			return err
		}
		if left -= int64(len(described.content)); left < 0 || len(r.leading) == MaxUploadParts {
			return sinew.Errorf(sinew.KindTooLarge, "The fields in front of the files are more than %d or larger than %d KiB", MaxUploadParts, MaxUploadFields>>10)
		}
		r.leading = append(r.leading, heldPart{described, p.Header})
	}
}

func (r *MultipartReader) nextPart() (*multipart.Part, error) {
	if p := r.next; p != nil {
		r.next = nil
		return p, nil
	}
	if r.ended {
		return nil, io.EOF
	}
	p, err := r.parts.NextRawPart()
	if err != nil {
		r.ended = true
		return nil, r.explain(err)
	}
	if headerSize(p) > maxPartHeader {
		return nil, bodyError("body", "has a part whose header is larger than %d KiB", maxPartHeader>>10)
	}
	return p, nil
}

// explain tells an end from a body that is cut or wrong.
func (r *MultipartReader) explain(err error) error {
	switch {
	case r.source.err != nil:
		return r.source.err
	case err == io.EOF: // wrapped, it is an end too early
		return io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return bodyError("body", "ends before its last boundary")
	}
	return bodyError("body", "is not valid multipart")
}

// words puts the errors of a part into words.
func (r *MultipartReader) words(p *multipart.Part) io.Reader { return wordedReader{p, r} }

type wordedReader struct {
	in   io.Reader
	from *MultipartReader
}

func (w wordedReader) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	if err != nil {
		err = w.from.explain(err)
	}
	return n, err
}

// describe reads what a part says about itself. Parts that have a filename, or
// a type that is neither text nor JSON, are files.
func describe(p *multipart.Part) (described part, isFile bool) {
	_, parameters, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	described = part{name: parameters["name"], filename: parameters["filename"], contentType: p.Header.Get("Content-Type")}
	_, described.isFile = parameters["filename"]
	mediaType, _, _ := mime.ParseMediaType(described.contentType)
	plain := described.contentType == "" || strings.HasPrefix(mediaType, "text/") || mediaType == typeJSON
	return described, described.isFile || !plain || err != nil || described.name == ""
}

// appendHeader appends the header of a part as it came, with its blank line.
func appendHeader(out []byte, header textproto.MIMEHeader) []byte {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			out = append(out, name+": "+value+"\r\n"...)
		}
	}
	return append(out, "\r\n"...)
}

// sourceWatch remembers why a reader failed.
type sourceWatch struct {
	in  io.Reader
	err error // but io.EOF
}

func (s *sourceWatch) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
