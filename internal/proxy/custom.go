package proxy

import (
	"net/http"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

// Custom is a call past the resources of the definition (spec 03 section 2.4):
// to any path of the vendor, with all that the definition says of every
// request.
type Custom struct {
	Verb string // upper case
	// Path is what is called under the base URL, percent-encoded, without the
	// slash at its front.
	Path string
	// Method is a method definition for this one call, Missing for none.
	Method jsonx.Value
}

// customName is what custom calls go by where methods have names.
const customName = "custom"

func (c *call) customPlan() (*plan, error) {
	effective := definition.Effective(c.layers.config, c.layers.override, c.layers.account)
	d := c.Custom.Method
	if !d.Exists() {
		d = jsonx.ObjectValue(jsonx.Member{Name: "path", Value: jsonx.StringValue("")}, jsonx.Member{Name: "method", Value: jsonx.StringValue(c.Custom.Verb)})
		return c.service.compile(definition.NewMethod(effective, customName, customName, d))
	}
	if d.Kind() == jsonx.Object && !d.Get("path").Exists() {
		d = d.With("path", jsonx.StringValue("/"+c.Custom.Path))
	}
	if d.Kind() == jsonx.Object && !d.Get("method").Exists() {
		d = d.With("method", jsonx.StringValue(strings.ToLower(c.Custom.Verb)))
	}
	if failures := definition.CheckMethod(d, "methodConfig"); len(failures) > 0 {
		return nil, sinew.Invalid(failures...)
	}
	if d.Get("base_url").Exists() {
		return nil, sinew.InvalidField("methodConfig.base_url", "forbidden", "the credential of the account goes to the hosts of its integration alone; leave base_url out")
	}
	return c.service.compile(definition.NewMethod(effective, customName, customName, d))
}

// under puts a path under a base URL.
func under(base, own string) (string, error) {
	if !placeholder.SafePath(own) {
		return "", sinew.InvalidField("path", "path", "has a segment that cannot be sent to the vendor")
	}
	path, query, _ := strings.Cut(base, "?")
	target := strings.TrimRight(path, "/") + "/" + own
	if query != "" {
		target += "?" + query
	}
	return target, nil
}

// CustomVerbs are the verbs that custom calls take.
func CustomVerbs() []string {
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}
