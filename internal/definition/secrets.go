package definition

import (
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// Split takes the secrets out of a config or an override. Join puts them back:
// Join(Split(x)) equals x, but for the order of members.
//
// Secret are, wherever they stand,
//   - under credentials: texts and numbers whose name says so (client.secret,
//     client_secret, password, api_key, token, private_key, assertion … also
//     in params, tokenParams and refreshParams);
//   - in signature_verification: the same names;
//   - in an authorization: value, token, header_value, username and password,
//     and the same names as under credentials;
//   - in headers, query, body and actions: members whose name says so
//     (Authorization, Cookie, X-Api-Key, …);
//   - secret_environment_variables as a whole.
//
// Outside of credentials.…client, a text that holds a placeholder is not
// secret: the secret is what the placeholder reads.
//
// The secret value is an object laid over the visible one, in which an index
// of an array is the name of a member ("0"). It is an empty object when there
// are no secrets.
func Split(config jsonx.Value) (visible, secret jsonx.Value) {
	visible, secret = split(config, place{})
	if secret.Kind() != jsonx.Object {
		secret = jsonx.ObjectValue()
	}
	return visible, secret
}

// SplitMappings takes the secrets out of changes of unified mappings, as Split
// does. Secret are members whose name says so, wherever they stand, when they
// hold a text or a number. Within a mapping texts are expressions: there one is
// secret that is a literal in quotes and no more, since others read their
// secrets from the context.
func SplitMappings(override jsonx.Value) (visible, secret jsonx.Value) {
	visible, secret = split(override, place{inParameters: true})
	if secret.Kind() != jsonx.Object {
		secret = jsonx.ObjectValue()
	}
	return visible, secret
}

// Join lays the secrets that Split took out over what it left visible. Join
// before a config is edited: what an edit removes takes its secrets along then.
func Join(visible, secret jsonx.Value) jsonx.Value {
	switch {
	case secret.Kind() == jsonx.Object && secret.Len() == 0 && visible.Exists(), !secret.Exists():
		return visible
	case !visible.Exists(), secret.Kind() != jsonx.Object:
		return secret
	case visible.Kind() == jsonx.Array:
		items := append([]jsonx.Value(nil), visible.Items()...)
		for name, value := range secret.Members() {
			if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(items) {
				items[i] = Join(items[i], value)
			}
		}
		return jsonx.ArrayValue(items...)
	case visible.Kind() != jsonx.Object:
		return secret
	}
	b := visible.Edit()
	for name, value := range secret.Members() {
		b.Set(name, Join(b.Get(name), value))
	}
	return b.Value()
}

// Retain returns a replacement for a config or override with the secrets of
// what it replaces put where it is silent: whoever reads, changes and writes
// back never saw them. A secret stays when the object that held it is still
// there and does not mention it; null or another value removes it, and so does
// an empty replacement. Secrets within arrays are not retained, since elements
// have no identity.
func Retain(next, secret jsonx.Value) jsonx.Value {
	if next.Kind() != jsonx.Object || next.Len() == 0 || secret.Kind() != jsonx.Object {
		return next
	}
	b := next.Edit()
	for name, value := range secret.Members() {
		under, whole := b.Get(name), name == keySecretVars
		switch {
		case !under.Exists() && (whole || value.Kind() != jsonx.Object):
			b.Set(name, value)
		case under.Kind() == jsonx.Object && !whole:
			b.Set(name, Retain(under, value))
		}
	}
	return b.Value()
}

// place is what a walk knows about where it is.
type place struct {
	inCredentials   bool
	inClient        bool // credentials.…client
	inAuthorization bool // authorization.config
	inSignature     bool // signature_verification
	inParameters    bool // headers, query, body or actions
	inMapping       bool // a mapping, whose texts are expressions
	parent          string
}

func (p place) below(name string) place {
	q := p
	q.parent = name
	switch name {
	case keyCredentials:
		q.inCredentials = true
	case "client":
		q.inClient = p.inCredentials
	case keyAuthorization:
		q.inAuthorization = true
	case "signature_verification":
		q.inSignature = true
	case keyHeaders, keyQuery, "body", keyActions:
		q.inParameters = true
	}
	if strings.HasSuffix(name, "_mapping") {
		q.inMapping = true
	}
	return q
}

func split(v jsonx.Value, p place) (visible, secret jsonx.Value) {
	switch v.Kind() {
	case jsonx.Array:
		return splitArray(v, p, p.parent)
	case jsonx.Object:
	default:
		return v, jsonx.Value{}
	}
	left, taken := jsonx.NewBuilder(v.Len()), jsonx.NewBuilder(0)
	for name, value := range v.Members() {
		if p.secret(name, value) {
			taken.Set(name, value)
			continue
		}
		rest, inner := split(value, p.below(name))
		left.Set(name, rest)
		taken.Set(name, inner)
	}
	return left.Value(), orMissing(taken.Value())
}

// splitArray takes the elements of an array for values of the member that
// holds it.
func splitArray(v jsonx.Value, p place, name string) (visible, secret jsonx.Value) {
	items := make([]jsonx.Value, v.Len())
	taken := jsonx.NewBuilder(0)
	for i, item := range v.Items() {
		if p.secret(name, item) {
			items[i] = jsonx.NullValue()
			taken.Set(strconv.Itoa(i), item)
			continue
		}
		rest, inner := split(item, p)
		items[i] = rest
		taken.Set(strconv.Itoa(i), inner)
	}
	return jsonx.ArrayValue(items...), orMissing(taken.Value())
}

func orMissing(v jsonx.Value) jsonx.Value {
	if v.Len() == 0 {
		return jsonx.Value{}
	}
	return v
}

// secret reports whether the member of that name is one.
func (p place) secret(name string, value jsonx.Value) bool {
	if name == keySecretVars {
		return true
	}
	literal, isNumber := value.NumberText()
	text, isText := value.Text()
	switch {
	case !isText && !isNumber, text == "" && literal == "":
		return false
	case p.inClient && secretName(name):
		return true
	case holdsPlaceholder(text), p.inMapping && isText && !isLiteral(text):
		return false
	case p.inAuthorization && p.parent == keyConfig && (name == "value" || name == "header_value" || name == "username"):
		return true
	}
	return (p.inCredentials || p.inSignature || p.inParameters || p.inAuthorization) && secretName(name)
}

// isLiteral reports whether an expression is a text in quotes and no more.
func isLiteral(text string) bool {
	text = strings.TrimSpace(text)
	if len(text) < 2 || text[0] != '"' && text[0] != '\'' {
		return false
	}
	return strings.IndexByte(text[1:], text[0]) == len(text)-2
}

// holdsPlaceholder reports whether a text is at least in part read from
// elsewhere. Braces alone may well be part of a password.
func holdsPlaceholder(text string) bool {
	t, err := placeholder.CompileText(text)
	return err == nil && !t.Constant()
}

// SecretName reports whether a name says that its value is a secret.
func SecretName(name string) bool { return secretName(name) }

// secretName reports whether a name says that its value is a secret.
func secretName(name string) bool {
	flat := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	for _, end := range []string{
		"secret", "password", "passwd", "passphrase", "token", "apikey", "privatekey", "signingkey", "accesskey", "applicationkey", "appkey",
		"assertion", "authorization", "cookie", "signature", "credential", "credentials",
	} {
		if strings.HasSuffix(flat, end) {
			return true
		}
	}
	return flat == "key" || flat == "pwd" || flat == "auth" || flat == "authcode"
}
