package connect

import (
	"net/url"
	"regexp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// memory is what an attempt has to remember while the customer is away. It is
// sealed.
type memory struct {
	// Values are what the customer has filled in, checked.
	Values jsonx.Value `json:"values,omitzero"`
	// Page are the query parameters of the connect page.
	Page map[string]string `json:"page,omitzero"`
	// Verifier is the proof key of OAuth 2.0 (RFC 7636), "" without one.
	Verifier string `json:"verifier,omitzero"`
	// Token and TokenSecret are the temporary credentials of OAuth 1.0a.
	Token       string `json:"token,omitzero"`
	TokenSecret string `json:"token_secret,omitzero"`
	// Device is that of a consent on another device, nil without one.
	Device *device `json:"device,omitzero"`
}

func (m memory) sealable() (sinew.JSON, error) {
	text, err := jsonx.Marshal(m)
	return sinew.JSON(text), err
}

func recall(text sinew.JSON) (m memory, err error) {
	m.Values = jsonx.ObjectValue()
	return m, jsonx.Unmarshal([]byte(text.Or(sinew.EmptyObject)), &m)
}

// Bounds of the parameters of the connect page.
const (
	maxPageParameters = 30
	maxPageValue      = 4096
)

var pageName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// pageParameters reads the query parameters of the connect page. They come back as
// they went, in the query of our own page and nowhere else.
func pageParameters(v jsonx.Value) (map[string]string, error) {
	if v.Len() > maxPageParameters {
		return nil, sinew.InvalidField("page", "max", "must have at most %d members", maxPageParameters)
	}
	page := make(map[string]string, v.Len())
	for name, value := range v.Members() {
		text, ok := value.Text()
		if !ok || !pageName.MatchString(name) || len(text) > maxPageValue {
			return nil, sinew.InvalidField("page", "value", "must hold query parameters: plain names, and texts of at most %d bytes", maxPageValue)
		}
		page[name] = text
	}
	return page, nil
}

// The paths of the connect page, and its parameters that are ours.
const (
	pathPage         = "/connect-account"
	parameterAttempt = "attempt"
	parameterWindow  = "window"
)

// pageURL is where a browser goes with an attempt: to the page that it came from,
// or, beside a page in a frame, to one that says that the window may be closed.
func (s *Service) pageURL(b *begun) string {
	query := url.Values{}
	if b.attempt.Mode == sinew.ModeIframe {
		query.Set(parameterWindow, "done")
	} else {
		for name, value := range b.memory.Page {
			query.Set(name, value)
		}
	}
	query.Set(parameterAttempt, b.attempt.ID)
	return s.path(pathPage) + "?" + query.Encode()
}
