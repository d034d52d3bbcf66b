package proxy

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// shape makes the caller's answer of the vendor's.
func shape(plan *definition.Plan, response *upstream.Response, body []byte, c Call) (Result, error) {
	if c.Method == MethodDelete {
		return Result{Status: http.StatusOK, Body: jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue(c.ID)}).Bytes()}, nil
	}
	if !isJSON(plan, response, body) {
		return binary(response, body), nil
	}
	value, err := payload(plan, body)
	if err != nil {
		return Result{}, err
	}
	switch c.Method {
	case MethodList:
		value = listEnvelope(value)
	case MethodGet, MethodCreate, MethodUpdate:
		if plan.ResponsePath == "" && len(body) > 0 {
			return Result{Status: response.Status, Body: body}, nil
		}
	default:
		value = jsonx.ObjectValue(jsonx.Member{Name: "result", Value: value})
	}
	status := response.Status
	if len(body) == 0 {
		status = http.StatusOK // a 204 has no body, and ours has one
	}
	return Result{Status: status, Body: value.Bytes()}, nil
}

// isJSON reports whether an answer is to be read as JSON: by its label, or
// because it is empty.
func isJSON(plan *definition.Plan, response *upstream.Response, body []byte) bool {
	if plan.ResponseFormat != "" {
		return plan.ResponseFormat == "json"
	}
	if len(body) == 0 {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return err == nil && strings.Contains(mediaType, "json")
}

// binary passes an answer on with its type.
func binary(response *upstream.Response, body []byte) Result {
	h := http.Header{}
	for _, name := range []string{"Content-Type", "Content-Disposition", "Content-Language"} {
		if value := response.Header.Get(name); value != "" {
			h.Set(name, value)
		}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/octet-stream")
	}
	return Result{Status: response.Status, Header: h, Body: body}
}

// payload reads an answer and follows the response path; null where it ends
// early.
func payload(plan *definition.Plan, body []byte) (jsonx.Value, error) {
	if len(body) == 0 {
		return jsonx.ObjectValue(), nil
	}
	value, err := jsonx.ParseLenient(body)
	if err != nil {
		return value, sinew.Errorf(sinew.KindUpstream, "The vendor labelled its answer as JSON, and it is not: %v", err).WithCode("upstream_parse_error")
	}
	if plan.ResponsePath == "" {
		return value, nil
	}
	value = value.At(strings.Split(strings.TrimPrefix(plan.ResponsePath, "$."), ".")...)
	if !value.Exists() {
		return jsonx.NullValue(), nil
	}
	return value, nil
}

// listEnvelope shows a list as every list is shown. One record alone becomes a
// list of one, nothing an empty list.
func listEnvelope(value jsonx.Value) jsonx.Value {
	if value.IsNull() {
		value = jsonx.ArrayValue()
	}
	if value.Kind() != jsonx.Array {
		value = jsonx.ArrayValue(value)
	}
	return jsonx.ObjectValue(
		jsonx.Member{Name: "result", Value: value},
		jsonx.Member{Name: "next_cursor", Value: jsonx.NullValue()},
		jsonx.Member{Name: "prev_cursor", Value: jsonx.NullValue()},
		jsonx.Member{Name: "result_count", Value: jsonx.IntValue(int64(value.Len()))},
	)
}

// RemoteError is a vendor's refusal.
type RemoteError struct {
	Status  int
	Message string
	// Header holds the vendor's headers that may be relayed.
	Header http.Header
	// Raw is the vendor's body: JSON where it is that, otherwise a text.
	Raw jsonx.Value
	// MissingScopes is set for a 403: what the method needs and the account
	// was not granted.
	MissingScopes []string
	vendorTiming
}

func (e *RemoteError) Error() string {
	return "vendor answered " + strconv.Itoa(e.Status) + ": " + e.Message
}
