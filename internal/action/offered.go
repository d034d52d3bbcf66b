package action

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Bounds of looking options up when a form is submitted. A list that goes on beyond
// is one that customers search in, and what they found there is taken on trust.
const (
	maxLookupPages = 50
	maxLookup      = 30 * time.Second
)

// checkSources refuses options that the vendor does not list: it may be anybody who
// submits a form. Once the rest is right, since it takes calls.
func (e *entry) checkSources(ctx context.Context) error {
	bounded, cancel := context.WithTimeoutCause(ctx, maxLookup, errTooLong)
	defer cancel()
	for _, f := range e.fields {
		if f.Source == nil || f.AllowOther {
			continue
		}
		missing, err := e.notListed(bounded, f)
		if errors.Is(context.Cause(bounded), errTooLong) {
			return sinew.Errorf(sinew.KindTimeout, "The options of %s could not be read within %s; try again", f.Name, maxLookup).WithCode("timeout")
		}
		if err != nil {
			return err
		}
		if missing {
			e.fail(f.Name, definition.CodeEnum, "is not one of the options")
		}
	}
	return nil
}

// notListed reports whether a field has an option that its source does not list.
func (e *entry) notListed(ctx context.Context, f definition.FormField) (bool, error) {
	wanted := e.unproven(f)
	if len(wanted) == 0 {
		return false, nil
	}
	q := Question{Field: f.Name}
	for range maxLookupPages {
		page, err := e.fetch(ctx, f.Source, q)
		if err != nil {
			return false, err
		}
		wanted = slices.DeleteFunc(wanted, func(v jsonx.Value) bool {
			return slices.ContainsFunc(page.Options, func(o definition.FormOption) bool { return jsonx.Equal(o.Value, v) })
		})
		if len(wanted) == 0 {
			return false, nil
		}
		if page.Next == "" || page.Next == q.Cursor {
			return true, nil
		}
		q.Cursor = page.Next
	}
	return false, nil
}

// unproven are the options that a field gets anew. Those that the account has
// already stay, although the vendor may have stopped to list them, as long as what
// they depend on stays.
func (e *entry) unproven(f definition.FormField) []jsonx.Value {
	entered := e.in.Values.Get(f.Name)
	if said := e.in.Fixed.Get(f.Name); said.Exists() && !said.IsNull() {
		return nil
	}
	kept := selection(e.whole.Get(f.Name))
	for _, name := range f.DependsOn {
		if !jsonx.Equal(e.values.Get(name), e.whole.Get(name)) {
			kept = nil
		}
	}
	return slices.DeleteFunc(slices.Clone(selection(entered)), func(v jsonx.Value) bool {
		return slices.ContainsFunc(kept, func(k jsonx.Value) bool { return jsonx.Equal(k, v) })
	})
}
