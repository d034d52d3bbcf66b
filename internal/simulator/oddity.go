package simulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// Oddity is a peculiarity of a vendor, as a file describes it.
type Oddity struct {
	// Path and Method say which requests are answered so: paths that begin like
	// this, and any method when it is empty.
	Path   string `json:"path"`
	Method string `json:"method"`
	// Times is how many requests are answered so; 0 is all.
	Times int64 `json:"times"`
	// Delay is how long the answer takes.
	Delay string `json:"delay"`
	// Header is added to the answer: a text, or a list for a field that occurs
	// several times.
	Header jsonx.Value `json:"header"`
	// Status and Body take the place of the answer; without them the request
	// goes on. A body that is no text is JSON.
	Status int         `json:"status"`
	Body   jsonx.Value `json:"body"`
	// OAuth changes how the OAuth server answers.
	OAuth OAuth `json:"oauth"`
	// Fault takes the place of the answer too: one of the names that stand behind
	// /fault/.
	Fault string `json:"fault"`
}

// ReadOddities reads a file of oddities, in YAML or JSON: a list under the name
// oddities. The error names what is wrong with which one.
func ReadOddities(file []byte) ([]Quirk, error) {
	text, err := yaml.YAMLToJSON(file)
	if err != nil {
		return nil, fmt.Errorf("read oddities: %w", err)
	}
	var document struct {
		Oddities []Oddity `json:"oddities"`
	}
	if err := jsonx.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("read oddities: %w", err)
	}
	quirks := make([]Quirk, len(document.Oddities))
	for i, o := range document.Oddities {
		if quirks[i], err = newOddQuirk(o); err != nil {
			return nil, fmt.Errorf("oddity %d: %w", i+1, err)
		}
	}
	return quirks, nil
}

func newOddQuirk(o Oddity) (Quirk, error) {
	q := &oddQuirk{oddity: o}
	if !strings.HasPrefix(o.Path, "/") {
		return nil, errors.New("path must begin with a slash")
	}
	if o.Status != 0 && (o.Status < 200 || o.Status > 599) {
		return nil, errors.New("status must be from 200 to 599")
	}
	if o.Fault != "" && !slices.Contains(faults(), o.Fault) {
		return nil, fmt.Errorf("fault must be one of %s", strings.Join(faults(), ", "))
	}
	if o.Fault != "" && (o.Status != 0 || o.Body.Exists()) {
		return nil, errors.New("fault stands in place of status and body")
	}
	if o.Delay != "" {
		delay, err := time.ParseDuration(o.Delay)
		if err != nil || delay < 0 {
			return nil, errors.New("delay must be a time such as 500ms")
		}
		q.delay = delay
	}
	q.left.Store(o.Times)
	return q, o.OAuth.check()
}

type oddQuirk struct {
	oddity Oddity
	delay  time.Duration
	left   atomic.Int64
}

// Wrap implements Quirk.
func (q *oddQuirk) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := q.oddity
		if !strings.HasPrefix(r.URL.Path, o.Path) || o.Method != "" && !strings.EqualFold(o.Method, r.Method) || o.Times > 0 && q.left.Add(-1) < 0 {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case <-time.After(q.delay):
		case <-r.Context().Done():
			return
		}
		for name, value := range o.Header.Members() {
			for _, item := range append(value.Items(), value) {
				if item.Kind() != jsonx.Array {
					w.Header().Add(name, text(item))
				}
			}
		}
		if o.Fault != "" {
			faulty(o.Fault)(w, r)
			return
		}
		if o.Status == 0 && !o.Body.Exists() {
			next.ServeHTTP(w, withOAuth(r, o.OAuth))
			return
		}
		q.answer(w)
	})
}

func (q *oddQuirk) answer(w http.ResponseWriter) {
	status := max(q.oddity.Status, http.StatusOK)
	body, isText := q.oddity.Body.Text()
	if !isText && q.oddity.Body.Exists() {
		body = q.oddity.Body.String()
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}
