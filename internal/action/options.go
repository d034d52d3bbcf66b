package action

import (
	"context"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
)

// Question asks for the options of a field.
type Question struct {
	Submission
	Field  string
	Cursor string
	// Search is a text that the options are to hold, "" for all.
	Search string
}

// Options are a page of what a select offers.
type Options struct {
	Options []definition.FormOption
	// Next is the cursor of the next page, "" at the end.
	Next string
}

// searchRoot is the name under which a source's query reads what is searched for.
const searchRoot = "search"

// Options returns a page of the options of a field: those of the definition, or the
// records of its source. Invalid names fields that have to be filled first; the
// vendor's refusal is a *proxy.RemoteError.
func (s *Service) Options(ctx context.Context, q Question) (Options, error) {
	r, fields, err := s.openForm(ctx, q.Principal, q.AccountID)
	if err != nil {
		return Options{}, err
	}
	r.requestID = q.RequestID
	e := &entry{run: r, in: q.Submission, fields: fields}
	e.values = e.complete()
	field, err := e.find(q.Field)
	if err != nil {
		return Options{}, err
	}
	if field.Source == nil {
		return Options{Options: matching(field.Options, q.Search)}, nil
	}
	return e.fetch(ctx, field.Source, q)
}

// find returns a field whose options can be asked for.
func (e *entry) find(name string) (definition.FormField, error) {
	for _, f := range e.fields {
		if f.Name != name {
			continue
		}
		if f.Source == nil && len(f.Options) == 0 {
			return f, sinew.InvalidField("field", definition.CodeValue, "has no options")
		}
		for _, needed := range f.DependsOn {
			if blank(e.values.Get(needed)) {
				e.fail("values."+needed, definition.CodeRequired, "is required before "+name)
			}
		}
		if len(e.failures) > 0 {
			return f, sinew.Invalid(e.failures...)
		}
		return f, nil
	}
	return definition.FormField{}, sinew.InvalidField("field", "unknown_field", "is not a field of the form")
}

// fetch makes options of a page of records.
func (e *entry) fetch(ctx context.Context, source *definition.FormSource, q Question) (Options, error) {
	query, searched, err := e.sourceQuery(source, q)
	if err != nil {
		return Options{}, err
	}
	records, next, err := e.records(ctx, source, query)
	if err != nil {
		return Options{}, err
	}
	options := make([]definition.FormOption, 0, len(records))
	for _, record := range records {
		o, err := e.option(ctx, source, record)
		if err != nil {
			return Options{}, err
		}
		options = append(options, o)
	}
	if !searched {
		options = matching(options, q.Search)
	}
	return Options{Options: options, Next: next}, nil
}

// records reads a page of what a source lists.
func (e *entry) records(ctx context.Context, source *definition.FormSource, query jsonx.Value) (records []jsonx.Value, next string, err error) {
	if source.Type == definition.StepUnified {
		call := unified.Call{Principal: e.principal, RequestID: e.requestID, AccountID: e.account.ID, Method: source.Method, Query: query}
		call.Model, call.Resource, _ = strings.Cut(source.Resource, "/")
		got, err := e.service.unified.Read(ctx, call)
		return got.Value.Items(), got.Next, err
	}
	result, err := e.service.proxy.Do(ctx, proxy.Call{
		Principal: e.principal, RequestID: e.requestID, AccountID: e.account.ID, Resource: source.Resource, Method: source.Method, Query: query, Whole: true,
	})
	if err != nil {
		return nil, "", err
	}
	return result.Payload().Items(), result.Next(), nil
}

// sourceQuery fills in the query of a source. Members that read what is not filled
// in are left out. searched says that the vendor is told what is searched for.
func (e *entry) sourceQuery(source *definition.FormSource, q Question) (query jsonx.Value, searched bool, err error) {
	root := e.scope()
	if q.Search != "" {
		root = root.With(searchRoot, jsonx.StringValue(q.Search))
	}
	b := jsonx.NewBuilder(source.Query.Len() + 1)
	for name, value := range source.Query.Members() {
		t, err := placeholder.Compile(value)
		if err != nil {
			return query, false, sinew.Errorf(sinew.KindInvalid, "The query of the field %s is not valid: %v", q.Field, err).WithCode("invalid_definition").WithCause(err)
		}
		for _, holder := range t.Holders() {
			searched = searched || strings.Contains(holder.Text, searchRoot)
		}
		if filled, unresolved := t.Render(root); len(unresolved) == 0 {
			b.Set(name, filled)
		}
	}
	if q.Cursor != "" {
		b.Set("next_cursor", jsonx.StringValue(q.Cursor))
	}
	return b.Value(), searched, nil
}

// option makes an option of a record.
func (e *entry) option(ctx context.Context, source *definition.FormSource, record jsonx.Value) (o definition.FormOption, err error) {
	if o.Value, err = e.part(ctx, source.Value, record); err != nil {
		return o, err
	}
	label, err := e.part(ctx, source.Label, record)
	if err != nil {
		return o, err
	}
	if o.Label = textOf(label); o.Label == "" {
		o.Label = textOf(o.Value)
	}
	subText, err := e.part(ctx, source.SubText, record)
	o.SubText = textOf(subText)
	return o, err
}

// part reads one part of an option: by names with dots between them, or by an
// expression over the record.
func (e *entry) part(ctx context.Context, path string, record jsonx.Value) (jsonx.Value, error) {
	if path == "" {
		return jsonx.Value{}, nil
	}
	if names, ok := definition.DottedPath(path); ok {
		if found := record.At(names...); found.Exists() || record.Kind() != jsonx.Object {
			return found, nil
		}
	}
	return e.service.eval(ctx, path, record, jsonx.Value{})
}

func textOf(v jsonx.Value) string {
	if text, ok := v.Text(); ok {
		return text
	}
	if !v.Exists() || v.IsNull() {
		return ""
	}
	return v.String()
}

// matching are the options whose label or second line holds a text, whatever its
// case.
func matching(options []definition.FormOption, text string) []definition.FormOption {
	if text == "" {
		return options
	}
	text = strings.ToLower(text)
	found := []definition.FormOption{}
	for _, o := range options {
		if strings.Contains(strings.ToLower(o.Label), text) || strings.Contains(strings.ToLower(o.SubText), text) {
			found = append(found, o)
		}
	}
	return found
}
