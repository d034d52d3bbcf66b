package upstream

import (
	"fmt"
	"io"
	"net/http"
)

// maxReplay bounds the body that is kept for a redirect that asks for it
// again; a larger one is streamed once.
const maxReplay = 4 << 20

// Sender makes calls in the types of net/http, for packages that build an
// http.Request themselves. Every rule of Client.Do holds. It is safe for
// concurrent use.
type Sender struct{ client *Client }

// Sender returns the client in the types of net/http.
func (c *Client) Sender() *Sender { return &Sender{c} }

// Do makes a call with the context of the request. The request's Host, Close
// and transfer encoding do not count; its body is read and closed. The errors
// are those of Client.Do.
func (s *Sender) Do(r *http.Request) (*http.Response, error) {
	request := &Request{Method: r.Method, URL: r.URL.String(), Header: r.Header}
	if err := takeBody(request, r); err != nil {
		return nil, err
	}
	if r.Body != nil {
		defer r.Body.Close()
	}
	response, err := s.client.Do(r.Context(), request)
	if err != nil {
		return nil, err
	}
	final := r.Clone(r.Context())
	final.URL = response.URL
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", response.Status, http.StatusText(response.Status)),
		StatusCode:    response.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        response.Header,
		Body:          response.Body,
		ContentLength: -1,
		Request:       final,
	}, nil
}

func takeBody(request *Request, r *http.Request) error {
	switch {
	case r.Body == nil || r.Body == http.NoBody:
	case r.GetBody != nil && r.ContentLength >= 0 && r.ContentLength <= maxReplay:
		body, err := io.ReadAll(io.LimitReader(r.Body, maxReplay))
		if err != nil {
			return fmt.Errorf("read the body to send: %w", err)
		}
		request.Body = body
	default:
		request.Stream, request.Length = r.Body, r.ContentLength
		if r.ContentLength == 0 {
			request.Length = -1 // net/http's way to say unknown
		}
	}
	return nil
}
