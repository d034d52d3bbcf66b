package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/upstream"
)

func TestScrubNumbers(t *testing.T) {
	t.Parallel()
	r := &sinew.AccountRecord{Secrets: sinew.AccountSecrets{
		Context: `{"pin":472913,"api_key":90071992547409931,"short":4711,"amount":12345.75,"digits":"55512345","deep":{"list":[88888888]}}`,
	}}
	hide := newScrubber(r, &upstream.Request{Header: http.Header{}})
	for body, want := range map[string]string{
		`{"pin":472913}`:                            `{"pin":"[hidden]"}`,
		`{"message":"pin 472913 is wrong"}`:         `{"message":"pin [hidden] is wrong"}`,
		`{"message":"pin=472913&x=1"}`:              `{"message":"pin=[hidden]&x=1"}`,
		`{"message":"pin \"472913\""}`:              `{"message":"pin \"[hidden]\""}`,
		`{"keys":[90071992547409931]}`:              `{"keys":["[hidden]"]}`,
		`{"n":12345.75,"s":"12345.75"}`:             `{"n":"[hidden]","s":"[hidden]"}`,
		`{"n":55512345}`:                            `{"n":"[hidden]"}`,
		`{"n":88888888}`:                            `{"n":"[hidden]"}`,
		`plain 472913, and again 90071992547409931`: `plain [hidden], and again [hidden]`,
		// Within other numbers and words it is something else, and what is
		// short is too common.
		`{"id":14729130,"phone":"+14729130"}`: `{"id":14729130,"phone":"+14729130"}`,
		`{"id":"a472913b"}`:                   `{"id":"a472913b"}`,
		`{"port":4711,"year":"4711"}`:         `{"port":4711,"year":"4711"}`,
	} {
		if got := string(hide.body([]byte(body))); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
	header := http.Header{"X-Echo": {"key 472913"}}
	hide.header(header)
	if got := header.Get("X-Echo"); got != "key [hidden]" {
		t.Errorf("header: got %q", got)
	}
	none := newScrubber(&sinew.AccountRecord{Secrets: sinew.AccountSecrets{Context: `{"pin":1}`}}, &upstream.Request{Header: http.Header{}})
	if got := string(none.body([]byte(`{"pin":1}`))); !strings.Contains(got, "1") {
		t.Errorf("got %s", got)
	}
}
