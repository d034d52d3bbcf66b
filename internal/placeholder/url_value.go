package placeholder

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// urlText returns the text that a placeholder gives to a URL. A value that is
// null or an object has none.
func (h *holder) urlText(root jsonx.Value) (text string, how outcome, err error) {
	v, c, found := h.find(root)
	switch {
	case !found && h.hasFallback:
		return castEmbedded(jsonx.StringValue(h.fallback), h.fallbackCast), resolved, nil
	case !found && h.orUndefined:
		return "", omitted, nil
	case !found, v.IsNull():
		return "", unresolved, UnresolvedError([]string{h.text})
	case !flat(v):
		return "", resolved, unsafe(h, "the value is an object")
	case c == castNull:
		c = castNone
	}
	text = castEmbedded(v, c)
	if !utf8.ValidString(text) || hasControl(text) {
		return "", resolved, unsafe(h, "the value holds a control character")
	}
	return text, resolved, nil
}

func flat(v jsonx.Value) bool {
	for _, item := range v.Items() {
		if kind := item.Kind(); kind == jsonx.Array || kind == jsonx.Object {
			return false
		}
	}
	return v.Kind() != jsonx.Object
}

func appendScheme(out []byte, p piece, root jsonx.Value) ([]byte, error) {
	if p.holder == nil {
		return append(out, p.literal...), nil
	}
	text, _, err := p.holder.urlText(root)
	if err != nil {
		return nil, err
	}
	if text = strings.ToLower(text); text != "http" && text != "https" {
		return nil, unsafe(p.holder, "the value must be http or https")
	}
	return append(out, text...), nil
}

// appendHost renders a host. Dots in a value would let it choose the domain,
// so they are for values that have all of it, stand in front of the rest, or
// are a country's suffix.
func appendHost(out []byte, pieces []piece, root jsonx.Value) ([]byte, error) {
	var host strings.Builder
	var last *holder
	for i, p := range pieces {
		if p.holder == nil {
			host.WriteString(strings.ToLower(p.literal))
			continue
		}
		last = p.holder
		text, _, err := p.holder.urlText(root)
		if err != nil {
			return nil, err
		}
		if !hostCharacters(text) || strings.HasPrefix(text, ".") || strings.HasSuffix(text, ".") {
			return nil, unsafe(p.holder, "the value is not part of a host name")
		}
		if strings.Contains(text, ".") && !mayHoldDots(host.String(), text, i == len(pieces)-1) {
			return nil, unsafe(p.holder, "the value may not hold a dot there")
		}
		host.WriteString(strings.ToLower(text))
	}
	if last != nil && !validHost(host.String()) {
		return nil, unsafe(last, "the host name would not be valid")
	}
	return append(out, host.String()...), nil
}

// countrySuffix matches what stands behind a vendor's own name: "com", "eu",
// "com.au", "co.uk".
var countrySuffix = regexp.MustCompile(`^(com|co|net|org|gov|edu|ac|or|ne)\.[a-z]{2}$`)

func mayHoldDots(before, text string, atEnd bool) bool {
	switch {
	case !atEnd, before == "":
		return true
	case !strings.HasSuffix(before, "."):
		return false // it would lengthen a label and then leave the domain
	}
	return strings.Count(before, ".") < 2 || countrySuffix.MatchString(strings.ToLower(text))
}

func hostCharacters(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return true
}

// validHost checks the labels of a host name (RFC 1123 section 2.1).
func validHost(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || !hostCharacters(label) {
			return false
		}
	}
	return true
}

func validPort(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && isDigits(text) && n >= 1 && n <= 65535
}

// validHostPort checks a host name or address with an optional port.
func validHostPort(authority string) bool {
	host, port := authority, ""
	if end := strings.LastIndexByte(authority, ']'); end >= 0 || !strings.HasPrefix(authority, "[") {
		if i := strings.LastIndexByte(authority, ':'); i > end {
			host, port = authority[:i], authority[i+1:]
			if !validPort(port) {
				return false
			}
		}
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		addr, err := netip.ParseAddr(host[1 : len(host)-1])
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	return validHost(host)
}

func appendPort(out []byte, pieces []piece, root jsonx.Value) ([]byte, error) {
	var port strings.Builder
	var last *holder
	for _, p := range pieces {
		text := p.literal
		if p.holder != nil {
			last = p.holder
			var err error
			if text, _, err = p.holder.urlText(root); err != nil {
				return nil, err
			}
		}
		port.WriteString(text)
	}
	if last != nil && !validPort(port.String()) {
		return nil, unsafe(last, "the port must be a number from 1 to 65535")
	}
	return append(out, port.String()...), nil
}

// appendOrigin renders a placeholder that is the whole beginning of a URL.
func appendOrigin(out []byte, h *holder, root jsonx.Value) ([]byte, error) {
	text, _, err := h.urlText(root)
	if err != nil {
		return nil, err
	}
	scheme, rest, found := strings.Cut(text, "://")
	if scheme = strings.ToLower(scheme); !found || scheme != "http" && scheme != "https" {
		return nil, unsafe(h, "the value must begin with https://")
	}
	authority, path, _ := strings.Cut(rest, "/")
	switch {
	case strings.ContainsAny(rest, `@?#\`):
		return nil, unsafe(h, "the value must be a URL without user, query and fragment")
	case !validHostPort(authority):
		return nil, unsafe(h, "the value has no valid host")
	}
	path = strings.TrimRight(path, "/")
	out = append(append(append(out, scheme...), "://"...), strings.ToLower(authority)...)
	if path == "" {
		return out, nil
	}
	for segment := range strings.SplitSeq(path, "/") {
		if plain, err := url.PathUnescape(segment); err != nil || segment == "" || isDots(segment) || hasControl(plain) || !pathCharacters(segment) {
			return nil, unsafe(h, "the value has a path that is not clean")
		}
	}
	return append(append(out, '/'), path...), nil
}

// appendSegment renders one segment of the path.
func appendSegment(out []byte, pieces []piece, root jsonx.Value) ([]byte, error) {
	start := len(out)
	var plain strings.Builder
	var last *holder
	needed := false
	for _, p := range pieces {
		if p.holder == nil {
			plain.WriteString(p.literal)
			out = appendLiteral(out, p.literal)
			continue
		}
		last = p.holder
		text, how, err := p.holder.urlText(root)
		if err != nil {
			return nil, err
		}
		needed = needed || how == resolved
		plain.WriteString(text)
		out = appendEncoded(out, text)
	}
	switch {
	case last == nil:
	case needed && len(out) == start:
		return nil, unsafe(last, "the value is empty, which would address another resource")
	case isDots(plain.String()):
		return nil, unsafe(last, "the value must not be . or ..")
	}
	return out, nil
}

// SafePath reports whether a percent-encoded path stays below what it is put
// behind: no segment of it is "." or "..", however often encoded, and it holds
// no backslash and no control character.
func SafePath(path string) bool {
	plain, err := url.PathUnescape(path)
	return err == nil && !strings.Contains(plain, `\`) && !hasControl(plain) && !isDots(path)
}

// isDots reports whether a segment is or holds "." or ".." between slashes of
// either kind, also when it was encoded once or more often: some servers
// decode more than once, some take a backslash for a slash, and some leave out
// what stands behind a semicolon.
func isDots(segment string) bool {
	for range 5 {
		for part := range strings.FieldsFuncSeq(segment, isSlash) {
			if part, _, _ = strings.Cut(part, ";"); part == "." || part == ".." {
				return true
			}
		}
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == segment {
			return false
		}
		segment = plain
	}
	return false
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }

func appendQuery(out []byte, pieces []piece, root jsonx.Value) []byte {
	for _, p := range pieces {
		if p.holder == nil {
			out = appendLiteral(out, p.literal)
			continue
		}
		v, c, found := p.holder.find(root)
		if found && v.IsNull() {
			continue
		}
		if found {
			out = appendEncoded(out, castEmbedded(v, c))
			continue
		}
		text, _ := p.holder.appendText(nil, root)
		out = appendEncoded(out, string(text))
	}
	return out
}

func hasControl(s string) bool {
	for _, r := range s {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return true
		}
	}
	return false
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// pathCharacters reports whether a segment holds what RFC 3986 lets it hold.
func pathCharacters(s string) bool {
	for i := 0; i < len(s); i++ {
		if !unreserved(s[i]) && strings.IndexByte("!$&'()*+,;=:@%", s[i]) < 0 {
			return false
		}
	}
	return true
}

// appendEncoded percent-encodes everything but unreserved characters.
func appendEncoded(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if unreserved(s[i]) {
			dst = append(dst, s[i])
			continue
		}
		dst = appendHex(dst, s[i])
	}
	return dst
}

// appendLiteral keeps the template's own text, and encodes only what a URL
// cannot hold.
func appendLiteral(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && !(i+2 < len(s) && hexadecimal(s[i+1]) && hexadecimal(s[i+2])):
			dst = appendHex(dst, c)
		case c > ' ' && c < 0x7f && strings.IndexByte("\"<>^`{|}", c) < 0:
			dst = append(dst, c)
		default:
			dst = appendHex(dst, c)
		}
	}
	return dst
}

func appendHex(dst []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	return append(dst, '%', hex[c>>4], hex[c&15])
}
