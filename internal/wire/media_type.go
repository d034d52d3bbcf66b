package wire

import (
	"mime"
	"strings"
)

// MediaType returns the media type that a Content-Type names, in lower case and
// without its parameters, also where these are broken; "" for none.
func MediaType(contentType string) string {
	if isPlain(contentType) {
		return contentType
	}
	name, _, err := mime.ParseMediaType(contentType)
	if err != nil && name == "" {
		name, _, _ = strings.Cut(contentType, ";")
		name = strings.ToLower(strings.TrimSpace(name))
	}
	return name
}

// isPlain reports whether a Content-Type is a media type as it is: most are, and need
// not be taken apart.
func isPlain(contentType string) bool {
	slashes := 0
	for _, c := range []byte(contentType) {
		switch {
		case c == '/':
			slashes++
		case !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.'):
			return false
		}
	}
	return slashes == 1 && contentType[0] != '/' && contentType[len(contentType)-1] != '/'
}
