package inbound_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// form writes a multipart body and its Content-Type.
func form(t *testing.T, write func(w *multipart.Writer)) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	write(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// worked makes events of what was accepted, and returns the raw payload of the first.
func worked(t *testing.T, d delivery, verification, transform string) (raw jsonx.Value, box *inbox) {
	t.Helper()
	service, box := newServiceOf(t, `{"signature_verification":`+verification+`,"payload_transform":`+jsonx.StringValue(transform).String()+`}`, `{"s":"s","api_key":"w-secret"}`)
	if _, err := d.send(service); err != nil {
		t.Fatal(err)
	}
	if err := service.Work(t.Context(), sinew.Job{Args: `{"integrated_account_id":"` + accountID + `"}`}); err != nil {
		t.Fatal(err)
	}
	if len(box.outcomes) != 1 || len(box.outcomes[0].Events) != 1 {
		t.Fatalf("it has become %+v", box.outcomes)
	}
	return jsonx.MustParse(string(box.outcomes[0].Events[0].Payload)).Get("raw_payload"), box
}

const formBearer = `{"format":"bearer","config":{"secret":"s"}}`

// TestMultipartDelivery reads fields as those of an urlencoded form, and files with what
// is in them, behind fields too; the bytes stay as they came.
func TestMultipartDelivery(t *testing.T) {
	t.Parallel()
	file := "\x00\x01\xff" + strings.Repeat("x", 100_000)
	body, contentType := form(t, func(w *multipart.Writer) {
		_ = w.WriteField("name", "Ada & Co = 1")
		f, _ := w.CreateFormFile("scan", "päper.pdf")
		_, _ = f.Write([]byte(file))
		_ = w.WriteField("tags[]", "a")
		_ = w.WriteField("tags[]", "b")
		_ = w.WriteField("owner[id]", "7")
		p, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="typed"`}, "Content-Type": {"application/json"}})
		_, _ = p.Write([]byte(`{"n":1}`))
	})
	d := newDelivery(body).with("Content-Type", contentType).with("Authorization", "Bearer s")
	raw, box := worked(t, d, formBearer, `[{'event_type':'x','raw':body}]`)
	want := `{"name":"Ada & Co = 1","scan":{"filename":"päper.pdf","content_type":"application/octet-stream","size":` + jsonx.IntValue(int64(len(file))).String() + `,"content":"` +
		base64.StdEncoding.EncodeToString([]byte(file)) + `"},"tags":["a","b"],"owner":{"id":"7"},"typed":{"n":1}}`
	if raw.String() != want {
		t.Errorf("got %.400s, want %.400s", raw, want)
	}
	if got := string(box.accepted[0].Request.Body); got != body {
		t.Errorf("%d bytes are kept, want the %d that came", len(got), len(body))
	}
}

// TestSignedFieldOfAForm verifies what some vendors of electronic signatures send: JSON
// in a field of a form, with a digest in it of other members.
func TestSignedFieldOfAForm(t *testing.T) {
	t.Parallel()
	const verification = `{"format":"hmac","config":{"secret":"{{api_key}}","parts":["$body.json.event.event_time","$body.json.event.event_type"],"compare_with":"$body.json.event.event_hash"}}`
	const transform = `($e := $jsonParse(body.json); [{'event_type':$e.event.event_type,'resource_type':'requests','resource_id':$e.request.id}])`
	text := func(kind string) string {
		return `{"event":{"event_time":"1795350000","event_type":"` + kind + `","event_hash":"` + hex.EncodeToString(keyed(sha256.New, vendorSecret, "1795350000request_signed")) + `"},"request":{"id":"r-1"}}`
	}
	body, contentType := form(t, func(w *multipart.Writer) { _ = w.WriteField("json", text("request_signed")) })
	raw, _ := worked(t, newDelivery(body).with("Content-Type", contentType), verification, transform)
	if raw.Get("resource_id").Str() != "r-1" {
		t.Errorf("got %s", raw)
	}
	service, _ := newServiceOf(t, `{"signature_verification":`+verification+`}`, `{"api_key":"w-secret"}`)
	forged, contentType := form(t, func(w *multipart.Writer) { _ = w.WriteField("json", text("request_declined")) })
	if newDelivery(forged).with("Content-Type", contentType).taken(t, service) {
		t.Error("a forged one was taken")
	}
}

// TestOddMultipart keeps what is no form as a text, within bounds.
func TestOddMultipart(t *testing.T) {
	t.Parallel()
	whole, contentType := form(t, func(w *multipart.Writer) { _ = w.WriteField("a", "1") })
	many, manyType := form(t, func(w *multipart.Writer) {
		for range 1001 {
			_ = w.WriteField("a[]", "")
		}
	})
	clash, clashType := form(t, func(w *multipart.Writer) { _ = w.WriteField("a", "1"); _ = w.WriteField("a[b]", "2") })
	large, largeType := form(t, func(w *multipart.Writer) {
		_, _ = w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + strings.Repeat("n", 20_000) + `"`}})
	})
	for name, c := range map[string][2]string{
		"cut": {whole[:len(whole)-10], contentType}, "cut in a part": {whole[:len(whole)/2], contentType}, "another boundary": {whole, "multipart/form-data; boundary=other"},
		"no boundary": {whole, "multipart/form-data"}, "a broken type": {whole, `multipart/form-data; boundary="`}, "too many parts": {many, manyType},
		"names that clash": {clash, clashType}, "a header that is too large": {large, largeType}, "nothing": {"", contentType},
	} {
		raw, _ := worked(t, newDelivery(c[0]).with("Content-Type", c[1]).with("Authorization", "Bearer s"), formBearer, `[{'event_type':'x','raw':{'is':$type(body),'same':body = $string(body)}}]`)
		if raw.String() != `{"is":"string","same":true}` {
			t.Errorf("%s: got %s", name, raw)
		}
	}
}
