package extensions

import (
	"strings"

	"github.com/nlnwa/whatwg-url/url"

	"github.com/sinewhq/sinew/jsonata"
)

func urlFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("parseUrl", 1, pure(parseURL)),
		define("parseQuery", 2, simple(parseQuery)),
		define("stringifyQuery", 2, simple(stringifyQuery)),
	}
}

// webURL is a parsed address with the fields that browsers give it.
type webURL struct{ u *url.Url }

func parseURL(a args) (value, error) {
	u, err := url.Parse(scriptText(a.at(0)))
	if err != nil {
		return value{}, err
	}
	return jsonata.NewWrapped(&webURL{u}), nil
}

// Member implements jsonata.Wrapped.
func (w *webURL) Member(name string) value {
	switch name {
	case "href":
		return str(w.u.Href(false))
	case "origin":
		return str(w.origin())
	case "protocol":
		return str(w.u.Protocol())
	case "username":
		return str(w.u.Username())
	case "password":
		return str(w.u.Password())
	case "host":
		return str(w.u.Host())
	case "hostname":
		return str(w.u.Hostname())
	case "port":
		return str(w.u.Port())
	case "pathname":
		return str(w.u.Pathname())
	case "hash":
		return str(w.u.Hash())
	case "search":
		return str(w.u.Search())
	case "searchParams":
		return jsonata.NewWrapped(newParams(strings.TrimPrefix(w.u.Search(), "?")))
	case "toString":
		return method(name, func(args) (value, error) { return str(w.u.Href(false)), nil })
	}
	return jsonata.Undefined()
}

func (w *webURL) origin() string {
	switch p := w.u.Protocol(); p {
	case "http:", "https:", "ws:", "wss:", "ftp:":
		return p + "//" + w.u.Host()
	}
	return "null"
}

// Members implements jsonata.Wrapped.
func (w *webURL) Members() []string {
	return []string{"href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "hash", "search", "searchParams"}
}

// JSON implements jsonata.Wrapped.
func (w *webURL) JSON() value { return str(w.u.Href(false)) }

// params are the decoded pairs of a query.
type params struct{ names, values []string }

func newParams(query string) *params {
	p := &params{}
	for _, part := range strings.Split(query, "&") {
		if part == "" {
			continue
		}
		name, val, _ := strings.Cut(part, "=")
		p.names = append(p.names, decodePlus(name))
		p.values = append(p.values, decodePlus(val))
	}
	return p
}

// Member implements jsonata.Wrapped.
func (p *params) Member(name string) value {
	switch name {
	case "get":
		return method(name, func(a args) (value, error) {
			if all := p.all(scriptText(a.at(0))); len(all) > 0 {
				return all[0], nil
			}
			return jsonata.Null(), nil
		})
	case "has":
		return method(name, func(a args) (value, error) {
			return jsonata.Bool(len(p.all(scriptText(a.at(0)))) > 0), nil
		})
	case "getAll":
		return method(name, func(a args) (value, error) { return list(p.all(scriptText(a.at(0)))), nil })
	case "keys":
		return method(name, func(args) (value, error) { return texts(p.names), nil })
	case "values":
		return method(name, func(args) (value, error) { return texts(p.values), nil })
	case "entries":
		return method(name, func(args) (value, error) {
			out := []value{}
			for i, n := range p.names {
				out = append(out, jsonata.NewArray(str(n), str(p.values[i])))
			}
			return list(out), nil
		})
	case "size":
		return num(float64(len(p.names)))
	case "toString":
		return method(name, func(args) (value, error) { return str(p.text()), nil })
	}
	return jsonata.Undefined()
}

func texts(list []string) value {
	out := make([]value, len(list))
	for i, s := range list {
		out[i] = str(s)
	}
	return jsonata.NewArray(out...)
}

func (p *params) all(name string) []value {
	out := []value{}
	for i, n := range p.names {
		if n == name {
			out = append(out, str(p.values[i]))
		}
	}
	return out
}

// text is the application/x-www-form-urlencoded form.
func (p *params) text() string {
	var parts []string
	for i, n := range p.names {
		parts = append(parts, formEncode(n)+"="+formEncode(p.values[i]))
	}
	return strings.Join(parts, "&")
}

// Members implements jsonata.Wrapped.
func (p *params) Members() []string {
	return []string{"get", "has", "getAll", "keys", "values", "entries", "size", "toString"}
}

// JSON implements jsonata.Wrapped.
func (p *params) JSON() value {
	return newObject().set("size", num(float64(len(p.names)))).value()
}
