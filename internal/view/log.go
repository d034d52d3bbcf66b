package view

// LogRecords describes a page of log records.
type LogRecords struct {
	Result     []LogRecord `json:"result" doc:"The records, the newest first."`
	NextCursor *string     `json:"next_cursor" doc:"Where the next page begins; null at the end."`
	Limit      int         `json:"limit" doc:"The page size that was used."`
}

// LogRecord is a call to a vendor as the log shows it. Fields without a value
// are left out.
type LogRecord struct {
	ID                  string `json:"_id" doc:"The id of the record."`
	Timestamp           Time   `json:"timestamp" doc:"When the call ended."`
	Service             string `json:"service" doc:"The service that wrote the record." example:"sinew"`
	RequestID           string `json:"request_id" doc:"The id of the caller's request, as the answer carried it."`
	RequestType         string `json:"request_type" enum:"proxy,unified" doc:"The API that was called."`
	EnvironmentID       string `json:"environment_id" doc:"The environment."`
	TenantID            string `json:"tenant_id" doc:"The tenant of the account."`
	IntegratedAccountID string `json:"integrated_account_id" doc:"The account."`
	Integration         string `json:"integration" doc:"The name of the integration."`
	Resource            string `json:"resource" doc:"The resource that was called."`
	Method              string `json:"method" doc:"The method of the resource."`
	HTTPMethod          string `json:"http_method" doc:"The verb of the request to the vendor."`
	HTTPURL             string `json:"http_url" doc:"Its address, with the values of the query left out and secrets hidden."`
	HTTPStatusCode      int    `json:"http_status_code" doc:"The vendor's status; absent when it gave no answer."`
	HTTPStatusCategory  string `json:"http_status_category" doc:"The class of the status." example:"2xx"`
	StatusCode          int    `json:"status_code" doc:"The status that the caller got."`
	Attempt             int    `json:"attempt" doc:"Which request of the call this was."`
	Duration            int    `json:"duration" doc:"Milliseconds from the call to its answer."`
	FetchDuration       int    `json:"fetch_duration" doc:"Milliseconds that the vendor took of it."`
	ResultCount         int    `json:"result_count" doc:"Records in a list."`
	NeedsReauth         bool   `json:"integrated_account_needs_reauth" doc:"Whether the vendor refused the credential."`
	Code                string `json:"code" doc:"The code of the error."`
	Message             string `json:"message" doc:"The error, for people."`
}
