package proxy

import (
	"context"
	"errors"
	"net/url"
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
	b := jsonx.NewBuilder(24)
	text := func(name, value string) {
		if value != "" {
			b.Set(name, jsonx.StringValue(value))
		}
	}
	number := func(name string, n int) { b.Set(name, jsonx.IntValue(int64(n))) }
	id := uuid.Must(uuid.NewV7()).String()
	text("_id", id)
	text("timestamp", now.UTC().Format(jsonx.TimeFormat))
	text("service", service)
	text("request_id", c.RequestID)
	text("request_type", sinew.RequestProxy)
	text("environment_id", c.account.EnvironmentID)
	text("tenant_id", c.account.TenantID)
	text("integrated_account_id", c.account.ID)
	text("integration", c.account.IntegrationName)
	if c.plan != nil {
		text("resource", c.plan.Resource)
		text("method", c.plan.Name)
	} else {
		text("resource", c.Resource)
		text("method", c.Method)
	}
	if c.request != nil {
		text("http_method", c.request.Method)
		text("http_url", c.shownURL())
	}
	if c.status > 0 {
		number("http_status_code", c.status)
		text("http_status_category", string(rune('0'+c.status/100))+"xx")
	}
	vendor, status := result.Vendor, result.Status
	var remote *RemoteError
	if errors.As(err, &remote) {
		vendor, status = remote.Vendor, remote.Status
		text("code", "remote_error")
		text("message", remote.Message)
	} else if err != nil {
		status = 0
		var known *sinew.Error
		if errors.As(err, &known) {
			text("code", known.Code)
			text("message", known.Message)
		} else {
			text("code", string(sinew.KindInternal))
		}
	}
	if status > 0 {
		number("status_code", status)
	}
	if c.sent {
		number("attempt", max(c.attempts, 1))
	}
	number("duration", int(now.Sub(began).Milliseconds()))
	number("fetch_duration", int(vendor.Milliseconds()))
	if c.count >= 0 {
		number("result_count", c.count)
	}
	if remote != nil {
		b.Set("integrated_account_needs_reauth", jsonx.BoolValue(remote.Status == 401))
	}
	c.service.recorder.Record(sinew.LogEntry{
		ID: id, Type: sinew.LogProxy, EnvironmentID: c.account.EnvironmentID, AccountID: c.account.ID, Integration: c.account.IntegrationName,
		RequestType: sinew.RequestProxy, Entry: sinew.JSON(b.Value().String()), CreatedAt: now,
	})
}

// shownURL is the address of the request as the log shows it: the values of the
// query are data of the caller's, and secrets are hidden.
func (c *call) shownURL() string {
	target := c.request.URL
	if gated := c.request.Header.Get(headerGateTarget); gated != "" {
		target = gated
	}
	base, query, _ := strings.Cut(target, "?")
	for _, secret := range c.secrets() {
		for _, form := range []string{secret, url.PathEscape(secret), url.QueryEscape(secret)} {
			base = strings.ReplaceAll(base, form, hidden)
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

// secrets are the texts and numbers of the account that nobody may see.
func (c *call) secrets() []string {
	var all []string
	for _, text := range []sinew.JSON{c.account.Secrets.Context, c.account.Secrets.IntegrationOverride, c.account.Secrets.UnifiedModelOverride, c.account.OverrideSecret, c.account.ConfigSecret} {
		if text == "" {
			continue
		}
		if v, err := jsonx.ParseString(string(text)); err == nil {
			add := func(secret string) {
				if len(secret) >= shortestSecret {
					all = append(all, secret)
				}
			}
			eachScalar(v, add, add)
		}
	}
	return all
}
