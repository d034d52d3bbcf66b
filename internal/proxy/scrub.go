package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	// hidden stands where a vendor quoted a secret.
	hidden = "[hidden]"
	// shortestSecret is the length below which a text is too common to be
	// taken out of an answer: it would stand in ordinary words.
	shortestSecret = 6
	// shortestNumber is the same for the digits of a secret that is a number.
	// Numbers are found whole and not within others, so that a PIN of six digits
	// is one and an amount or a year is not.
	shortestNumber = 6
)

// scrubber takes the secrets of a call out of what its vendor says, also where
// the vendor has escaped them for an address, a page or a JSON text.
type scrubber struct {
	find *regexp.Regexp // nil when there is nothing to find
}

// newScrubber knows the secrets that the account could use, and what the
// request carried of them; nil before there is one.
func newScrubber(r *sinew.AccountRecord, request *upstream.Request) scrubber {
	var secrets, numbers []string
	add := func(text string) {
		if len(text) >= shortestSecret {
			secrets = append(secrets, text)
		}
	}
	addNumber := func(literal string) {
		if strings.Trim(literal, "0123456789") == "" && len(literal) >= shortestNumber {
			numbers = append(numbers, literal)
		} else {
			add(literal)
		}
	}
	if request != nil && request.Gate != nil {
		add(request.Gate.Header.Get(headerGateToken))
	}
	for name, values := range headerOf(request) {
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
	for _, text := range secretParts(r) {
		if value, err := jsonx.ParseString(string(text.Or(sinew.EmptyObject))); err == nil {
			eachScalar(value, add, addNumber)
		}
	}
	if len(secrets)+len(numbers) == 0 {
		return scrubber{}
	}
	// The longest first: the others may be parts of it.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	patterns := make([]string, 0, len(secrets))
	for _, secret := range slices.Compact(secrets) {
		patterns = append(patterns, escapedForms(secret))
	}
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		patterns = append(patterns, `\b`+number+`\b`)
	}
	find, err := regexp.Compile(strings.Join(patterns, "|"))
	if err != nil {
		// Only a size without reason gets here; then nothing may pass.
		find = everything
	}
	return scrubber{find}
}

var everything = regexp.MustCompile(`(?s)^.+$`)

// escapedForms is an expression for a text in which each character that is no
// letter or digit may be escaped: for a URL, for HTML, or for JSON, once or
// several times over.
func escapedForms(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `(?:\\*%s|(?i:%s)|&#0*%d;|(?i:&#x0*%x;|\\+u%04x)`, regexp.QuoteMeta(string(r)), percentEncoded(r), r, r, r)
		switch r {
		case ' ':
			b.WriteString(`|\+`)
		case '"':
			b.WriteString(`|&quot;`)
		case '&':
			b.WriteString(`|&amp;`)
		case '<':
			b.WriteString(`|&lt;`)
		case '>':
			b.WriteString(`|&gt;`)
		case '\'':
			b.WriteString(`|&apos;`)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// percentEncoded writes a character as RFC 3986 section 2.1 does; an address
// within an address has its percent signs escaped again.
func percentEncoded(r rune) string {
	var b strings.Builder
	for _, octet := range []byte(string(r)) {
		fmt.Fprintf(&b, "%%(?:25)*%02x", octet)
	}
	return b.String()
}

func headerOf(request *upstream.Request) http.Header {
	if request == nil {
		return nil
	}
	return request.Header
}

// isCredentialHeader reports whether a request header of this name may carry a
// credential: all do but those that cannot.
func isCredentialHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Accept", "Accept-Encoding", "Content-Type", "Content-Length", "User-Agent":
		return false
	}
	return true
}

// eachScalar visits the texts and the numbers of a value.
func eachScalar(v jsonx.Value, text, number func(string)) {
	if s, ok := v.Text(); ok {
		text(s)
		return
	}
	if literal, ok := v.NumberText(); ok {
		number(literal)
		return
	}
	for _, item := range v.Items() {
		eachScalar(item, text, number)
	}
	for _, member := range v.Members() {
		eachScalar(member, text, number)
	}
}

// Redact takes the secrets of an account out of a value.
func Redact(r *sinew.AccountRecord, v jsonx.Value) jsonx.Value {
	s := newScrubber(r, nil)
	if s.find == nil {
		return v
	}
	return s.value(v)
}

// finds reports whether a text holds a secret.
func (s scrubber) finds(text []byte) bool { return s.find != nil && s.find.Match(text) }

// body scrubs a body: the texts of one that is JSON, the whole of any other.
func (s scrubber) body(text []byte) []byte {
	if s.find == nil {
		return text
	}
	if value, err := jsonx.ParseLenient(text); err == nil {
		return s.value(value).Bytes()
	}
	return s.find.ReplaceAllLiteral(text, []byte(hidden))
}

func (s scrubber) value(v jsonx.Value) jsonx.Value {
	switch v.Kind() {
	case jsonx.String:
		return jsonx.StringValue(s.text(v.Str()))
	case jsonx.Number:
		// A secret of digits alone may come back as a number, and the reverse.
		if literal, _ := v.NumberText(); s.find.FindString(literal) == literal {
			return jsonx.StringValue(hidden)
		}
	case jsonx.Array:
		items := make([]jsonx.Value, v.Len())
		for i, item := range v.Items() {
			items[i] = s.value(item)
		}
		return jsonx.ArrayValue(items...)
	case jsonx.Object:
		b := jsonx.NewBuilder(v.Len())
		for name, value := range v.Members() {
			b.Set(s.text(name), s.value(value))
		}
		return b.Value()
	}
	return v
}

func (s scrubber) header(h http.Header) {
	for _, values := range h {
		for i := range values {
			values[i] = s.text(values[i])
		}
	}
}

func (s scrubber) text(text string) string {
	if s.find == nil {
		return text
	}
	return s.find.ReplaceAllLiteralString(text, hidden)
}

// scrubbing returns the scrubber of the call.
func (c *call) scrubbing() *scrubber {
	if c.hide != nil {
		return c.hide
	}
	hide := newScrubber(c.account, c.request)
	if c.request != nil { // before that, there are secrets to come
		c.hide = &hide
	}
	return &hide
}

// discreet takes secrets out of the error of an expression, which quotes the
// value that it failed on.
func (c *call) discreet(err error) error {
	var known *sinew.Error
	if c.account == nil || !errors.As(err, &known) || known.Code != expression.CodeFailed {
		return err
	}
	shown := *known
	shown.Message, shown.Cause = c.scrubbing().text(known.Message), nil
	return &shown
}
