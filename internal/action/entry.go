package action

import (
	"context"
	"slices"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Bounds of what is entered.
const (
	maxEntered   = 64 << 10 // bytes of one field, as JSON
	maxSelection = 1000     // options of one field
)

// entry is a form under check.
type entry struct {
	*run
	in       Submission
	fields   []definition.FormField
	values   jsonx.Value // entered, else what the account has, else the defaults
	failures []sinew.Failure
}

func (e *entry) fail(path, code, message string) {
	e.failures = append(e.failures, sinew.Failure{Path: path, Code: code, Message: message})
}

// accepted returns what is to be stored of a form.
func (e *entry) accepted(ctx context.Context) (jsonx.Value, error) {
	e.known()
	e.values = e.complete()
	for _, f := range e.fields {
		e.check(f)
	}
	if len(e.failures) > 0 {
		return jsonx.Value{}, sinew.Invalid(e.failures...)
	}
	entered := jsonx.NewBuilder(len(e.fields))
	for _, f := range e.fields {
		value, changed := e.entered(f)
		if !changed {
			continue
		}
		stored, err := e.expressed(ctx, f, value)
		if err != nil {
			return jsonx.Value{}, err
		}
		entered.Set(f.Name, stored)
	}
	if len(e.failures) == 0 {
		if err := e.checkSources(ctx); err != nil {
			return jsonx.Value{}, err
		}
	}
	if len(e.failures) > 0 {
		return jsonx.Value{}, sinew.Invalid(e.failures...)
	}
	return entered.Value(), nil
}

// known refuses values that no field of the form has.
func (e *entry) known() {
	for name := range e.in.Values.Members() {
		if !slices.ContainsFunc(e.fields, func(f definition.FormField) bool { return f.Name == name }) {
			e.fail(name, "unknown_field", "is not a field of the form")
		}
	}
}

// complete returns the value of each field as it will be.
func (e *entry) complete() jsonx.Value {
	b := jsonx.NewBuilder(len(e.fields))
	for _, f := range e.fields {
		value, _ := e.entered(f)
		if !value.Exists() {
			value = e.whole.Get(f.Name)
		}
		b.Set(f.Name, value)
	}
	return b.Value()
}

// entered returns what a field gets, and whether it gets anything: what was
// entered, or its default where the account has nothing yet.
func (e *entry) entered(f definition.FormField) (value jsonx.Value, changed bool) {
	if value = e.in.Values.Get(f.Name); value.Exists() {
		return value, true
	}
	if f.Default.Exists() && !e.whole.Get(f.Name).Exists() {
		return f.Default, true
	}
	return jsonx.Value{}, false
}

// check holds one field against what the definition and the page say of it.
func (e *entry) check(f definition.FormField) {
	value := e.values.Get(f.Name)
	possible := true
	for _, name := range f.DependsOn {
		possible = possible && !blank(e.values.Get(name))
	}
	entered := e.in.Values.Get(f.Name)
	switch {
	case e.isFixed(f, entered):
		return
	case !possible && !blank(entered):
		e.fail(f.Name, definition.CodeRequired, "can be filled in once the fields are that it depends on")
		return
	case blank(value):
		if f.Required && possible {
			e.fail(f.Name, definition.CodeRequired, "is required")
		}
		return
	case !entered.Exists():
		return
	}
	if len(value.Bytes()) > maxEntered {
		e.fail(f.Name, definition.CodeTooLong, "is too long")
		return
	}
	e.checkType(f, value)
	e.checkKept(f, value)
}

// isFixed reports whether the page says that a field may not change, and refuses a
// change of it.
func (e *entry) isFixed(f definition.FormField, entered jsonx.Value) bool {
	said := e.in.Fixed.Get(f.Name)
	if !said.Exists() || said.IsNull() {
		return false
	}
	if entered.Exists() && !jsonx.Equal(entered, e.whole.Get(f.Name)) {
		e.fail(f.Name, "immutable", messageOf(said, "cannot be changed"))
	}
	return true
}

// checkKept refuses a selection without an option that the page wants to be kept.
func (e *entry) checkKept(f definition.FormField, value jsonx.Value) {
	said := e.in.Kept.Get(f.Name)
	if !said.Exists() || said.IsNull() {
		return
	}
	for _, option := range selection(e.whole.Get(f.Name)) {
		if !slices.ContainsFunc(selection(value), func(v jsonx.Value) bool { return jsonx.Equal(v, option) }) {
			e.fail(f.Name, "deselected", messageOf(said, "an option that was selected cannot be taken away"))
			return
		}
	}
}

func messageOf(said jsonx.Value, usually string) string {
	if text := said.Get("message").Str(); text != "" {
		return cut(text)
	}
	return usually
}

// selection are the options that a select has.
func selection(v jsonx.Value) []jsonx.Value {
	switch {
	case v.Kind() == jsonx.Array:
		return v.Items()
	case blank(v):
		return nil
	}
	return []jsonx.Value{v}
}

func (e *entry) checkType(f definition.FormField, value jsonx.Value) {
	switch f.Type {
	case definition.FieldCheckbox:
		if value.Kind() != jsonx.Bool {
			e.fail(f.Name, definition.CodeType, "must be true or false")
		}
	case definition.FieldMultiSelect:
		if value.Kind() != jsonx.Array {
			e.fail(f.Name, definition.CodeType, "must be a list")
		} else if value.Len() > maxSelection {
			e.fail(f.Name, "too_many", "has too many options")
		}
		e.checkOffered(f, value.Items())
	case definition.FieldSingleSelect:
		if value.Kind() == jsonx.Array {
			e.fail(f.Name, definition.CodeType, "must be one option")
		}
		e.checkOffered(f, []jsonx.Value{value})
	case definition.FieldHidden:
	default:
		if value.Kind() != jsonx.String {
			e.fail(f.Name, definition.CodeType, "must be text")
		}
	}
}

// checkOffered refuses options that are not in a list of the definition's own.
func (e *entry) checkOffered(f definition.FormField, chosen []jsonx.Value) {
	if f.Source != nil || f.AllowOther || len(f.Options) == 0 {
		return
	}
	for _, value := range chosen {
		if !slices.ContainsFunc(f.Options, func(o definition.FormOption) bool { return jsonx.Equal(o.Value, value) }) {
			e.fail(f.Name, definition.CodeEnum, "is not one of the options")
			return
		}
	}
}

// expressed lets the expressions of a field judge its value, and returns what is
// stored.
func (e *entry) expressed(ctx context.Context, f definition.FormField, value jsonx.Value) (jsonx.Value, error) {
	if blank(value) || f.Validation == "" && f.Transform == "" {
		return value, nil
	}
	root := e.scope().With("value", value)
	if f.Validation != "" {
		said, err := e.service.eval(ctx, f.Validation, root, jsonx.Value{})
		if err != nil {
			return value, err
		}
		if text, ok := said.Text(); ok && text != "" {
			e.fail(f.Name, definition.CodeValue, cut(text))
		} else if !expression.Truthy(said) {
			e.fail(f.Name, definition.CodeValue, "is not valid")
		}
	}
	if f.Transform == "" || len(e.failures) > 0 {
		return value, nil
	}
	return e.service.eval(ctx, f.Transform, root, jsonx.Value{})
}

// scope is what the expressions and templates of a form see: its fields by name,
// under them what the page knows, and context without credentials.
func (e *entry) scope() jsonx.Value {
	root := e.in.Additional
	if root.Kind() != jsonx.Object {
		root = jsonx.ObjectValue()
	}
	context, err := e.visible()
	if err != nil {
		context = jsonx.ObjectValue()
	}
	return jsonx.Overlay(root, e.values).With("context", context).With("environment_variables", e.variables)
}

// blank reports whether a value counts as not filled in.
func blank(v jsonx.Value) bool {
	text, isText := v.Text()
	return !v.Exists() || v.IsNull() || isText && text == "" || v.Kind() == jsonx.Array && v.Len() == 0
}
