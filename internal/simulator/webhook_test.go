package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// TestWebhooks holds that receivers are asked for their word, told of every change of
// a record, and not any more when they have left.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Options{})
	var got []jsonx.Value
	deaf := false
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		body := jsonx.MustParse(string(text))
		if word := body.Get("challenge"); word.Exists() {
			if !deaf {
				_, _ = io.WriteString(w, word.Str())
			}
			return
		}
		signature := r.Header.Get("X-Simulator-Signature")
		var at int64
		_, err := fmt.Sscanf(signature, "t=%d,", &at)
		if when := time.Unix(at, 0); err != nil || time.Since(when).Abs() > time.Minute || signature != simulator.SignWebhook("mine", when, string(text)) || r.Header.Get("X-Simulator-Delivery") == "" {
			t.Errorf("signed %v", r.Header)
		}
		got = append(got, body)
	}))
	defer receiver.Close()
	body := `{"url":"` + receiver.URL + `","secret":"mine"}`
	status, hook := ask(t, s, "POST", "/webhooks", body)
	if status != 201 {
		t.Fatalf("got %d %s", status, hook)
	}
	_, contact := ask(t, s, "POST", "/contacts", `{"name":"Ada","email":"ada@lovelace.example"}`)
	id := contact.Get("id").Str()
	ask(t, s, "PATCH", "/contacts/"+id, `{"name":"Ada L."}`)
	ask(t, s, "DELETE", "/contacts/"+id, "")
	ask(t, s, "DELETE", "/contacts/none", "")
	var events []string
	for _, e := range got {
		events = append(events, e.Get("event").Str()+" "+e.At("data", "id").Str())
	}
	if want := "contacts.created " + id + ", contacts.updated " + id + ", contacts.deleted " + id; strings.Join(events, ", ") != want {
		t.Errorf("the receiver got %q, want %q", events, want)
	}
	if status, _ := ask(t, s, "DELETE", "/webhooks/"+hook.Get("id").Str(), ""); status != 200 {
		t.Errorf("got %d", status)
	}
	deaf = true
	for body, want := range map[string]int{body: 400, `{"url":"nowhere"}`: 400, `{"url":"http://127.0.0.1:1/"}`: 400, `[]`: 400} {
		if status, _ := ask(t, s, "POST", "/webhooks", body); status != want {
			t.Errorf("%s: got %d", body, status)
		}
	}
	ask(t, s, "POST", "/contacts", `{"name":"Eve","email":"eve@lovelace.example"}`)
	if len(got) != 3 {
		t.Errorf("somebody who has left got %v", got[3:])
	}
}
