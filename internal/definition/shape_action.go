package definition

import (
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// action takes steps, their list, or a single step without the array.
func action() *shape {
	step := actionStep()
	list := listOf("", step)
	list.most = MaxSteps
	steps := openObject("Steps in order.", required("steps", list))
	return &shape{
		about: "Steps that run one after the other.",
		kinds: []jsonx.Kind{jsonx.Object, jsonx.Array},
		oneOf: []*shape{steps, step, list},
		choose: func(v jsonx.Value) int {
			if v.Kind() == jsonx.Array {
				return 2
			}
			return boolIndex(v.Get("type").Exists() && !v.Get("steps").Exists())
		},
	}
}

func boolIndex(b bool) int {
	if b {
		return 1
	}
	return 0
}

func actionStep() *shape {
	form := &shape{
		kinds:  []jsonx.Kind{jsonx.Object, jsonx.Array},
		oneOf:  []*shape{openObject("", optional(keyFields, formFields())), formFields()},
		choose: func(v jsonx.Value) int { return boolIndex(v.Kind() == jsonx.Array) },
	}
	expression := optional("expression", jsonata("The expression, where config is an object."))
	return &shape{
		about: "One step.",
		kinds: []jsonx.Kind{jsonx.Object},
		formats: []format{
			{stepRequest, stepMethod()},
			{StepTransform, expressionOr("Its result is the running result.", openObject("", required("expression", jsonata(""))))},
			{StepUpdateContext, expressionOr("Merged into the context of the account: the running result, or what the expression makes of it.", openObject("", expression))},
			{StepSetContext, mapOf("Merged into the context of the account.", anyTemplate(""))},
			{StepGetContext, &shape{about: "The context of the account, without its credentials, is the running result.", kinds: []jsonx.Kind{jsonx.Object, jsonx.String}}},
			{StepForm, form},
			{StepProxy, flat(methodCall("A method of a resource is called; its result is the running result. The members may stand beside type, without config."))},
			{StepUnified, flat(unifiedCall(methodCall("A unified method is called; its result is the running result. The members may stand beside type, without config.")))},
		},
		beside: []key{
			optional("name", text("Tells the step apart in results, and names its result for later steps.")),
			optional("run_if", jsonata("The step is left out unless this is true.")),
			optional("all_pages", boolean("Whether a request or proxy step reads all pages of a list, 100 at most, in place of one.")),
		},
		open: true,
	}
}

// flat lets the members of a config stand beside the tag.
func flat(s *shape) *shape {
	s.flat = true
	return s
}

// expressionOr takes an expression as text, or an object that holds one.
func expressionOr(about string, held *shape) *shape {
	return &shape{
		about: about, kinds: []jsonx.Kind{jsonx.Object, jsonx.String}, oneOf: []*shape{held, jsonata("")},
		choose: func(v jsonx.Value) int { return boolIndex(v.Kind() == jsonx.String) },
	}
}

// stepMethod is a method, or names one of a resource.
func stepMethod() *shape {
	return &shape{
		kinds: []jsonx.Kind{jsonx.Object}, oneOf: []*shape{method(), methodCall("")},
		choose: func(v jsonx.Value) int {
			return boolIndex(v.Get("resource").Exists() && !v.Get(keyPath).Exists())
		},
	}
}

func methodCallKeys() []key {
	return []key{
		required("resource", text("The resource.")),
		optional(keyMethod, text("The method, such as list or get; list unless given.")),
		optional("id", templated("The record, for methods that take one.")),
		optional(keyQuery, anyTemplate("The parameters of the call.")),
		optional("body", anyTemplate("The body of the call.")),
	}
}

func methodCall(about string) *shape { return openObject(about, methodCallKeys()...) }

// unifiedCall wants the resource of a call with its model.
func unifiedCall(s *shape) *shape {
	s.ruleOfParts = true
	s.rule = func(v jsonx.Value) (name, problem string) {
		if text := v.Get("resource").Str(); text != "" && !isUnified(text) {
			return "resource", "must be a model and a resource of it, such as crm/contacts"
		}
		return "", ""
	}
	return s
}

func isUnified(resource string) bool {
	model, of, ok := strings.Cut(resource, "/")
	return ok && model != "" && of != "" && !strings.Contains(of, "/")
}

func formFields() *shape {
	source := openObject("Where the options come from.",
		optional("type", enum("", "unified", StepProxy)),
		optional("resource", text("The resource whose records are offered.")),
		optional(keyMethod, text("The method that lists them; list unless given.")),
		optional(keyQuery, anyTemplate("The parameters of the call. A template reads other fields by their names.")),
	)
	source.ruleOfParts = true
	source.rule = func(v jsonx.Value) (name, problem string) {
		if v.Get("type").Str() == StepUnified {
			return unifiedCall(&shape{}).rule(v)
		}
		return "", ""
	}
	fields := listOf("The fields of a form.", openObject("",
		required("name", text("The key in the context.")),
		optional("type", enum("", "single_select", "multi_select", "text", "password", "checkbox", "hidden")),
		optional("label", text("")),
		optional("help_text", text("")),
		optional("placeholder", text("")),
		optional("required", boolean("")),
		optional("default", anything("The value until another one is given.")),
		optional("depends_on", texts("Fields that have to be filled first.")),
		optional("disabled_text", text("Shown while they are not.")),
		optional("data_source", source),
		optional("options", formOptions()),
		optional("allow_other", boolean("Whether values are accepted that are not among the options.")),
		optional("validation", jsonata("Whether the value is good: true, or a text that says what is wrong. It sees value, the other fields by their names, and context.")),
		optional("transform", jsonata("What is stored in place of the value; it sees what validation does.")),
	))
	fields.most = maxFormFields
	return fields
}

// maxFormFields bounds the fields of a form.
const maxFormFields = 100

// formOptions are a list, or say where the parts of an option are in a record.
func formOptions() *shape {
	part := func(about string) *shape {
		return &shape{about: about, kinds: []jsonx.Kind{jsonx.String}, use: payloadPath}
	}
	return &shape{
		about: "A list of options, or where their parts are in a record.",
		kinds: []jsonx.Kind{jsonx.Object, jsonx.Array},
		oneOf: []*shape{
			openObject("", optional("value", part("The value.")), optional("label", part("The label.")), optional("subText", part("A second line."))),
			{kinds: []jsonx.Kind{jsonx.Array}, each: anything("A value, or an object of value, label and subText.")},
		},
		choose: func(v jsonx.Value) int { return boolIndex(v.Kind() == jsonx.Array) },
	}
}
