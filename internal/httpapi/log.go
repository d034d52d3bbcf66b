package httpapi

import (
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/journal"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
	"github.com/sinewhq/sinew/internal/wire"
)

// The bounds of one question about logs (spec 03 section 11).
const (
	maxLogRows = 100
	maxLogSpan = 31 * 24 * time.Hour
)

func logOperations(s *journal.Service) []Operation {
	types := make([]string, 0, len(sinew.LogTypes()))
	for _, kind := range sinew.LogTypes() {
		types = append(types, string(kind))
	}
	return []Operation{{
		Method: "GET", Path: "/log", ID: "listLogs", Tag: "Log", Summary: "List log records, the newest first",
		Description: "A record for each call to a vendor: where its time went, what the vendor answered, and why it failed. With log_type=webhook, one for each try to deliver an event. Records of calls are kept for log-retention, at most log-max-size of them.",
		Query: []Parameter{
			{Name: "log_type", Description: "The type of the records.", Enum: types, Required: true},
			{Name: "created_at[gt]", Description: "Records after this moment. With created_at[lt], no more than 31 days before it."},
			{Name: "created_at[lt]", Description: "Records before this moment."},
			{Name: "log_type_filter[integrated_account_id]", Description: "Records of one account."},
			{Name: "log_type_filter[integration]", Description: "Records of one integration, by name."},
			{Name: "log_type_filter[request_type]", Description: "proxy or unified.", Enum: []string{sinew.RequestProxy, sinew.RequestUnified}},
			{Name: "log_type_filter[webhook_id]", Description: "Tries of one webhook, with log_type=webhook."},
			{Name: "log_type_filter[event]", Description: "Tries for one event type, with log_type=webhook."},
			{Name: "log_type_filter[environment_id]", Description: "The token's environment; no other has records to show."},
			{Name: "limit", Description: "How many records, at most 100."},
			{Name: "next_cursor", Description: "The cursor of the page before."},
		},
		Answer: view.LogRecords{},
		Handle: func(c *Call) (Answer, error) { return listLogs(c, s) },
	}}
}

func listLogs(c *Call, s *journal.Service) (Answer, error) {
	query, err := logQuery(c)
	if err != nil {
		return Answer{}, err
	}
	kind := sinew.LogType(c.Query.Get("log_type").Str())
	list, failures := wire.CompileList(sinew.LogFields(kind), query, wire.ListOptions{DefaultLimit: maxLogRows, MaxLimit: maxLogRows})
	if len(failures) > 0 {
		return Answer{}, sinew.Invalid(failures...)
	}
	if list.Cursor != "" {
		position, err := c.api.cursors.Decode(c.cursorScope(), list.Query, list.Cursor)
		if err != nil {
			return Answer{}, err
		}
		list.Query.After = &position
	}
	page, err := s.List(c.Context(), c.Principal, kind, list.Query)
	if err != nil {
		return Answer{}, err
	}
	return c.Page(list.Query, page.Next, len(page.Rows), func(dst []byte, i int) ([]byte, error) {
		return append(dst, page.Rows[i].Entry...), nil
	})
}

// logQuery turns the parameters of logs into those of a list.
func logQuery(c *Call) (jsonx.Value, error) {
	b := jsonx.NewBuilder(8)
	kind := c.Query.Get("log_type").Str()
	if kind == "" {
		return b.Value(), sinew.InvalidField("log_type", "required", "is required")
	}
	if !slices.Contains(sinew.LogTypes(), sinew.LogType(kind)) {
		return b.Value(), sinew.InvalidField("log_type", "enum", "must be one of %v", sinew.LogTypes())
	}
	if kind != string(sinew.LogWebhook) {
		b.Set("log_type", jsonx.StringValue(kind))
	}
	if err := checkSpan(c.Query.Get("created_at")); err != nil {
		return b.Value(), err
	}
	b.Set("created_at", c.Query.Get("created_at"))
	filter := c.Query.Get("log_type_filter")
	if filter.Exists() && filter.Kind() != jsonx.Object {
		return b.Value(), sinew.InvalidField("log_type_filter", "type", "must name its keys: log_type_filter[integration]=…")
	}
	for name, value := range filter.Members() {
		switch {
		case !slices.Contains(sinew.LogFilters(sinew.LogType(kind)), name):
			return b.Value(), sinew.InvalidField("log_type_filter["+name+"]", "unknown_key", "is no filter of %s; it takes %s", kind, strings.Join(sinew.LogFilters(sinew.LogType(kind)), ", "))
		case name == "environment_id":
			if value.Str() != c.Principal.EnvironmentID {
				return b.Value(), sinew.InvalidField("log_type_filter[environment_id]", "foreign", "the token belongs to another environment")
			}
		case slices.ContainsFunc(sinew.LogFields(sinew.LogType(kind)), func(f sinew.Field) bool { return f.Name == name }):
			b.Set(name, value)
		}
	}
	return b.Set("limit", c.Query.Get("limit")).Set("next_cursor", c.Query.Get("next_cursor")).Value(), nil
}

// checkSpan refuses a span without an end, and one that is too long.
func checkSpan(v jsonx.Value) error {
	after, before := v.Get("gt"), v.Get("lt")
	if !after.Exists() {
		return nil
	}
	if !before.Exists() {
		return sinew.InvalidField("created_at[lt]", "required", "is required with created_at[gt]")
	}
	from, isFrom := wire.ParseTime(after.Str())
	to, isTo := wire.ParseTime(before.Str())
	if isFrom && isTo && to.Sub(from) > maxLogSpan {
		return sinew.InvalidField("created_at", "range", "must span no more than 31 days")
	}
	return nil
}
