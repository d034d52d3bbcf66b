package wire

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Limits of a query string.
const (
	// MaxQueryBytes is enough for 1,000 ids under a long name in the wordiest
	// array flavour.
	MaxQueryBytes = 256 << 10
	// MaxParameters bounds the name=value pairs of one query.
	MaxParameters = 2000
	// MaxValues bounds the values under one root name, and those of one
	// filter.
	MaxValues = 1000
	// MaxDepth bounds the bracket segments behind a root name, and the groups
	// within groups of a filter.
	MaxDepth = 10
)

// The codes of failures that ParseQuery reports.
const (
	CodeEncoding = "encoding" // broken percent-encoding, invalid UTF-8, U+0000
	CodeBrackets = "brackets" // [ and ] do not pair up
	CodeConflict = "conflict" // a name is both a value and an object
	CodeTooDeep  = "too_deep" // more than MaxDepth segments
	CodeTooMany  = "too_many" // more than MaxParameters or MaxValues
	CodeTooLong  = "too_long" // more than MaxQueryBytes, or a value beyond its limit
)

const (
	autoIndex     = "[]" // stands for an empty segment
	maxPathLength = 120  // of a parameter name quoted in a failure
)

// ParseQuery reads the text behind the "?" of a URL in the dialect of the npm
// package qs, in every flavour that clients send:
//
//	a=1             {"a":"1"}
//	a=1&a=2         {"a":["1","2"]}
//	a[]=1&a[]=2     {"a":["1","2"]}
//	a[0]=1&a[1]=2   {"a":["1","2"]}
//	a[b][c]=1       {"a":{"b":{"c":"1"}}}
//	a[][k]=1        {"a":[{"k":"1"}]}
//	a.b=1           {"a.b":"1"}
//	a               {"a":""}
//
// Brackets may be raw or percent-encoded, "+" is a space. All leaves are
// strings; members keep the order of their first mention, elements of an
// indexed array the order of their indexes, without the gaps. Indexes from
// 1,000 on are names. Under a[][k] an element takes names until one would
// occur twice, which begins the next element.
//
// The error is a *sinew.Error of KindInvalid whose failure names the
// parameter: broken percent-encoding, invalid UTF-8, U+0000, brackets that do
// not pair up, a name that is both a value and an object, and anything beyond
// the limits.
func ParseQuery(raw string) (jsonx.Value, error) {
	root := &node{}
	count := 0
	for rest := raw; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		rawName, rawText, _ := strings.Cut(pair, "=")
		p := parameter{raw: rawName}
		if count++; count > MaxParameters {
			return jsonx.Value{}, p.fail(CodeTooMany, "the query has more than %d parameters", MaxParameters)
		}
		if len(raw)-len(rest) > MaxQueryBytes {
			return jsonx.Value{}, p.fail(CodeTooLong, "the query is longer than %d bytes", MaxQueryBytes)
		}
		if err := p.read(rawText); err != nil {
			return jsonx.Value{}, err
		}
		if len(p.segments) == 0 {
			continue
		}
		if err := root.put(&p); err != nil {
			return jsonx.Value{}, err
		}
	}
	return root.object(), nil
}

// parameter is one name=value pair on its way into the tree.
type parameter struct {
	raw      string
	name     string   // decoded
	segments []string // root name, then what the brackets hold
	text     string
}

func (p *parameter) fail(code, format string, args ...any) error {
	name := p.name
	if name == "" {
		name = p.raw
	}
	return sinew.InvalidField(quotable(name), code, format, args...)
}

func (p *parameter) read(rawText string) error {
	name, err := unescape(p.raw)
	if err != nil {
		return p.fail(CodeEncoding, "the name %v", err)
	}
	p.name = name
	if p.text, err = unescape(rawText); err != nil {
		return p.fail(CodeEncoding, "the value %v", err)
	}
	if p.segments, err = p.split(); err != nil {
		return err
	}
	if len(p.segments) > MaxDepth+1 {
		return p.fail(CodeTooDeep, "nested deeper than %d", MaxDepth)
	}
	return nil
}

// split takes the name apart. A name that begins with a bracket has the first
// segment as its root, as in qs.
func (p *parameter) split() ([]string, error) {
	root, rest := p.name, ""
	if i := strings.IndexByte(p.name, '['); i >= 0 {
		root, rest = p.name[:i], p.name[i:]
	}
	if strings.IndexByte(root, ']') >= 0 {
		return nil, p.fail(CodeBrackets, "the brackets of the name do not pair up")
	}
	var segments []string
	if root != "" {
		segments = append(segments, root)
	}
	for rest != "" {
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 || strings.IndexByte(rest[1:end], '[') >= 0 {
			return nil, p.fail(CodeBrackets, "the brackets of the name do not pair up")
		}
		segment := rest[1:end]
		if segment == "" && len(segments) > 0 {
			segment = autoIndex
		}
		if segment != "" {
			segments = append(segments, segment)
		}
		rest = rest[end+1:]
		if len(segments) > MaxDepth+1 {
			break // the caller refuses it; no need to read a thousand more
		}
	}
	return segments, nil
}

func unescape(s string) (string, error) {
	if strings.ContainsAny(s, "+%") {
		plain, err := url.QueryUnescape(s)
		if err != nil {
			return "", errors.New("has a broken percent-encoding")
		}
		s = plain
	}
	if !utf8.ValidString(s) {
		return "", errors.New("is not valid UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return "", errors.New("holds the character U+0000")
	}
	return s, nil
}

// quotable shortens a name for a failure and replaces what JSON cannot hold.
func quotable(name string) string {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), "\x00", "\uFFFD")
	if len(name) <= maxPathLength {
		return name
	}
	return strings.ToValidUTF8(name[:maxPathLength], "") + "…"
}
