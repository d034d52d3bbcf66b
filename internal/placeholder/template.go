package placeholder

import (
	"strconv"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// mergeKey is the member whose value is merged into the object that holds it.
const mergeKey = "$truto_merge"

// Template is a compiled JSON value with placeholders in its texts. It is
// immutable and safe for concurrent use.
type Template struct {
	root    node
	holders []Holder
}

// Holder describes one placeholder of a template, for lint.
type Holder struct {
	// Text is the placeholder from {{ to }}.
	Text string
	// Paths are the dotted paths that it tries, in order; "." is the root.
	Paths []string
	// At is the dotted place of the text in the template, "" at the root.
	At string
	// Optional means that a missing value leaves no placeholder behind: there
	// is a default, or a flag.
	Optional bool
}

// node renders one part of a template.
type node interface {
	render(r *renderer) (jsonx.Value, outcome)
}

type renderer struct {
	root       jsonx.Value
	unresolved []string
}

func (r *renderer) miss(text string) {
	for _, known := range r.unresolved {
		if known == text {
			return
		}
	}
	r.unresolved = append(r.unresolved, text)
}

// Compile reads the placeholders in every text within a value. Names of
// members are not templates. The error is a *SyntaxError.
func Compile(v jsonx.Value) (*Template, error) {
	t := &Template{}
	root, err := t.node(v, "")
	if err != nil {
		return nil, err
	}
	t.root = root
	return t, nil
}

// CompileText is Compile for a text. The error is a *SyntaxError.
func CompileText(text string) (*Template, error) { return Compile(jsonx.StringValue(text)) }

// Render fills the placeholders from the members of root, and returns the
// texts of those that found nothing and stay as they are. The value is Missing
// when the template is one placeholder with :undefined that found nothing;
// such a member of an object is left out, such an element of an array is null.
func (t *Template) Render(root jsonx.Value) (v jsonx.Value, unresolved []string) {
	r := &renderer{root: root}
	v, _ = t.root.render(r)
	return v, r.unresolved
}

// RenderText renders a template and returns its text as it would stand amid
// other text; Missing is "".
func (t *Template) RenderText(root jsonx.Value) (text string, unresolved []string) {
	v, unresolved := t.Render(root)
	if !v.Exists() {
		return "", unresolved
	}
	return textOf(v), unresolved
}

// Holders lists the placeholders in the order of the template.
func (t *Template) Holders() []Holder { return t.holders }

// Constant reports whether the template holds no placeholder.
func (t *Template) Constant() bool { return len(t.holders) == 0 }

func (t *Template) node(v jsonx.Value, at string) (node, error) {
	switch v.Kind() {
	case jsonx.String:
		return t.text(v, at)
	case jsonx.Array:
		return t.array(v, at)
	case jsonx.Object:
		return t.object(v, at)
	}
	return constant{v}, nil
}

func (t *Template) text(v jsonx.Value, at string) (node, error) {
	pieces, err := scan(v.Str(), MaxHolders-len(t.holders))
	if err != nil {
		if e, ok := err.(*SyntaxError); ok {
			e.Path = at
		}
		return nil, err
	}
	count := 0
	for _, p := range pieces {
		if p.holder != nil {
			count++
			t.holders = append(t.holders, p.holder.describe(at))
		}
	}
	switch {
	case count == 0:
		return constant{v}, nil
	case len(pieces) == 1:
		return whole{pieces[0].holder}, nil
	}
	return mixed(pieces), nil
}

func (h *holder) describe(at string) Holder {
	d := Holder{Text: h.text, At: at, Optional: h.hasFallback || h.orNull || h.orUndefined}
	for _, a := range h.alternatives {
		for _, p := range a.paths {
			d.Paths = append(d.Paths, p.String())
		}
	}
	return d
}

func (t *Template) array(v jsonx.Value, at string) (node, error) {
	items := make(list, v.Len())
	before := len(t.holders)
	for i, item := range v.Items() {
		n, err := t.node(item, within(at, strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		items[i] = n
	}
	if len(t.holders) == before && !merges(v) {
		return constant{v}, nil
	}
	return items, nil
}

func (t *Template) object(v jsonx.Value, at string) (node, error) {
	o := object{}
	before := len(t.holders)
	for name, value := range v.Members() {
		n, err := t.node(value, within(at, name))
		if err != nil {
			return nil, err
		}
		if name == mergeKey {
			o.merge = n
			continue
		}
		o.members = append(o.members, member{name, n})
	}
	if len(t.holders) == before && !merges(v) {
		return constant{v}, nil
	}
	return o, nil
}

// merges reports whether a $truto_merge stands anywhere in a value, which then
// is no constant even without placeholders.
func merges(v jsonx.Value) bool {
	for _, item := range v.Items() {
		if merges(item) {
			return true
		}
	}
	for name, value := range v.Members() {
		if name == mergeKey || merges(value) {
			return true
		}
	}
	return false
}

func within(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
