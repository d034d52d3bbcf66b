package server_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestRefusalsWithZeroes lets a vendor answer with characters that databases
// and readers choke on: the account follows all the same.
func TestRefusalsWithZeroes(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		for _, e := range []struct{ contentType, body string }{
			{"application/json", `{"message":"a\u0000b"}`},
			{"application/json", `{"message":"a\ud800b"}`},
			{"text/plain", "a\x00b"},
			{"application/json", "{\"message\":\"a\xffb\"}"},
			{"text/plain; charset=x-unknown", "a\x00b\xff"},
			{"application/octet-stream", "\x00\x01\x02"},
		} {
			c := p.example(t, "", "")
			c.vendor.says(401, e.body, "Content-Type", e.contentType)
			got := c.ask("GET /things/1", "").want(401)
			if strings.Contains(got.Text, `\u0000`) || strings.Contains(got.Text, "\x00") {
				t.Errorf("%q: got %s", e.body, got.Text)
			}
			if row := c.get("/integrated-account/" + c.account).want(200); row.text("status") != "needs_reauth" || row.text("last_error") == "" {
				t.Errorf("%q: the account is %s, %s", e.body, row.text("status"), row.JSON.Get("last_error"))
			}
		}
		if got := p.logs("").want(200).JSON.Get("result").Len(); got != 6 {
			t.Errorf("%d records", got)
		}
	})
}

// TestLabelsThatAreWrong reads answers by what they are where their label says
// something else.
func TestLabelsThatAreWrong(t *testing.T) {
	t.Parallel()
	const list = `{"result":[{"id":1}],"next_cursor":null,"prev_cursor":null,"result_count":1}`
	labelled := func(contentType, call, says, text string) example {
		return example{call: call, headers: []string{"Content-Type", contentType}, says: says, text: text}
	}
	broken := labelled("application/json", "GET /things", "<html>Sign in</html>", "")
	broken.want, broken.shows = 502, map[string]string{"raw_response": "<html>Sign in</html>", "code": "remote_error"}
	runExamples(t, map[string]example{
		"JSON as text":                    labelled("text/plain", "GET /things", `[{"id":1}]`, list),
		"JSON as a page":                  labelled("text/html; charset=utf-8", "GET /things", ` [{"id":1}]`, list),
		"JSON as a script":                labelled("text/javascript", "GET /things", `[{"id":1}]`, list),
		"JSON as bytes, for a list":       labelled("application/octet-stream", "GET /things", `[{"id":1}]`, list),
		"JSON without a label":            labelled("", "GET /things", `[{"id":1}]`, list),
		"JSON of a vendor's own type":     labelled("application/vnd.acme.v3+json; v=3", "GET /things", `[{"id":1}]`, list),
		"a label that is no label":        labelled("json", "GET /things", `[{"id":1}]`, list),
		"JSON in Latin-1":                 labelled("application/json; charset=iso-8859-1", "GET /things/1", "{\"n\":\"\xe9\"}", `{"n":"é"}`),
		"JSON in UTF-8 labelled Latin-1":  labelled("application/json; charset=iso-8859-1", "GET /things/1", `{"n":"é"}`, `{"n":"é"}`),
		"JSON with a mark in front":       labelled("application/json", "GET /things/1", "\xef\xbb\xbf{\"n\":1}", `{"n":1}`),
		"CSV in windows-1252, for a list": labelled("text/csv; charset=windows-1252", "GET /things", "id,n\n1,\x80\n", `{"result":[{"id":"1","n":"€"}],"next_cursor":null,"prev_cursor":null,"result_count":1}`),
		"a text for a list":               labelled("text/plain", "GET /things", "just text", `{"result":["just text"],"next_cursor":null,"prev_cursor":null,"result_count":1}`),
		"a page labelled JSON":            broken,
		"bytes for a record":              labelled("application/octet-stream", "GET /things/1", `{"id":1}`, `{"id":1}`),
	})
}

// TestConnectTimeLimit calls a vendor that takes connections and says nothing
// over TLS.
func TestConnectTimeLimit(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	p := newPlatform(t)
	c := p.example(t, `{"base_url":"https://`+listener.Addr().String()+`","timeouts":{"connect":0.3}}`, "")
	began := time.Now()
	got := c.ask("GET /things/1", "").want(504)
	if took := time.Since(began); got.text("code") != "timeout" || took > 4*time.Second {
		t.Errorf("got %s after %s", got.Text, took)
	}
}

// TestSilentStreamsAreCutOff lets a vendor stop in the middle of a file, and a
// caller in the middle of an upload.
func TestSilentStreamsAreCutOff(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := p.example(t, `{"timeouts":{"stream_idle":0.4,"total":20,"first_byte":20}}`, "")
	stalled := make(chan struct{})
	t.Cleanup(func() { close(stalled) })
	c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		_, _ = io.WriteString(w, "the beginning")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-stalled:
		}
	})
	began := time.Now()
	response := p.stream("GET", "/proxy/things/1?integrated_account_id="+c.account, nil, "")
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if took := time.Since(began); err == nil || string(body) != "the beginning" || took > 5*time.Second {
		t.Errorf("the vendor stops: got %q, %v after %s", body, err, took)
	}

	in, out := io.Pipe()
	defer out.Close()
	go func() { _, _ = out.Write([]byte("the beginning")) }()
	began = time.Now()
	response = p.stream("POST", "/proxy/things?truto_body_passthrough=true&integrated_account_id="+c.account, in, "video/mp4")
	defer response.Body.Close()
	if took := time.Since(began); response.StatusCode != 504 && response.StatusCode != 408 || took > 5*time.Second {
		body, _ := io.ReadAll(response.Body)
		t.Errorf("the caller stops: got %d after %s: %s", response.StatusCode, took, body)
	}
}
