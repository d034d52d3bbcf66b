package obs

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Hidden stands where a secret was.
const Hidden = "[hidden]"

// secretWords are what a name contains when its value is a secret, without
// separators and in lower case.
var secretWords = []string{
	"password", "passwd", "passphrase", "secret", "authorization", "cookie", "apikey", "privatekey",
	"masterkey", "accesskey", "credential", "codeverifier", "clientassertion",
}

// harmlessEndings are those of names that only speak about a secret.
var harmlessEndings = []string{"id", "ids", "name", "names", "type", "count", "status", "file", "path", "expiresat"}

// IsSecretName reports whether a value under this name is a secret, whatever
// it looks like: "Authorization", "client_secret", "accessToken".
func IsSecretName(name string) bool {
	var room [64]byte
	plain := string(appendPlain(room[:0], name)) // stays on the stack
	if strings.HasSuffix(plain, "token") || strings.HasSuffix(plain, "tokens") {
		return true
	}
	for _, ending := range harmlessEndings {
		if strings.HasSuffix(plain, ending) {
			return false
		}
	}
	for _, word := range secretWords {
		if strings.Contains(plain, word) {
			return true
		}
	}
	return false
}

// appendPlain drops separators and case.
func appendPlain(plain []byte, name string) []byte {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_', c == '-', c == '.', c == ' ':
		case c >= 'A' && c <= 'Z':
			plain = append(plain, c+'a'-'A')
		default:
			plain = append(plain, c)
		}
	}
	return plain
}

// pattern finds a secret inside text; the replacement keeps what tells a
// reader what was there.
type pattern struct {
	// needs is in every text that holds a match; looking for it first keeps
	// the expressions away from most texts.
	needs   string
	find    *regexp.Regexp
	replace string
}

// secretField is the last part of the names of fields in forms and JSON.
const secretField = `(?:[a-z0-9]+[_-])*[a-z]*(?:token|secret|password|passwd|api[_-]?key|authorization|cookie|private[_-]?key|code_verifier|client_assertion)`

var patterns = []pattern{
	// Our API tokens, our master keys, and webhook secrets of the standard form.
	{"sinew_", regexp.MustCompile(`sinew_[A-Za-z0-9_-]{20,}`), "sinew_" + Hidden},
	{"sinew-master-key:", regexp.MustCompile(`(sinew-master-key:v\d+:[0-9a-f]*):[A-Za-z0-9_-]+`), "$1:" + Hidden},
	{"whsec_", regexp.MustCompile(`whsec_[A-Za-z0-9+/=_-]{16,}`), "whsec_" + Hidden},
	// Authorization header values (RFC 7235) wherever they are quoted; a word
	// of small letters behind the scheme is prose.
	{" ", regexp.MustCompile(`\b((?i:bearer|basic)) +[a-z-]*[A-Z0-9._~+/=][A-Za-z0-9._~+/=-]{4,}`), "$1 " + Hidden},
	// JSON Web Tokens: three parts, of which the first is an encoded object.
	{"eyJ", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), Hidden},
	{"-----BEGIN", regexp.MustCompile(`(?s)-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(-----END [A-Z ]*-----|\z)`), "$1 " + Hidden},
	// The user part of an address.
	{"@", regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@"']+@`), "$1" + Hidden + "@"},
	// Fields of forms and queries, and members of JSON, also of JSON that was
	// quoted as a string.
	{"=", regexp.MustCompile(`(?i)\b(` + secretField + `)=[^&\s"']+`), "$1=" + Hidden},
	{`\"`, regexp.MustCompile(`(?i)(\\"` + secretField + `\\"\s*:\s*\\")(?:[^"\\]|\\\\\\?"?)*`), "${1}" + Hidden},
	{`":`, regexp.MustCompile(`(?i)("` + secretField + `"\s*:\s*)"(?:[^"\\]|\\.)*"?`), `${1}"` + Hidden + `"`},
	{`" :`, regexp.MustCompile(`(?i)("` + secretField + `"\s*:\s*)"(?:[^"\\]|\\.)*"?`), `${1}"` + Hidden + `"`},
}

// harmless reports whether a text cannot hold what the patterns find, by a look at
// each character: so it is with ids, names and routes.
func harmless(text string) bool {
	var last byte
	for i := range len(text) {
		switch c := text[i]; c {
		case ' ', '@', '=', '"', '\n', '\t':
			return false
		case '_': // sinew_, whsec_
			if last == 'w' || last == 'c' {
				return false
			}
		case ':': // sinew-master-key:
			if last == 'y' {
				return false
			}
		case 'J': // eyJ
			if last == 'y' {
				return false
			}
		}
		last = text[i]
	}
	return true
}

// Redact takes out of a text whatever looks like a credential.
func Redact(text string) string {
	if harmless(text) {
		return text
	}
	for _, p := range patterns {
		if strings.Contains(text, p.needs) {
			text = p.find.ReplaceAllString(text, p.replace)
		}
	}
	return text
}

// redactAttr returns the attribute as it may be logged.
func redactAttr(attr slog.Attr) slog.Attr {
	v := attr.Value.Resolve()
	if mayBeSecret(v) && IsSecretName(attr.Key) {
		return slog.String(attr.Key, Hidden)
	}
	if v.Kind() == slog.KindGroup {
		members := v.Group()
		clean := make([]slog.Attr, len(members))
		for i, member := range members {
			clean[i] = redactAttr(member)
		}
		return slog.Attr{Key: attr.Key, Value: slog.GroupValue(clean...)}
	}
	return slog.Attr{Key: attr.Key, Value: redactValue(v)}
}

// mayBeSecret leaves out numbers, times and the like, and what is empty: that
// a secret is absent is worth knowing.
func mayBeSecret(v slog.Value) bool {
	switch v.Kind() {
	case slog.KindString:
		return v.String() != ""
	case slog.KindAny:
		return v.Any() != nil
	default:
		return v.Kind() == slog.KindGroup
	}
}

func redactValue(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Redact(v.String()))
	case slog.KindAny:
		return redactAny(v.Any())
	default:
		return v // numbers, times and the like hold no secret
	}
}

// redactAny logs kinds of values that it can look into, and only the type of
// others: a struct may hold a secret under any name.
func redactAny(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(Redact(v.Error()))
	case []byte:
		return slog.StringValue(Redact(string(v)))
	case []string:
		return slog.StringValue(Redact(strings.Join(v, ", ")))
	case http.Header:
		return redactFields(v)
	case url.Values:
		return redactFields(v)
	case fmt.Stringer:
		return redactStringer(v)
	}
	switch reflected := reflect.ValueOf(v); reflected.Kind() {
	case reflect.String:
		return slog.StringValue(Redact(reflected.String()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return slog.Int64Value(reflected.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return slog.Uint64Value(reflected.Uint())
	case reflect.Bool:
		return slog.BoolValue(reflected.Bool())
	default:
		return slog.StringValue(fmt.Sprintf("%T (not logged)", v))
	}
}

func redactStringer(v fmt.Stringer) slog.Value {
	if reflected := reflect.ValueOf(v); reflected.Kind() == reflect.Pointer && reflected.IsNil() {
		return slog.AnyValue(nil)
	}
	return slog.StringValue(Redact(v.String()))
}

func redactFields(fields map[string][]string) slog.Value {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	attrs := make([]slog.Attr, len(names))
	for i, name := range names {
		attrs[i] = redactAttr(slog.String(name, strings.Join(fields[name], ", ")))
	}
	return slog.GroupValue(attrs...)
}
