package httpapi

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// bind fills a struct from a JSON object by its tags and returns what is wrong,
// a failure a member. Tags: json names the member; required:"true" wants it;
// enum lists its values; format:"uuid" wants an id; min and max bound the
// length of a text or list, or a number; type:"object" or type:"array" on a
// jsonx.Value wants one; nullable:"true" lets null through.
//
// known are the members that the resource has beside those of the struct: they
// are ignored, because clients send back what they read. Any other member is a
// mistake.
func bind(body jsonx.Value, into any, known map[string]bool) []sinew.Failure {
	b := &binder{}
	b.object(body, reflect.ValueOf(into).Elem(), "", known)
	return b.failures
}

type binder struct {
	failures []sinew.Failure
}

func (b *binder) fail(path, code, format string, args ...any) {
	b.failures = append(b.failures, sinew.Failure{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}

func (b *binder) object(body jsonx.Value, target reflect.Value, path string, known map[string]bool) {
	names := make(map[string]bool)
	for i := range target.NumField() {
		field := target.Type().Field(i)
		name := memberName(field)
		names[name] = true
		value := body.Get(name)
		if !value.Exists() {
			if field.Tag.Get("required") == "true" {
				b.fail(join(path, name), "required", "is required")
			}
			continue
		}
		b.value(value, target.Field(i), join(path, name), field.Tag)
	}
	for name := range body.Members() {
		if !names[name] && !known[name] {
			b.fail(join(path, name), "unknown_field", "is not a field of this request")
		}
	}
}

func (b *binder) value(v jsonx.Value, target reflect.Value, path string, tag reflect.StructTag) {
	if target.Type() == reflect.TypeFor[jsonx.Value]() {
		b.json(v, target, path, tag)
		return
	}
	if v.IsNull() {
		if tag.Get("nullable") != "true" {
			b.fail(path, "type", "must not be null")
			return
		}
		if target.Kind() == reflect.Pointer {
			target.Set(reflect.New(target.Type().Elem())) // given, and empty
		}
		return
	}
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		b.value(v, target.Elem(), path, tag)
	case reflect.String:
		b.text(v, target, path, tag)
	case reflect.Bool:
		truth, ok := v.Bool()
		if !ok {
			b.fail(path, "type", "must be true or false, and is %s", article(v.Kind()))
			return
		}
		target.SetBool(truth)
	case reflect.Int64:
		b.integer(v, target, path, tag)
	case reflect.Slice:
		b.list(v, target, path, tag)
	case reflect.Struct:
		if v.Kind() != jsonx.Object {
			b.fail(path, "type", "must be an object, and is %s", article(v.Kind()))
			return
		}
		b.object(v, target, path, nil)
	default:
		panic(fmt.Sprintf("httpapi: field of kind %s cannot be bound", target.Kind()))
	}
}

func (b *binder) json(v jsonx.Value, target reflect.Value, path string, tag reflect.StructTag) {
	if want, named := wantedKind(tag); named && v.Kind() != want && (!v.IsNull() || tag.Get("nullable") != "true") {
		b.fail(path, "type", "must be %s, and is %s", article(want), article(v.Kind()))
		return
	}
	target.Set(reflect.ValueOf(v))
}

// wantedKind is the kind of JSON that a tag names.
func wantedKind(tag reflect.StructTag) (kind jsonx.Kind, named bool) {
	switch tag.Get("type") {
	case "object":
		return jsonx.Object, true
	case "array":
		return jsonx.Array, true
	}
	return kind, false
}

func (b *binder) text(v jsonx.Value, target reflect.Value, path string, tag reflect.StructTag) {
	text, ok := v.Text()
	if !ok {
		b.fail(path, "type", "must be a string, and is %s", article(v.Kind()))
		return
	}
	if values := tag.Get("enum"); values != "" && !contains(values, text) {
		b.fail(path, "enum", "must be one of %s", strings.ReplaceAll(values, ",", ", "))
		return
	}
	if tag.Get("format") == "uuid" && text != "" && !sinew.IsUUID(text) {
		b.fail(path, "format", "must be a UUID in lower case")
		return
	}
	if b.bounds(int64(len([]rune(text))), path, tag, "characters") {
		target.SetString(text)
	}
}

func (b *binder) integer(v jsonx.Value, target reflect.Value, path string, tag reflect.StructTag) {
	n, ok := v.Int()
	if !ok {
		b.fail(path, "type", "must be a whole number")
		return
	}
	if b.bounds(n, path, tag, "") {
		target.SetInt(n)
	}
}

func (b *binder) list(v jsonx.Value, target reflect.Value, path string, tag reflect.StructTag) {
	if v.Kind() != jsonx.Array {
		b.fail(path, "type", "must be an array, and is %s", article(v.Kind()))
		return
	}
	if !b.bounds(int64(v.Len()), path, tag, "elements") {
		return
	}
	items := reflect.MakeSlice(target.Type(), v.Len(), v.Len())
	for i, item := range v.Items() {
		b.value(item, items.Index(i), join(path, strconv.Itoa(i)), reflect.StructTag(tag.Get("items")))
	}
	target.Set(items)
}

// bounds holds a size or number against min and max.
func (b *binder) bounds(n int64, path string, tag reflect.StructTag, unit string) bool {
	if low, err := strconv.ParseInt(tag.Get("min"), 10, 64); err == nil && n < low {
		b.fail(path, "min", "must be at least %d %s", low, unit)
		return false
	}
	if high, err := strconv.ParseInt(tag.Get("max"), 10, 64); err == nil && n > high {
		b.fail(path, "max", "must be at most %d %s", high, unit)
		return false
	}
	return true
}

func memberName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// knownMembers are the members of an operation's answer, which a client may
// send back, and the environment, which it may name.
func knownMembers(o *Operation) map[string]bool {
	known := map[string]bool{"environment_id": true}
	if o.Answer != nil {
		addMembers(reflect.TypeOf(o.Answer), known)
	}
	return known
}

func addMembers(t reflect.Type, known map[string]bool) {
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous {
			addMembers(field.Type, known)
			continue
		}
		known[memberName(field)] = true
	}
}

func contains(list, value string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if item == value {
			return true
		}
	}
	return false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// dotted turns a JSON Pointer into the dotted path of failures.
func dotted(pointer string) string {
	path := strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
	return strings.ReplaceAll(strings.ReplaceAll(path, "~1", "/"), "~0", "~")
}

func article(kind jsonx.Kind) string {
	switch kind {
	case jsonx.Array, jsonx.Object:
		return "an " + kind.String()
	case jsonx.Null:
		return "null"
	}
	return "a " + kind.String()
}
