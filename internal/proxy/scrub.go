package proxy

import (
	"net/http"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	// hidden stands where a vendor quoted a secret.
	hidden = "[hidden]"
	// shortestSecret is the length below which a text is too common to be
	// taken out of an answer: it would stand in ordinary words.
	shortestSecret = 6
)

// scrubber takes the secrets of a call out of what its vendor says.
type scrubber struct{ replacer *strings.Replacer }

// newScrubber knows the secrets that the account could use, and what the
// request carried of them.
func newScrubber(r *sinew.AccountRecord, request *upstream.Request) scrubber {
	var pairs []string
	add := func(text string) {
		if len(text) >= shortestSecret {
			pairs = append(pairs, text, hidden)
		}
	}
	for name, values := range request.Header {
		if isCredentialHeader(name) {
			for _, value := range values {
				_, token, found := strings.Cut(value, " ")
				if found {
					add(token)
				}
				add(value)
			}
		}
	}
	for _, text := range []sinew.JSON{r.Secrets.Context, r.Secrets.IntegrationOverride, r.OverrideSecret, r.ConfigSecret} {
		if value, err := jsonx.ParseString(string(text.Or(sinew.EmptyObject))); err == nil {
			eachText(value, add)
		}
	}
	return scrubber{strings.NewReplacer(pairs...)}
}

// isCredentialHeader reports whether a request header of this name may carry a
// credential: all do but those that cannot.
func isCredentialHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Accept", "Accept-Encoding", "Content-Type", "Content-Length", "User-Agent", headerGateTarget:
		return false
	}
	return true
}

func eachText(v jsonx.Value, visit func(string)) {
	if text, ok := v.Text(); ok {
		visit(text)
		return
	}
	for _, item := range v.Items() {
		eachText(item, visit)
	}
	for _, member := range v.Members() {
		eachText(member, visit)
	}
}

func (s scrubber) bytes(text []byte) []byte { return []byte(s.replacer.Replace(string(text))) }

func (s scrubber) header(h http.Header) {
	for _, values := range h {
		for i := range values {
			values[i] = s.replacer.Replace(values[i])
		}
	}
}
