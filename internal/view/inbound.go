package view

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// InboundWebhook is a delivery of a vendor.
type InboundWebhook struct {
	ID             string  `json:"id" format:"uuid" doc:"The id of the delivery."`
	EnvironmentID  string  `json:"environment_id" format:"uuid" doc:"The environment."`
	InstallationID string  `json:"environment_integration_id" format:"uuid" doc:"The installed integration."`
	AccountID      *string `json:"integrated_account_id" nullable:"true" format:"uuid" doc:"The account that it is for; null for none."`
	Status         string  `json:"status" doc:"received, processed, failed, unrouted (genuine, of no account that is known) or refused."`
	Code           *string `json:"code" nullable:"true" doc:"Why it was refused, failed or went nowhere, for programs."`
	Reason         *string `json:"reason" nullable:"true" doc:"The same, for people."`
	Method         string  `json:"method" doc:"The verb of the request."`
	Size           int     `json:"size" doc:"The size of the body, in bytes."`
	Verified       bool    `json:"verified" doc:"Whether a signature was asked for."`
	Events         int     `json:"events" doc:"How many events it has become."`
	Duplicates     int     `json:"duplicates" doc:"How often it came again."`
	CreatedAt      Time    `json:"created_at" doc:"When it came."`
	ProcessedAt    Time    `json:"processed_at" nullable:"true" doc:"When it was processed; null for not yet."`
}

// WholeInboundWebhook is a delivery with what came.
type WholeInboundWebhook struct {
	InboundWebhook
	URL          *string     `json:"url" nullable:"true" doc:"Where the vendor has sent it; null where nothing was kept."`
	Headers      jsonx.Value `json:"headers" type:"object" nullable:"true" doc:"The header fields by their lower-case names."`
	Body         *string     `json:"body" nullable:"true" doc:"The body as text."`
	BodyEncoding *string     `json:"body_encoding" nullable:"true" doc:"utf8, or base64 for a body that is no text."`
}

// NewInboundWebhook shows a delivery.
func NewInboundWebhook(w sinew.InboundWebhook) InboundWebhook {
	return InboundWebhook{
		ID: w.ID, EnvironmentID: w.EnvironmentID, InstallationID: w.EnvironmentIntegrationID, AccountID: orNil(w.AccountID), Status: string(w.Status),
		Code: orNil(w.Code), Reason: orNil(w.Reason), Method: w.Method, Size: w.Size, Verified: w.Verified, Events: w.Events, Duplicates: w.Duplicates,
		CreatedAt: Time(w.CreatedAt), ProcessedAt: Time(w.ProcessedAt),
	}
}

// NewWholeInboundWebhook shows a delivery with what came.
func NewWholeInboundWebhook(w sinew.InboundWebhook) WholeInboundWebhook {
	v := WholeInboundWebhook{InboundWebhook: NewInboundWebhook(w), Headers: jsonx.NullValue()}
	r := w.Request
	if r == nil {
		return v
	}
	headers := jsonx.NewBuilder(len(r.Header))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		headers.Set(strings.ToLower(name), jsonx.StringValue(strings.Join(r.Header[name], ", ")))
	}
	body, encoding := string(r.Body), "utf8"
	if !utf8.ValidString(body) {
		body, encoding = base64.StdEncoding.EncodeToString(r.Body), "base64"
	}
	v.URL, v.Headers, v.Body, v.BodyEncoding = &r.URL, headers.Value(), &body, &encoding
	return v
}
