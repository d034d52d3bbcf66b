package testkit

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"strings"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// HostileVendor is a server that answers in a way that no client should take.
type HostileVendor struct {
	Name string
	// Talk answers one request; the connection is closed when it returns.
	Talk func(net.Conn)
	// Code is that of the error which a caller gets, "" where there is an answer
	// all the same.
	Code string
	// Endless is set where the limit of time may be met before that of size.
	Endless bool
}

// The codes of what a client says about such servers.
const (
	cut      = "response_cut"
	tooLarge = "response_too_large"
	protocol = "protocol"
	timeout  = "timeout"
)

const (
	responseLine = "HTTP/1.1 200 OK\r\n"
	jsonType     = "Content-Type: application/json\r\n"
	chunked      = "Transfer-Encoding: chunked\r\n"
)

// HostileVendors lists what a server can do to those who call it.
func HostileVendors() []HostileVendor {
	return append(append(silentVendors(), framingVendors()...), encodingVendors()...)
}

// says answers with a text.
func says(parts ...string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, strings.Join(parts, "")) }
}

// hangs answers with a text, and then neither goes on nor hangs up.
func hangs(text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.WriteString(conn, text)
		_, _ = conn.Read(make([]byte, 1))
	}
}

// drips answers with a text and then with a part every few milliseconds.
func drips(text, part string) func(net.Conn) {
	return func(conn net.Conn) {
		_, err := io.WriteString(conn, text)
		for err == nil {
			time.Sleep(5 * time.Millisecond)
			_, err = io.WriteString(conn, part)
		}
	}
}

// pours answers with a text and then with a part over and over.
func pours(text, part string) func(net.Conn) {
	part = strings.Repeat(part, 1+64<<10/len(part))
	return func(conn net.Conn) {
		_, err := io.WriteString(conn, text)
		for err == nil {
			_, err = io.WriteString(conn, part)
		}
	}
}

// silentVendors take their time, or never end.
func silentVendors() []HostileVendor {
	return []HostileVendor{
		{"silent", hangs(""), timeout, false},
		{"hangs up", says(), cut, false},
		{"silent after the status", hangs(responseLine), timeout, false},
		{"silent after the header", hangs(responseLine + jsonType + "\r\n"), timeout, false},
		{"silent within the body", hangs(responseLine + jsonType + "Content-Length: 10\r\n\r\n{"), timeout, false},
		{"silent after 100", hangs("HTTP/1.1 100 Continue\r\n\r\n"), timeout, false},
		{"drips a header", drips(responseLine, "X-A: b\r\n"), timeout, false},
		{"drips a header line", drips(responseLine+"X-A: ", "x"), timeout, false},
		{"drips a body", drips(responseLine+jsonType+"\r\n", " "), timeout, false},
		{"drips chunks", drips(responseLine+jsonType+chunked+"\r\n", "1\r\n \r\n"), timeout, false},
		{"endless header", pours(responseLine, "X-A: b\r\n"), tooLarge, false},
		{"endless header line", pours(responseLine+"X-A: ", "x"), tooLarge, false},
		{"endless status line", pours("HTTP/1.1 200 ", "x"), tooLarge, false},
		{"endless early hints", pours("", "HTTP/1.1 103 Early Hints\r\n\r\n"), tooLarge, false},
		{"endless continue", pours("", "HTTP/1.1 100 Continue\r\n\r\n"), tooLarge, false},
		{"endless body", pours(responseLine+jsonType+"\r\n", " "), tooLarge, true},
		{"endless chunks", pours(responseLine+jsonType+chunked+"\r\n", "1\r\n \r\n"), tooLarge, true},
		{"endless chunk extension", pours(responseLine+jsonType+chunked+"\r\n1;", "x"), protocol, false},
		{"endless trailer", pours(responseLine+jsonType+chunked+"\r\n2\r\n{}\r\n0\r\n", "X-A: b\r\n"), protocol, false},
		{"thousands of headers", says(responseLine, jsonType, "Content-Length: 2\r\n", strings.Repeat("X-A: b\r\n", 2000), "\r\n{}"), "", false},
		{"a header of 512 KiB", says(responseLine, jsonType, "Content-Length: 2\r\nX-A: ", strings.Repeat("x", 512<<10), "\r\n\r\n{}"), tooLarge, false},
	}
}

// framingVendors frame their answers wrongly.
func framingVendors() []HostileVendor {
	ok := responseLine + jsonType
	return []HostileVendor{
		{"too little body", says(ok, "Content-Length: 100\r\n\r\n{}"), cut, false},
		{"too much body", says(ok, "Content-Length: 2\r\n\r\n{}{\"evil\":true}"), "", false},
		{"a second answer", says(ok, "Content-Length: 2\r\n\r\n{}", ok, "Content-Length: 13\r\n\r\n{\"evil\":true}"), "", false},
		{"two lengths", says(ok, "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "), protocol, false},
		{"negative length", says(ok, "Content-Length: -1\r\n\r\n{}"), protocol, false},
		{"signed length", says(ok, "Content-Length: +2\r\n\r\n{}"), protocol, false},
		{"length without end", says(ok, "Content-Length: 99999999999999999999\r\n\r\n{}"), protocol, false},
		{"length of 8 EiB", says(ok, "Content-Length: 9223372036854775807\r\n\r\n{}"), cut, false},
		{"length that is none", says(ok, "Content-Length: two\r\n\r\n{}"), protocol, false},
		{"length in front of chunks", says(ok, chunked, "Content-Length: 100\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), "", false},
		{"unknown transfer coding", says(ok, "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), protocol, false},
		{"chunks twice", says(ok, "Transfer-Encoding: chunked\r\n", chunked, "\r\n2\r\n{}\r\n0\r\n\r\n"), protocol, false},
		{"cut chunk", says(ok, chunked, "\r\n10\r\n{}"), cut, false},
		{"no last chunk", says(ok, chunked, "\r\n2\r\n{}\r\n"), cut, false},
		{"chunk of no number", says(ok, chunked, "\r\nzz\r\n{}\r\n"), protocol, false},
		{"chunk of 16 EiB", says(ok, chunked, "\r\nffffffffffffffff\r\n{}\r\n"), cut, false},
		{"chunk beyond numbers", says(ok, chunked, "\r\n1ffffffffffffffff\r\n{}\r\n"), protocol, false},
		{"chunk without line end", says(ok, chunked, "\r\n2\r\n{}evil0\r\n\r\n"), protocol, false},
		{"not HTTP", says("SSH-2.0-OpenSSH_9.9\r\n\r\n"), protocol, false},
		{"HTTP/0.9", says("<html>hello</html>\r\n\r\n"), protocol, false},
		{"HTTP/9.9", says("HTTP/9.9 200 OK\r\n", jsonType, "Content-Length: 2\r\n\r\n{}"), "", false},
		{"HTTP/2 without being asked", says("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), protocol, false},
		{"a status of letters", says("HTTP/1.1 abc OK\r\n\r\n"), protocol, false},
		{"a status of two digits", says("HTTP/1.1 20 OK\r\n\r\n"), protocol, false},
		{"a negative status", says("HTTP/1.1 -20 OK\r\n\r\n"), protocol, false},
		{"a status of 999", says("HTTP/1.1 999 Odd\r\n", jsonType, "Content-Length: 2\r\n\r\n{}"), "remote_error", false},
		{"no colon", says(ok, "no colon\r\n\r\n{}"), protocol, false},
		{"space in front of a colon", says(ok, "X-A : b\r\nContent-Length: 2\r\n\r\n{}"), "", false},
		{"NUL in a header", says(ok, "X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}"), protocol, false},
		{"folded header", says(ok, "X-A: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"), "", false},
		{"switches protocols", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), protocol, false},
	}
}

// encodingVendors encode their answers wrongly.
func encodingVendors() []HostileVendor {
	coded := func(coding, body string) func(net.Conn) {
		return says(responseLine, jsonType, "Content-Encoding: ", coding, "\r\n\r\n", body)
	}
	bomb := packed(gzipWriter, bombSize)
	return []HostileVendor{
		{"gzip bomb", coded("gzip", bomb), tooLarge, true},
		{"zstd bomb", coded("zstd", packed(zstdWriter, bombSize)), tooLarge, true},
		{"brotli bomb", coded("br", packed(brotliWriter, bombSize)), tooLarge, true},
		{"gzip in gzip in gzip", coded("gzip, gzip, gzip", repacked(repacked(bomb))), tooLarge, true},
		{"many codings", coded(strings.Repeat("gzip, ", 50)+"gzip", repacked("{}")), "remote_error", false},
		{"endless empty gzip", pours(responseLine+jsonType+"Content-Encoding: gzip\r\n\r\n", packed(gzipWriter, 0)), tooLarge, true},
		{"gzip that is cut", coded("gzip", repacked(`{"id":1}`)[:15]), cut, false},
		{"gzip that hangs", hangs(responseLine + jsonType + "Content-Encoding: gzip\r\n\r\n" + bomb[:20]), timeout, false},
		{"short gzip", says(responseLine, jsonType, "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), cut, false},
		{"no gzip", coded("gzip", strings.Repeat("plain", 100)), protocol, false},
		{"no zstd", coded("zstd", strings.Repeat("plain", 100)), protocol, false},
		{"no brotli", coded("br", strings.Repeat("plain", 100)), protocol, false},
	}
}

// bombSize is what a bomb decodes to: more than calls accept.
const bombSize = 256 << 20

func gzipWriter(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

func brotliWriter(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 1) }

func zstdWriter(w io.Writer) io.WriteCloser {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the options are constants
	}
	return z
}

// packed compresses so many spaces.
func packed(coder func(io.Writer) io.WriteCloser, size int) string {
	var out bytes.Buffer
	w := coder(&out)
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	for ; size > 0; size -= len(spaces) {
		_, _ = w.Write(spaces)
	}
	_ = w.Close()
	return out.String()
}

func repacked(text string) string {
	var out bytes.Buffer
	w := gzipWriter(&out)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return out.String()
}
