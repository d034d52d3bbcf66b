package unified

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/manual"
	"github.com/sinewhq/sinew/internal/mapping"
)

// MetaRequest asks what a unified method is.
type MetaRequest struct {
	Principal sinew.Principal
	Model     string
	Resource  string
	Method    string
	// AccountID asks for what calls of an account use; without one it is what the
	// environment has for Integration.
	AccountID   string
	Integration string
}

// Meta is what a unified method is, all layers of its mapping merged. What no layer
// says is Missing.
type Meta struct {
	Method string
	// Description is what documentation says of the method, "" when it says nothing.
	Description       string
	Schema            jsonx.Value // of the records
	DocumentationLink jsonx.Value
	ResponseMapping   jsonx.Value
	// AccountResponseMapping is laid over the result of the other, see package mapping.
	AccountResponseMapping jsonx.Value
	QuerySchema            jsonx.Value
	RequestBodySchema      jsonx.Value
	DefaultQuery           jsonx.Value
	DefaultBody            jsonx.Value
	// ResponseSchema is the part of Schema that ResponseMapping fills, or what
	// documentation says where that cannot be told from how it is written; Missing
	// where neither tells.
	ResponseSchema jsonx.Value

	forIntegration bool
}

// Meta tells what a method is, for an account or for an integration. NotFound as for a
// call.
func (s *Service) Meta(ctx context.Context, r MetaRequest) (Meta, error) {
	key := sinew.MappingKey{EnvironmentID: r.Principal.EnvironmentID, Model: r.Model, Resource: r.Resource, Integration: r.Integration, Method: r.Method}
	own := jsonx.Value{}
	if r.AccountID != "" {
		opened, err := s.accounts.ForCall(ctx, r.Principal, r.AccountID)
		if err != nil {
			return Meta{}, err
		}
		key.EnvironmentID, key.Integration = opened.Record.EnvironmentID, opened.Record.IntegrationName
		// Without its secrets, which nobody is shown.
		if own, err = partOf(opened.Record.UnifiedModelOverride, key); err != nil {
			return Meta{}, fmt.Errorf("account %s: read unified model override: %w", opened.Record.ID, err)
		}
	}
	m, err := s.mapping(ctx, key)
	if err != nil {
		return Meta{}, err
	}
	if r.AccountID == "" {
		m = withoutCanaries(m)
	}
	layers, err := layersOf(key, &m, r.AccountID, own)
	if err != nil {
		return Meta{}, err
	}
	config, removed := mapping.Effective(layers)
	if !config.Exists() {
		return Meta{}, notMapped(key, &m, removed)
	}
	of := &plan{key: key}
	c := &compiler{service: s, key: key}
	if c.model(of, &m); c.err != nil {
		return Meta{}, c.err
	}
	rows, err := s.store.DocumentationOf(ctx, m.Installed.ID, m.Installed.UnifiedModelID)
	if err != nil {
		return Meta{}, err
	}
	meta := newMeta(config, of.schema, mapping.AccountMapping(layers), r)
	return meta.documented(manual.Texts(rows), key), nil
}

// documented adds what documentation rows of the model say of the method. They describe
// what is not described otherwise: the schemas of the mapping are those that calls are
// held against, so whatever they say stays.
func (m Meta) documented(texts manual.Texts, key sinew.MappingKey) Meta {
	m.Description, _ = texts.FindFor(sinew.DocumentationDescription, key.Resource, key.Method, key.Integration)
	row := func(kind sinew.DocumentationType) jsonx.Value {
		return texts.SchemaFor(kind, key.Resource, key.Method, key.Integration)
	}
	m.QuerySchema = under(row(sinew.DocumentationQuerySchema), m.QuerySchema)
	m.RequestBodySchema = under(row(sinew.DocumentationBodySchema), m.RequestBodySchema)
	response := row(sinew.DocumentationResponseSchema)
	m.Schema = under(response, m.Schema)
	if m.forIntegration {
		m = m.structured()
	}
	if m.forIntegration && !m.ResponseSchema.Exists() {
		m.ResponseSchema = structured(response)
	}
	return m
}

// under lays a schema over what documentation says, which shows where the schema says
// nothing itself.
func under(row, schema jsonx.Value) jsonx.Value {
	if row.Kind() != jsonx.Object || schema.Exists() && schema.Kind() != jsonx.Object {
		return schema
	}
	if schema.Kind() != jsonx.Object {
		return row
	}
	return jsonx.Merge(row, schema)
}

func newMeta(config, schema, own jsonx.Value, r MetaRequest) Meta {
	return Meta{
		forIntegration: r.AccountID == "",
		Method:         r.Method, Schema: schema, DocumentationLink: config.Get(mapping.FieldDocumentationLink),
		ResponseMapping: config.Get(mapping.FieldResponseMapping), AccountResponseMapping: own,
		QuerySchema: config.Get(mapping.FieldQuerySchema), RequestBodySchema: config.Get(mapping.FieldRequestBodySchema),
		DefaultQuery: config.Get(mapping.FieldQuery), DefaultBody: config.Get(mapping.FieldBody),
	}
}

// structured writes the schemas in the form of the wire contract, and finds out which
// part of the records is filled.
func (m Meta) structured() Meta {
	m.Schema, m.QuerySchema, m.RequestBodySchema = structured(m.Schema), structured(m.QuerySchema), structured(m.RequestBodySchema)
	m.ResponseSchema = filledPart(m.Schema, m.ResponseMapping)
	return m
}

// withoutCanaries is what most accounts use: it is not known which one asks.
func withoutCanaries(m sinew.Mapping) sinew.Mapping {
	for _, row := range []**sinew.ReleasedMapping{&m.Base, &m.Environment} {
		if *row != nil {
			plain := **row
			plain.Canary = ""
			*row = &plain
		}
	}
	return m
}
