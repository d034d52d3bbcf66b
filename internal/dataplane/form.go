package dataplane

import (
	"context"
	"errors"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/action"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// Forms serve what follows a connection.
type Forms interface {
	Form(ctx context.Context, p sinew.Principal, accountID string) (action.Form, error)
	Options(ctx context.Context, q action.Question) (action.Options, error)
	Submit(ctx context.Context, in action.Submission) error
}

// form is the answer to GET /connect/form.
type form struct {
	IntegratedAccountID string          `json:"integrated_account_id" format:"uuid" doc:"The account of the token."`
	Integration         formIntegration `json:"integration" doc:"The connected application."`
	Fields              []formField     `json:"fields" doc:"The fields, in order."`
	Values              jsonx.Value     `json:"values" type:"object" doc:"What the account has of them, without passwords."`
}

type formIntegration struct {
	Name  string  `json:"name" doc:"The name (slug) of the integration."`
	Label string  `json:"label" doc:"Its name for people."`
	Logo  *string `json:"logo" doc:"The address of its logo."`
}

type formField struct {
	Name         string       `json:"name" doc:"The key in the context."`
	Type         string       `json:"type" enum:"single_select,multi_select,text,password,checkbox,hidden" doc:"How it is filled in."`
	Label        string       `json:"label" doc:"Its name for people."`
	HelpText     string       `json:"help_text" doc:"What to know about it."`
	Placeholder  string       `json:"placeholder" doc:"Shown while it is empty."`
	Required     bool         `json:"required" doc:"Whether it has to be filled in, once its dependencies are."`
	DependsOn    []string     `json:"depends_on" doc:"Fields that have to be filled in first."`
	DisabledText string       `json:"disabled_text" doc:"Shown while they are not."`
	Default      jsonx.Value  `json:"default,omitzero" doc:"Its value where the account has none."`
	HasSource    bool         `json:"has_data_source" doc:"Whether POST /connect/form/options has its options."`
	Options      []formOption `json:"options" doc:"The options of a select without a source."`
}

type formOption struct {
	Value   jsonx.Value `json:"value" doc:"What is stored."`
	Label   string      `json:"label" doc:"What is shown."`
	SubText string      `json:"subText" doc:"A second line."`
}

type formOptions struct {
	Result     []formOption `json:"result" doc:"A page of options."`
	NextCursor *string      `json:"next_cursor" doc:"Where the next page begins; null at the end."`
}

// askOptions is the body of POST /connect/form/options.
type askOptions struct {
	Field      string      `json:"field" required:"true" min:"1" doc:"The field whose options are wanted."`
	Values     jsonx.Value `json:"values" type:"object" doc:"What is filled in so far, by field."`
	Cursor     string      `json:"cursor" doc:"The cursor of the page before."`
	Search     string      `json:"search" max:"500" doc:"A text that the options are to hold."`
	Additional jsonx.Value `json:"additional_context" type:"object" doc:"What the page knows: templates read it where no field has the name."`
}

type formSubmitted struct {
	Success             bool   `json:"success" doc:"Always true."`
	IntegratedAccountID string `json:"integrated_account_id" format:"uuid" doc:"The account of the token."`
}

// formOperations are called by the page that follows a connection, from any
// origin, with the token of the account alone.
func formOperations(s Forms) []httpapi.Operation {
	const tag = "Connect"
	return []httpapi.Operation{
		{
			Method: http.MethodGet, Path: "/connect/form", ID: "getConnectForm", Tag: tag, Summary: "Get the form that follows a connection",
			Description: "The action post_connect_user_form of the installed integration. The account must be active.",
			Access:      httpapi.AccessAccountOnly, AfterLink: true, Browser: true, Answer: form{},
			Handle: func(c *httpapi.Call) (httpapi.Answer, error) { return showForm(c, s) },
		},
		{
			Method: http.MethodPost, Path: "/connect/form/options", ID: "listConnectFormOptions", Tag: tag, Summary: "List the options of a field",
			Description: "From the vendor, for fields with a data source.",
			Access:      httpapi.AccessAccountOnly, AfterLink: true, Browser: true, Status: http.StatusOK, Body: askOptions{}, Answer: formOptions{},
			Handle: func(c *httpapi.Call) (httpapi.Answer, error) { return listOptions(c, s) },
		},
		{
			Method: http.MethodPost, Path: "/link-token/post-connect-form", ID: "submitConnectForm", Tag: tag, Summary: "Submit the form that follows a connection",
			Description: "The body holds the fields by name, or under values, beside additional_context, prevent_deselect and disabled_fields. They are merged into the context of the account.",
			Access:      httpapi.AccessAccountOnly, AfterLink: true, Browser: true, RawBody: true, Status: http.StatusOK, Answer: formSubmitted{},
			Handle: func(c *httpapi.Call) (httpapi.Answer, error) { return submitForm(c, s) },
		},
	}
}

func showForm(c *httpapi.Call, s Forms) (httpapi.Answer, error) {
	found, err := s.Form(c.Context(), c.Principal, c.Principal.AccountID)
	if err != nil {
		return httpapi.Answer{}, err
	}
	shown := form{
		IntegratedAccountID: c.Principal.AccountID, Integration: formIntegration{Name: found.Integration.Name, Label: found.Label, Logo: orNil(found.Logo)},
		Fields: make([]formField, len(found.Fields)), Values: found.Values,
	}
	for i, f := range found.Fields {
		shown.Fields[i] = formField{
			Name: f.Name, Type: f.Type, Label: f.Label, HelpText: f.HelpText, Placeholder: f.Placeholder, Required: f.Required,
			DependsOn: append([]string{}, f.DependsOn...), DisabledText: f.DisabledText, Default: f.Default, HasSource: f.Source != nil, Options: showOptions(f.Options),
		}
	}
	return c.JSON(shown)
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func showOptions(options []definition.FormOption) []formOption {
	shown := make([]formOption, len(options))
	for i, o := range options {
		shown[i] = formOption{Value: o.Value, Label: o.Label, SubText: o.SubText}
		if !o.Value.Exists() {
			shown[i].Value = jsonx.NullValue()
		}
	}
	return shown
}

func listOptions(c *httpapi.Call, s Forms) (httpapi.Answer, error) {
	var in askOptions
	if err := c.Bind(&in); err != nil {
		return httpapi.Answer{}, err
	}
	page, err := s.Options(c.Context(), action.Question{
		Submission: action.Submission{Principal: c.Principal, RequestID: c.RequestID(), AccountID: c.Principal.AccountID, Values: in.Values, Additional: in.Additional},
		Field:      in.Field, Cursor: in.Cursor, Search: in.Search,
	})
	if remote, ok := errors.AsType[*proxy.RemoteError](err); ok {
		return refusal(c, remote, explanationOf(remote)), nil
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.JSON(formOptions{Result: showOptions(page.Options), NextCursor: orNil(page.Next)})
}

func submitForm(c *httpapi.Call, s Forms) (httpapi.Answer, error) {
	body, err := c.Body()
	if err != nil {
		return httpapi.Answer{}, err
	}
	in := action.Submission{Principal: c.Principal, RequestID: c.RequestID(), AccountID: c.Principal.AccountID, Values: body}
	if values := body.Get("values"); values.Kind() == jsonx.Object {
		in.Values, in.Additional = values, body.Get("additional_context")
		in.Kept, in.Fixed = body.Get("prevent_deselect"), body.Get("disabled_fields")
	}
	err = s.Submit(c.Context(), in)
	if failed, ok := errors.AsType[*action.StepError](err); ok {
		return stepFailure(c, failed)
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.JSON(formSubmitted{Success: true, IntegratedAccountID: c.Principal.AccountID})
}
