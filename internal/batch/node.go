package batch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// The types of nodes. A node without one is a request.
const (
	typeRequest   = "request"
	typeTransform = "transform"
	typeSpool     = "spool"
)

// maxNodes bounds the nodes of a request.
const maxNodes = 100

// node is one entry of a batch.
type node struct {
	kind string
	// key is what results and dependants call it by: its resource, or its name.
	key  string
	name string
	// path is where its records are found in the scope: under resources.
	path     []string
	resource string
	model    string // "" for a call of the proxy
	method   string
	format   string
	persist  bool
	parents  []int

	id        value
	query     value
	body      value
	loop      []string
	recurseIf *placeholder.Template
	again     value // config of recurse
	transform *expression.Expression
}

// value is a part of a request: a template, or JSONata where it is a text that may
// be that.
type value struct {
	template   *placeholder.Template
	expression *expression.Expression
}

// knownMembers are those of a node.
func knownMembers() []string {
	return []string{
		"resource", "method", "name", "id", "query", "body", "depends_on", "loop_on", "persist", "recurse", "response_format",
		"delete_tracking", "delete_tracking_query", "type", "config",
	}
}

// reader reads the nodes of a batch, and keeps what is wrong with them.
type reader struct {
	expressions *expression.Engine
	nodes       []node
	failures    []sinew.Failure
}

func (r *reader) fail(path, code, format string, args ...any) {
	r.failures = append(r.failures, sinew.Failure{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}

// read returns the nodes, each behind those that it depends on.
func (s *Service) read(resources jsonx.Value) ([]node, error) {
	r := &reader{expressions: s.expressions}
	switch {
	case resources.Kind() != jsonx.Array || resources.Len() == 0:
		r.fail("resources", "required", "must be a list of at least one resource")
	case resources.Len() > maxNodes:
		r.fail("resources", "too_many", "has %d entries, more than %d", resources.Len(), maxNodes)
	default:
		for i, v := range resources.Items() {
			r.node("resources["+strconv.Itoa(i)+"]", v)
		}
		if len(r.failures) == 0 {
			r.connect(resources)
		}
	}
	if len(r.failures) > 0 {
		return nil, sinew.Invalid(r.failures...)
	}
	return r.nodes, nil
}

func (r *reader) node(path string, v jsonx.Value) {
	if v.Kind() != jsonx.Object {
		r.fail(path, "type", "must be an object")
		return
	}
	for name := range v.Members() {
		if !slices.Contains(knownMembers(), name) {
			r.fail(path+"."+name, "unknown_field", "is no member of a resource of a batch")
		}
	}
	n := node{kind: v.Get("type").Str(), name: v.Get("name").Str()}
	switch n.kind {
	case "", typeRequest:
		n.kind = typeRequest
		r.request(path, v, &n)
	case typeTransform, typeSpool:
		r.step(path, v, &n)
	default:
		r.fail(path+".type", "enum", "must be request, transform or spool")
	}
	if persist := v.Get("persist"); persist.Exists() {
		is, ok := persist.Bool()
		if !ok {
			r.fail(path+".persist", "type", "must be true or false")
		}
		n.persist = is
	}
	r.nodes = append(r.nodes, n)
}

func (r *reader) request(path string, v jsonx.Value, n *node) {
	n.resource, n.method = v.Get("resource").Str(), v.Get("method").Str()
	if n.resource == "" {
		r.fail(path+".resource", "required", "is required: model/resource for a unified call, a resource of the vendor's for one of the proxy")
	}
	if n.method == "" {
		r.fail(path+".method", "required", "is required")
	}
	n.key, n.path = n.resource, []string{n.resource}
	if model, of, ok := strings.Cut(n.resource, "/"); ok {
		n.model, n.resource, n.path, n.persist = model, of, []string{model, of}, true
	}
	n.format = v.Get("response_format").Str()
	if v.Get("response_format").Exists() && !slices.Contains([]string{"raw", "unified", "normalized"}, n.format) {
		r.fail(path+".response_format", "enum", "must be raw, unified or normalized")
	}
	n.id = r.template(path+".id", v.Get("id"))
	n.query, n.body = r.value(path+".query", v.Get("query")), r.value(path+".body", v.Get("body"))
	if loop := v.Get("loop_on"); loop.Exists() {
		text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(loop.Str()), "{{"), "}}")
		names, err := jsonx.ParsePath(strings.TrimSpace(text))
		if loop.Str() == "" || err != nil {
			r.fail(path+".loop_on", "path", "must be the path of an array, such as resources.ticketing.tickets or args.ids")
		}
		n.loop = names
	}
	if again := v.Get("recurse"); again.Exists() {
		n.recurseIf = r.template(path+".recurse.if", again.Get("if")).template
		n.again = r.template(path+".recurse.config", again.Get("config"))
		if n.recurseIf == nil || n.again.template == nil {
			r.fail(path+".recurse", "required", "needs both if and config")
		}
	}
}

// step reads a node that makes no call.
func (r *reader) step(path string, v jsonx.Value, n *node) {
	if n.key = n.name; n.name == "" {
		r.fail(path+".name", "required", "is required")
	}
	n.path = []string{n.name}
	if n.kind == typeSpool {
		return
	}
	source := v.Get("config").Get("expression").Str()
	if source == "" {
		source = v.Get("config").Str()
	}
	if source == "" {
		r.fail(path+".config.expression", "required", "is required")
		return
	}
	n.transform = r.compile(path+".config.expression", source)
}

func (r *reader) compile(path, source string) *expression.Expression {
	x, err := r.expressions.Compile(source)
	if err != nil {
		r.fail(path, "expression", "is no valid JSONata: %v", err)
	}
	return x
}

// value reads an object with placeholders, or JSONata.
func (r *reader) value(path string, v jsonx.Value) value {
	if text := v.Str(); v.Kind() == jsonx.String && !strings.HasPrefix(strings.TrimSpace(text), "{{") {
		return value{expression: r.compile(path, text)}
	}
	return r.template(path, v)
}

func (r *reader) template(path string, v jsonx.Value) value {
	if !v.Exists() || v.IsNull() {
		return value{}
	}
	t, err := placeholder.Compile(v)
	if err != nil {
		r.fail(path, "placeholder", "%v", err)
	}
	return value{template: t}
}

// connect finds what each node depends on, and puts it in front of it.
func (r *reader) connect(resources jsonx.Value) {
	byKey := map[string]int{}
	for i := range r.nodes {
		for _, key := range []string{r.nodes[i].name, r.nodes[i].key} {
			if _, taken := byKey[key]; key != "" && !taken {
				byKey[key] = i
			}
		}
	}
	for i, v := range resources.Items() {
		path := "resources[" + strconv.Itoa(i) + "].depends_on"
		names := v.Get("depends_on").Items()
		if v.Get("depends_on").Kind() == jsonx.String {
			names = []jsonx.Value{v.Get("depends_on")}
		}
		for _, name := range names {
			parent, known := byKey[name.Str()]
			if !known || parent == i {
				r.fail(path, "unknown", "names %s, which is no other resource of the batch", name.String())
				continue
			}
			r.nodes[i].parents = append(r.nodes[i].parents, parent)
		}
		if len(names) == 0 && r.nodes[i].kind != typeRequest {
			r.fail(path, "required", "is required for a %s", r.nodes[i].kind)
		}
	}
	if len(r.failures) == 0 {
		r.sort()
	}
}

// sort orders the nodes so that each stands behind its parents.
func (r *reader) sort() {
	depth := make([]int, len(r.nodes))
	for round := 0; ; round++ {
		changed := false
		for i, n := range r.nodes {
			for _, p := range n.parents {
				if depth[i] <= depth[p] {
					depth[i], changed = depth[p]+1, true
				}
			}
		}
		if !changed {
			break
		}
		if round > len(r.nodes) {
			r.fail("resources", "cycle", "the resources depend on each other in a circle")
			return
		}
	}
	r.arrange(depth)
}

func (r *reader) arrange(depth []int) {
	order := make([]int, len(r.nodes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return depth[a] - depth[b] })
	at := make([]int, len(order))
	sorted := make([]node, len(order))
	for to, from := range order {
		at[from], sorted[to] = to, r.nodes[from]
	}
	leads := make([]bool, len(sorted))
	for i := range sorted {
		parents := make([]int, len(sorted[i].parents))
		for j, p := range sorted[i].parents {
			parents[j] = at[p]
			leads[at[p]] = true
		}
		sorted[i].parents = parents
	}
	for i := range sorted {
		if sorted[i].kind != typeRequest && !leads[i] {
			sorted[i].persist = true // nobody else would see it
		}
	}
	r.nodes = sorted
}
