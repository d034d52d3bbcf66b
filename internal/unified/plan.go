package unified

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// plan is a mapping with everything compiled that a call needs.
type plan struct {
	key      sinew.MappingKey
	layers   []mapping.Layered
	config   jsonx.Value
	versions jsonx.Value // of the rows, for explanations

	resource, method choice
	response         *expression.Expression // nil when records are answered as they are
	own              *expression.Expression // the account's, laid over; nil without one
	perPage          bool                   // response sees the page
	perItem          bool                   // the mapping says so; neither: by the payload
	namesWhole       bool                   // an expression over the answer names response_body

	query           *placeholder.Template
	queryMapping    *expression.Expression
	body            *placeholder.Template
	bodyMapping     *expression.Expression
	path            *expression.Expression
	requestHeaders  *expression.Expression
	responseHeaders *expression.Expression
	errors          *expression.Expression
	partial         *expression.Expression
	before, after   []step
	loads           []sideLoad
	rename          map[string]string
	static          jsonx.Value

	querySchema, bodySchema jsonx.Value
	// scopes are those that the model needs at the integration.
	scopes []string
	// schema is that of the records.
	schema jsonx.Value
}

// choice is a name, or an expression that returns one of some.
type choice struct {
	name       string
	expression *expression.Expression
	allowed    []string
}

// step is a step before or after a call.
type step struct {
	kind       string
	name       string
	runIf      *expression.Expression
	expression *expression.Expression // of a config that is JSONata
	template   *placeholder.Template  // of one that is an object
}

// sideLoad is what each record gets beside its own.
type sideLoad struct {
	key              string
	resource, method string
	id, query, runIf *expression.Expression
	mapping          *expression.Expression
}

// maxPlans bounds the plans kept.
const maxPlans = 4096

// planKey tells plans apart: two calls with the same key do the same.
type planKey struct {
	mapping      sinew.MappingKey
	model        string
	modelVersion int64
	installed    int64
	base         rowKey
	environment  rowKey
	own          string
}

// rowKey is the version of a row that is used.
type rowKey struct {
	id      string
	version int64
}

type planCache struct {
	mu    sync.RWMutex
	plans map[planKey]*plan
}

func newRowKey(r *sinew.ReleasedMapping, accountID string) rowKey {
	switch {
	case r == nil:
		return rowKey{}
	case onCanary(r, accountID):
		return rowKey{r.ID, r.Release.Canary}
	}
	return rowKey{r.ID, r.ActiveVersion}
}

func (s *Service) plan(key sinew.MappingKey, m *sinew.Mapping, accountID string, own jsonx.Value) (*plan, error) {
	k := planKey{
		mapping: key, model: m.Installed.UnifiedModelID, modelVersion: m.Installed.UnifiedModel.Version, installed: m.Installed.Version,
		base: newRowKey(m.Base, accountID), environment: newRowKey(m.Environment, accountID),
	}
	if own.Exists() {
		k.own = own.String()
	}
	s.plans.mu.RLock()
	p := s.plans.plans[k]
	s.plans.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	layers, err := layersOf(key, m, accountID, own)
	if err != nil {
		return nil, err
	}
	if p, err = s.compile(key, m, layers); err != nil {
		return nil, err
	}
	p.versions = versionsOf(m, accountID)
	s.plans.mu.Lock()
	defer s.plans.mu.Unlock()
	if s.plans.plans == nil || len(s.plans.plans) >= maxPlans {
		s.plans.plans = make(map[planKey]*plan)
	}
	s.plans.plans[k] = p
	return p, nil
}

// versionsOf tells which versions of the rows a plan was made of.
func versionsOf(m *sinew.Mapping, accountID string) jsonx.Value {
	b := jsonx.NewBuilder(2)
	for _, r := range []struct {
		name string
		row  *sinew.ReleasedMapping
	}{{string(mapping.LayerBase), m.Base}, {string(mapping.LayerEnvironment), m.Environment}} {
		if r.row == nil {
			continue
		}
		version := jsonx.NewBuilder(3).Set("id", jsonx.StringValue(r.row.ID)).Set("version", jsonx.IntValue(r.row.ActiveVersion))
		if onCanary(r.row, accountID) {
			version.Set("version", jsonx.IntValue(r.row.Release.Canary)).Set("canary", jsonx.BoolValue(true))
		}
		b.Set(r.name, version.Value())
	}
	return b.Value()
}

// compile makes the plan of a method. A method that no layer has is NotFound.
func (s *Service) compile(key sinew.MappingKey, m *sinew.Mapping, layers []mapping.Layered) (*plan, error) {
	config, removed := mapping.Effective(layers)
	if !config.Exists() {
		return nil, notMapped(key, m, removed)
	}
	p := &plan{key: key, layers: layers, config: config}
	c := &compiler{service: s, key: key}
	p.resource, p.method = c.choice(config, mapping.FieldResource, key.Resource), c.choice(config, mapping.FieldMethod, key.Method)
	p.response = c.mapping(mapping.FieldResponseMapping, config.Get(mapping.FieldResponseMapping))
	p.own = c.mapping(mapping.FieldResponseMapping, mapping.AccountMapping(layers))
	p.perPage = config.Get(mapping.FieldResponseMappingMethod).Str() == mapping.PerPage
	p.perItem = config.Get(mapping.FieldResponseMappingMethod).Str() == mapping.PerItem
	p.query, p.body = c.template(config, mapping.FieldQuery), c.template(config, mapping.FieldBody)
	for field, into := range map[string]**expression.Expression{
		mapping.FieldQueryMapping: &p.queryMapping, mapping.FieldRequestBodyMapping: &p.bodyMapping, mapping.FieldPathMapping: &p.path,
		mapping.FieldRequestHeaderMapping: &p.requestHeaders, mapping.FieldResponseHeaderMapping: &p.responseHeaders,
		mapping.FieldErrorMapping: &p.errors, mapping.FieldIsPartial: &p.partial,
	} {
		*into = c.mapping(field, config.Get(field))
	}
	p.namesWhole = namesWhole(p.response, p.own, p.responseHeaders, p.partial)
	p.before, p.after = c.steps(config, mapping.FieldBefore), c.steps(config, mapping.FieldAfter)
	p.loads = c.sideLoads(config)
	p.rename = textsOf(config.Get(mapping.FieldFileUpload).Get("rename"))
	p.static = config.Get(mapping.FieldStaticResponse)
	p.querySchema, p.bodySchema = config.Get(mapping.FieldQuerySchema), config.Get(mapping.FieldRequestBodySchema)
	c.model(p, m)
	return p, c.err
}

// namesWhole reports whether one of some expressions names the whole answer. A record
// is not given it otherwise: an expression with a bare $ would read all of the page
// again for each of its records.
func namesWhole(all ...*expression.Expression) bool {
	return slices.ContainsFunc(all, func(x *expression.Expression) bool { return x != nil && strings.Contains(x.Source(), seesWhole) })
}

// notMapped says what of a path is not there.
func notMapped(key sinew.MappingKey, m *sinew.Mapping, removed bool) error {
	if removed {
		return sinew.Errorf(sinew.KindNotFound, "Method %s of %s/%s is switched off for this account", key.Method, key.Model, key.Resource).WithCode("method_not_found")
	}
	resources, err := jsonx.ParseString(string(m.Installed.UnifiedModel.Resources.Or(sinew.EmptyObject)))
	if err == nil && !resources.Get(key.Resource).Exists() {
		return sinew.Errorf(sinew.KindNotFound, "Unified model %s has no resource %q", key.Model, key.Resource).WithCode("resource_not_found")
	}
	return sinew.Errorf(sinew.KindNotFound, "Method %q of %s/%s is not mapped for integration %s", key.Method, key.Model, key.Resource, key.Integration).WithCode("method_not_found")
}

func textsOf(v jsonx.Value) map[string]string {
	texts := make(map[string]string, v.Len())
	for name, value := range v.Members() {
		if text, ok := value.Text(); ok {
			texts[name] = text
		}
	}
	return texts
}

// compiler compiles the parts of a mapping, and keeps the first error.
type compiler struct {
	service *Service
	key     sinew.MappingKey
	err     error
}

func (c *compiler) fail(field string, err error) {
	if c.err == nil {
		c.err = sinew.Errorf(sinew.KindInvalid, "%s of the mapping of %s/%s.%s for %s is not valid: %v", field, c.key.Model, c.key.Resource, c.key.Method, c.key.Integration, err).
			WithCode("invalid_mapping").WithCause(err)
	}
}

// mapping compiles JSONata, or an object of it; nil for neither.
func (c *compiler) mapping(field string, v jsonx.Value) *expression.Expression {
	source := mapping.Source(v)
	if source == "" {
		return nil
	}
	x, err := c.service.expressions.Compile(source)
	if err != nil {
		c.fail(field, err)
		return nil
	}
	return x
}

func (c *compiler) template(config jsonx.Value, field string) *placeholder.Template {
	v := config.Get(field)
	if v.Kind() != jsonx.Object {
		return nil
	}
	t, err := placeholder.Compile(v)
	if err != nil {
		c.fail(field, err)
	}
	return t
}

func (c *compiler) choice(config jsonx.Value, field, otherwise string) choice {
	v := config.Get(field)
	switch v.Kind() {
	case jsonx.String:
		return choice{name: v.Str()}
	case jsonx.Object:
		x := choice{expression: c.mapping(field, v.Get("expression"))}
		for _, list := range []string{"resources", "methods"} {
			for _, item := range v.Get(list).Items() {
				if (list == "resources") == (field == mapping.FieldResource) {
					x.allowed = append(x.allowed, item.Str())
				}
			}
		}
		return x
	}
	return choice{name: otherwise}
}

func (c *compiler) steps(config jsonx.Value, field string) (all []step) {
	for _, v := range config.Get(field).Items() {
		own := v.Get("config")
		s := step{kind: v.Get("type").Str(), name: v.Get("name").Str(), runIf: c.mapping(field, v.Get("run_if"))}
		if own.Kind() == jsonx.Object && s.kind == mapping.StepRequest {
			t, err := placeholder.Compile(own)
			if err != nil {
				c.fail(field, err)
			}
			s.template = t
		} else {
			s.expression = c.mapping(field, own)
		}
		all = append(all, s)
	}
	return all
}

func (c *compiler) sideLoads(config jsonx.Value) (all []sideLoad) {
	for key, v := range config.Get(mapping.FieldSideLoad).Members() {
		part := func(name string) *expression.Expression { return c.mapping(mapping.FieldSideLoad, v.Get(name)) }
		all = append(all, sideLoad{
			key: key, resource: v.Get("resource").Str(), method: v.Get("method").Str(),
			id: part("id"), query: part("query"), runIf: part("run_if"), mapping: part(mapping.FieldResponseMapping),
		})
	}
	return all
}

// model takes over what the model says: the schema of the records and the scopes
// at the integration, with the changes of the environment.
func (c *compiler) model(p *plan, m *sinew.Mapping) {
	read := func(text sinew.JSON) jsonx.Value {
		v, err := jsonx.ParseString(string(text.Or(sinew.EmptyObject)))
		if err != nil {
			c.fail("the model", err)
		}
		return v
	}
	override := read(m.Installed.Override)
	p.schema = mapping.Merge(read(m.Installed.UnifiedModel.Resources), override.Get("resources")).At(p.key.Resource, "schema")
	scopes := mapping.Merge(read(m.Installed.UnifiedModel.Scopes), override.Get("scopes")).Get(p.key.Integration)
	found := make(map[string]bool, scopes.Len())
	for _, scope := range scopes.Items() {
		found[scope.Str()] = true
	}
	p.scopes = slices.Sorted(maps.Keys(found))
}
