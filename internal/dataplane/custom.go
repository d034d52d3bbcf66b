package dataplane

import (
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// customPrefix is what custom calls begin with; the vendor's path follows.
const customPrefix = "/custom/"

// methodConfig is the member of a body that holds a method definition.
const methodConfig = "methodConfig"

func (d *dataPlane) customOperations() []httpapi.Operation {
	operations := make([]httpapi.Operation, 0, len(proxy.CustomVerbs()))
	for _, verb := range proxy.CustomVerbs() {
		name := strings.ToUpper(verb[:1]) + strings.ToLower(verb[1:])
		operations = append(operations, httpapi.Operation{
			Method: verb, Path: customPrefix + "{path...}", ID: "custom" + name, Tag: "Custom", Summary: "Call any path of a vendor by " + verb,
			Description: "The path goes under the integration's base URL, with its credential, headers and query. A body may carry methodConfig, a method definition for this one call.",
			Access:      httpapi.AccessAccountToken, Query: parameters(), RawBody: true,
			Handle: func(c *httpapi.Call) (httpapi.Answer, error) { return d.handleCustom(c, verb) },
		})
	}
	return operations
}

func (d *dataPlane) handleCustom(c *httpapi.Call, verb string) (httpapi.Answer, error) {
	call, err := newCall(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	_, path, _ := strings.Cut(c.WrittenPath(), customPrefix)
	call.Custom = &proxy.Custom{Verb: verb, Path: path}
	if err := readCustomBody(c, &call); err != nil {
		return httpapi.Answer{}, err
	}
	if method := call.Body.Get(methodConfig); method.Exists() {
		if method.Kind() != jsonx.Object {
			return httpapi.Answer{}, sinew.InvalidField(methodConfig, "type", "must be object, not %s", method.Kind())
		}
		call.Custom.Method = method
		if call.Body = call.Body.Without(methodConfig); call.Body.Len() == 0 {
			call.Body = jsonx.Value{}
		}
	}
	return d.do(c, call)
}
