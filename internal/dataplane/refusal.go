package dataplane

import (
	"net/http"
	"strings"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// refusal shows a vendor's error in the envelope of the platform, with the
// vendor's status, body and headers.
func refusal(c *httpapi.Call, remote *proxy.RemoteError, explanation jsonx.Value) httpapi.Answer {
	b := refusalBody(remote)
	b.Set("request_id", jsonx.StringValue(c.RequestID()))
	b.Set("explain", explanation)
	return httpapi.Answer{Status: remote.Status, Header: aboutTheAnswer(remote.Header), Body: b.Value().Bytes()}
}

// explanationOf is what a refusal tells of its call, Missing when nobody asked.
func explanationOf(remote *proxy.RemoteError) jsonx.Value {
	if remote.Explanation == nil {
		return jsonx.Value{}
	}
	return remote.Explanation.Value()
}

// refusalBody is the envelope of a vendor's error.
func refusalBody(remote *proxy.RemoteError) *jsonx.Builder {
	b := jsonx.NewBuilder(8)
	b.Set("statusCode", jsonx.IntValue(int64(remote.Status)))
	b.Set("error", jsonx.StringValue(http.StatusText(remote.Status)))
	b.Set("message", jsonx.StringValue(remote.Message))
	b.Set("code", jsonx.StringValue("remote_error"))
	b.Set("truto_is_remote_error", jsonx.BoolValue(true))
	b.Set("raw_response", remote.Raw)
	b.Set("metadata", remote.Metadata)
	switch {
	case remote.Insight.Len() > 0:
		b.Set("truto_error_insight", remote.Insight)
	case remote.Status == http.StatusForbidden:
		b.Set("truto_error_insight", jsonx.ObjectValue(jsonx.Member{Name: "forbidden_error", Value: remote.Forbidden()}))
	}
	for name, value := range remote.Extra.Members() {
		if !b.Get(name).Exists() && name != "request_id" && name != "explain" {
			b.Set(name, value)
		}
	}
	return b
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
