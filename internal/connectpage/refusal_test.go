package connectpage

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/httpapi"
)

// TestRefusalSpeaksItsReadersLanguage has every text in every language, and takes
// the one that the reader likes best.
func TestRefusalSpeaksItsReadersLanguage(t *testing.T) {
	all := dictionary()
	if len(all) != 6 {
		t.Errorf("there are %d languages", len(all))
	}
	english := reflect.ValueOf(all[fallback])
	for language, w := range all {
		for i, text := 0, reflect.ValueOf(w); i < text.NumField(); i++ {
			name, got := text.Type().Field(i).Name, text.Field(i).String()
			if got == "" || language != fallback && got == english.Field(i).String() {
				t.Errorf("%s: %s is %q", language, name, got)
			}
		}
	}
	for accept, want := range map[string]string{
		"": "en", "*": "en", "nl, sv": "en", "de": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "en;q=0.1, FR-CA": "fr", "ja;q=0, pt": "pt",
		"ru, es;q=0.5": "es", "de;q=nonsense, fr;q=0.2": "fr", strings.Repeat("xx,", 1000) + "ja": "ja",
	} {
		if got, _ := chooseLanguage(accept); got != want {
			t.Errorf("Accept-Language: %s: got %s, want %s", accept, got, want)
		}
	}
}

// TestRefusalPage finds its stylesheet from wherever it is, runs nothing, and leads
// back to the page unless that is in another browser.
func TestRefusalPage(t *testing.T) {
	pages, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		path, root string
		reason     httpapi.ConsentRefusal
		says       string
		leads      bool
	}{
		{"/connect/a%2Fb/callback?state=%3Cscript%3E", "../../", httpapi.ConsentUnknown, "has taken too long", true},
		{"/connect/session/attempt/x/start", "../../../../", httpapi.ConsentStarted, "opened already", true},
		{"/connect/zendesk/callback", "../../", httpapi.ConsentElsewhere, "another browser", false},
		{"/connect/zendesk/callback", "../../", httpapi.ConsentFailed, "on our side", true},
	} {
		answer := pages.Refusal(httptest.NewRequest("GET", one.path, nil), http.StatusBadRequest, one.reason)
		text := string(answer.Body)
		if answer.Status != http.StatusBadRequest || !strings.Contains(text, one.says) || !strings.Contains(text, `href="`+one.root+"connect-account/"+pages.stylesheet+`"`) {
			t.Errorf("%s: got %d %s", one.path, answer.Status, text)
		}
		if leads := strings.Contains(text, `href="`+one.root+`connect-account?again=true"`); leads != one.leads {
			t.Errorf("%s: %d leads back: %v", one.path, one.reason, leads)
		}
		if found := regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=|[{}]`).FindString(text); found != "" {
			t.Errorf("%s: the page has %s", one.path, found)
		}
	}
}
