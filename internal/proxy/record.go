package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// service is the name that log records carry.
const service = "sinew"

// Made is what the log says of a call: where its time went, and what came of it.
type Made struct {
	RequestID        string
	RequestType      string // sinew.RequestProxy or sinew.RequestUnified
	Resource, Method string
	// HTTPMethod and URL are the request's, "" when none was built.
	HTTPMethod, URL string
	// VendorStatus is what the vendor answered, 0 for nothing; Status what the
	// caller gets.
	VendorStatus, Status int
	// Attempts are the requests that the vendor answered, 0 when none was sent.
	Attempts int
	// Count are the records of a list, -1 for other answers.
	Count int
	Err   error
	// Took is the whole of it, and Vendor the vendor's part.
	Took, Vendor time.Duration
	// Parts are the calls that this one is made of, nil for one that is whole.
	Parts []Made
}

// record logs a call, or tells the call that it is part of. Calls for accounts that
// are not there leave no record, since they belong to nobody.
func (c *call) record(ctx context.Context, began time.Time, result Result, err error) {
	if c.account == nil || c.Sample != nil && c.Part == nil || errors.Is(err, context.Canceled) && !c.sent {
		return
	}
	m := Made{
		RequestID: c.RequestID, RequestType: sinew.RequestProxy, Resource: c.Resource, Method: c.Method, VendorStatus: c.status, Status: result.Status,
		Count: c.count, Err: err, Took: time.Since(began), Vendor: result.Vendor,
	}
	if c.plan != nil {
		m.Resource, m.Method = c.plan.Resource, c.plan.Name
	} else if c.Inline != nil {
		m.Resource, m.Method = c.Inline.Resource, c.Inline.Name
	}
	if c.request != nil {
		m.HTTPMethod, m.URL = c.request.Method, c.shownURL()
	}
	if c.sent {
		m.Attempts = max(c.attempts, 1)
	}
	if remote, ok := errors.AsType[*RemoteError](err); ok {
		m.Vendor, m.Status = remote.Vendor, remote.Status
	} else if err != nil {
		m.Status = 0
	}
	if c.Part != nil {
		c.Part(m)
		return
	}
	c.service.Log(c.account, m)
}

// Log writes the record of a call for an account.
func (s *Service) Log(of *sinew.AccountRecord, m Made) {
	now := time.Now()
	id := uuid.Must(uuid.NewV7()).String()
	b := &logObject{append(s.records.get(), '{')}
	b.text("_id", id)
	b.name("timestamp")
	b.to = jsonx.AppendTime(b.to, now)
	b.text("service", service)
	b.text("request_id", m.RequestID)
	b.text("request_type", m.RequestType)
	b.text("environment_id", of.EnvironmentID)
	b.text("tenant_id", of.TenantID)
	b.text("integrated_account_id", of.ID)
	b.text("integration", of.IntegrationName)
	b.made(&m)
	if len(m.Parts) > 0 {
		b.name("calls")
		b.to = append(b.to, '[')
		for i := range m.Parts {
			if i > 0 {
				b.to = append(b.to, ',')
			}
			part := &logObject{append(b.to, '{')}
			part.made(&m.Parts[i])
			b.to = append(part.to, '}')
		}
		b.to = append(b.to, ']')
	}
	s.recorder.Record(sinew.LogEntry{
		ID: id, Type: sinew.LogProxy, EnvironmentID: of.EnvironmentID, AccountID: of.ID, Integration: of.IntegrationName,
		RequestType: m.RequestType, Failure: failureOf(m.Err), Entry: b.json(), CreatedAt: now,
	})
	s.records.put(b.to)
}

// made adds what a record says of a call, or of a part of one.
func (b *logObject) made(m *Made) {
	b.text("resource", m.Resource)
	b.text("method", m.Method)
	b.text("http_method", m.HTTPMethod)
	b.text("http_url", m.URL)
	if m.VendorStatus > 0 {
		b.number("http_status_code", int64(m.VendorStatus))
		b.text("http_status_category", string(rune('0'+m.VendorStatus/100))+"xx")
	}
	b.failure(m.Err)
	if m.Status > 0 {
		b.number("status_code", int64(m.Status))
	}
	if m.Attempts > 0 {
		b.number("attempt", int64(m.Attempts))
	}
	b.number("duration", m.Took.Milliseconds())
	b.number("fetch_duration", m.Vendor.Milliseconds())
	if m.Count >= 0 {
		b.number("result_count", int64(m.Count))
	}
	if remote, ok := errors.AsType[*RemoteError](m.Err); ok {
		b.truth("integrated_account_needs_reauth", remote.Status == http.StatusUnauthorized)
	}
}

// failureOf says in a word how a call failed, "" for one that did not, and for one
// whose caller has hung up.
func failureOf(err error) string {
	if err == nil || errors.Is(err, context.Canceled) {
		return ""
	}
	if remote, ok := errors.AsType[*RemoteError](err); ok {
		return strconv.Itoa(remote.Status)
	}
	known, ok := errors.AsType[*sinew.Error](err)
	switch {
	case !ok:
		return string(sinew.KindInternal)
	case known.Kind == sinew.KindCancelled:
		return ""
	case known.Code != "":
		return known.Code
	}
	return string(known.Kind)
}

// failure adds why a call failed.
func (b *logObject) failure(err error) {
	if err == nil {
		return
	}
	if remote, ok := errors.AsType[*RemoteError](err); ok {
		b.text("code", "remote_error")
		b.text("message", remote.Message)
		return
	}
	if known, ok := errors.AsType[*sinew.Error](err); ok {
		b.text("code", known.Code)
		b.text("message", known.Message)
		return
	}
	b.text("code", string(sinew.KindInternal))
}

// logObject writes the JSON object of a log record.
type logObject struct{ to []byte }

// name begins a member. Names are words that stand in JSON as they are.
func (b *logObject) name(name string) {
	if b.to[len(b.to)-1] != '{' {
		b.to = append(b.to, ',')
	}
	b.to = append(append(append(b.to, '"'), name...), '"', ':')
}

// text adds a text, unless it is empty.
func (b *logObject) text(name, value string) {
	if value != "" {
		b.name(name)
		b.to = jsonx.AppendString(b.to, value)
	}
}

func (b *logObject) number(name string, n int64) {
	b.name(name)
	b.to = strconv.AppendInt(b.to, n, 10)
}

func (b *logObject) truth(name string, is bool) {
	b.name(name)
	b.to = strconv.AppendBool(b.to, is)
}

// json ends the object and returns a copy of it.
func (b *logObject) json() sinew.JSON {
	b.to = append(b.to, '}')
	return sinew.JSON(b.to)
}

// shownURL is the address of the request as the log shows it: the values of the
// query are data of the caller's, and secrets are hidden.
func (c *call) shownURL() string {
	base, query, _ := strings.Cut(c.request.URL, "?")
	for _, secret := range c.secrets {
		base = strings.ReplaceAll(base, secret, hidden)
		if escaped := url.PathEscape(secret); escaped != secret {
			base = strings.ReplaceAll(base, escaped, hidden)
		}
		if escaped := url.QueryEscape(secret); escaped != secret {
			base = strings.ReplaceAll(base, escaped, hidden)
		}
	}
	if query == "" {
		return base
	}
	names := strings.Split(query, "&")
	for i, pair := range names {
		name, _, _ := strings.Cut(pair, "=")
		names[i] = name + "=…"
	}
	return base + "?" + strings.Join(names, "&")
}
