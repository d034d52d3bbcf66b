package definition

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// The codes of failures and warnings.
const (
	CodeUnknownKey  = "unknown_key"
	CodeType        = "type"
	CodeEnum        = "enum"
	CodeRequired    = "required"
	CodePlaceholder = "placeholder" // the text of a placeholder is wrong
	CodeURL         = "url"
	CodeName        = "name"
	CodePattern     = "pattern"
	CodePath        = "path"       // the text of a path into a response is wrong
	CodeExpression  = "expression" // the text of an expression is wrong
	CodeValue       = "value"
	CodeTooLong     = "too_long"
	CodeUncollected = "uncollected"  // no field collects what a placeholder reads
	CodeMissing     = "missing"      // recommended, but absent
	CodeOpenHost    = "open_host"    // accounts choose where requests go
	CodeGrant       = "unsafe_grant" // a grant of OAuth 2.0 that RFC 9700 advises against
)

// What a definition may be at most, since checking and keeping one costs time and
// memory in proportion; and what is reported about one.
const (
	maxSize         = 2 << 20 // bytes of JSON
	maxPlaceholders = 20_000
	maxJSONata      = 512 << 10 // bytes of all expressions together
	maxFindings     = 100
	maxPath         = 500 // bytes of the path of a finding
	maxMessage      = 1000
)

// Check validates the config of an integration. Failures make it unusable:
// unknown keys, wrong types, values that do not exist, what is required and
// absent, broken placeholders and URLs. Warnings are what its author should
// look at. Paths are dotted and begin with "config", messages are for people.
func Check(config jsonx.Value) (failures, warnings []sinew.Failure) {
	c := &checker{}
	if !c.bounded(config, keyConfig) {
		return c.failures, nil
	}
	c.check(configShape(), config, keyConfig)
	c.urls(config, keyConfig)
	c.forms(config, keyConfig)
	c.hosts(config, keyConfig)
	if config.Kind() == jsonx.Object {
		c.lint(config)
	}
	return c.failures, c.warnings
}

// CheckOverride validates the override of an installation or an account by the
// rules of Check. Nothing is required, and null, which falls back to the layer
// below, is taken everywhere. Paths begin with "override".
func CheckOverride(override jsonx.Value) (failures, warnings []sinew.Failure) {
	c := &checker{partial: true}
	if !c.bounded(override, "override") {
		return c.failures, nil
	}
	c.check(overrideShape(), override, "override")
	c.urls(override, "override")
	c.forms(override, "override")
	return c.failures, c.warnings
}

// CheckMethod validates one method definition that came with a call. Paths
// begin with path.
func CheckMethod(definition jsonx.Value, path string) []sinew.Failure {
	c := &checker{}
	if c.bounded(definition, path) {
		c.check(method(), definition, path)
		c.methodURLs(definition, path)
	}
	return c.failures
}

// checker collects findings on one walk.
type checker struct {
	partial  bool
	failures []sinew.Failure
	warnings []sinew.Failure
	holders  []placeholder.Holder // met so far, At is the full path
	full     bool                 // there are more than may be
	jsonata  int                  // bytes of the expressions met so far
}

func (c *checker) fail(path, code, format string, args ...any) {
	c.failures = report(c.failures, path, code, fmt.Sprintf(format, args...))
}

func (c *checker) warn(path, code, format string, args ...any) {
	c.warnings = report(c.warnings, path, code, fmt.Sprintf(format, args...))
}

// report adds a finding. Paths and messages quote the definition, which may be
// of any length.
func report(findings []sinew.Failure, path, code, message string) []sinew.Failure {
	if len(findings) == maxFindings {
		return findings
	}
	return append(findings, sinew.Failure{Path: cut(path, maxPath), Code: code, Message: cut(message, maxMessage)})
}

func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return strings.ToValidUTF8(text[:length], "") + "…"
}

// bounded fails when a definition is larger than any that somebody wrote.
func (c *checker) bounded(v jsonx.Value, path string) bool {
	if len(v.Bytes()) > maxSize {
		c.fail(path, CodeTooLong, "is larger than %d MiB", maxSize>>20)
		return false
	}
	return true
}

func (c *checker) check(s *shape, v jsonx.Value, path string) {
	if v.IsNull() && (s.nullable || c.partial) {
		return
	}
	if !s.takes(v.Kind()) {
		c.fail(path, CodeType, "must be %s, not %s", kindNames(s), v.Kind())
		return
	}
	if len(s.oneOf) > 0 {
		c.check(s.oneOf[s.choose(v)], v, path)
		return
	}
	switch v.Kind() {
	case jsonx.String:
		c.text(s, v.Str(), path)
	case jsonx.Array:
		c.array(s, v, path)
	case jsonx.Object:
		c.object(s, v, path)
	}
}

func kindNames(s *shape) string {
	names := make([]string, 0, len(s.kinds)+1)
	for _, kind := range s.kinds {
		names = append(names, kind.String())
	}
	if s.nullable {
		names = append(names, "null")
	}
	return strings.Join(names, " or ")
}

func (c *checker) text(s *shape, text, path string) {
	if len(s.enum) > 0 && !matchesEnum(s, text) {
		report := c.fail
		if s.openEnum {
			report = c.warn
		}
		report(path, CodeEnum, "must be one of %s", strings.Join(s.enum, ", "))
		return
	}
	switch s.use {
	case template:
		c.placeholders(jsonx.StringValue(text), path)
	case jsonataText:
		c.expression(text, path)
	case payloadPath:
		if _, dotted := DottedPath(text); !dotted && strings.TrimSpace(text) != "" {
			c.expression(text, path)
		}
	case bodyPath:
		if _, err := jsonx.ParsePath(text); err != nil && text != "" {
			c.fail(path, CodePath, "is not a path into a response: %v", err)
		}
	case pattern:
		if _, err := regexp.Compile(text); err != nil {
			c.warn(path, CodePattern, "is checked in the browser alone: the server cannot run this regular expression")
		}
	}
}

// expression compiles JSONata. The path says where it is, the message at which
// character it breaks.
func (c *checker) expression(text, path string) {
	if c.jsonata += len(text); c.jsonata > maxJSONata {
		c.fail(path, CodeTooLong, "makes the expressions of this definition longer than %d KiB together", maxJSONata>>10)
		return
	}
	var e *expression.SyntaxError
	if err := expression.Check(text); errors.As(err, &e) {
		c.fail(path, CodeExpression, "is not valid JSONata: %s at character %d", e.Reason, e.Position)
	}
}

func matchesEnum(s *shape, text string) bool {
	return slices.ContainsFunc(s.enum, func(value string) bool {
		return value == text || s.anyCase && strings.EqualFold(value, text)
	})
}

// placeholders compiles every text in a value.
func (c *checker) placeholders(v jsonx.Value, path string) {
	if len(c.holders) >= maxPlaceholders {
		if !c.full {
			c.fail(path, CodeTooLong, "stands behind %d placeholders, the most that a definition may hold", len(c.holders))
		}
		c.full = true
		return
	}
	t, err := placeholder.Compile(v)
	var e *placeholder.SyntaxError
	if errors.As(err, &e) {
		c.fail(within(path, e.Path), CodePlaceholder, "%s", e.Error())
		return
	}
	for _, holder := range t.Holders() {
		holder.At = within(path, holder.At)
		c.holders = append(c.holders, holder)
	}
}

func within(path, inner string) string {
	if inner == "" {
		return path
	}
	return path + "." + inner
}

func (c *checker) array(s *shape, v jsonx.Value, path string) {
	if s.each == nil {
		if s.use == template {
			c.placeholders(v, path)
		}
		return
	}
	if s.most > 0 && v.Len() > s.most {
		c.fail(path, CodeTooLong, "has %d elements, and may have %d", v.Len(), s.most)
		return
	}
	for i, item := range v.Items() {
		c.check(s.each, item, path+"."+strconv.Itoa(i))
	}
}

func (c *checker) object(s *shape, v jsonx.Value, path string) {
	switch {
	case s.each != nil:
		for name, value := range v.Members() {
			if name == "" {
				c.fail(path, CodeName, "has a member with an empty name")
				continue
			}
			if s.ofHeaders {
				c.headerName(name, path+"."+name)
			}
			c.check(s.each, value, path+"."+name)
		}
	case len(s.formats) > 0:
		c.tagged(s, v, path)
	case len(s.keys) > 0:
		c.members(s, v, path)
	case s.use == template:
		c.placeholders(v, path)
	}
}

func (c *checker) members(s *shape, v jsonx.Value, path string) {
	for name, value := range v.Members() {
		k := s.find(name)
		if k == nil {
			c.unknown(s.open, path+"."+name, s.names())
			continue
		}
		if k.required && value.IsNull() && !c.partial {
			c.fail(path+"."+name, CodeRequired, "is required")
			continue
		}
		c.check(k.shape, value, path+"."+name)
	}
	if c.partial && !s.ruleOfParts {
		return
	}
	for _, k := range s.keys {
		if c.partial {
			break
		}
		if k.required && !v.Get(k.name).Exists() && (k.alias == "" || !v.Get(k.alias).Exists()) {
			c.fail(path+"."+k.name, CodeRequired, "is required")
		}
	}
	if s.rule != nil {
		if name, problem := s.rule(v); problem != "" {
			c.fail(path+"."+name, CodeValue, "%s", problem)
		}
	}
}

func (s *shape) names() []string {
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.name
	}
	return names
}

func (c *checker) unknown(open bool, path string, names []string) {
	name := path[strings.LastIndexByte(path, '.')+1:]
	hint := "the keys are " + strings.Join(names, ", ")
	if near := nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	if open {
		c.warn(path, CodeUnknownKey, "is not a key that is known here; %s", hint)
		return
	}
	c.fail(path, CodeUnknownKey, "is not a key of this object; %s", hint)
}

// tagged checks {format, config}. Steps of actions write type for format.
func (c *checker) tagged(s *shape, v jsonx.Value, path string) {
	tag := keyFormat
	if s.open {
		tag = "type"
	}
	kind := v.Get(tag)
	f := slices.IndexFunc(s.formats, func(f format) bool { return f.name == kind.Str() })
	flat := f >= 0 && s.formats[f].config.flat && !v.Get(keyConfig).Exists()
	c.besides(s, v, path, tag, flat)
	switch {
	case !kind.Exists() || kind.IsNull():
		if !c.partial {
			c.fail(path+"."+tag, CodeRequired, "is required; one of %s", strings.Join(formatNames(s), ", "))
		}
	case kind.Kind() != jsonx.String:
		c.fail(path+"."+tag, CodeType, "must be string, not %s", kind.Kind())
	case f < 0 && s.openEnum:
		c.warn(path+"."+tag, CodeEnum, "is not known here; known are %s", strings.Join(formatNames(s), ", "))
	case f < 0:
		c.fail(path+"."+tag, CodeEnum, "must be one of %s", strings.Join(formatNames(s), ", "))
	default:
		c.variant(s, s.formats[f], v, path, tag, flat)
	}
}

// variant checks the config of a format.
func (c *checker) variant(s *shape, f format, v jsonx.Value, path, tag string, flat bool) {
	config := v.Get(keyConfig)
	switch {
	case flat:
		config = v.Without(tag)
		for _, k := range s.beside {
			config = config.Without(k.name)
		}
		c.check(f.config, config, path)
	case config.Exists():
		c.check(f.config, config, path+"."+keyConfig)
	default:
		c.check(f.config, emptyConfig(f.config), path+"."+keyConfig)
	}
}

// besides checks what stands beside the format and its config.
func (c *checker) besides(s *shape, v jsonx.Value, path, tag string, flat bool) {
	for name, value := range v.Members() {
		if name == tag || name == keyConfig {
			continue
		}
		if i := slices.IndexFunc(s.beside, func(k key) bool { return k.name == name }); i >= 0 {
			c.check(s.beside[i].shape, value, path+"."+name)
		} else if !flat {
			c.unknown(s.open, path+"."+name, []string{tag, keyConfig})
		}
	}
}

// emptyConfig stands for a config that is not there, so that what it requires
// is reported.
func emptyConfig(s *shape) jsonx.Value {
	if s.takes(jsonx.Object) {
		return jsonx.ObjectValue()
	}
	return jsonx.StringValue("")
}

func formatNames(s *shape) []string {
	names := make([]string, len(s.formats))
	for i, f := range s.formats {
		names[i] = f.name
	}
	return names
}

// nearest returns the name that differs by one edit or two, "" for none.
func nearest(name string, names []string) string {
	best, distance := "", 3
	for _, candidate := range names {
		if d := edits(name, candidate); d < distance && d < len(candidate)/2 {
			best, distance = candidate, d
		}
	}
	return best
}

// edits is the Levenshtein distance of two short texts.
func edits(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
