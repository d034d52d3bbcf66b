package paginate

import (
	"context"
	"net/url"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// linkHeader pages by the Link header of RFC 8288.
type linkHeader struct{ settings }

// Values implements Strategy.
func (s linkHeader) Values(_ context.Context, at Place, _ jsonx.Value, _ *expression.Input) (jsonx.Value, error) {
	return withLimit(jsonx.NewBuilder(2), s.limit(at)), nil
}

// Prepare implements Strategy.
func (s linkHeader) Prepare(_ context.Context, at Place, r *Request) error {
	s.putHeaders(r)
	if at.First() {
		s.putLimit(at, r)
		return nil
	}
	return follow(r, at.At.Str(), true)
}

// After implements Strategy.
func (s linkHeader) After(_ context.Context, at Place, _ *Request, page *Page) (Next, error) {
	links := Links(page.Header.Values("Link"))
	var next Next
	if target := resolve(page.URL, links["next"]); target != "" && target != at.At.Str() && target != page.URL {
		next.Next = &Place{At: jsonx.StringValue(target), Limit: at.Limit}
	}
	if target := resolve(page.URL, links["prev"]); target != "" {
		next.Prev = &Place{At: jsonx.StringValue(target), Limit: at.Limit}
	}
	return next, nil
}

func resolve(base, target string) string {
	if target == "" {
		return ""
	}
	b, err := url.Parse(base)
	if err != nil {
		return ""
	}
	u, err := b.Parse(target)
	if err != nil {
		return ""
	}
	return u.String()
}

// follow points a request at a link that the vendor gave. A link to another
// origin is refused, since the credential would go there. Without its path, a
// link only lends its query.
func follow(r *Request, link string, path bool) error {
	base, err := url.Parse(r.URL)
	if err != nil {
		return badPlace()
	}
	target, err := base.Parse(link)
	if err != nil || link == "" {
		return badPlace()
	}
	if !sameOrigin(base, target) {
		return sinew.Errorf(sinew.KindUpstream, "The vendor links the next page on another host, %s, where the credential must not go", target.Host).WithCode("foreign_link")
	}
	query, _ := url.ParseQuery(target.RawQuery)
	b := r.Query.Edit()
	if path {
		b = r.Defaults.Edit()
		base.Path, base.RawPath = target.Path, target.RawPath
	}
	base.RawQuery, base.Fragment = "", ""
	r.URL = base.String()
	for _, pair := range strings.Split(target.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, err = url.QueryUnescape(name); err != nil || name == "" {
			continue
		}
		values := query[name]
		if len(values) == 1 {
			b.Set(name, jsonx.StringValue(values[0]))
		} else {
			b.Set(strings.TrimSuffix(name, "[]"), jsonx.StringsValue(values))
		}
	}
	r.Query = b.Value()
	return nil
}

// sameOrigin compares origins; a host that answers on both schemes is one.
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && (a.Scheme == b.Scheme && port(a) == port(b) || a.Scheme == "https" && b.Scheme == "http" && a.Port() == b.Port())
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// Links reads the targets of Link headers by relation (RFC 8288 section 3). Of
// a relation that occurs twice the first counts.
func Links(lines []string) map[string]string {
	links := map[string]string{}
	for _, line := range lines {
		for rest := line; ; {
			start := strings.IndexByte(rest, '<')
			end := strings.IndexByte(rest, '>')
			if start < 0 || end < start {
				break
			}
			target := rest[start+1 : end]
			var parameters string
			parameters, rest = cutParameters(rest[end+1:])
			if parameter(parameters, "results") == "false" {
				continue // there is a page, and nothing on it
			}
			for _, relation := range strings.Fields(parameter(parameters, "rel")) {
				relation = strings.ToLower(relation)
				if relation == "previous" {
					relation = "prev"
				}
				if _, taken := links[relation]; !taken {
					links[relation] = target
				}
			}
		}
	}
	return links
}

// cutParameters splits off what belongs to one link: up to a comma that is not
// in quotes.
func cutParameters(s string) (parameters, rest string) { return cutUnquoted(s, ',') }

// cutUnquoted splits at the first separator outside of quotes.
func cutUnquoted(s string, separator byte) (before, after string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// parameter returns a parameter of a link, "" when it has none of that name.
func parameter(parameters, wanted string) string {
	for rest := parameters; rest != ""; {
		var parameter string
		parameter, rest = cutUnquoted(rest, ';')
		name, value, ok := strings.Cut(parameter, "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), wanted) {
			return strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return ""
}
