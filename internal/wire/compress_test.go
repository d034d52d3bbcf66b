package wire_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/wire"
)

// encoders are the codings by the names of their tests.
func encoders(t testing.TB) map[string]func(io.Writer) io.WriteCloser {
	t.Helper()
	return map[string]func(io.Writer) io.WriteCloser{
		"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"br":   func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 5) },
		"zstd": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"raw deflate": func(w io.Writer) io.WriteCloser {
			z, err := flate.NewWriter(w, flate.DefaultCompression)
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	}
}

func compressed(t testing.TB, name string, content []byte) (coding string, body []byte) {
	t.Helper()
	var out bytes.Buffer
	w := encoders(t)[name](&out)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(name, "raw "), out.Bytes()
}

func decompress(codings string, body io.Reader, limit int64) ([]byte, error) {
	r, err := wire.Decompress(codings, body, limit)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	random := make([]byte, 300_000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	for name := range encoders(t) {
		for _, content := range [][]byte{{}, []byte("x"), []byte(strings.Repeat("lorem ipsum ", 50_000)), random} {
			coding, body := compressed(t, name, content)
			for kind, source := range map[string]io.Reader{"whole": bytes.NewReader(body), "by byte": iotest.OneByteReader(bytes.NewReader(body)), "with EOF": iotest.DataErrReader(bytes.NewReader(body))} {
				got, err := decompress(strings.ToUpper(coding), source, int64(len(content)))
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s of %d bytes, %s: %d bytes, %v", name, len(content), kind, len(got), err)
				}
			}
		}
	}
}

func TestDecompressEmpty(t *testing.T) {
	t.Parallel()
	for _, coding := range []string{"", "identity", "gzip", "x-gzip", "deflate", "zstd", "br", "gzip, br"} {
		if got, err := decompress(coding, strings.NewReader(""), 10); err != nil || len(got) > 0 {
			t.Errorf("%q: %q, %v", coding, got, err)
		}
	}
	if got, err := decompress(" Identity ,", strings.NewReader("plain"), 5); err != nil || string(got) != "plain" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDecompressSeveral(t *testing.T) {
	t.Parallel()
	_, once := compressed(t, "gzip", []byte("twice"))
	_, twice := compressed(t, "br", once)
	if got, err := decompress("gzip, br", bytes.NewReader(twice), 100); err != nil || string(got) != "twice" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, unknown := range []string{"compress", "gzip, aws-chunked", "utf-8", "gzip,gzip,gzip,gzip"} {
		if _, err := wire.Decompress(unknown, strings.NewReader(""), 0); !errors.Is(err, wire.ErrCodingUnknown) {
			t.Errorf("%s: %v", unknown, err)
		}
	}
}

func TestDecompressRefuses(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	for name := range encoders(t) {
		coding, body := compressed(t, name, []byte(strings.Repeat("content ", 1000)))
		if _, err := decompress(coding, bytes.NewReader(body[:len(body)/2]), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s cut: %v", name, err)
		}
		if _, err := decompress(coding, io.MultiReader(bytes.NewReader(body[:len(body)/2]), iotest.ErrReader(broken)), 0); !errors.Is(err, broken) {
			t.Errorf("%s lost: %v", name, err)
		}
		var bad *wire.CodingError
		if _, err := decompress(coding, strings.NewReader(strings.Repeat("no coding at all ", 20)), 0); !errors.As(err, &bad) || bad.Coding != coding {
			t.Errorf("%s of plain text: %v", name, err)
		}
		r, err := wire.Decompress(coding, bytes.NewReader(body), 0)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		if _, err := r.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: a closed reader was read", name)
		}
	}
}

// E5: little that wants to become much stops at the limit and holds a window.
func TestDecompressBombs(t *testing.T) {
	size := testkit.Thin(16 << 20)
	zeros := make([]byte, size)
	bombs := map[string][]byte{}
	for name := range encoders(t) {
		coding, body := compressed(t, name, zeros)
		bombs[coding] = body
	}
	_, bombs["gzip, br"] = compressed(t, "br", bombs["gzip"])
	_, bombs["br, br, br"] = compressed(t, "br", bombs["br"])
	_, bombs["br, br, br"] = compressed(t, "br", bombs["br, br, br"])
	for codings, body := range bombs {
		for _, limit := range []int64{1, 1 << 20, int64(size) - 1} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := wire.Decompress(codings, bytes.NewReader(body), limit)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, struct{ io.Reader }{r})
			runtime.ReadMemStats(&after)
			if !errors.Is(err, wire.ErrTooLarge) || n > limit {
				t.Errorf("%s, limit %d: %d bytes, %v", codings, limit, n, err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 48<<20 {
				t.Errorf("%s, limit %d: allocated %d MiB", codings, limit, used>>20)
			}
			_ = r.Close()
		}
	}
	// Nothing comes out of it, however long it goes on.
	_, empty := compressed(t, "gzip", nil)
	n, err := decompress("gzip", bytes.NewReader(bytes.Repeat(empty, 100_000)), 1<<10)
	if !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("endless empty members: %d bytes, %v", len(n), err)
	}
}

func FuzzDecompress(f *testing.F) {
	for name := range encoders(f) {
		coding, body := compressed(f, name, []byte(strings.Repeat("seed ", 20)))
		f.Add(coding, body)
	}
	f.Fuzz(func(t *testing.T, codings string, body []byte) {
		got, err := decompress(codings, bytes.NewReader(body), 1<<16)
		if len(got) > 1<<16 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}
