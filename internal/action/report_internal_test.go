package action

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// TestReportsSurviveAStop reads reports as a run that goes on finds them.
func TestReportsSurviveAStop(t *testing.T) {
	t.Parallel()
	for _, want := range []stepReport{
		{action: "post_install", kind: "request", name: "me", status: 200, result: jsonx.MustParse(`{"id":1}`)},
		{action: "post_install", kind: "transform", skipped: true},
		{action: "validation", kind: "proxy", status: 404, err: "no"},
	} {
		if got := readReport(want.value()); got.value().String() != want.value().String() {
			t.Errorf("got %s, want %s", got.value(), want.value())
		}
	}
}

// TestResultsAreBounded asserts that what an account shows of its steps stays small,
// however many there are and whatever they bring.
func TestResultsAreBounded(t *testing.T) {
	t.Parallel()
	r := &run{}
	for range 50 {
		r.report = append(r.report, r.shown(stepReport{kind: "request", result: jsonx.StringValue(strings.Repeat("x", 4000))}, nil))
	}
	r.report = append(r.report, r.shown(stepReport{kind: "request", result: jsonx.StringValue(strings.Repeat("x", 5000))}, errors.New("secret inside")))
	text := string(summary("post_install", time.Now(), time.Now(), nil, r.report))
	if len(text) > maxAllShown+51*200 || !strings.Contains(text, `"left_out":true,"bytes":4002`) || !strings.Contains(text, `"bytes":5002`) {
		t.Errorf("%d bytes", len(text))
	}
	if strings.Contains(text, "secret inside") || !strings.Contains(text, "an error inside the platform") {
		t.Error("the text of an error of our own is shown")
	}
}

func TestSecretsOfResultsAreHidden(t *testing.T) {
	t.Parallel()
	r := &run{account: sinew.AccountRecord{Secrets: sinew.AccountSecrets{Context: `{"api_key":"key-canary-1"}`}}}
	got := r.shown(stepReport{result: jsonx.MustParse(`{"session":{"token":"t","expires":5,"token_count":[1]},"echo":["Bearer key-canary-1"],"pin":7}`)}, nil)
	want := `{"session":{"token":"[hidden]","expires":5,"token_count":[1]},"echo":["Bearer [hidden]"],"pin":7}`
	if diff := cmp.Diff(want, got.result.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWhatIsTriedAgain tells errors that another try may mend from those that are
// the definition's or the vendor's.
func TestWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		ours bool
	}{
		{errors.New("the database is away"), true},
		{sinew.Errorf(sinew.KindUnavailable, "later"), true},
		{sinew.Errorf(sinew.KindInvalid, "the expression"), false},
		{sinew.Errorf(sinew.KindTimeout, "no answer"), false},
		{&proxy.RemoteError{Status: 500}, false},
	} {
		if got := proxy.IsOurs(&StepError{Cause: fmt.Errorf("read: %w", c.err)}); got != c.ours {
			t.Errorf("%v: %t", c.err, got)
		}
	}
}

// TestTokensAreTakenOutOfChanges keeps the token of an action from being written
// past the lease.
func TestTokensAreTakenOutOfChanges(t *testing.T) {
	t.Parallel()
	for patch, want := range map[string]string{
		`{"oauth":{"token":{"access_token":"a"}}}`:                        `{} {"access_token":"a"}`,
		`{"oauth":{"token":{"access_token":"a"},"scope":["x"]},"host":1}`: `{"oauth":{"scope":["x"]},"host":1} {"access_token":"a"}`,
		`{"host":1}`: `{"host":1} null`,
	} {
		n := &newToken{}
		rest := n.taken(jsonx.MustParse(patch))
		if got := rest.String() + " " + n.token.String(); got != want {
			t.Errorf("%s: got %s, want %s", patch, got, want)
		}
	}
}
