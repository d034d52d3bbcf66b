package dataplane

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// Proxy makes calls to vendors.
type Proxy interface {
	Do(ctx context.Context, c proxy.Call) (proxy.Result, error)
}

// Operations returns the routes under /proxy.
func Operations(p Proxy) []httpapi.Operation {
	const tag = "Proxy"
	accountID := httpapi.Parameter{Name: "integrated_account_id", Description: "The account to call for. An integrated-account token implies its own."}
	call := func(method, path, id, summary, named string) httpapi.Operation {
		return httpapi.Operation{
			Method: method, Path: path, ID: id, Tag: tag, Summary: summary, Access: httpapi.AccessAccountToken,
			Description: "Parameters that are not ours go to the vendor.",
			Query:       []httpapi.Parameter{accountID}, RawBody: method != http.MethodGet && method != http.MethodDelete,
			Handle: func(c *httpapi.Call) (httpapi.Answer, error) { return handle(c, p, named) },
		}
	}
	return []httpapi.Operation{
		call(http.MethodGet, "/proxy/{resource}", "proxyList", "List records of a vendor's resource", proxy.MethodList),
		call(http.MethodGet, "/proxy/{resource}/{id}", "proxyGet", "Get a record of a vendor's resource", proxy.MethodGet),
		call(http.MethodPost, "/proxy/{resource}", "proxyCreate", "Create a record of a vendor's resource", proxy.MethodCreate),
		call(http.MethodPatch, "/proxy/{resource}/{id}", "proxyUpdate", "Update a record of a vendor's resource", proxy.MethodUpdate),
		call(http.MethodDelete, "/proxy/{resource}/{id}", "proxyDelete", "Delete a record of a vendor's resource", proxy.MethodDelete),
		call(http.MethodPost, "/proxy/{resource}/{method}", "proxyCustom", "Call another method of a vendor's resource", ""),
	}
}

// handle makes one call. named is the method, "" for the one in the path.
func handle(c *httpapi.Call, p Proxy, named string) (httpapi.Answer, error) {
	accountID, err := accountOf(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if err := c.TakeAccount(accountID); err != nil {
		return httpapi.Answer{}, err
	}
	body, err := c.Value()
	if err != nil {
		return httpapi.Answer{}, err
	}
	if named == "" {
		named = c.Path("method")
	}
	result, err := p.Do(c.Context(), proxy.Call{
		Principal: c.Principal, AccountID: accountID, Resource: c.Path("resource"), Method: named, ID: c.Path("id"),
		Query: c.Query, Body: body,
	})
	var remote *proxy.RemoteError
	if errors.As(err, &remote) {
		c.Timing("vendor", remote.Vendor)
		return refusal(c, remote), nil
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	c.Timing("vendor", result.Vendor)
	return httpapi.Answer{Status: result.Status, Header: result.Header, Body: result.Body}, nil
}

// accountOf returns the account that a call is for.
func accountOf(c *httpapi.Call) (string, error) {
	id := c.Query.Get("integrated_account_id")
	own := c.Principal.AccountID
	switch {
	case !id.Exists() && own != "":
		return own, nil
	case !id.Exists():
		return "", sinew.InvalidField("integrated_account_id", "required", "is required: the account to call for")
	case id.Str() == "":
		return "", sinew.InvalidField("integrated_account_id", "type", "must be one id")
	case own != "" && id.Str() != own:
		return "", sinew.NotFound("Integrated account", id.Str())
	}
	return id.Str(), nil
}

// refusal shows a vendor's error in the envelope of the platform, with the
// vendor's status, body and headers.
func refusal(c *httpapi.Call, remote *proxy.RemoteError) httpapi.Answer {
	b := jsonx.NewBuilder(8)
	b.Set("statusCode", jsonx.IntValue(int64(remote.Status)))
	b.Set("error", jsonx.StringValue(http.StatusText(remote.Status)))
	b.Set("message", jsonx.StringValue(remote.Message))
	b.Set("code", jsonx.StringValue("remote_error"))
	b.Set("request_id", jsonx.StringValue(c.RequestID()))
	b.Set("truto_is_remote_error", jsonx.BoolValue(true))
	b.Set("raw_response", remote.Raw)
	if remote.Status == http.StatusForbidden {
		b.Set("truto_error_insight", jsonx.ObjectValue(jsonx.Member{Name: "forbidden_error", Value: jsonx.ObjectValue(
			jsonx.Member{Name: "description", Value: jsonx.StringValue("The vendor refused the call for want of permission; missing_scopes are those that the method needs and the account was not granted")},
			jsonx.Member{Name: "value", Value: jsonx.ObjectValue(jsonx.Member{Name: "missing_scopes", Value: jsonx.StringsValue(remote.MissingScopes)})},
		)}))
	}
	return httpapi.Answer{Status: remote.Status, Header: aboutTheAnswer(remote.Header), Body: b.Value().Bytes()}
}

// aboutTheAnswer leaves out the headers that describe the vendor's body, which
// is not the body that goes back, and those that are the platform's to say.
func aboutTheAnswer(h http.Header) http.Header {
	kept := make(http.Header, len(h))
	for name, values := range h {
		switch {
		case strings.HasPrefix(name, "Content-"), strings.HasPrefix(name, "Access-Control-"):
		case name == "Etag", name == "Last-Modified", name == "Accept-Ranges", name == "Cache-Control", name == "Server-Timing", name == "X-Request-Id", name == "Traceparent":
		default:
			kept[name] = values
		}
	}
	return kept
}
