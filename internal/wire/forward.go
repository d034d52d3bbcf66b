package wire

import (
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/textproto"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// MultipartChanges says how a body that is passed on differs from the one that
// came.
type MultipartChanges struct {
	// Set replaces fields and files by name, or adds them in front of the first
	// file; values are those of EncodeBody. null removes.
	Set jsonx.Value
	// Rename gives fields and files other names; Set goes by the old ones.
	Rename map[string]string
	// Options are those of EncodeBody for what Set adds.
	Options jsonx.Value
}

// Forward returns the body and its Content-Type as it is to be sent: every part
// as it came, header and content, but for the changes, between boundaries of our
// own. It is read from the incoming body while it is read itself, and holds a
// few KiB of it. Its length is not known.
func (r *MultipartReader) Forward(changes MultipartChanges) (body io.Reader, contentType string, err error) {
	if err := r.readLeading(); err != nil {
		return nil, "", err
	}
	f := &forwarded{from: r, rename: changes.Rename, replaced: map[string]bool{}, boundary: randomBoundary()}
	added := changes.Set.Edit()
	for name, value := range changes.Set.Members() {
		f.replaced[name] = true
		if value.IsNull() {
			added.Set(name, jsonx.Value{})
		}
	}
	parts, err := partsOf(added.Value(), changes.Options)
	if err != nil {
		return nil, "", err
	}
	for _, held := range r.leading {
		if !f.replaced[held.name] {
			f.start(held.part, held.header)
			f.pending = append(append(f.pending, held.content...), "\r\n"...)
		}
	}
	for _, p := range parts {
		f.pending = append(append(f.pending, "--"+f.boundary+"\r\n"...), p.header()...)
		f.pending = append(append(f.pending, p.content...), "\r\n"...)
	}
	return f, mime.FormatMediaType("multipart/form-data", map[string]string{"boundary": f.boundary}), nil
}

// forwarded is the body that goes out.
type forwarded struct {
	from     *MultipartReader
	rename   map[string]string
	replaced map[string]bool
	boundary string
	pending  []byte    // goes out before the current part
	current  io.Reader // the content of a part, nil between two
	err      error     // what follows
}

// Read implements io.Reader.
func (f *forwarded) Read(p []byte) (int, error) {
	for {
		switch {
		case len(f.pending) > 0:
			n := copy(p, f.pending)
			if f.pending = f.pending[n:]; len(f.pending) == 0 {
				f.pending = nil
			}
			return n, nil
		case f.err != nil:
			return 0, f.err
		case f.current == nil:
			f.next()
			continue
		}
		n, err := f.current.Read(p)
		switch {
		case errors.Is(err, io.EOF):
			f.current, f.pending = nil, []byte("\r\n")
		case err != nil:
			f.err = err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// next starts the next part, or ends the body.
func (f *forwarded) next() {
	var p *multipart.Part
	p, f.err = f.from.nextPart()
	if errors.Is(f.err, io.EOF) {
		f.pending = []byte("--" + f.boundary + "--\r\n")
	}
	if f.err != nil {
		return
	}
	described, _ := describe(p)
	if f.replaced[described.name] {
		return // the reader passes over what was not read
	}
	f.start(described, p.Header)
	f.current = f.from.words(p)
}

// start writes the boundary and header of a part.
func (f *forwarded) start(p part, header textproto.MIMEHeader) {
	f.pending = append(f.pending, "--"+f.boundary+"\r\n"...)
	if name, ok := f.rename[p.name]; ok && p.name != "" {
		p.name, header = name, maps.Clone(header)
		header.Set("Content-Disposition", p.disposition())
	}
	f.pending = appendHeader(f.pending, header)
}
