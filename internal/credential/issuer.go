package credential

import (
	"net/url"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// readIssuer fills in the name that the vendor goes by, "" when the definition
// has none.
func readIssuer(v, values jsonx.Value) (string, error) {
	t, err := placeholder.Compile(v)
	if err != nil {
		return "", tokenProblem("auth.issuer is not valid: %v", err)
	}
	rendered, unresolved := t.Render(values)
	if len(unresolved) > 0 {
		return "", placeholder.UnresolvedError(unresolved)
	}
	return rendered.Str(), nil
}

// IssuedBy reports whether an answer of a consent page that names its issuer (RFC
// 9207) comes from this vendor: letter by letter where the definition says what
// it calls itself, and by the host of its endpoints otherwise.
func (g *Grant) IssuedBy(issuer string) bool {
	if g.issuer != "" {
		return issuer == g.issuer
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	for _, address := range []string{g.AuthorizeURL, g.TokenURL} {
		if known, err := url.Parse(address); err == nil && strings.EqualFold(known.Host, u.Host) && known.Scheme == u.Scheme {
			return true
		}
	}
	return false
}
