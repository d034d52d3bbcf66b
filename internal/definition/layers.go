package definition

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Effective returns the config that an account works with: the integration's
// config under the override of the installation under that of the account.
// Overrides that are absent may be Missing.
//
// Objects merge member by member, arrays and scalars replace. A null in an
// override falls back to what is below it, except where null has a meaning of
// its own: in headers and query, where it removes a member, and for pagination
// and error_expression of a method, where it means none. An object with a
// format replaces one of another format whole, since their configs have
// nothing in common.
//
// In the result, credentials are always a map by format. An override may
// write its credentials as a map, as one credential, or as the config of
// whatever OAuth credential lies below ({"client":{"id":…,"secret":…}}).
// environment_variables and secret_environment_variables are not part of it;
// see EnvironmentVariables.
func Effective(config, installation, account jsonx.Value) jsonx.Value {
	out := withCredentials(config, credentialMap(config.Get(keyCredentials)))
	for _, layer := range []jsonx.Value{installation, account} {
		if layer.Kind() != jsonx.Object {
			continue
		}
		layer = layer.Without(keyVars).Without(keySecretVars)
		layer = withCredentials(layer, spread(layer.Get(keyCredentials), out.Get(keyCredentials)))
		out = overlay(out, layer, nil)
	}
	return out
}

// EnvironmentVariables returns what {{environment_variables.KEY}} reads: the
// plain and the secret variables of an installation's override, as one object.
func EnvironmentVariables(override jsonx.Value) jsonx.Value {
	b := jsonx.NewBuilder(4)
	for _, name := range []string{keyVars, keySecretVars} {
		for key, value := range override.Get(name).Members() {
			if !value.IsNull() {
				b.Set(key, value)
			}
		}
	}
	return b.Value()
}

func withCredentials(v, credentials jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Object || !v.Get(keyCredentials).Exists() {
		return v
	}
	return v.With(keyCredentials, credentials)
}

// credentialMap writes credentials as a map by format.
func credentialMap(v jsonx.Value) jsonx.Value {
	if format := v.Get(keyFormat).Str(); isSingleCredential(v) && format != "" {
		return jsonx.ObjectValue(jsonx.Member{Name: format, Value: v})
	}
	return v
}

// spread writes an override's credentials as a map that fits the one below.
func spread(v, below jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Object || v.Get(keyFormat).Kind() == jsonx.String {
		return credentialMap(v)
	}
	config := v.Get(keyConfig)
	if v.Get("client").Exists() {
		config = v
	}
	if !config.Exists() {
		return v
	}
	b := jsonx.NewBuilder(below.Len())
	for format := range below.Members() {
		if format != string(sinew.MethodAPIKey) {
			b.Set(format, jsonx.ObjectValue(jsonx.Member{Name: keyConfig, Value: config}))
		}
	}
	return b.Value()
}

func overlay(base, top jsonx.Value, path []string) jsonx.Value {
	if top.Kind() != jsonx.Object {
		return top
	}
	if base.Kind() != jsonx.Object || otherFormat(base, top) {
		base = jsonx.ObjectValue()
	}
	b := base.Edit()
	for name, value := range top.Members() {
		at := append(path[:len(path):len(path)], name)
		if value.IsNull() {
			if meaningfulNull(at) {
				b.Set(name, value)
			}
			continue
		}
		b.Set(name, overlay(b.Get(name), value, at))
	}
	return b.Value()
}

func otherFormat(base, top jsonx.Value) bool {
	a, b := base.Get(keyFormat), top.Get(keyFormat)
	return a.Kind() == jsonx.String && b.Kind() == jsonx.String && a.Str() != b.Str()
}

// meaningfulNull tells the places where null is not "as below".
func meaningfulNull(path []string) bool {
	n := len(path)
	if n >= 2 && (path[n-2] == keyHeaders || path[n-2] == keyQuery) {
		return true
	}
	return n == 4 && path[0] == keyResources && (path[3] == keyPagination || path[3] == keyError)
}

// Says reports whether a layer has its word at a path: a value, or a null that
// means something there.
func Says(layer jsonx.Value, path []string) bool {
	v := layer.At(path...)
	return v.Exists() && (!v.IsNull() || meaningfulNull(path))
}
