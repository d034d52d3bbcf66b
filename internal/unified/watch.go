package unified

import (
	"bytes"
	"context"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/manual"
)

const (
	// maxFindings bounds what waits for the watcher; samples beyond that are dropped.
	maxFindings = 64
	// sampleSize is how many records of an answer are looked at, and maxSampled how
	// large one of them may be.
	sampleSize = 3
	maxSampled = 128 << 10
	alarmTime  = 5 * time.Second
)

// Alarms tell of drift.
type Alarms interface {
	// NotifyOnce tells of a thing, with its event, unless it was told of a while ago.
	NotifyOnce(ctx context.Context, n sinew.Notice, thing string, within time.Duration, events ...sinew.Event) error
}

// subject is what is watched.
type subject struct {
	opened *account.Opened
	key    historyKey
}

// vendorMethod is a method of an integration.
type vendorMethod struct{ resource, name string }

// finding is something that calls came across, for the watcher to look into: fields
// that were lost, or a sample of records to hold against a schema.
type finding struct {
	subject
	lost    []lost
	history *history
	sample  [][]byte
	schema  jsonx.Value  // of the unified records
	vendor  vendorMethod // whose response_schema it is instead
}

// sampled copies some records, spread over all of them.
func sampled(records [][]byte) (sample [][]byte) {
	step := max(1, (len(records)+sampleSize-1)/sampleSize)
	for i := 0; i < len(records); i += step {
		if len(records[i]) <= maxSampled {
			sample = append(sample, bytes.Clone(records[i]))
		}
	}
	return sample
}

// handOn gives the watcher something to do. When it has enough to do already, samples
// are dropped; what was lost is told of at once, since it is found once only.
func (s *Service) handOn(ctx context.Context, f finding) {
	select {
	case s.findings <- f:
	default:
		for _, l := range f.lost {
			s.alarm(context.WithoutCancel(ctx), f.subject, l)
		}
	}
}

// Watch looks into what calls came across, beside them, until the context ends, and keeps
// what records had for the next start.
func (s *Service) Watch(ctx context.Context) {
	var compiled schemas
	s.recall(ctx)
	due := time.NewTicker(keepEvery)
	defer due.Stop()
	defer s.keep(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
			s.keep(ctx)
		case f := <-s.findings:
			for _, l := range f.lost {
				s.alarm(ctx, f.subject, l)
			}
			s.look(ctx, f, &compiled)
		}
	}
}

// look holds a sample against its schema.
func (s *Service) look(ctx context.Context, f finding, compiled *schemas) {
	if len(f.sample) == 0 {
		return
	}
	what, schema := ofRecords, f.schema
	if f.vendor != (vendorMethod{}) {
		var err error
		what = ofVendor
		if schema, err = s.responseSchema(ctx, f.opened, f.vendor); err != nil {
			s.log.WarnContext(ctx, "read a response schema", "account", f.key.account, "method", f.vendor.resource+"."+f.vendor.name, "error", err.Error())
			return
		}
	}
	if schema.Kind() != jsonx.Object || schema.Len() == 0 {
		return
	}
	text := schema.String()
	checks := compiled.of(text)
	if checks == nil {
		return
	}
	for _, record := range f.sample {
		reason := unfitting(checks, record)
		if f.history.fits[what].add(text, reason == "") {
			s.alarm(ctx, f.subject, lost{before: 1, misfit: &misfit{vendor: f.vendor, reason: reason}})
		}
	}
}

// responseKey finds the response_schema of a method for an account.
type responseKey struct {
	account string
	method  vendorMethod
}

// responseSchema is what is documented of the records of a vendor's method: by a row,
// or by the definition that applies to the account. Missing when nothing is.
func (s *Service) responseSchema(ctx context.Context, of *account.Opened, m vendorMethod) (jsonx.Value, error) {
	generation, err := s.store.Generation(ctx)
	if err != nil {
		return jsonx.Value{}, err
	}
	key := responseKey{of.Record.ID, m}
	if known, ok := s.responses.Get(key, generation); ok {
		return known, nil
	}
	schema, err := s.readResponseSchema(ctx, &of.Record, m)
	if err == nil {
		s.responses.Put(key, generation, schema)
	}
	return schema, err
}

func (s *Service) readResponseSchema(ctx context.Context, r *sinew.AccountRecord, m vendorMethod) (jsonx.Value, error) {
	rows, err := s.store.DocumentationOf(ctx, r.Integration.ID, r.EnvironmentIntegrationID)
	if err != nil {
		return jsonx.Value{}, err
	}
	if schema := manual.Texts(rows).Schema(sinew.DocumentationResponseSchema, m.resource, m.name); schema.Exists() {
		return schema, nil
	}
	var layers [3]jsonx.Value
	for i, layer := range []sinew.JSON{r.Integration.Config, r.EnvironmentIntegration.Override, r.IntegrationOverride} {
		if layers[i], err = jsonx.ParseString(string(layer.Or(sinew.EmptyObject))); err != nil {
			return jsonx.Value{}, err
		}
	}
	inline := definition.Effective(layers[0], layers[1], layers[2]).At("resources", m.resource, m.name, "response_schema")
	if inline.Kind() == jsonx.String {
		return manual.ReadSchema(inline.Str())
	}
	return inline, nil
}

// alarm tells of drift, by a notice and an event.
func (s *Service) alarm(ctx context.Context, about subject, l lost) {
	ctx, cancel := context.WithTimeout(ctx, alarmTime)
	defer cancel()
	of, key := &about.opened.Record, about.key
	facts := sinew.DriftFacts{
		Model: key.model, Resource: key.resource, Method: key.method, Integration: of.IntegrationName, AccountID: of.ID, Field: l.field, Before: l.before,
	}
	b := jsonx.NewBuilder(12).Set("model", jsonx.StringValue(key.model)).Set("resource", jsonx.StringValue(key.resource)).Set("method", jsonx.StringValue(key.method)).
		Set("integration_name", jsonx.StringValue(of.IntegrationName)).Set("environment_integration_id", jsonx.StringValue(of.EnvironmentIntegrationID)).
		Set("integrated_account_id", jsonx.StringValue(of.ID)).Set("filled_before", jsonx.FloatValue(l.before))
	what := l.field
	if l.field != "" {
		b.Set("field", jsonx.StringValue(l.field))
	}
	if m := l.misfit; m != nil {
		facts.Reason = m.reason
		b.Set("reason", jsonx.StringValue(m.reason)).Set("schema", jsonx.StringValue("unified"))
		if m.vendor != (vendorMethod{}) {
			facts.VendorMethod = m.vendor.resource + "." + m.vendor.name
			what = "response_schema " + facts.VendorMethod
			b.Set("schema", jsonx.StringValue("vendor")).Set("vendor_resource", jsonx.StringValue(m.vendor.resource)).Set("vendor_method", jsonx.StringValue(m.vendor.name))
		}
	}
	now := time.Now().UTC()
	event := sinew.Event{EnvironmentID: of.EnvironmentID, Type: sinew.EventMappingDrift, AccountID: of.ID, Payload: sinew.JSON(b.Value().String()), CreatedAt: now}
	notice := sinew.Notice{EnvironmentID: of.EnvironmentID, Type: sinew.NoticeMappingDrift, Facts: sinew.NoticeFacts{Drift: &facts}, At: now}
	// Once for an installation: what a vendor changes, all of its accounts meet.
	thing := "drift:" + of.EnvironmentIntegrationID + ":" + key.model + "/" + key.resource + "." + what
	if err := s.alarms.NotifyOnce(ctx, notice, thing, driftAgain, event); err != nil {
		s.log.ErrorContext(ctx, "tell of drift", "account", of.ID, "resource", key.model+"/"+key.resource, "field", what, "error", err.Error())
	}
}
