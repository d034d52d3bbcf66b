package simulator

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// Recorded is a request that the vendor got, and the status of its answer.
type Recorded struct {
	Method string
	// Path is percent-encoded, as it came.
	Path   string
	Query  string
	Header http.Header
	Body   string // at most its first 64 KiB
	Status int
}

const maxRecorded = 64 << 10

// journal keeps the latest requests.
type journal struct {
	mu    sync.Mutex // guards the rest
	ring  []Recorded
	total int
}

func newJournal(size int) *journal { return &journal{ring: make([]Recorded, size)} }

// Requests returns the requests that are remembered, oldest first.
func (s *Simulator) Requests() []Recorded {
	j := s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	size := len(j.ring)
	var list []Recorded
	for i := max(j.total-size, 0); i < j.total; i++ {
		list = append(list, j.ring[i%size])
	}
	return list
}

// Forget drops the remembered requests.
func (s *Simulator) Forget() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.journal.total = 0
}

func (j *journal) add(r Recorded) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ring[j.total%len(j.ring)] = r
	j.total++
}

// record remembers the request once it is answered.
func (j *journal) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		r.Body = tee{r.Body, &body}
		watched := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		seen := Recorded{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header.Clone()}
		defer func() {
			_, _ = io.CopyN(io.Discard, r.Body, maxRecorded)
			seen.Body, seen.Status = body.String(), watched.status
			j.add(seen)
		}()
		next.ServeHTTP(watched, r)
	})
}

// tee copies the start of a body while it is read.
type tee struct {
	io.ReadCloser
	copy *bytes.Buffer
}

func (t tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.copy.Write(p[:min(n, maxRecorded-t.copy.Len())])
	return n, err
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
