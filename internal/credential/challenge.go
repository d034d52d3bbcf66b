package credential

import (
	"net/http"
	"strings"
)

// challenge is one way in that a server offers (RFC 9110 section 11.6.1).
type challenge struct {
	scheme string            // lower case
	params map[string]string // names in lower case
}

// parseChallenges reads WWW-Authenticate, in which challenges and their
// parameters are separated by the same commas. It takes what it understands.
func parseChallenges(header http.Header) []challenge {
	var found []challenge
	for _, line := range header.Values("WWW-Authenticate") {
		s := challengeScanner{text: line}
		for s.skip(); s.text != "" && len(found) < maxChallenges; s.skip() {
			name := s.token()
			switch {
			case name == "":
				s.text = s.text[1:]
			case len(found) > 0 && s.equals():
				found[len(found)-1].params[strings.ToLower(name)] = s.value()
			default:
				found = append(found, challenge{strings.ToLower(name), map[string]string{}})
			}
		}
	}
	return found
}

// maxChallenges bounds what is read of a header.
const maxChallenges = 16

type challengeScanner struct{ text string }

func (s *challengeScanner) skip() { s.text = strings.TrimLeft(s.text, " \t,") }

func (s *challengeScanner) token() string {
	end := strings.IndexAny(s.text, " \t,=\"")
	if end < 0 {
		end = len(s.text)
	}
	token := s.text[:end]
	s.text = s.text[end:]
	return token
}

// equals steps over the sign behind the name of a parameter. A scheme has none.
func (s *challengeScanner) equals() bool {
	rest := strings.TrimLeft(s.text, " \t")
	if !strings.HasPrefix(rest, "=") {
		return false
	}
	s.text = strings.TrimLeft(rest[1:], " \t")
	return true
}

func (s *challengeScanner) value() string {
	if !strings.HasPrefix(s.text, `"`) {
		return s.token()
	}
	var value strings.Builder
	for i := 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.text = s.text[i+1:]
			return value.String()
		case c == '\\' && i+1 < len(s.text):
			i++
			value.WriteByte(s.text[i])
		default:
			value.WriteByte(c)
		}
	}
	s.text = ""
	return value.String()
}
