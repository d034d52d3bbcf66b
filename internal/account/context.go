package account

import (
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The members of a context that are not ordinary variables.
const (
	keyEnvironmentVariables = "environment_variables"
	keyOAuth                = "oauth"
	keyObjectStore          = "truto_obj_store"
	keyData                 = "data"
)

// parse reads a stored context or override; "" is an empty object. Text that
// we wrote ourselves parses.
func parse(text sinew.JSON) (jsonx.Value, error) {
	return jsonx.ParseString(string(text.Or(sinew.EmptyObject)))
}

// joinContext returns the whole context of an account, secrets in their place.
func joinContext(visible, secret sinew.JSON) (jsonx.Value, error) {
	whole, err := parse(visible)
	if err != nil {
		return whole, err
	}
	hidden, err := parse(secret)
	if err != nil {
		return whole, err
	}
	return jsonx.Overlay(whole, hidden), nil
}

// splitContext takes the secret paths out of a whole context. A path is dotted;
// an object that loses its last member stays, empty.
func splitContext(whole jsonx.Value, secretPaths []string) (visible, secret jsonx.Value) {
	visible, secret = whole, jsonx.ObjectValue()
	for _, path := range secretPaths {
		steps := strings.Split(path, ".")
		value := visible.At(steps...)
		if !value.Exists() {
			continue
		}
		secret = secret.SetAt(value, steps...)
		visible = visible.SetAt(jsonx.Value{}, steps...)
	}
	return visible, secret
}

// secretText is what is stored of a secret part: nothing when it is empty.
func secretText(secret jsonx.Value) sinew.JSON {
	if secret.Len() == 0 {
		return ""
	}
	return sinew.JSON(secret.String())
}

// mergeContext lays a patch over a context as spec 01 section 7.3 says: member
// by member at the top, values replaced whole, null removed. oauth is merged,
// so that a scope or a token alone does not lose the rest, and the virtual
// environment_variables are dropped.
func mergeContext(whole, patch jsonx.Value) jsonx.Value {
	b := whole.Edit()
	for name, value := range patch.Members() {
		switch {
		case name == keyEnvironmentVariables:
		case value.IsNull():
			b.Set(name, jsonx.Value{})
		case name == keyOAuth && value.Kind() == jsonx.Object:
			b.Set(name, jsonx.Merge(withoutLifetime(b.Get(name), value), value))
		default:
			b.Set(name, value)
		}
	}
	return b.Value()
}

// withoutLifetime takes the lifetime of a stored token away that another token
// replaces: the new one has its own, or none that is known.
func withoutLifetime(stored, patch jsonx.Value) jsonx.Value {
	token := patch.At("token", "access_token").Str()
	if token == "" || token == stored.At("token", "access_token").Str() {
		return stored
	}
	for _, name := range []string{"expires_at", "expires_in"} {
		if stored.At("token", name).Exists() {
			stored = stored.SetAt(jsonx.Value{}, "token", name)
		}
	}
	return stored
}

// isStored reports whether a context value is the mark or the wrapper of a
// value in the object store.
func isStored(value jsonx.Value) bool {
	marked, _ := value.Get(keyObjectStore).Bool()
	return marked
}

// storedMark stands in the context for a value in the object store.
func storedMark() jsonx.Value {
	return jsonx.ObjectValue(jsonx.Member{Name: keyObjectStore, Value: jsonx.BoolValue(true)})
}
