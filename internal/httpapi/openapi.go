package httpapi

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/wire"
)

// document is the OpenAPI 3.1 description of the API in its two forms.
type document struct {
	json []byte
	// yaml writes the second form when it is first asked for: that takes longer
	// than everything else at the start of a server.
	yaml func() ([]byte, error)
}

func (d *document) build(operations []Operation, settings Settings) {
	w := &documentWriter{schemas: newSchemas(), placeholder: regexp.MustCompile(`\{([a-z_]+)(\.\.\.)?\}`)}
	paths := jsonx.NewBuilder(len(operations))
	tags := jsonx.NewBuilder(16)
	for i := range operations {
		o := &operations[i]
		if o.Hidden {
			continue
		}
		path := w.placeholder.ReplaceAllString(o.Path, "{$1}")
		item := paths.Get(path)
		paths.Set(path, item.With(strings.ToLower(o.Method), w.operation(o)))
		tags.Set(o.Tag, object("name", o.Tag))
	}
	var tagList []jsonx.Value
	for _, tag := range tags.Value().Members() {
		tagList = append(tagList, tag)
	}
	w.schemas.reference(errorBody{})
	server := settings.PublicURL
	if server == "" {
		server = "http://127.0.0.1:8080"
	}
	text := object(
		"openapi", "3.1.0",
		"info", object("title", "Sinew API", "version", settings.Version,
			"description", "Unified API and embedded integrations, self-hosted. Lists are cursor-paged; errors share one envelope, or are RFC 9457 problems when the Accept header asks for application/problem+json.",
			"license", object("name", "Apache-2.0", "identifier", "Apache-2.0")),
		"servers", jsonx.ArrayValue(object("url", server)),
		"security", jsonx.ArrayValue(object("token", jsonx.ArrayValue())),
		"tags", jsonx.ArrayValue(tagList...),
		"paths", paths.Value(),
		"components", object(
			"securitySchemes", object("token", object("type", "http", "scheme", "bearer",
				"description", "An API token, or where an operation says so an integrated-account token or a link token.")),
			"responses", w.errorResponse(),
			"schemas", w.schemas.components()),
	)
	d.json = text.Indented()
	d.yaml = sync.OnceValues(func() ([]byte, error) { return yaml.JSONToYAML(text.Bytes()) })
}

type documentWriter struct {
	schemas     *schemas
	placeholder *regexp.Regexp
}

func (w *documentWriter) operation(o *Operation) jsonx.Value {
	b := jsonx.NewBuilder(10)
	b.Set("operationId", jsonx.StringValue(o.ID))
	b.Set("tags", jsonx.StringsValue([]string{o.Tag}))
	b.Set("summary", jsonx.StringValue(o.Summary))
	if text := strings.TrimSpace(o.Description + " " + accessText(o)); text != "" {
		b.Set("description", jsonx.StringValue(text))
	}
	if o.Access == AccessPublic {
		b.Set("security", jsonx.ArrayValue())
	}
	if parameters := w.parameters(o); len(parameters) > 0 {
		b.Set("parameters", jsonx.ArrayValue(parameters...))
	}
	if o.Body != nil {
		b.Set("requestBody", object("required", true, "content", object("application/json", object("schema", w.schemas.reference(o.Body)))))
	} else if o.RawBody {
		b.Set("requestBody", object("content", object("*/*", object("schema", object()))))
	}
	b.Set("responses", object(
		strconv.Itoa(o.status()), w.success(o),
		"default", object("$ref", "#/components/responses/Error")))
	return b.Value()
}

func accessText(o *Operation) string {
	if o.AfterLink {
		return "Takes an integrated-account token, or for an hour the link token that has connected the account."
	}
	switch o.Access {
	case AccessAccountToken:
		return "Takes an API token or an integrated-account token."
	case AccessAccountOnly:
		return "Takes an integrated-account token."
	case AccessLinkToken:
		return "Takes a link token, from scripts of any origin."
	case AccessLoopback:
		return "Takes an API token; from the machine itself, none."
	}
	return ""
}

func (w *documentWriter) parameters(o *Operation) []jsonx.Value {
	var all []jsonx.Value
	for _, match := range w.placeholder.FindAllStringSubmatch(o.Path, -1) {
		all = append(all, object("name", match[1], "in", "path", "required", true, "schema", object("type", "string")))
	}
	for _, p := range o.Query {
		schema := object("type", "string")
		if len(p.Enum) > 0 {
			schema = schema.With("enum", jsonx.StringsValue(p.Enum))
		}
		parameter := object("name", p.Name, "in", "query", "description", p.Description, "schema", schema)
		if p.Required {
			parameter = parameter.With("required", jsonx.BoolValue(true))
		}
		all = append(all, parameter)
	}
	if o.Fields == nil {
		return all
	}
	all = append(all,
		object("name", "limit", "in", "query", "description", fmt.Sprintf("How many rows a page holds: %d unless given, %d at most.", sinew.DefaultPageLimit, sinew.MaxPageLimit),
			"schema", object("type", "integer", "minimum", jsonx.IntValue(1), "default", jsonx.IntValue(sinew.DefaultPageLimit))),
		object("name", "next_cursor", "in", "query", "description", "Where the page begins, as the previous one said. Empty means the first page.", "schema", object("type", "string")))
	var sortable []string
	for _, field := range o.Fields {
		all = append(all, fieldParameter(field))
		if field.Sortable {
			sortable = append(sortable, field.Name)
		}
	}
	return append(all, sortParameter(sortable))
}

func fieldParameter(field sinew.Field) jsonx.Value {
	value := fieldSchema(field)
	operators := jsonx.NewBuilder(12)
	for _, op := range wire.OperatorsOf(field) {
		switch op {
		case sinew.OpIn, sinew.OpNotIn:
			operators.Set(string(op), object("type", "array", "items", value))
		case sinew.OpExists:
			operators.Set(string(op), object("type", "boolean"))
		default:
			operators.Set(string(op), value)
		}
	}
	parameter := object("name", field.Name, "in", "query", "style", "deepObject", "explode", true,
		"description", field.Description+" A plain value means equal; operators go in brackets, as in "+field.Name+"["+string(wire.OperatorsOf(field)[1])+"]=….",
		"schema", object("oneOf", jsonx.ArrayValue(value, object("type", "object", "properties", operators.Value()))))
	if field.Example != "" {
		parameter = parameter.With("example", jsonx.StringValue(field.Example))
	}
	return parameter
}

func fieldSchema(field sinew.Field) jsonx.Value {
	switch field.Kind {
	case sinew.FieldBool:
		return object("type", "boolean")
	case sinew.FieldInt:
		return object("type", "integer")
	case sinew.FieldTime:
		return object("type", "string", "format", "date-time")
	}
	if len(field.Enum) > 0 {
		return object("type", "string", "enum", jsonx.StringsValue(field.Enum))
	}
	return object("type", "string")
}

func sortParameter(names []string) jsonx.Value {
	properties := jsonx.NewBuilder(len(names))
	for _, name := range names {
		properties.Set(name, object("type", "string", "enum", jsonx.StringsValue([]string{"asc", "desc"})))
	}
	return object("name", "sort_by", "in", "query", "style", "deepObject", "explode", true,
		"description", "The order of the list, as in sort_by[created_at]=asc. Newest first unless given.",
		"schema", object("type", "object", "properties", properties.Value()))
}

func (w *documentWriter) success(o *Operation) jsonx.Value {
	if o.Media != "" {
		return object("description", "The answer.", "content", object(o.Media, object("schema", object("type", "string"))))
	}
	if o.Answer == nil {
		return object("description", "The answer.", "content", object("*/*", object("schema", object())))
	}
	schema := w.schemas.reference(o.Answer)
	if o.Alternative != nil {
		schema = object("anyOf", jsonx.ArrayValue(schema, w.schemas.reference(o.Alternative)))
	}
	if o.Fields != nil {
		schema = listSchema(schema, o.Alias)
	}
	return object("description", "The answer.", "content", object("application/json", object("schema", schema)))
}

func listSchema(row jsonx.Value, alias bool) jsonx.Value {
	rows := object("type", "array", "items", row)
	properties := jsonx.NewBuilder(4)
	properties.Set("result", rows.With("description", jsonx.StringValue("The rows of the page.")))
	if alias {
		properties.Set("results", rows.With("description", jsonx.StringValue("The same rows again, unless the server leaves them out.")))
	}
	properties.Set("next_cursor", object("type", jsonx.StringsValue([]string{"string", "null"}), "description", "Where the next page begins; null at the end."))
	properties.Set("limit", object("type", "integer", "description", "How many rows a page holds."))
	return object("type", "object", "required", jsonx.StringsValue([]string{"result", "next_cursor", "limit"}), "properties", properties.Value())
}

func (w *documentWriter) errorResponse() jsonx.Value {
	return object("Error", object("description", "What went wrong.",
		"content", object("application/json", object("schema", w.schemas.reference(errorBody{})))))
}

// documentOperations serve the document.
func (a *API) documentOperations() []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/openapi.json", ID: "getOpenAPIJSON", Tag: "Service", Summary: "Read this document as JSON",
			Access: AccessPublic, Media: "application/json", Handle: func(*Call) (Answer, error) {
				return Answer{Body: a.document.json}, nil
			},
		},
		{
			Method: "GET", Path: "/openapi.yml", ID: "getOpenAPIYAML", Tag: "Service", Summary: "Read this document as YAML",
			Access: AccessPublic, Media: "application/yaml", Handle: func(*Call) (Answer, error) {
				text, err := a.document.yaml()
				if err != nil {
					return Answer{}, fmt.Errorf("write the document as YAML: %w", err)
				}
				return Answer{Body: text, Header: map[string][]string{"Content-Type": {"application/yaml"}}}, nil
			},
		},
	}
}

// Document returns the OpenAPI document as JSON.
func (a *API) Document() []byte { return a.document.json }
