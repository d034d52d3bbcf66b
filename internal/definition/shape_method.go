package definition

import "github.com/sinewhq/sinew/internal/jsonx"

// method describes one method of a resource.
func method() *shape {
	return object("One call of the vendor's API.", methodKeys()...)
}

func methodKeys() []key {
	schema := or(object("A JSON Schema, as an object or as YAML text."), jsonx.String)
	schema.keys, schema.open = nil, true
	verb := enum("The HTTP verb; get unless given.", "get", "post", "put", "patch", "delete")
	verb.anyCase = true
	return []key{
		required(keyPath, templated("Appended to the base URL.")),
		optional(keyMethod, verb),
		optional(keyBaseURL, templated("In place of the config's.")),
		optional(keyHeaders, headers("Laid over the config's headers.")),
		optional(keyQuery, orNull(mapOf("Laid over the config's query, under the caller's.", anyTemplate("")))),
		optional(keyQueryArrays, orNull(arrayFormat())),
		optional("body", anyTemplate("The body; the caller's unless given.")),
		optional("body_format", enum("How the body is written; json unless given.", "json", "form", "multipart", "raw", "xml")),
		optional("body_format_config", bodyOptions()),
		optional("response_path", &shape{about: "Where the payload is in the response: names with dots between them, or an expression over the whole of it.", kinds: []jsonx.Kind{jsonx.String}, use: payloadPath}),
		optional(keyPagination, orNull(pagination())),
		optional(keyPaginationPath, templated("Path of the pages after the first, or where their metadata is.")),
		optional(keyAuthorization, authorization()),
		optional("no_auth", boolean("Send no credential.")),
		optional("ignore_credentials_on_redirect", boolean("Drop the credential on another host; always done.")),
		optional("add_query_to_body", boolean("Put the caller's query into the body, in place of the URL.")),
		optional("ignore_body", boolean("Send no body.")),
		optional("set_body_to_null", boolean("Send the JSON value null.")),
		optional("ignore_body_in_pagination", boolean("Send no body after the first page.")),
		optional("api_response_format", text("Reads the response as this, whatever its type says: json, xml, csv, ndjson, text; binary passes it on unread.")),
		optional("throw_error_on_parse_error", orNull(boolean("Fail on a response that cannot be read."))),
		optional(keyError, orNull(jsonata("In place of the config's."))),
		optional("scopes", texts("The OAuth scopes that the call needs.")),
		optional("description", text("")),
		optional("api_documentation_url", text("The vendor's documentation.")),
		optional("query_schema", schema),
		optional("body_schema", schema),
		optional("response_schema", schema),
		optional("examples", openObject("Examples as text.", optional("response", anything("")), optional("query", anything("")), optional("body", anything("")))),
	}
}

// bodyOptions describes what the writers of bodies take; see wire.EncodeBody.
func bodyOptions() *shape {
	return openObject("Options of the writer.",
		optional("content_type", text("The Content-Type in place of that of the format.")),
		optional("root", text("xml: the element around the body.")),
		optional("attributes", mapOf("xml: the attributes of that element.", anything(""))),
		optional("declaration", boolean("xml: begin with an XML declaration.")),
		optional("spaces", or(number("xml: the indentation, as a number or as white space."), jsonx.String)),
		optional("full_tag_empty_element", boolean("xml: write an empty element as two tags.")),
		optional("boundary", text("multipart: the boundary; drawn unless given.")),
		optional("array_format", enum("multipart: how arrays are named; repeat unless given.", "comma", "brackets", "indices", "repeat")),
		optional("object_format", enum("multipart: objects as JSON, or as fields with brackets; json unless given.", "json", "brackets")),
	)
}
