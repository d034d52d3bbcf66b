package action

import (
	"context"
	"errors"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The codes of forms that cannot be filled in.
const (
	CodeNoForm    = "form_not_found"
	CodeNotActive = "account_not_active"
)

// Form is what follows the connection of an account.
type Form struct {
	Integration *sinew.Integration
	Fields      []definition.FormField
	// Values are what the account has of the fields, without passwords.
	Values jsonx.Value
	// Label and Logo are what the installation shows of the integration.
	Label, Logo string
}

// Form returns the form of an account. NotFound with CodeNoForm when its
// integration has none, Unprocessable with CodeNotActive before the account is
// active.
func (s *Service) Form(ctx context.Context, p sinew.Principal, accountID string) (Form, error) {
	r, fields, err := s.openForm(ctx, p, accountID)
	if err != nil {
		return Form{}, err
	}
	visible, err := r.visible()
	if err != nil {
		return Form{}, err
	}
	b := jsonx.NewBuilder(len(fields))
	for _, f := range fields {
		if f.Type != definition.FieldPassword {
			b.Set(f.Name, visible.Get(f.Name))
		}
	}
	return Form{
		Integration: r.account.Integration, Fields: fields, Values: b.Value(), Label: r.effective.Get("label").Str(), Logo: r.effective.Get("logo").Str(),
	}, nil
}

// openForm reads an account and its form.
func (s *Service) openForm(ctx context.Context, p sinew.Principal, accountID string) (*run, []definition.FormField, error) {
	r := &run{service: s, principal: p, event: sinew.EventAccountUpdated}
	if err := r.load(ctx, accountID); err != nil {
		return nil, nil, err
	}
	fields := definition.FormFields(r.effective)
	if len(fields) == 0 {
		return nil, nil, sinew.Errorf(sinew.KindNotFound, "The integration has no form to fill in").WithCode(CodeNoForm)
	}
	if r.account.Status != sinew.StatusActive {
		return nil, nil, sinew.Errorf(sinew.KindUnprocessable, "The account is %s, and its form can be filled in once it is active", r.account.Status).WithCode(CodeNotActive)
	}
	return r, fields, nil
}

// Submission is a form that was filled in.
type Submission struct {
	Principal sinew.Principal
	RequestID string
	AccountID string
	// Values are the fields by name; those that are left out stay as they are.
	Values jsonx.Value
	// Additional is what the page that embeds the form knows: expressions and
	// templates read it where no field has the name.
	Additional jsonx.Value
	// Kept names the selects of which no option may be taken away, and Fixed the
	// fields that may not change, each with a message.
	Kept, Fixed jsonx.Value
}

// Submit checks what was filled in, merges it into the context with its event, and
// takes the further steps of the action. Invalid names every field that is wrong.
func (s *Service) Submit(ctx context.Context, in Submission) error {
	r, fields, err := s.openForm(ctx, in.Principal, in.AccountID)
	if err != nil {
		return err
	}
	r.requestID = in.RequestID
	e := &entry{run: r, in: in, fields: fields}
	if r.form, err = e.accepted(ctx); err != nil {
		return err
	}
	r.filled = jsonx.Overlay(e.values, r.form)
	r.begin(definition.ActionForm)
	bounded, cancel := context.WithTimeoutCause(ctx, s.times.Custom, errTooLong)
	defer cancel()
	err = r.finish(bounded, nil)
	if errors.Is(err, errTooLong) {
		err = tooLong(r, s.times.Custom)
	}
	return err
}
