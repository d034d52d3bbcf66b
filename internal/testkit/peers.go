package testkit

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Peer is the server's side of an HTTP/2 connection, behind the header of a
// request.
type Peer struct {
	*http2.Framer
	Conn   net.Conn
	Stream uint32
}

// ConverseHTTP2 serves frames that no server would send, under a certificate:
// talk gets each request. It returns the address, https://….
func ConverseHTTP2(t testing.TB, certificate tls.Certificate, talk func(*Peer)) string {
	t.Helper()
	settings := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}}
	address := Accept(t, func(raw net.Conn) {
		conn := tls.Server(raw, settings)
		if conn.Handshake() != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, conn, int64(len(http2.ClientPreface))); err != nil {
			return
		}
		p := &Peer{Framer: http2.NewFramer(conn, conn), Conn: conn}
		if p.WriteSettings() != nil {
			return
		}
		for p.next() {
			talk(p)
		}
	})
	return "https://" + address
}

// next reads frames up to the next request.
func (p *Peer) next() bool {
	for {
		frame, err := p.ReadFrame()
		if err != nil {
			return false
		}
		if header, ok := frame.(*http2.HeadersFrame); ok {
			p.Stream = header.StreamID
			return true
		}
	}
}

// drain reads what the client sends, so that nothing fills up.
func (p *Peer) drain() {
	go func() { _, _ = io.Copy(io.Discard, p.Conn) }()
}

func fields(pairs ...string) []byte {
	var out bytes.Buffer
	encoder := hpack.NewEncoder(&out)
	for i := 0; i+1 < len(pairs); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return out.Bytes()
}

// headers answers with a header.
func (p *Peer) headers(end bool, pairs ...string) error {
	return p.WriteHeaders(http2.HeadersFrameParam{StreamID: p.Stream, BlockFragment: fields(pairs...), EndHeaders: true, EndStream: end})
}

func (p *Peer) ok() { _ = p.headers(false, ":status", "200", "content-type", "application/json") }

// Forever writes until the client hangs up, or until it had its time.
func (p *Peer) Forever(write func() error) {
	p.drain()
	for began := time.Now(); time.Since(began) < 4*time.Second; {
		for range 100 {
			if write() != nil {
				return
			}
		}
	}
	_ = p.Conn.Close()
}

// HostilePeer is a server of HTTP/2 that answers in a way that no client should
// take.
type HostilePeer struct {
	Talk func(*Peer)
	// Codes are those of the errors that a caller may get, between spaces; "" for
	// an answer.
	Codes string
}

// HostilePeers lists what a server of HTTP/2 can do, by name.
func HostilePeers() map[string]HostilePeer {
	const broken = "protocol response_cut"
	return map[string]HostilePeer{
		"resets":               {func(p *Peer) { _ = p.WriteRSTStream(p.Stream, http2.ErrCodeInternal) }, broken},
		"refuses streams":      {func(p *Peer) { _ = p.WriteRSTStream(p.Stream, http2.ErrCodeRefusedStream) }, broken + " timeout"},
		"cancels":              {func(p *Peer) { _ = p.WriteRSTStream(p.Stream, http2.ErrCodeCancel) }, broken},
		"resets over and over": {func(p *Peer) { p.Forever(func() error { return p.WriteRSTStream(p.Stream, http2.ErrCodeInternal) }) }, broken},
		"resets unknown streams": {func(p *Peer) {
			n := uint32(1)
			p.Forever(func() error { n += 2; return p.WriteRSTStream(n, http2.ErrCodeCancel) })
		}, broken + " timeout"},
		"goes away": {func(p *Peer) { _ = p.WriteGoAway(0, http2.ErrCodeNo, nil); _ = p.Conn.Close() }, broken + " timeout unreachable"},
		"goes away over and over": {func(p *Peer) {
			p.Forever(func() error { return p.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, []byte("x")) })
		}, broken + " timeout"},
		"pings": {func(p *Peer) { p.Forever(func() error { return p.WritePing(false, [8]byte{}) }) }, broken + " timeout"},
		"settings": {func(p *Peer) {
			p.Forever(func() error { return p.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 14}) })
		}, broken + " timeout"},
		"no streams allowed": {func(p *Peer) {
			_ = p.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams})
			p.Forever(func() error { time.Sleep(time.Millisecond); return nil })
		}, broken + " timeout"},
		"windows":            {func(p *Peer) { p.Forever(func() error { return p.WriteWindowUpdate(0, 1) }) }, broken + " timeout"},
		"too large a window": {func(p *Peer) { p.Forever(func() error { return p.WriteWindowUpdate(p.Stream, 1<<31-1) }) }, broken},
		"priorities": {func(p *Peer) {
			p.Forever(func() error { return p.WritePriority(p.Stream, http2.PriorityParam{Weight: 1}) })
		}, broken + " timeout"},
		"unknown frames": {func(p *Peer) {
			p.Forever(func() error { return p.WriteRawFrame(0xfa, 0, p.Stream, make([]byte, 1000)) })
		}, broken + " timeout"},
		"pushes": {func(p *Peer) {
			_ = p.WritePushPromise(http2.PushPromiseParam{StreamID: p.Stream, PromiseID: 2, BlockFragment: fields(":method", "GET"), EndHeaders: true})
		}, broken},
		"continues for ever": {func(p *Peer) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: p.Stream, BlockFragment: fields(":status", "200")})
			block := fields("x-a", strings.Repeat("a", 1000))
			p.Forever(func() error { return p.WriteContinuation(p.Stream, false, block) })
		}, broken + " response_too_large timeout"},
		"continues with nothing": {func(p *Peer) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: p.Stream, BlockFragment: fields(":status", "200")})
			p.Forever(func() error { return p.WriteContinuation(p.Stream, false, nil) })
		}, broken + " response_too_large timeout"},
		"early hints": {func(p *Peer) { p.Forever(func() error { return p.headers(false, ":status", "103") }) }, broken + " response_too_large timeout"},
		"a large header": {func(p *Peer) {
			_ = p.headers(true, ":status", "200", "x-a", strings.Repeat("a", 12000))
			p.Forever(func() error { return io.EOF })
		}, ""},
		"a header bomb": {func(p *Peer) {
			var out bytes.Buffer
			encoder := hpack.NewEncoder(&out)
			_ = encoder.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
			_ = encoder.WriteField(hpack.HeaderField{Name: "x-a", Value: strings.Repeat("a", 3000)})
			for range 10_000 { // each a byte
				_ = encoder.WriteField(hpack.HeaderField{Name: "x-a", Value: strings.Repeat("a", 3000)})
			}
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: p.Stream, BlockFragment: out.Bytes(), EndHeaders: true, EndStream: true})
		}, broken + " response_too_large"},
		"no status":           {func(p *Peer) { _ = p.headers(true, "content-type", "application/json") }, broken},
		"a status of letters": {func(p *Peer) { _ = p.headers(true, ":status", "abc") }, broken},
		"two statuses":        {func(p *Peer) { _ = p.headers(true, ":status", "200", ":status", "500") }, broken},
		"names in upper case": {func(p *Peer) { _ = p.headers(true, ":status", "200", "X-A", "b") }, broken},
		"a header of one hop": {func(p *Peer) {
			_ = p.headers(true, ":status", "200", "connection", "close", "transfer-encoding", "chunked")
		}, ""},
		"line breaks": {func(p *Peer) { _ = p.headers(true, ":status", "200", "x-a", "a\r\nx-b: c") }, broken},
		"broken compression": {func(p *Peer) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: p.Stream, BlockFragment: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, EndHeaders: true})
		}, broken},
		"body without header": {func(p *Peer) { _ = p.WriteData(p.Stream, true, []byte("{}")) }, broken},
		"body of another":     {func(p *Peer) { p.ok(); _ = p.WriteData(p.Stream+2, true, []byte("{}")) }, broken},
		"beyond the window": {func(p *Peer) {
			p.ok()
			p.Forever(func() error { return p.WriteData(p.Stream, false, make([]byte, 1<<14)) })
		}, broken + " response_too_large"},
		"empty frames": {func(p *Peer) { p.ok(); p.Forever(func() error { return p.WriteData(p.Stream, false, nil) }) }, broken + " timeout"},
		"padding": {func(p *Peer) {
			p.ok()
			p.Forever(func() error { return p.WriteDataPadded(p.Stream, false, nil, make([]byte, 255)) })
		}, broken + " timeout"},
		"too short a body": {func(p *Peer) {
			_ = p.headers(false, ":status", "200", "content-length", "10")
			_ = p.WriteData(p.Stream, true, []byte("{}"))
		}, broken},
		"too long a body": {func(p *Peer) {
			_ = p.headers(false, ":status", "200", "content-length", "1")
			_ = p.WriteData(p.Stream, true, []byte("{}"))
		}, broken},
		"a reset body": {func(p *Peer) {
			p.ok()
			_ = p.WriteData(p.Stream, false, []byte("{"))
			_ = p.WriteRSTStream(p.Stream, http2.ErrCodeInternal)
		}, broken},
		"a second header": {func(p *Peer) { p.ok(); p.ok() }, broken},
		"garbage": {func(p *Peer) {
			p.Forever(func() error { _, err := p.Conn.Write([]byte("garbage garbage garbage")); return err })
		}, broken + " response_too_large"},
		"a frame too large": {func(p *Peer) {
			p.ok()
			_, _ = fmt.Fprintf(p.Conn, "\xff\xff\xff\x00\x00\x00\x00\x00\x01")
			p.Forever(func() error { _, err := p.Conn.Write(make([]byte, 1000)); return err })
		}, broken + " response_too_large"},
		"silence": {func(p *Peer) { p.Forever(func() error { time.Sleep(time.Millisecond); return nil }) }, "timeout " + broken},
	}
}
