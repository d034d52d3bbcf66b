package inbound

import (
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

const (
	// maxEvents bounds the events that one delivery becomes.
	maxEvents = 1000
	// maxPayloads bounds their payloads together, in bytes.
	maxPayloads = 16 << 20
)

// recordEvent is one event of a delivery, before it is written.
type recordEvent struct {
	kind     sinew.EventType
	name     string // what the vendor calls it
	resource string
	id       string
	raw      jsonx.Value
	// records are the unified records, none for an event that no model maps.
	records []jsonx.Value
	// lacks says why an event that a model maps has no record, "" when it has.
	lacks string
}

// newRecordEvent reads an element of what payload_transform returned.
func newRecordEvent(v jsonx.Value) recordEvent {
	e := recordEvent{name: scalar(v.Get("event_type")), resource: scalar(v.Get("resource_type")), id: scalar(v.Get("resource_id")), raw: v.Get("raw")}
	if e.resource == "" {
		e.resource = scalar(v.Get("resource"))
	}
	if !e.raw.Exists() {
		e.raw = v
	}
	e.kind = kindOf(e.name, e.resource != "" || e.id != "")
	return e
}

// scalar is a text or a number as text.
func scalar(v jsonx.Value) string {
	if number, ok := v.NumberText(); ok {
		return number
	}
	return v.Str()
}

// kindOf says what has happened to a record, by the last word of what the vendor calls
// it. A word that tells nothing means that the record is not as it was; without a
// record it is meta.
func kindOf(name string, ofRecord bool) sinew.EventType {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return !(c >= 'a' && c <= 'z') })
	for _, word := range slices.Backward(words) {
		switch word {
		case "created", "create", "added", "add", "inserted", "new", "creation", "opened", "submitted":
			return sinew.EventRecordCreated
		case "deleted", "delete", "removed", "remove", "destroyed", "deletion":
			return sinew.EventRecordDeleted
		case "updated", "update", "changed", "change", "edited", "modified", "propertychange":
			return sinew.EventRecordUpdated
		case "meta":
			return sinew.EventRecordMeta
		}
	}
	if ofRecord {
		return sinew.EventRecordUpdated
	}
	return sinew.EventRecordMeta
}

// payload is what receivers get (spec 03 section 8.3).
func (e recordEvent) payload(t *target, deliveryID string) sinew.JSON {
	orNull := func(text string) jsonx.Value {
		if text == "" {
			return jsonx.NullValue()
		}
		return jsonx.StringValue(text)
	}
	r := t.record
	b := jsonx.NewBuilder(11).
		Set("event_type", orNull(e.name)).
		Set("resource", orNull(e.resource)).
		Set("resource_id", orNull(e.id)).
		Set("method", orNull(strings.TrimPrefix(string(e.kind), "record:"))).
		Set("integrated_account_id", jsonx.StringValue(r.ID)).
		Set("tenant_id", jsonx.StringValue(r.TenantID)).
		Set("environment_integration_id", jsonx.StringValue(r.EnvironmentIntegrationID)).
		Set("integration_name", jsonx.StringValue(r.IntegrationName)).
		Set("inbound_webhook_id", jsonx.StringValue(deliveryID)).
		Set("records", jsonx.ArrayValue(e.records...)).
		Set("raw_payload", e.raw)
	if e.lacks != "" {
		b.Set("enrichment_error", jsonx.StringValue(e.lacks))
	}
	return sinew.JSON(b.Value().String())
}

// eventsOf makes the events of a delivery: those that payload_transform returned, or
// one that has the whole of it.
func eventsOf(in shaped, list []jsonx.Value, v verdict) []recordEvent {
	if v.kind == verdictMeta || list == nil {
		return []recordEvent{{kind: sinew.EventRecordMeta, raw: in.body}}
	}
	events := make([]recordEvent, len(list))
	for i, one := range list {
		events[i] = newRecordEvent(one)
	}
	return events
}
