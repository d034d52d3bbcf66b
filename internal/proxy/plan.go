package proxy

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/paginate"
)

// The names under which expressions see an answer: as it is, and its inner data,
// which is the member of that name where it has one.
const (
	keyBody = "body"
	keyData = "data"
)

// plan is a method with everything compiled that a call needs.
type plan struct {
	*definition.Plan
	paging  paginate.Strategy      // nil when the method does not page
	fault   *expression.Expression // error_expression, nil without one
	attach  *attachment            // nil when the definition says nothing
	limits  limitRules
	payload payloadPath
	// paths are the places in an answer that are found while it is read: the
	// payload, the inner data of expressions, and those of paging.
	paths [][]string
}

func (s *Service) compile(m definition.Method) (*plan, error) {
	compiled, err := m.Compile()
	if err != nil {
		return nil, err
	}
	p := &plan{Plan: compiled}
	if p.paging, err = paginate.New(&p.Method, s.expressions); err != nil {
		return nil, err
	}
	if p.fault, err = s.optional(m, "error_expression", m.ErrorExpression); err != nil {
		return nil, err
	}
	if p.attach, err = s.newAttachment(m, m.Authorization); err != nil {
		return nil, err
	}
	if p.limits, err = s.newLimitRules(m); err != nil {
		return nil, err
	}
	if p.payload, err = s.newPayloadPath(m); err != nil {
		return nil, err
	}
	p.paths = [][]string{p.payload.names, {keyData}}
	if p.paging != nil {
		p.paths = append(p.paths, p.paging.Paths()...)
	}
	for _, x := range append(p.limits.expressions(), p.fault) {
		if x != nil {
			p.addPathsOf(x)
		}
	}
	return p, nil
}

// maxPaths bounds the places that are found while an answer is read.
const maxPaths = 24

// addPathsOf adds the members of an answer that an expression reads.
func (p *plan) addPathsOf(x *expression.Expression) {
	add := func(path ...string) {
		known := slices.ContainsFunc(p.paths, func(other []string) bool { return slices.Equal(other, path) })
		if !known && len(p.paths) < maxPaths {
			p.paths = append(p.paths, path)
		}
	}
	ofBody, _ := x.Reads(keyBody)
	ofData, _ := x.Reads(keyData)
	for _, name := range ofBody {
		add(name)
	}
	for _, name := range ofData {
		add(name)
		add(keyData, name)
	}
}

// optional compiles the text of an expression, nil for none.
func (s *Service) optional(m definition.Method, part, source string) (*expression.Expression, error) {
	if source == "" {
		return nil, nil
	}
	x, err := s.expressions.Compile(source)
	if err != nil {
		return nil, sinew.Errorf(sinew.KindInvalid, "%s of %s.%s is not valid: %v", part, m.Resource, m.Name, err).WithCode("invalid_definition").WithCause(err)
	}
	return x, nil
}

// maxDefinitions bounds the installations kept.
const maxDefinitions = 1024

// planCache keeps the definitions of installations and the plans of their
// methods. Secrets are not among them: where a method holds a secret of its own,
// it is compiled for each call.
type planCache struct {
	mu      sync.RWMutex
	entries map[sinew.DefinitionKey]*installed
}

// installed is the definition of one installation, without its secrets.
type installed struct {
	config    jsonx.Value
	override  jsonx.Value
	effective jsonx.Value

	mu    sync.RWMutex
	plans map[string]*plan
}

func (c *planCache) get(ei *sinew.EnvironmentIntegration) (*installed, error) {
	c.mu.RLock()
	found := c.entries[ei.Key()]
	c.mu.RUnlock()
	if found != nil {
		return found, nil
	}
	config, err := jsonx.ParseString(string(ei.Integration.Config.Or(sinew.EmptyObject)))
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	override, err := jsonx.ParseString(string(ei.Override.Or(sinew.EmptyObject)))
	if err != nil {
		return nil, fmt.Errorf("read override: %w", err)
	}
	found = &installed{
		config: config, override: override, effective: definition.Effective(config, override, jsonx.ObjectValue()), plans: make(map[string]*plan),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= maxDefinitions {
		c.entries = make(map[sinew.DefinitionKey]*installed)
	}
	c.entries[ei.Key()] = found
	return found, nil
}

// layers are the definition that an account works with, from the bottom up,
// secrets included.
type layers struct {
	config, override, account jsonx.Value
	// shared is set when neither the account nor a secret has a say in how a
	// method is called, so that its plan serves all accounts of the
	// installation.
	shared *installed
}

func (s *Service) layers(r *sinew.AccountRecord) (layers, error) {
	known, err := s.definitions.get(r.EnvironmentIntegration)
	if err != nil {
		return layers{}, err
	}
	l := layers{config: known.config, override: known.override}
	configSecret, err := secretPart(r.ConfigSecret)
	if err != nil {
		return l, fmt.Errorf("read config secrets: %w", err)
	}
	overrideSecret, err := secretPart(r.OverrideSecret)
	if err != nil {
		return l, fmt.Errorf("read override secrets: %w", err)
	}
	accountSecret, err := secretPart(r.Secrets.IntegrationOverride)
	if err != nil {
		return l, fmt.Errorf("read integration override secrets: %w", err)
	}
	if l.account, err = jsonx.ParseString(string(r.IntegrationOverride.Or(sinew.EmptyObject))); err != nil {
		return l, fmt.Errorf("read integration override: %w", err)
	}
	l.config = definition.Join(l.config, configSecret)
	l.override = definition.Join(l.override, overrideSecret)
	l.account = definition.Join(l.account, accountSecret)
	if l.account.Len() == 0 && !inMethods(configSecret) && !inMethods(overrideSecret) {
		l.shared = known
	}
	return l, nil
}

func secretPart(text sinew.JSON) (jsonx.Value, error) {
	if text == "" {
		return jsonx.Value{}, nil
	}
	return jsonx.ParseString(string(text))
}

// inMethods reports whether secrets of a definition may be part of a call, as
// opposed to those of connecting and of what the vendor sends.
func inMethods(secret jsonx.Value) bool {
	for name := range secret.Members() {
		switch name {
		case "credentials", "webhook", "secret_environment_variables", "environment_variables":
		default:
			return true
		}
	}
	return false
}

// variables are what {{environment_variables.X}} reads.
func (l layers) variables() jsonx.Value { return definition.EnvironmentVariables(l.override) }

// plan returns the plan of a method, pathless for one whose path the call brings.
func (s *Service) plan(l layers, resource, name string, pathless bool) (*plan, error) {
	if l.shared == nil {
		m, err := definition.FindMethod(definition.Effective(l.config, l.override, l.account), resource, name)
		if err != nil {
			return nil, err
		}
		return s.compile(m.Pathless(pathless))
	}
	key := resource + "\x00" + name
	if pathless {
		key += "\x00"
	}
	l.shared.mu.RLock()
	p := l.shared.plans[key]
	l.shared.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	m, err := definition.FindMethod(l.shared.effective, resource, name)
	if err != nil {
		return nil, err
	}
	if p, err = s.compile(m.Pathless(pathless)); err != nil {
		return nil, err
	}
	l.shared.mu.Lock()
	defer l.shared.mu.Unlock()
	l.shared.plans[key] = p
	return p, nil
}

// payloadPath finds the payload in a response: by names where response_path is
// plain, by JSONata otherwise, and where names lead through arrays.
type payloadPath struct {
	names      []string
	expression *expression.Expression
}

func (p payloadPath) isRoot() bool { return p.names == nil && p.expression == nil }

func (s *Service) newPayloadPath(m definition.Method) (payloadPath, error) {
	text := strings.TrimSpace(m.ResponsePath)
	if text == "" || text == "$" {
		return payloadPath{}, nil
	}
	x, err := s.optional(m, "response_path", text)
	if names, ok := definition.DottedPath(text); ok {
		return payloadPath{names: names, expression: x}, nil
	}
	return payloadPath{expression: x}, err
}
