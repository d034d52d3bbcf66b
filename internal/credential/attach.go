package credential

import (
	"net/http"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/upstream"
)

// The codes of errors.
const (
	CodeFormat = "authorization_format" // there is no such format
	CodeConfig = "authorization_config" // a key is absent or not usable
)

// Authorization is what a request gets.
type Authorization struct {
	// Format is one of the formats of the definition's authorization.
	Format string
	// Config holds the keys of the format, with every placeholder filled in.
	Config jsonx.Value
	// Account keeps apart what is remembered about servers.
	Account string
}

// Format attaches credentials in one way. It is safe for concurrent use.
type Format interface {
	// Attach puts the credential on a request that is ready to be sent. Errors
	// are *sinew.Error of KindInvalid. Attaching again replaces what was
	// attached.
	Attach(r *upstream.Request, a Authorization) error
}

// Challenged is a Format whose servers say first what they want.
type Challenged interface {
	Format
	// Challenge takes the header of the answer with status 401 to a request. Unless
	// accepted is nil, the request now carries what was wanted and is to be sent
	// once more; accepted is to be called when that is not refused.
	Challenge(r *upstream.Request, a Authorization, header http.Header) (accepted func(), err error)
}

// Formats are the ways to attach a credential, by the names of the definition.
type Formats map[string]Format

// NewFormats returns the formats that there are. What they remember about
// servers is bounded.
func NewFormats() Formats {
	formats := Formats{
		definition.AuthorizationBearer: formatFunc(attachBearer),
		definition.AuthorizationBasic:  formatFunc(attachBasic),
		definition.AuthorizationHeader: formatFunc(attachHeader),
		definition.AuthorizationQuery:  formatFunc(attachQuery),
		definition.AuthorizationOAuth1: formatFunc(attachOAuth1),
		definition.AuthorizationSigV4:  formatFunc(attachSigV4),
		definition.AuthorizationDigest: newDigest(),
		definition.AuthorizationJWT:    formatFunc(attachJWT),
		definition.AuthorizationMutual: nil,
	}
	formats[definition.AuthorizationMutual] = mutualTLS{formats}
	return formats
}

// Attach puts the credential on a request; see Format.
func (f Formats) Attach(r *upstream.Request, a Authorization) error {
	format, ok := f[a.Format]
	if !ok {
		return sinew.Errorf(sinew.KindInvalid, "The authorization format %q is not known", a.Format).WithCode(CodeFormat)
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	return format.Attach(r, a)
}

// Challenge tells a format about the answer with status 401 to a request; see
// Challenged. Formats that are not challenged have nothing to try again.
func (f Formats) Challenge(r *upstream.Request, a Authorization, header http.Header) (accepted func(), err error) {
	if format, ok := f[a.Format].(Challenged); ok {
		return format.Challenge(r, a, header)
	}
	return nil, nil
}

// formatFunc is a Format that remembers nothing.
type formatFunc func(r *upstream.Request, a Authorization) error

// Attach implements Format.
func (f formatFunc) Attach(r *upstream.Request, a Authorization) error { return f(r, a) }

// text returns a key of the config as text: "" when it is not there.
func (a Authorization) text(key string) string {
	v := a.Config.Get(key)
	switch v.Kind() {
	case jsonx.String:
		return v.Str()
	case jsonx.Number, jsonx.Bool:
		return v.String()
	}
	return ""
}

// required returns a key of the config that must not be empty.
func (a Authorization) required(key string) (string, error) {
	if text := a.text(key); text != "" {
		return text, nil
	}
	return "", a.bad("lacks %s", key)
}

// seconds returns a key of the config that is a number of seconds.
func (a Authorization) seconds(key string, usual int64) (int64, error) {
	text := a.text(key)
	if text == "" {
		return usual, nil
	}
	v, err := jsonx.ParseString(text)
	if n, ok := v.Int(); err == nil && ok && n >= 0 && n <= 366*24*3600 {
		return n, nil
	}
	return 0, a.bad("has a %s that is no number of seconds", key)
}

// bad is an error about the config. Its arguments are names, not values.
func (a Authorization) bad(format string, args ...any) *sinew.Error {
	e := sinew.Errorf(sinew.KindInvalid, format, args...).WithCode(CodeConfig)
	e.Message = "The authorization " + a.Format + " of this integration " + e.Message
	return e
}

// SetHeaders sets the headers that an expression made of a credential: an object
// of names and texts. None of them can become another header.
func SetHeaders(r *upstream.Request, headers jsonx.Value) error {
	if headers.Kind() != jsonx.Object {
		return sinew.Errorf(sinew.KindInvalid, "The authorization expression of this integration returned no object of headers").WithCode(CodeConfig)
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	for name, value := range headers.Members() {
		switch value.Kind() {
		case jsonx.String, jsonx.Number, jsonx.Bool:
			if err := setHeader(r, name, Authorization{Config: headers}.text(name)); err != nil {
				return err
			}
		case jsonx.Null:
		default:
			return sinew.Errorf(sinew.KindInvalid, "The authorization expression of this integration returned a header that is no text").WithCode(CodeConfig)
		}
	}
	return nil
}

// setHeader sets a header whose value came from a credential, which must not
// become another header.
func setHeader(r *upstream.Request, name, value string) error {
	if err := oneLine(name, value); err != nil {
		return err
	}
	r.Header.Set(name, value)
	return nil
}

func oneLine(texts ...string) error {
	for _, text := range texts {
		if strings.ContainsAny(text, "\r\n\x00") {
			return sinew.Errorf(sinew.KindInvalid, "The credential of the account holds a line break, which a header cannot").WithCode(placeholder.CodeUnsafe)
		}
	}
	return nil
}
