package wire_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/wire"
)

const uploadType = `multipart/form-data; boundary="==x y=="`

// upload is a body of parts, each its header and content separated by a blank
// line.
func upload(parts ...string) string {
	var out strings.Builder
	for _, p := range parts {
		out.WriteString("--==x y==\r\n" + p + "\r\n")
	}
	return out.String() + "--==x y==--\r\n"
}

func field(name, content string) string {
	return `Content-Disposition: form-data; name="` + name + "\"\r\n\r\n" + content
}

// partsIn reads what is sent as its receiver does.
func partsIn(t *testing.T, contentType string, body io.Reader) []string {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(body, parameters["boundary"])
	list := []string{}
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s|%s|%v|%s", p.FormName(), p.FileName(), p.Header, content))
	}
}

func sample() string {
	return upload(
		field("title", "Ünïcode\r\nsecond line"), field("tag", "a"), field("tag", "b"), field("tag", ""),
		"Content-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n{\"n\":12345678901234567890}",
		"Content-Disposition: form-data; name=\"file\"; filename=\"a b.bin\"\r\nContent-Type: image/png\r\nX-Own: 1\r\n\r\n\x00\r\n--==x\r\n\xff",
		field("late", "x"),
		"Content-Disposition: form-data; name=\"file\"; filename=\"\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db",
		"Content-Disposition: form-data; name=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\nraw",
	)
}

func TestMultipartFields(t *testing.T) {
	t.Parallel()
	r, err := wire.NewMultipartReader(uploadType, strings.NewReader(sample()))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		fields, err := r.Fields()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"title":"Ünïcode\r\nsecond line","tag":["a","b",""],"meta":{"n":12345678901234567890}}`, fields.String()); diff != "" {
			t.Error(diff)
		}
	}
	var files []string
	for {
		f, err := r.NextFile()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f.Content)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, fmt.Sprintf("%s|%s|%s|%s", f.Name, f.Filename, f.ContentType, content))
	}
	if diff := cmp.Diff([]string{"file|a b.bin|image/png|\x00\r\n--==x\r\n\xff", "file|||a=3Db", "blob||application/octet-stream|raw"}, files); diff != "" {
		t.Error(diff)
	}
}

func TestMultipartForward(t *testing.T) {
	t.Parallel()
	untouched := partsIn(t, uploadType, strings.NewReader(sample()))
	for _, c := range []struct {
		name    string
		changes wire.MultipartChanges
		want    []string
	}{
		{"as it came", wire.MultipartChanges{}, untouched},
		{
			"changed",
			wire.MultipartChanges{
				Set:    jsonx.MustParse(`{"tag":"only","late":null,"key":["1",2],"blob":{"filename":"n.txt","content":"new"},"absent":null}`),
				Rename: map[string]string{"file": "document \"1\"", "title": "name", "nothing": "x"},
			},
			[]string{
				"name||map[Content-Disposition:[form-data; name=\"name\"]]|Ünïcode\r\nsecond line",
				untouched[4],
				`tag||map[Content-Disposition:[form-data; name="tag"]]|only`,
				`key||map[Content-Disposition:[form-data; name="key"]]|1`,
				`key||map[Content-Disposition:[form-data; name="key"]]|2`,
				`blob|n.txt|map[Content-Disposition:[form-data; name="blob"; filename="n.txt"] Content-Type:[application/octet-stream]]|new`,
				"document %221%22|a b.bin|map[Content-Disposition:[form-data; name=\"document %221%22\"; filename=\"a b.bin\"] Content-Type:[image/png] X-Own:[1]]|\x00\r\n--==x\r\n\xff",
				"document %221%22||map[Content-Disposition:[form-data; name=\"document %221%22\"; filename=\"\"] Content-Transfer-Encoding:[quoted-printable]]|a=3Db",
			},
		},
	} {
		for kind, source := range map[string]io.Reader{"whole": strings.NewReader(sample()), "by byte": iotest.OneByteReader(strings.NewReader(sample()))} {
			r, err := wire.NewMultipartReader(uploadType, source)
			if err != nil {
				t.Fatal(err)
			}
			body, contentType, err := r.Forward(c.changes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, partsIn(t, contentType, iotest.OneByteReader(body))); diff != "" {
				t.Errorf("%s, %s: %s", c.name, kind, diff)
			}
			if strings.Contains(contentType, "==x") {
				t.Errorf("the caller's boundary is used again: %s", contentType)
			}
		}
	}
}

func TestMultipartForwardOfNothing(t *testing.T) {
	t.Parallel()
	r, err := wire.NewMultipartReader(uploadType, strings.NewReader(upload()))
	if err != nil {
		t.Fatal(err)
	}
	body, contentType, err := r.Forward(wire.MultipartChanges{Set: jsonx.MustParse(`{"a":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`a||map[Content-Disposition:[form-data; name="a"]]|1`}, partsIn(t, contentType, body)); diff != "" {
		t.Error(diff)
	}
}

func TestMultipartReaderRefuses(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"", "application/json", "multipart/form-data", `multipart/form-data; boundary="a` + "\x01" + `"`, "multipart/form-data; boundary=" + strings.Repeat("b", 71)} {
		if _, err := wire.NewMultipartReader(contentType, strings.NewReader("")); sinew.KindOf(err) != sinew.KindInvalid {
			t.Errorf("%q: %v", contentType, err)
		}
	}
	lost := errors.New("connection lost")
	file := "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\ncontent"
	for _, c := range []struct {
		name string
		body io.Reader
		kind sinew.ErrorKind
	}{
		{"empty", strings.NewReader(""), sinew.KindInvalid},
		{"another boundary", strings.NewReader("--other\r\n"), sinew.KindInvalid},
		{"cut in a field", strings.NewReader(upload(field("a", "b"))[:30]), sinew.KindInvalid},
		{"cut in a file", strings.NewReader(strings.TrimSuffix(upload(file), "--==x y==--\r\n")), sinew.KindInvalid},
		{"bad header", strings.NewReader(upload("no colon\r\n\r\nx")), sinew.KindInvalid},
		{"large header", strings.NewReader(upload("X-Large: " + strings.Repeat("x", 20_000) + "\r\n\r\nx")), sinew.KindInvalid},
		{"large field", strings.NewReader(upload(field("a", strings.Repeat("x", wire.MaxUploadFields+1)))), sinew.KindTooLarge},
		{"many fields", strings.NewReader(upload(strings.Split(strings.Repeat(field("a", "")+"|", wire.MaxUploadParts+1), "|")[:wire.MaxUploadParts+1]...)), sinew.KindTooLarge},
		{"lost in a file", io.MultiReader(strings.NewReader(upload(file)[:70]), iotest.ErrReader(lost)), sinew.KindInternal},
		{"lost in a field", io.MultiReader(strings.NewReader(upload(field("a", "b"))[:50]), iotest.ErrReader(lost)), sinew.KindInternal},
	} {
		r, err := wire.NewMultipartReader(uploadType, c.body)
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := r.Forward(wire.MultipartChanges{})
		if err == nil {
			_, err = io.ReadAll(body)
		}
		if err == nil || sinew.KindOf(err) != c.kind || c.kind == sinew.KindInternal && !errors.Is(err, lost) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.kind)
		}
	}
	r, err := wire.NewMultipartReader(uploadType, strings.NewReader(upload()))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Forward(wire.MultipartChanges{Set: jsonx.MustParse(`{"f":{"filename":"x","content_base64":"%"}}`)}); sinew.KindOf(err) != sinew.KindInvalid {
		t.Errorf("got %v", err)
	}
}

// source makes a file of a size without holding it.
func source(size int64) io.Reader { return io.LimitReader(&pattern{}, size) }

// pattern repeats what looks like the end of a part.
type pattern struct{ at int }

func (r *pattern) Read(p []byte) (int, error) {
	const text = "some content that goes on and on\r\n--=\r\n--==x y=\r\n\x00\xff and on and on and on and on"
	for n := 0; n < len(p); {
		copied := copy(p[n:], text[r.at:])
		n, r.at = n+copied, (r.at+copied)%len(text)
	}
	return len(p), nil
}

// A gigabyte passes in constant memory, and unchanged.
func TestMultipartForwardsAGigabyte(t *testing.T) {
	size := int64(testkit.Thin(1 << 30))
	head, tail, _ := strings.Cut(upload(field("name", "value"), "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n@"), "@")
	r, err := wire.NewMultipartReader(uploadType, io.MultiReader(strings.NewReader(head), source(size), strings.NewReader(tail)))
	if err != nil {
		t.Fatal(err)
	}
	body, contentType, err := r.Forward(wire.MultipartChanges{Set: jsonx.MustParse(`{"more":"x"}`)})
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	delimiter := "--" + parameters["boundary"] + "\r\n"
	head = delimiter + field("name", "value") + "\r\n" + delimiter + field("more", "x") + "\r\n" +
		delimiter + "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n"
	want := sha256.New()
	if _, err := io.Copy(want, io.MultiReader(strings.NewReader(head), source(size), strings.NewReader("\r\n--"+parameters["boundary"]+"--\r\n"))); err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got, buffer, most, total := sha256.New(), make([]byte, 32<<10), uint64(0), int64(0)
	for err = nil; err == nil; {
		var n int
		n, err = body.Read(buffer)
		got.Write(buffer[:n])
		if total += int64(n); total>>24 != (total-int64(n))>>24 {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}
	if !errors.Is(err, io.EOF) || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Errorf("%d bytes came through, another content: %v", total, err)
	}
	if used := int64(most) - int64(before.HeapAlloc); used > 8<<20 {
		t.Errorf("%d KiB of memory for %d MiB", used>>10, size>>20)
	}
}

func FuzzMultipartReader(f *testing.F) {
	f.Add(sample())
	f.Add(upload(field("a", "b")))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := wire.NewMultipartReader(uploadType, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		fields, err := r.Fields()
		if err != nil {
			return
		}
		if _, err := jsonx.ParseLenient(fields.Bytes()); err != nil {
			t.Error(err)
		}
		body, contentType, err := r.Forward(wire.MultipartChanges{Set: jsonx.MustParse(`{"a":1}`)})
		if err != nil {
			t.Fatal(err)
		}
		out, err := io.ReadAll(body)
		if err != nil {
			return
		}
		again, err := wire.NewMultipartReader(contentType, bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Fields(); err != nil {
			t.Errorf("what goes out cannot be read: %v", err)
		}
	})
}
