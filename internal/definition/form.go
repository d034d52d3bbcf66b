package definition

import "github.com/sinewhq/sinew/internal/jsonx"

// The types of the fields of a form.
const (
	FieldSingleSelect = "single_select"
	FieldMultiSelect  = "multi_select"
	FieldText         = "text"
	FieldPassword     = typePassword
	FieldCheckbox     = "checkbox"
	FieldHidden       = "hidden"
)

// FormField is a field of the form that follows a connection.
type FormField struct {
	Name         string
	Type         string
	Label        string
	HelpText     string
	Placeholder  string
	Required     bool
	Default      jsonx.Value
	DependsOn    []string
	DisabledText string
	// Source says where the options come from, nil for fields without.
	Source *FormSource
	// Options are those of a select without a source.
	Options []FormOption
	// AllowOther takes values that are not among the options.
	AllowOther bool
	// Validation and Transform are expressions, "" for none.
	Validation string
	Transform  string
}

// FormSource is a list of records that options are made of.
type FormSource struct {
	Type     string
	Resource string
	Method   string
	Query    jsonx.Value
	// Value, Label and SubText say where the parts of an option are in a record;
	// SubText may be "".
	Value, Label, SubText string
}

// FormOption is a value that a select offers.
type FormOption struct {
	Value   jsonx.Value
	Label   string
	SubText string
}

// FormFields returns the fields of the form of an effective config: of the first
// form step of its action; nil when there is none.
func FormFields(effective jsonx.Value) []FormField {
	steps, _ := Action(effective, ActionForm)
	for _, step := range steps {
		if step.Type == StepForm {
			return formFieldsOf(step)
		}
	}
	return nil
}

func formFieldsOf(step Step) []FormField {
	var fields []FormField
	for _, v := range step.Fields() {
		f := FormField{
			Name: v.Get("name").Str(), Type: v.Get("type").Str(), Label: v.Get("label").Str(), HelpText: v.Get("help_text").Str(),
			Placeholder: v.Get("placeholder").Str(), Default: v.Get("default"), DisabledText: v.Get("disabled_text").Str(),
			Validation: v.Get("validation").Str(), Transform: v.Get("transform").Str(),
		}
		if f.Name == "" {
			continue
		}
		f.Required, _ = v.Get("required").Bool()
		f.AllowOther, _ = v.Get("allow_other").Bool()
		for _, name := range v.Get("depends_on").Items() {
			f.DependsOn = append(f.DependsOn, name.Str())
		}
		f.Type, f.Label = orElse(f.Type, FieldText), orElse(f.Label, f.Name)
		if source := v.Get("data_source"); source.Kind() == jsonx.Object {
			f.Source = newFormSource(source, v.Get("options"))
		} else {
			f.Options = formOptionsOf(v.Get("options"))
		}
		fields = append(fields, f)
	}
	return fields
}

func newFormSource(v, options jsonx.Value) *FormSource {
	return &FormSource{
		Type: orElse(v.Get("type").Str(), StepProxy), Resource: v.Get("resource").Str(), Method: orElse(v.Get(keyMethod).Str(), methodList), Query: v.Get(keyQuery),
		Value: orElse(options.Get("value").Str(), "id"), Label: orElse(options.Get("label").Str(), "name"), SubText: options.Get("subText").Str(),
	}
}

func formOptionsOf(v jsonx.Value) []FormOption {
	var options []FormOption
	for _, item := range v.Items() {
		o := FormOption{Value: item}
		if item.Kind() == jsonx.Object {
			o = FormOption{Value: item.Get("value"), Label: item.Get("label").Str(), SubText: item.Get("subText").Str()}
		}
		if text, ok := o.Value.Text(); ok && o.Label == "" {
			o.Label = text
		} else if o.Label == "" {
			o.Label = o.Value.String()
		}
		options = append(options, o)
	}
	return options
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// formSecrets are the fields of forms that are entered as passwords.
func formSecrets(config jsonx.Value) []string {
	var names []string
	for _, action := range config.Get(keyActions).Members() {
		for _, step := range Steps(action) {
			if step.Type != StepForm {
				continue
			}
			for _, field := range formFieldsOf(step) {
				if field.Type == FieldPassword {
					names = append(names, field.Name)
				}
			}
		}
	}
	return names
}
