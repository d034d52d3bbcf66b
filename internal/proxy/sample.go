package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/sinewhq/sinew/internal/upstream"
)

// answer is the recorded answer as if it had just come.
func (s *Sample) answer(request *upstream.Request) (*upstream.Response, error) {
	from, err := url.Parse(request.URL)
	if err != nil {
		return nil, fmt.Errorf("read the address of a sample: %w", err)
	}
	status := s.Status
	if status == 0 {
		status = http.StatusOK
	}
	header := s.Header.Clone()
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	return &upstream.Response{Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(s.Body)), URL: from, Length: int64(len(s.Body))}, nil
}
