package definition

import (
	"slices"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// forms checks what the fields of a form say of each other.
func (c *checker) forms(config jsonx.Value, path string) {
	for name, action := range config.Get(keyActions).Members() {
		at := path + "." + keyActions + "." + name
		found := 0
		eachStep(action, at, func(step jsonx.Value, at string) {
			if step.Get("type").Str() != StepForm {
				return
			}
			found++
			c.formFields(step.Get(keyConfig), at+"."+keyConfig)
		})
		switch {
		case name != ActionForm:
		case found > 1:
			c.fail(at, CodeValue, "has %d forms, and the customer fills in one", found)
		case found == 0 && !c.partial:
			c.warn(at, CodeMissing, "has no step of the type form")
		}
	}
}

func (c *checker) formFields(config jsonx.Value, at string) {
	if config.Kind() == jsonx.Object {
		config, at = config.Get(keyFields), at+"."+keyFields
	}
	needs := map[string][]string{}
	for i, field := range config.Items() {
		name := field.Get("name").Str()
		if _, twice := needs[name]; twice && name != "" {
			c.fail(at+"."+itoa(i)+".name", codeDuplicate, "is the name of another field too")
		}
		needs[name] = nil
		for _, other := range field.Get("depends_on").Items() {
			needs[name] = append(needs[name], other.Str())
		}
	}
	for i, field := range config.Items() {
		for j, other := range field.Get("depends_on").Items() {
			if _, known := needs[other.Str()]; !known {
				c.fail(at+"."+itoa(i)+".depends_on."+itoa(j), CodeValue, "is not a field of the form")
			}
		}
		if inCircle(needs, field.Get("name").Str()) {
			c.fail(at+"."+itoa(i)+".depends_on", CodeValue, "leads back to the field itself")
		}
	}
}

// codeDuplicate is the code of a name that occurs twice.
const codeDuplicate = "duplicate"

// inCircle reports whether a field depends on itself by way of others.
func inCircle(needs map[string][]string, name string) bool {
	seen := map[string]bool{}
	for next := slices.Clone(needs[name]); len(next) > 0; {
		at := next[0]
		if at == name {
			return true
		}
		if next = next[1:]; !seen[at] {
			seen[at] = true
			next = append(next, needs[at]...)
		}
	}
	return false
}
