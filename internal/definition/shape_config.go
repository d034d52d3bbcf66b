package definition

import (
	"fmt"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The names of the parts of a config that code reads.
const (
	keyActions        = "actions"
	keyAllowedHosts   = "allowed_hosts"
	keyAuthorization  = "authorization"
	keyBaseURL        = "base_url"
	keyConfig         = "config"
	keyCredentials    = "credentials"
	keyError          = "error_expression"
	keyFields         = "fields"
	keyFormat         = "format"
	keyHeaders        = "headers"
	keyMethod         = "method"
	keyPagination     = "pagination"
	keyPath           = "path"
	keyPaginationPath = "pagination_path"
	keyQuery          = "query"
	keyQueryArrays    = "query_array_format"
	keyRateLimit      = "rate_limit"
	keyResources      = "resources"
	keySecretVars     = "secret_environment_variables"
	keyTimeouts       = "timeouts"
	keyVars           = "environment_variables"
	keyWebhook        = "webhook"
)

// configShape describes the config of an integration.
func configShape() *shape {
	return object("The definition of one vendor API.", append(configKeys(),
		optional(keyAllowedHosts, listOf("Hosts that requests may go to, redirects included: api.example.com, *.example.com, with a port where it is not the usual one. Overrides cannot change it.",
			&shape{kinds: []jsonx.Kind{jsonx.String}, use: host})),
	)...)
}

// overrideShape describes the override of an installation or an account.
func overrideShape() *shape {
	keys := configKeys()
	for i := range keys {
		if keys[i].name == keyCredentials {
			keys[i].shape = credentialsOverride()
		}
	}
	return object("What an installation changes of a config. Every key is optional; null falls back to the integration.",
		append(keys,
			optional(keyVars, mapOf("Values that all accounts of the installation share, read as {{environment_variables.KEY}}.", variable())),
			optional(keySecretVars, mapOf("Like environment_variables, but stored encrypted and never shown.", variable())),
		)...)
}

func variable() *shape {
	return &shape{kinds: []jsonx.Kind{jsonx.String, jsonx.Number, jsonx.Bool}, nullable: true}
}

func configKeys() []key {
	return []key{
		optional(keyBaseURL, templated("Prepended to the path of every method.")),
		optional("label", text("The name that people see.")),
		optional("logo", orNull(text("URL of a square image, 256 by 256."))),
		optional("icon", orNull(text("URL of a small monochrome image."))),
		optional(keyHeaders, headers("Sent with every request. null removes a header, even one that a method sets.")),
		optional("required_headers", anything("Request headers that the caller supplies.")),
		optional(keyQuery, orNull(mapOf("Query parameters of every request.", anyTemplate("")))),
		optional(keyQueryArrays, orNull(arrayFormat())),
		optional(keyCredentials, credentials()),
		optional(keyAuthorization, authorization()),
		optional(keyPagination, orNull(pagination())),
		optional(keyRateLimit, orNull(rateLimit())),
		optional(keyTimeouts, orNull(timeouts())),
		optional(keyResources, mapOf("Resources by name, each a map of methods.", mapOf("Methods by name.", method()))),
		optional("tool_tags", mapOf("Tags of each resource's tools.", texts(""))),
		optional(keyWebhook, orNull(webhook())),
		optional(keyError, orNull(jsonata("Evaluated on every response; a result says that it is an error."))),
		optional(keyActions, mapOf("Named actions. Reserved: post_install, validation, post_connect_user_form, refresh_token.", action())),
	}
}

func headers(about string) *shape {
	value := templated("")
	value.nullable = true
	s := mapOf(about, value)
	s.ofHeaders = true
	return s
}

func arrayFormat() *shape {
	return enum("How arrays in the query are written.", "comma", "brackets", "indices", "repeat")
}

// The longest time limits of calls, in seconds: callers are not kept waiting
// beyond what a server in front of us would bear.
const (
	longestConnect = 30
	longestCall    = 110
	longestSilence = 600
)

func timeouts() *shape {
	s := object("How long the vendor may take, in seconds.",
		optional("connect", number("To resolve its name, connect and agree on TLS; 5 unless given, at most 30.")),
		optional("first_byte", number("From the request to the first byte of the answer; 20 unless given, at most 110.")),
		optional("total", number("For the whole call, redirects included; 25 unless given, at most 110.")),
		optional("stream_idle", number("Without a byte, within a file that is streamed; 60 unless given, at most 600.")),
	)
	s.ruleOfParts = true
	s.rule = func(v jsonx.Value) (name, problem string) {
		for name, longest := range map[string]float64{"connect": longestConnect, "first_byte": longestCall, "total": longestCall, "stream_idle": longestSilence} {
			if n, ok := v.Get(name).Float(); ok && (n <= 0 || n > longest) {
				return name, fmt.Sprintf("must be above 0 and at most %g seconds", longest)
			}
		}
		return "", ""
	}
	return s
}

func rateLimit() *shape {
	literal := func(about string) *shape {
		s := or(jsonata(about), jsonx.Bool, jsonx.Number)
		s.nullable = true
		return s
	}
	return object("How the vendor's rate limit is told from its responses. Expressions over headers and status; literals and plain header names are taken too.",
		optional("is_rate_limited", literal("Truthy when the response is throttled.")),
		optional("retry_after_header_expression", literal("Seconds to wait.")),
		optional("rate_limit_header_expression", literal("The moment of the reset in epoch seconds, or an object of limit, remaining and reset.")),
	)
}

func pagination() *shape {
	paged := func(about string, more ...key) *shape {
		return openObject(about, append(more,
			key{name: "limit_key", alias: "limit_param", shape: text("The parameter of the page size.")},
			optional("max_limit", number("The most that the vendor gives a page. Larger limits are lowered to it, and a page with fewer records than asked for is taken for the last.")),
			optional("headers", headers("More headers of these requests.")),
			optional("add_to_body", boolean("Send the values in the body.")),
			optional("add_to_query", boolean("Send the values in the query.")),
			optional("limit_data_type", enum("The type of the limit in a body.", "string", "number")),
			optional("ignore_limit_in_pagination", boolean("Leave the limit out after the first page.")),
		)...)
	}
	return tagged("How lists are paged.",
		format{"page", paged("By page number.",
			key{name: "page_key", alias: "page_param", shape: text("The parameter of the page number.")},
			optional("start_page", number("The number of the first page; 1 unless given.")),
			optional("has_next_path", pathOf("Where a flag says that there is more.")),
			optional("total_pages_path", pathOf("Where the number of pages is.")),
			optional("total_count_path", pathOf("Where the number of records is.")),
			optional("total_count_header", text("The header with the number of records.")),
		)},
		format{"offset", paged("By offset.",
			key{name: "offset_key", alias: "offset_param", shape: text("The parameter of the offset.")},
			optional("start_offset", number("The offset of the first page; 0 unless given.")),
			optional("has_next_path", pathOf("Where a flag says that there is more.")),
			optional("total_count_path", pathOf("Where the number of records is.")),
			optional("total_count_header", text("The header with the number of records.")),
		)},
		format{"cursor", cursorPagination()},
		format{"link_header", paged("By the Link header (RFC 8288).")},
		format{"range", paged("By the Range header.", optional("range_unit", text("The unit, such as items.")))},
		format{"dynamic", dynamicPagination()},
	)
}

func cursorPagination() *shape {
	return object("By a cursor in the response.",
		required("cursor_path", pathOf("Where the next cursor is, such as meta.next, data[-1].id or [\"@odata.nextLink\"]; the name of a header with cursor_path_object.")),
		optional("prev_cursor_path", pathOf("Where the previous cursor is.")),
		key{name: "cursor_key", alias: "cursor_param", shape: text("The parameter that carries the cursor.")},
		optional("has_next_path", pathOf("Where a flag says that there is more.")),
		key{name: "limit_key", alias: "limit_param", shape: text("The parameter of the page size.")},
		optional("max_limit", number("The largest page size to ask for.")),
		optional("is_link", boolean("The cursor is a URL, whose query is sent with the next request.")),
		optional("include_path", boolean("With is_link: go to the URL itself; on another host only if allowed_hosts names it.")),
		optional("headers", headers("More headers of these requests.")),
		optional("add_to_body", boolean("Send cursor and limit in the body.")),
		optional("add_to_query", boolean("Send cursor and limit in the query.")),
		optional("limit_data_type", enum("The type of the limit in a body.", "string", "number")),
		optional("ignore_limit_in_pagination", boolean("Leave the limit out after the first page.")),
		optional("cursor_path_object", enum("Where cursor_path is read.", "body", "header")),
		optional("use_content_hash", boolean("Stop when a page repeats.")),
		optional("is_cursor_url_encoded", boolean("Decode the cursor before it is sent.")),
		optional("allow_empty_page_cursor", boolean("Go on after an empty page that has a cursor.")),
	)
}

func dynamicPagination() *shape {
	return openObject("By expressions.",
		key{name: "limit_key", alias: "limit_param", shape: text("The parameter of the page size, without an initial expression; none unless given.")},
		key{name: "cursor_key", alias: "cursor_param", shape: text("The parameter of the cursor, without an initial expression; cursor unless given.")},
		optional("max_limit", number("The largest page size to ask for.")),
		optional("get_initial_pagination_values_expression", jsonata("The values of the first page.")),
		optional("get_pagination_values_expression", jsonata("The values of the next page, null at the end.")),
		optional("get_cursor_from_response_expression", jsonata("The cursor that the caller gets.")),
	)
}
