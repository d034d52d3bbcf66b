package sinew

import "time"

// LogType is the kind of a log record.
type LogType string

// The types of log records (spec 03 section 11).
const (
	LogProxy       LogType = "unified_proxy_api"
	LogRapidBridge LogType = "rapid_bridge"
	LogWebhook     LogType = "webhook"
	LogSyncTrigger LogType = "sync_job_cron_trigger"
	LogMCP         LogType = "mcp"
	RequestProxy           = "proxy"
	RequestUnified         = "unified"
)

// LogTypes lists the types that logs can be asked for.
func LogTypes() []LogType {
	return []LogType{LogProxy, LogRapidBridge, LogWebhook, LogSyncTrigger, LogMCP}
}

// LogFilters lists what records of a type can be filtered by, beside their time.
// Those that are not among LogFields belong to types that nothing writes yet.
func LogFilters(t LogType) []string {
	switch t {
	case LogProxy:
		return []string{"request_type", "integrated_account_id", "environment_id", "integration"}
	case LogRapidBridge:
		return []string{"sync_job_run_id", "sync_job_id", "sync_job_run_event", "integrated_account_id", "webhook_id", "environment_id", "integration"}
	case LogWebhook:
		return []string{"webhook_id", "event", "environment_id"}
	case LogSyncTrigger:
		return []string{"environment_id"}
	case LogMCP:
		return []string{
			"mcp_server_id", "tool_name", "mcp_method", "resource", "method", "client_name", "client_version", "request_id",
			"integrated_account_id", "environment_id", "integration",
		}
	}
	return nil
}

// LogEntry is one record of what happened. It holds no secret.
type LogEntry struct {
	ID            string
	Type          LogType
	EnvironmentID string
	AccountID     string // "" where there is none
	Integration   string
	RequestType   string
	// Failure is how the call failed: the vendor's status, or the code of an error
	// without one; "" when it did not.
	Failure string
	// Entry is the record as its readers see it.
	Entry     JSON
	CreatedAt time.Time
}

// LogFields are the fields that logs of a type can be filtered by.
func LogFields(t LogType) []Field {
	if t == LogWebhook {
		return []Field{
			{Name: "webhook_id", Kind: FieldText, Description: "The webhook."},
			{Name: "event", Kind: FieldText, Description: "What had happened."},
			{Name: "created_at", Kind: FieldTime, Description: "When it was tried."},
		}
	}
	return []Field{
		{Name: "log_type", Kind: FieldText, Description: "The type of the record."},
		{Name: "integrated_account_id", Kind: FieldText, Description: "The account that the call was for."},
		{Name: "integration", Kind: FieldText, Description: "The name of the integration."},
		{Name: "request_type", Kind: FieldText, Description: "proxy or unified."},
		{Name: "created_at", Kind: FieldTime, Description: "When it happened."},
	}
}
