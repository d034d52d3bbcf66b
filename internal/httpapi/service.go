package httpapi

import (
	"bytes"
	"net/http"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Readiness is what /readyz says.
type Readiness struct {
	Ready  bool             `json:"ready" doc:"Whether the server can work."`
	State  string           `json:"state" enum:"ok,read_only,unavailable" doc:"read_only when calls are answered and nothing can be changed, because a disk is full or the database is read-only."`
	Checks []ReadinessCheck `json:"checks" doc:"What each part says."`
}

// ReadinessCheck is the state of one part of the server.
type ReadinessCheck struct {
	Name   string `json:"name" doc:"The part." example:"database"`
	OK     bool   `json:"ok" doc:"Whether it works."`
	Detail string `json:"detail" doc:"More about it, for people."`
}

type status struct {
	Status string `json:"status" enum:"ok" doc:"The server runs."`
}

func serviceOperations(e Engines) []Operation {
	ok := func(c *Call) (Answer, error) { return c.JSON(status{Status: "ok"}) }
	return []Operation{
		{Method: "GET", Path: "/ping", ID: "ping", Tag: "Service", Summary: "Check that the API answers", Access: AccessPublic, Answer: status{}, Handle: ok},
		{Method: "GET", Path: "/healthz", ID: "getHealth", Tag: "Service", Summary: "Check that the process lives", Access: AccessPublic, Answer: status{}, Handle: ok},
		{
			Method: "GET", Path: "/readyz", ID: "getReadiness", Tag: "Service", Summary: "Check that the server can work",
			Description: "Answers 503 while a part that every request needs does not work, or the node cannot take jobs for two minutes. Where nothing can be changed, calls that read go on: then it answers 200 with the state read_only.", Access: AccessPublic, Answer: Readiness{},
			Handle: func(c *Call) (Answer, error) {
				readiness := e.Ready(c.Context())
				answer, err := c.JSON(readiness)
				if !readiness.Ready {
					answer.Status = http.StatusServiceUnavailable
				}
				return answer, err
			},
		},
		{
			Method: "GET", Path: "/metrics", ID: "getMetrics", Tag: "Service", Summary: "Read metrics for Prometheus", Access: AccessLoopback, Media: "text/plain",
			Handle: func(c *Call) (Answer, error) {
				page := &pageRecorder{header: http.Header{}}
				e.Metrics.ServeHTTP(page, c.Request)
				return Answer{Status: page.status, Header: page.header, Body: page.body.Bytes()}, nil
			},
		},
		{
			Method: "GET", Path: "/schemas/integrated-account", ID: "getAccountSchema", Tag: "Service", Summary: "Read the JSON Schema of the account summary",
			Description: "The schema (2020-12) of what ?view=summary answers.", Access: AccessPublic, Media: "application/schema+json",
			Handle: func(*Call) (Answer, error) {
				return Answer{Body: summarySchema().Indented(), Header: http.Header{"Content-Type": {"application/schema+json"}}}, nil
			},
		},
		schemaOperation("/schemas/integration-config", "getIntegrationConfigSchema", "Read the JSON Schema of an integration's config", definition.Schema),
		schemaOperation("/schemas/integration-override", "getIntegrationOverrideSchema", "Read the JSON Schema of an override", definition.OverrideSchema),
	}
}

// schemaOperation serves a JSON Schema (2020-12) that the server checks by.
func schemaOperation(path, id, summary string, schema func() jsonx.Value) Operation {
	return Operation{
		Method: "GET", Path: path, ID: id, Tag: "Service", Summary: summary,
		Description: "What the server checks on every create and update; sinew integration validate checks the same offline.",
		Access:      AccessPublic, Media: "application/schema+json",
		Handle: func(*Call) (Answer, error) {
			return Answer{Body: schema().Indented(), Header: http.Header{"Content-Type": {"application/schema+json"}}}, nil
		},
	}
}

// pageRecorder takes what another handler writes.
type pageRecorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (p *pageRecorder) Header() http.Header         { return p.header }
func (p *pageRecorder) WriteHeader(status int)      { p.status = status }
func (p *pageRecorder) Write(b []byte) (int, error) { return p.body.Write(b) }

// summarySchema is the published schema of the account summary, under its
// published id.
func summarySchema() jsonx.Value {
	text := func(description string) jsonx.Value { return object("type", "string", "description", description) }
	moment := func(description string) jsonx.Value {
		return object("type", "string", "format", "date-time", "description", description)
	}
	return object(
		"$schema", "https://json-schema.org/draft/2020-12/schema",
		"$id", "https://api.truto.one/schemas/integrated-account",
		"title", "IntegratedAccount",
		"description", "An integrated account representing a connection between a Truto tenant and a customer's connected third-party application.",
		"type", "object",
		"properties", object(
			"id", text("Unique identifier for the integrated account."),
			"integration", text("Integration name identifying the connected application (e.g., bamboohr, greenhouse, salesforce)."),
			"name", text("Human-readable display name for this integrated account."),
			"status", object("type", "string", "enum", jsonx.StringsValue([]string{"active", "inactive", "error"}), "description", "Connection status of the integrated account."),
			"context", object("type", "object", "additionalProperties", true, "description",
				"Metadata stored from post-install actions, such as tenant ID, subdomain, region, or base URL from the underlying API."),
			"externalId", text("Your internal identifier for the end user or organization that owns this connection."),
			"createdAt", moment("Timestamp when the account was connected."),
			"updatedAt", moment("Timestamp when the account was last updated."),
		),
		"required", jsonx.StringsValue([]string{"id", "integration", "status"}),
	)
}
