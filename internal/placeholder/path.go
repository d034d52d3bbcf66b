package placeholder

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// path is a compiled way from the root to a value. The root itself has none.
type path []segment

// segment is one step: a name, an index of an array, or a pattern over the
// names of an object.
type segment struct {
	name    string
	index   int
	isIndex bool
	pattern *regexp.Regexp
}

// parsePath reads names separated by dots. A dot may stand in front; "." alone
// is the root; between two dots is the empty name.
func parsePath(text string) (path, error) {
	rest := strings.TrimPrefix(text, ".")
	if rest == "" {
		return path{}, nil
	}
	var p path
	for name := range strings.SplitSeq(rest, ".") {
		s := segment{name: name}
		if index, err := strconv.Atoi(name); err == nil && (isDigits(name) || name[0] == '-' && isDigits(name[1:])) && name != "-0" {
			s.index, s.isIndex = index, true
		}
		if source, ok := patternSource(name); ok {
			pattern, err := regexp.Compile(source)
			if err != nil {
				return nil, fmt.Errorf("%s is not a regular expression", name)
			}
			s.pattern = pattern
		}
		p = append(p, s)
	}
	return p, nil
}

// patternSource returns what stands in /…/, with an i behind it as a flag.
func patternSource(name string) (string, bool) {
	if len(name) < 3 || name[0] != '/' {
		return "", false
	}
	end := strings.LastIndexByte(name, '/')
	if end < 2 || strings.Trim(name[end+1:], "gimsu") != "" {
		return "", false
	}
	source := name[1:end]
	if strings.IndexByte(name[end+1:], 'i') >= 0 {
		source = "(?i)" + source
	}
	return source, true
}

// get returns the value at the path, Missing when there is none. Of several
// members that a pattern matches, the first from which the path goes on wins.
func (p path) get(v jsonx.Value) jsonx.Value {
	for i, s := range p {
		if s.pattern != nil && v.Kind() == jsonx.Object {
			for name, value := range v.Members() {
				if !s.pattern.MatchString(name) {
					continue
				}
				if found := p[i+1:].get(value); found.Exists() {
					return found
				}
			}
			return jsonx.Value{}
		}
		if v = s.step(v); !v.Exists() {
			return v
		}
	}
	return v
}

func (s segment) step(v jsonx.Value) jsonx.Value {
	switch v.Kind() {
	case jsonx.Object:
		return v.Get(s.name)
	case jsonx.Array:
		items := v.Items()
		switch {
		case s.name == "length":
			return jsonx.IntValue(int64(len(items)))
		case !s.isIndex || len(items) == 0:
			return jsonx.Value{}
		}
		i := s.index
		if i < 0 {
			i = max(len(items)+i, 0)
		}
		if i < len(items) {
			return items[i]
		}
	}
	return jsonx.Value{}
}

// String returns the path with dots between its segments.
func (p path) String() string {
	if len(p) == 0 {
		return "."
	}
	names := make([]string, len(p))
	for i, s := range p {
		names[i] = s.name
	}
	return strings.Join(names, ".")
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
