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

// record logs a call: where its time went, and what came of it. Calls for
// accounts that are not there leave no record, since they belong to nobody.
func (c *call) record(ctx context.Context, began time.Time, result Result, err error) {
	if c.account == nil || errors.Is(err, context.Canceled) && !c.sent {
		return
	}
	now := time.Now()
	id := uuid.Must(uuid.NewV7()).String()
	b := newLogObject()
	b.text("_id", id)
	b.name("timestamp")
	b.to = jsonx.AppendTime(b.to, now)
	b.text("service", service)
	b.text("request_id", c.RequestID)
	b.text("request_type", sinew.RequestProxy)
	b.text("environment_id", c.account.EnvironmentID)
	b.text("tenant_id", c.account.TenantID)
	b.text("integrated_account_id", c.account.ID)
	b.text("integration", c.account.IntegrationName)
	if c.plan != nil {
		b.text("resource", c.plan.Resource)
		b.text("method", c.plan.Name)
	} else if c.Inline != nil {
		b.text("resource", c.Inline.Resource)
		b.text("method", c.Inline.Name)
	} else {
		b.text("resource", c.Resource)
		b.text("method", c.Method)
	}
	if c.request != nil {
		b.text("http_method", c.request.Method)
		b.text("http_url", c.shownURL())
	}
	if c.status > 0 {
		b.number("http_status_code", int64(c.status))
		b.text("http_status_category", string(rune('0'+c.status/100))+"xx")
	}
	vendor := c.recordOutcome(b, result, err)
	if c.sent {
		b.number("attempt", int64(max(c.attempts, 1)))
	}
	b.number("duration", now.Sub(began).Milliseconds())
	b.number("fetch_duration", vendor.Milliseconds())
	if c.count >= 0 {
		b.number("result_count", int64(c.count))
	}
	if remote, ok := errors.AsType[*RemoteError](err); ok {
		b.truth("integrated_account_needs_reauth", remote.Status == http.StatusUnauthorized)
	}
	c.service.recorder.Record(sinew.LogEntry{
		ID: id, Type: sinew.LogProxy, EnvironmentID: c.account.EnvironmentID, AccountID: c.account.ID, Integration: c.account.IntegrationName,
		RequestType: sinew.RequestProxy, Failure: failureOf(err), Entry: b.json(), CreatedAt: now,
	})
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

// recordOutcome logs what came of a call, and returns how long the vendor took.
func (c *call) recordOutcome(b *logObject, result Result, err error) (vendor time.Duration) {
	vendor, status := result.Vendor, result.Status
	if remote, ok := errors.AsType[*RemoteError](err); ok {
		vendor, status = remote.Vendor, remote.Status
		b.text("code", "remote_error")
		b.text("message", remote.Message)
	} else if err != nil {
		status = 0
		if known, ok := errors.AsType[*sinew.Error](err); ok {
			b.text("code", known.Code)
			b.text("message", known.Message)
		} else {
			b.text("code", string(sinew.KindInternal))
		}
	}
	if status > 0 {
		b.number("status_code", int64(status))
	}
	return vendor
}

// logObject writes the JSON object of a log record.
type logObject struct{ to []byte }

// logRecordSize is the size of most records, in bytes.
const logRecordSize = 1 << 10

func newLogObject() *logObject { return &logObject{append(make([]byte, 0, logRecordSize), '{')} }

func (b *logObject) name(name string) {
	if len(b.to) > 1 {
		b.to = append(b.to, ',')
	}
	b.to = append(jsonx.AppendString(b.to, name), ':')
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

func (b *logObject) json() sinew.JSON { return sinew.JSON(append(b.to, '}')) }

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
