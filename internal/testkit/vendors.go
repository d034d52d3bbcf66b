package testkit

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Talk answers one request on a connection, which is closed when it returns.
type Talk func(net.Conn)

// HostileVendor is a server that answers in a way that no client should take.
type HostileVendor struct {
	Name string
	Talk Talk
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

// FileHead begins the answer of a file, which is passed on as it comes.
const FileHead = responseLine + "Content-Type: application/octet-stream\r\n"

const (
	responseLine = "HTTP/1.1 200 OK\r\n"
	jsonType     = "Content-Type: application/json\r\n"
	chunked      = "Transfer-Encoding: chunked\r\n"
)

// HostileVendors lists what a server can do to those who call it.
func HostileVendors() []HostileVendor {
	return append(append(silentVendors(), framingVendors()...), encodingVendors()...)
}

// Says answers with a text.
func Says(parts ...string) Talk {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, strings.Join(parts, "")) }
}

// Hangs answers with a text, and then neither goes on nor hangs up.
func Hangs(text string) Talk {
	return func(conn net.Conn) {
		_, _ = io.WriteString(conn, text)
		_, _ = conn.Read(make([]byte, 1))
	}
}

// Drips answers with a text and then with a part every few milliseconds.
func Drips(text, part string) Talk {
	return func(conn net.Conn) {
		_, err := io.WriteString(conn, text)
		for err == nil {
			time.Sleep(5 * time.Millisecond)
			_, err = io.WriteString(conn, part)
		}
	}
}

// Pours answers with a text and then with a part over and over.
func Pours(text, part string) Talk {
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
		{"silent", Hangs(""), timeout, false},
		{"hangs up", Says(), cut, false},
		{"silent after the status", Hangs(responseLine), timeout, false},
		{"silent after the header", Hangs(responseLine + jsonType + "\r\n"), timeout, false},
		{"silent within the body", Hangs(responseLine + jsonType + "Content-Length: 10\r\n\r\n{"), timeout, false},
		{"silent after 100", Hangs("HTTP/1.1 100 Continue\r\n\r\n"), timeout, false},
		{"drips a header", Drips(responseLine, "X-A: b\r\n"), timeout, false},
		{"drips a header line", Drips(responseLine+"X-A: ", "x"), timeout, false},
		{"drips a body", Drips(responseLine+jsonType+"\r\n", " "), timeout, false},
		{"drips chunks", Drips(responseLine+jsonType+chunked+"\r\n", "1\r\n \r\n"), timeout, false},
		{"endless header", Pours(responseLine, "X-A: b\r\n"), tooLarge, false},
		{"endless header line", Pours(responseLine+"X-A: ", "x"), tooLarge, false},
		{"endless status line", Pours("HTTP/1.1 200 ", "x"), tooLarge, false},
		{"endless early hints", Pours("", "HTTP/1.1 103 Early Hints\r\n\r\n"), tooLarge, false},
		{"endless continue", Pours("", "HTTP/1.1 100 Continue\r\n\r\n"), tooLarge, false},
		{"endless body", Pours(responseLine+jsonType+"\r\n", " "), tooLarge, true},
		{"endless chunks", Pours(responseLine+jsonType+chunked+"\r\n", "1\r\n \r\n"), tooLarge, true},
		{"endless chunk extension", Pours(responseLine+jsonType+chunked+"\r\n1;", "x"), protocol, false},
		{"endless trailer", Pours(responseLine+jsonType+chunked+"\r\n2\r\n{}\r\n0\r\n", "X-A: b\r\n"), protocol, false},
		{"thousands of headers", Says(responseLine, jsonType, "Content-Length: 2\r\n", strings.Repeat("X-A: b\r\n", 2000), "\r\n{}"), "", false},
		{"a header of 512 KiB", Says(responseLine, jsonType, "Content-Length: 2\r\nX-A: ", strings.Repeat("x", 512<<10), "\r\n\r\n{}"), tooLarge, false},
	}
}

// framingVendors frame their answers wrongly.
func framingVendors() []HostileVendor {
	ok := responseLine + jsonType
	return []HostileVendor{
		{"too little body", Says(ok, "Content-Length: 100\r\n\r\n{}"), cut, false},
		{"too much body", Says(ok, "Content-Length: 2\r\n\r\n{}{\"evil\":true}"), "", false},
		{"a second answer", Says(ok, "Content-Length: 2\r\n\r\n{}", ok, "Content-Length: 13\r\n\r\n{\"evil\":true}"), "", false},
		{"two lengths", Says(ok, "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "), protocol, false},
		{"negative length", Says(ok, "Content-Length: -1\r\n\r\n{}"), protocol, false},
		{"signed length", Says(ok, "Content-Length: +2\r\n\r\n{}"), protocol, false},
		{"length without end", Says(ok, "Content-Length: 99999999999999999999\r\n\r\n{}"), protocol, false},
		{"length of 8 EiB", Says(ok, "Content-Length: 9223372036854775807\r\n\r\n{}"), cut, false},
		{"length that is none", Says(ok, "Content-Length: two\r\n\r\n{}"), protocol, false},
		{"length in front of chunks", Says(ok, chunked, "Content-Length: 100\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), "", false},
		{"unknown transfer coding", Says(ok, "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), protocol, false},
		{"chunks twice", Says(ok, "Transfer-Encoding: chunked\r\n", chunked, "\r\n2\r\n{}\r\n0\r\n\r\n"), protocol, false},
		{"cut chunk", Says(ok, chunked, "\r\n10\r\n{}"), cut, false},
		{"no last chunk", Says(ok, chunked, "\r\n2\r\n{}\r\n"), cut, false},
		{"chunk of no number", Says(ok, chunked, "\r\nzz\r\n{}\r\n"), protocol, false},
		{"chunk of 16 EiB", Says(ok, chunked, "\r\nffffffffffffffff\r\n{}\r\n"), cut, false},
		{"chunk beyond numbers", Says(ok, chunked, "\r\n1ffffffffffffffff\r\n{}\r\n"), protocol, false},
		{"chunk without line end", Says(ok, chunked, "\r\n2\r\n{}evil0\r\n\r\n"), protocol, false},
		{"not HTTP", Says("SSH-2.0-OpenSSH_9.9\r\n\r\n"), protocol, false},
		{"HTTP/0.9", Says("<html>hello</html>\r\n\r\n"), protocol, false},
		{"HTTP/9.9", Says("HTTP/9.9 200 OK\r\n", jsonType, "Content-Length: 2\r\n\r\n{}"), "", false},
		{"HTTP/2 without being asked", Says("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), protocol, false},
		{"a status of letters", Says("HTTP/1.1 abc OK\r\n\r\n"), protocol, false},
		{"a status of two digits", Says("HTTP/1.1 20 OK\r\n\r\n"), protocol, false},
		{"a negative status", Says("HTTP/1.1 -20 OK\r\n\r\n"), protocol, false},
		{"a status of 999", Says("HTTP/1.1 999 Odd\r\n", jsonType, "Content-Length: 2\r\n\r\n{}"), "remote_error", false},
		{"no colon", Says(ok, "no colon\r\n\r\n{}"), protocol, false},
		{"space in front of a colon", Says(ok, "X-A : b\r\nContent-Length: 2\r\n\r\n{}"), "", false},
		{"NUL in a header", Says(ok, "X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}"), protocol, false},
		{"folded header", Says(ok, "X-A: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"), "", false},
		{"switches protocols", Says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), protocol, false},
	}
}

// encodingVendors encode their answers wrongly.
func encodingVendors() []HostileVendor {
	coded := func(coding, body string) Talk {
		return Says(responseLine, jsonType, "Content-Encoding: ", coding, "\r\n\r\n", body)
	}
	packedBombs := bombs()
	bomb := packedBombs[0]
	return []HostileVendor{
		{"gzip bomb", coded("gzip", bomb), tooLarge, true},
		{"zstd bomb", coded("zstd", packedBombs[1]), tooLarge, true},
		{"brotli bomb", coded("br", packedBombs[2]), tooLarge, true},
		{"gzip in gzip in gzip", coded("gzip, gzip, gzip", repacked(repacked(bomb))), tooLarge, true},
		{"many codings", coded(strings.Repeat("gzip, ", 50)+"gzip", repacked("{}")), "remote_error", false},
		{"endless empty gzip", Pours(responseLine+jsonType+"Content-Encoding: gzip\r\n\r\n", packed(gzipWriter, 0)), tooLarge, true},
		{"gzip that is cut", coded("gzip", repacked(`{"id":1}`)[:15]), cut, false},
		{"gzip that hangs", Hangs(responseLine + jsonType + "Content-Encoding: gzip\r\n\r\n" + bomb[:20]), timeout, false},
		{"short gzip", Says(responseLine, jsonType, "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), cut, false},
		{"no gzip", coded("gzip", strings.Repeat("plain", 100)), protocol, false},
		{"no zstd", coded("zstd", strings.Repeat("plain", 100)), protocol, false},
		{"no brotli", coded("br", strings.Repeat("plain", 100)), protocol, false},
	}
}

// bombSize is what a bomb decodes to: more than calls accept.
const bombSize = 80 << 20

// brotliBomb is bombSize of spaces in brotli at level 3, which takes its time to
// make.
const brotliBomb = "y///PwAgQOKxQHLv//j//wcABEAcFoDu/R////8AgACIwwLQvf/j//8fABAAcVgAuvd//P//AwACIA4LQPf+j///fwBAAMRhAeje//H//w8ACIA4LADd+z/+//8BAAEQhwWge//H//8/ACAA4rAAdO//+P//BwAEQBwWgO793w=="

// bombs are one of gzip, one of zstd and one of brotli.
var bombs = sync.OnceValue(func() [3]string {
	br, err := base64.StdEncoding.DecodeString(brotliBomb)
	if err != nil {
		panic(err) // a constant
	}
	// A gzip may have several members, one behind the other.
	return [3]string{strings.Repeat(packed(gzipWriter, 1<<20), bombSize>>20), packed(zstdWriter, bombSize), string(br)}
})

func gzipWriter(w io.Writer) io.WriteCloser {
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	return z
}

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
