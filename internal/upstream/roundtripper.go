package upstream

import (
	"fmt"
	"net/http"
)

// RoundTripper returns the client as a transport for libraries that bring
// their own HTTP client. Redirects are theirs to follow; every request passes
// the guard. As with the standard transport, whoever sets Accept-Encoding gets
// the body as it came.
func (c *Client) RoundTripper() http.RoundTripper { return roundTripper{c} }

// HTTP is a client for libraries that take no less. It follows no redirects.
func (c *Client) HTTP() *http.Client {
	return &http.Client{
		Transport:     c.RoundTripper(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type roundTripper struct{ client *Client }

// RoundTrip implements http.RoundTripper.
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	request := &Request{Method: r.Method, URL: r.URL.String(), Header: r.Header, NoRedirects: true, Raw: r.Header.Get("Accept-Encoding") != ""}
	if r.Body != nil && r.Body != http.NoBody {
		defer r.Body.Close()
		request.Stream, request.Length = r.Body, r.ContentLength
		if r.ContentLength == 0 {
			request.Length = -1
		}
	}
	response, err := t.client.Do(r.Context(), request)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", response.Status, http.StatusText(response.Status)), StatusCode: response.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: response.Header, Body: response.Body, ContentLength: -1, Request: r,
	}, nil
}
