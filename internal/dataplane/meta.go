package dataplane

import (
	"context"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/manual"
	"github.com/sinewhq/sinew/internal/unified"
	"github.com/sinewhq/sinew/internal/view"
)

// Pages tell people about unified models.
type Pages interface {
	ModelPage(ctx context.Context, p sinew.Principal, model, integration string) (view.ModelPage, error)
	HTML(ctx context.Context, page view.ModelPage) (string, error)
}

// unifiedMeta is what a unified method is.
type unifiedMeta struct {
	Method            string      `json:"method" doc:"The method."`
	Description       *string     `json:"description" nullable:"true" doc:"What documentation of the model says of the method."`
	Schema            jsonx.Value `json:"schema" type:"object" nullable:"true" doc:"The schema of the records, which says what they hold and checks nothing."`
	DocumentationLink jsonx.Value `json:"documentation_link" type:"string" nullable:"true" doc:"Where the vendor documents the method."`
	ResponseMapping   jsonx.Value `json:"response_mapping" nullable:"true" doc:"JSONata, or an object of it, that makes the record."`
	QuerySchema       jsonx.Value `json:"query_schema" type:"object" nullable:"true" doc:"The parameters that the method takes."`
	RequestBodySchema jsonx.Value `json:"request_body_schema" type:"object" nullable:"true" doc:"The body that the method takes."`
	DefaultQuery      jsonx.Value `json:"default_query" type:"object" nullable:"true" doc:"What the vendor gets unless the mapping says otherwise."`
	DefaultBody       jsonx.Value `json:"default_body" type:"object" nullable:"true" doc:"Likewise for the body."`
}

type accountMeta struct {
	unifiedMeta
	AccountResponseMapping jsonx.Value `json:"account_response_mapping" nullable:"true" doc:"What the account lays over the record."`
}

type integrationMeta struct {
	unifiedMeta
	ResponseSchema jsonx.Value `json:"response_schema" type:"object" nullable:"true" doc:"The part of schema that response_mapping fills; what documentation says where that cannot be told from how it is written, or null."`
}

func newUnifiedMeta(m unified.Meta) unifiedMeta {
	return unifiedMeta{
		Method: m.Method, Description: orNil(m.Description), Schema: orNull(m.Schema), DocumentationLink: orNull(m.DocumentationLink), ResponseMapping: orNull(m.ResponseMapping),
		QuerySchema: orNull(m.QuerySchema), RequestBodySchema: orNull(m.RequestBodySchema), DefaultQuery: orNull(m.DefaultQuery), DefaultBody: orNull(m.DefaultBody),
	}
}

func orNull(v jsonx.Value) jsonx.Value {
	if !v.Exists() {
		return jsonx.NullValue()
	}
	return v
}

func (d *dataPlane) metaOperations() []httpapi.Operation {
	return []httpapi.Operation{
		{
			Method: http.MethodGet, Path: "/unified/{model}/{resource}/meta/{method}", ID: "unifiedMethodMeta", Tag: "Unified", Summary: "Read what a unified method is for an account",
			Description: "All layers of the mapping merged, that of the account included, as calls use it.", Access: httpapi.AccessAccountToken,
			Query:  []httpapi.Parameter{{Name: "integrated_account_id", Description: "The account. An integrated-account token implies its own."}},
			Answer: accountMeta{}, Handle: d.handleAccountMeta,
		},
		{
			Method: http.MethodGet, Path: "/unified/{model}/{resource}/{integration}/meta/{method}", ID: "unifiedIntegrationMethodMeta", Tag: "Unified", Summary: "Read what a unified method is at an integration",
			Description: "The mapping of the environment. In its schemas required is a boolean on the property.", Access: httpapi.AccessAccountToken,
			Answer: integrationMeta{}, Handle: d.handleIntegrationMeta,
		},
		{
			Method: http.MethodGet, Path: "/unified/meta/{model}/{integration}", ID: "unifiedModelMeta", Tag: "Unified", Summary: "Read what people should know who connect an integration for a unified model",
			Description: "Pricing plans, user roles, scopes and instructions: from the docs and scopes of the model, the changes of the environment, and documentation rows.",
			Query: []httpapi.Parameter{
				{Name: "format", Description: "json unless given; md is Markdown, html is free of anything that a browser would run.", Enum: []string{"json", "md", "html"}},
				{Name: "environment_id", Description: "The environment; a token sees its own only."},
			},
			Answer: view.ModelPage{}, Handle: d.handleModelPage,
		},
	}
}

func (d *dataPlane) handleAccountMeta(c *httpapi.Call) (httpapi.Answer, error) {
	accountID, err := accountOf(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if err := c.TakeAccount(accountID); err != nil {
		return httpapi.Answer{}, err
	}
	m, err := d.unified.Meta(c.Context(), unified.MetaRequest{
		Principal: c.Principal, Model: c.Path("model"), Resource: c.Path("resource"), Method: c.Path("method"), AccountID: accountID,
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.JSON(accountMeta{newUnifiedMeta(m), orNull(m.AccountResponseMapping)})
}

func (d *dataPlane) handleIntegrationMeta(c *httpapi.Call) (httpapi.Answer, error) {
	m, err := d.unified.Meta(c.Context(), unified.MetaRequest{
		Principal: c.Principal, Model: c.Path("model"), Resource: c.Path("resource"), Method: c.Path("method"), Integration: c.Path("integration"),
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.JSON(integrationMeta{newUnifiedMeta(m), orNull(m.ResponseSchema)})
}

func (d *dataPlane) handleModelPage(c *httpapi.Call) (httpapi.Answer, error) {
	if id := c.Query.Get("environment_id"); id.Exists() && id.Str() != c.Principal.EnvironmentID {
		return httpapi.Answer{}, sinew.InvalidField("environment_id", "foreign", "the token belongs to another environment")
	}
	format := c.Query.Get("format")
	if format.Exists() && format.Str() != "json" && format.Str() != "md" && format.Str() != "html" {
		return httpapi.Answer{}, sinew.InvalidField("format", "enum", "must be json, md or html")
	}
	page, err := d.pages.ModelPage(c.Context(), c.Principal, c.Path("model"), c.Path("integration"))
	if err != nil {
		return httpapi.Answer{}, err
	}
	switch format.Str() {
	case "md":
		return httpapi.Answer{Body: []byte(manual.Markdown(page)), Header: http.Header{"Content-Type": {"text/markdown; charset=utf-8"}}}, nil
	case "html":
		text, err := d.pages.HTML(c.Context(), page)
		return httpapi.Answer{Body: []byte(text), Header: http.Header{
			"Content-Type": {"text/html; charset=utf-8"}, "Content-Security-Policy": {"default-src 'none'; img-src https: data:; sandbox"},
		}}, err
	}
	return c.JSON(page)
}
