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
	return s.follow(r, at.At.Str(), true)
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

// follow points a request at a link that the vendor gave. Without its path, a
// link only lends its query. With it, the request goes where the link leads; the
// credential goes along, so that another host is refused unless the definition
// names it among its allowed_hosts.
func (s settings) follow(r *Request, link string, path bool) error {
	base, err := url.Parse(r.URL)
	if err != nil {
		return badPlace()
	}
	target, err := base.Parse(link)
	if err != nil || link == "" {
		return badPlace()
	}
	b := r.Query.Edit()
	if path {
		if !sameOrigin(base, target) {
			if !s.leadsTo(base, target) {
				return sinew.Errorf(sinew.KindUpstream, "The vendor links the next page on another host, %s, where the credential must not go; allowed_hosts of the integration does not name it", target.Host).WithCode("foreign_link")
			}
			base.Scheme, base.Host = target.Scheme, target.Host
		}
		b = r.Defaults.Edit()
		base.Path, base.RawPath = target.Path, target.RawPath
	}
	base.RawQuery, base.Fragment = "", ""
	r.URL = base.String()
	lend(b, target.RawQuery)
	r.Query = b.Value()
	return nil
}

// leadsTo reports whether the definition itself says that requests may go to the
// host of a link, with what they carry.
func (s settings) leadsTo(base, target *url.URL) bool {
	return s.hosts != nil && s.hosts.Allows(target) && target.User == nil && (target.Scheme == "https" || target.Scheme == base.Scheme && target.Scheme == "http")
}

// lend puts the parameters of a link over those of a request.
func lend(b *jsonx.Builder, raw string) {
	query, _ := url.ParseQuery(raw)
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || name == "" {
			continue
		}
		// A link writes filter[a] for what the caller gave as a member of filter.
		if root, _, nested := strings.Cut(name, "["); nested && b.Get(root).Len() > 0 {
			b.Set(root, jsonx.Value{})
		}
		values := query[name]
		if len(values) == 1 {
			b.Set(name, jsonx.StringValue(values[0]))
		} else {
			b.Set(strings.TrimSuffix(name, "[]"), jsonx.StringsValue(values))
		}
	}
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
