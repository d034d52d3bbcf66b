package placeholder

import (
	"net/url"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// URL is a compiled base URL and path. It is immutable and safe for concurrent
// use.
type URL struct {
	origin   *holder // the whole beginning, up to the path
	scheme   []piece
	host     []piece
	port     []piece
	segments [][]piece // of the path
	query    []piece
	holders  []Holder
}

// CompileURL reads the placeholders of a base URL and of the path behind it.
// Between the two stands exactly one slash. A path that begins with http:// or
// https:// stands alone. Only the path may have a query, nothing a fragment.
//
// Errors are *SyntaxError for a bad placeholder, and *sinew.Error of
// KindInvalid for literal text that no URL can have: another scheme, user and
// password, a fragment, "..", a host with characters that hosts do not have,
// or braces that are no placeholder.
func CompileURL(base, path string) (*URL, error) {
	text := joinPath(base, path)
	pieces, err := scan(text, MaxHolders)
	if err != nil {
		return nil, err
	}
	u := &URL{}
	for _, p := range pieces {
		if p.holder != nil {
			u.holders = append(u.holders, p.holder.describe(""))
		}
	}
	if err := u.split(pieces); err != nil {
		return nil, err
	}
	return u, nil
}

// HasQuery reports whether there is a query.
func (u *URL) HasQuery() bool { return len(u.query) > 0 }

// Holders lists the placeholders in the order of the URL.
func (u *URL) Holders() []Holder { return u.holders }

func joinPath(base, path string) string {
	if lower := strings.ToLower(path); strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") {
		return path
	}
	base = strings.TrimRight(base, "/")
	switch {
	case path == "", path[0] == '?':
		return base + path
	}
	return base + "/" + strings.TrimLeft(path, "/")
}

func badURL(format string, args ...any) error {
	return sinew.InvalidField("base_url", "url", format, args...)
}

// split sorts the pieces into the parts of a URL.
func (u *URL) split(pieces []piece) error {
	rest, err := u.splitScheme(pieces)
	if err != nil {
		return err
	}
	if u.origin == nil {
		authority, after := cutPieces(rest, "/?#")
		if u.host, u.port, err = splitAuthority(authority); err != nil {
			return err
		}
		rest = after
	}
	path, query := cutPieces(rest, "?#")
	if strings.Contains(literals(path)+literals(query), "#") {
		return badURL("a fragment (#) has no place in the URL of an API")
	}
	if err := u.splitPath(path); err != nil {
		return err
	}
	if len(query) > 0 {
		query[0].literal = strings.TrimPrefix(query[0].literal, "?")
		u.query = query
	}
	return checkLiteral(query)
}

func (u *URL) splitScheme(pieces []piece) ([]piece, error) {
	switch {
	case len(pieces) == 0:
		return nil, badURL("is missing")
	case pieces[0].holder == nil:
		scheme, after, found := strings.Cut(pieces[0].literal, "://")
		if scheme = strings.ToLower(scheme); !found || scheme != "http" && scheme != "https" {
			return nil, badURL("must begin with https://, http:// or a placeholder")
		}
		u.scheme = []piece{{literal: scheme}}
		return withFirst(after, pieces[1:]), nil
	case len(pieces) > 1 && strings.HasPrefix(pieces[1].literal, "://"):
		u.scheme = pieces[:1]
		return withFirst(pieces[1].literal[3:], pieces[2:]), nil
	case len(pieces) > 1 && !strings.HasPrefix(pieces[1].literal, "/") && !strings.HasPrefix(pieces[1].literal, "?"):
		return nil, badURL("a placeholder at the beginning is a whole URL, so that a slash must follow it")
	}
	u.origin = pieces[0].holder
	return pieces[1:], nil
}

func withFirst(literal string, pieces []piece) []piece {
	if literal == "" {
		return pieces
	}
	return append([]piece{{literal: literal}}, pieces...)
}

// cutPieces cuts before the first of the characters in the literals.
func cutPieces(pieces []piece, chars string) (before, after []piece) {
	for i, p := range pieces {
		at := strings.IndexAny(p.literal, chars)
		if at < 0 {
			before = append(before, p)
			continue
		}
		if at > 0 {
			before = append(before, piece{literal: p.literal[:at]})
		}
		return before, withFirst(p.literal[at:], pieces[i+1:])
	}
	return before, nil
}

func literals(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.literal)
	}
	return b.String()
}

// splitAuthority separates host and port.
func splitAuthority(pieces []piece) (host, port []piece, err error) {
	if all := literals(pieces); strings.HasPrefix(all, "[") {
		return pieces, nil, checkIPv6(pieces)
	}
	host, port = cutPieces(pieces, ":")
	if len(port) > 0 {
		port[0].literal = port[0].literal[1:]
		if port[0].literal == "" {
			port = port[1:]
		}
	}
	for _, p := range host {
		if !hostCharacters(p.literal) {
			return nil, nil, badURL("the host may hold letters, digits, dots and hyphens")
		}
	}
	if digits := literals(port); !isDigits("0"+digits) || len(port) > 0 && !hasHolder(port) && !validPort(digits) {
		return nil, nil, badURL("the port is not a number from 1 to 65535")
	}
	if !hasHolder(host) && !validHost(literals(host)) {
		return nil, nil, badURL("the host is missing or not valid")
	}
	return host, port, nil
}

func checkIPv6(pieces []piece) error {
	if len(pieces) == 1 && pieces[0].holder == nil && validHostPort(pieces[0].literal) {
		return nil
	}
	return badURL("the host is not an address")
}

func (u *URL) splitPath(pieces []piece) error {
	if err := checkLiteral(pieces); err != nil {
		return err
	}
	for i := 0; len(pieces) > 0; i++ {
		pieces[0].literal = strings.TrimPrefix(pieces[0].literal, "/")
		if pieces[0].literal == "" && pieces[0].holder == nil {
			pieces = pieces[1:]
		}
		segment, after := cutPieces(pieces, "/")
		if isDots(literals(segment)) && !hasHolder(segment) {
			return badURL("the path holds . or .. as a segment")
		}
		u.segments = append(u.segments, segment)
		pieces = after
	}
	return nil
}

func hasHolder(pieces []piece) bool {
	for _, p := range pieces {
		if p.holder != nil {
			return true
		}
	}
	return false
}

// checkLiteral refuses literal text that looks like a placeholder, and what no
// URL holds.
func checkLiteral(pieces []piece) error {
	for _, p := range pieces {
		switch {
		case strings.Contains(p.literal, opening):
			return badURL("%.80q holds {{ without being a placeholder", p.literal)
		case strings.Contains(p.literal, `\`), hasControl(p.literal):
			return badURL("%.80q holds a character that URLs do not have", p.literal)
		}
	}
	return nil
}

// Render fills the placeholders from the members of root and returns an
// absolute http or https URL without user and fragment.
//
// The structure is that of the template: a value in the host may hold host
// labels alone, a value in the path is percent-encoded within its segment and
// cannot become "." or "..", a value in the port is a port. A placeholder at
// the very beginning holds a whole URL, without user, query and fragment. Text
// in the query is encoded and may be anything, placeholders without a value
// included.
//
// Errors are *sinew.Error of KindInvalid and name the placeholder:
// CodeUnresolved when it has no value, CodeUnsafe when the value has no place
// there.
func (u *URL) Render(root jsonx.Value) (string, error) {
	var out []byte
	var err error
	if u.origin != nil {
		if out, err = appendOrigin(out, u.origin, root); err != nil {
			return "", err
		}
	} else if out, err = u.appendAuthority(out, root); err != nil {
		return "", err
	}
	for _, segment := range u.segments {
		if out, err = appendSegment(append(out, '/'), segment, root); err != nil {
			return "", err
		}
	}
	if len(u.query) > 0 {
		out = appendQuery(append(out, '?'), u.query, root)
	}
	return checked(string(out))
}

func (u *URL) appendAuthority(out []byte, root jsonx.Value) ([]byte, error) {
	out, err := appendScheme(out, u.scheme[0], root)
	if err != nil {
		return nil, err
	}
	if out, err = appendHost(append(out, "://"...), u.host, root); err != nil {
		return nil, err
	}
	if len(u.port) == 0 {
		return out, nil
	}
	return appendPort(append(out, ':'), u.port, root)
}

// checked parses the result once more with the parser that the HTTP client
// uses, which must see the same structure.
func checked(text string) (string, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.User != nil || parsed.Fragment != "" || parsed.Opaque != "" || parsed.Host == "" {
		return "", badURL("the placeholders do not make a URL")
	}
	return text, nil
}
