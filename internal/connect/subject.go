package connect

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// subject is what is to be connected, secrets included: an installation, and the
// account that is connected again, if there is one.
type subject struct {
	token      sinew.LinkToken
	record     sinew.AccountRecord
	label      string
	credential definition.Credential
	variables  jsonx.Value
	// given is the context of the link token, transformed as its fields say, and before that of the account as far
	// as it stays.
	given, before jsonx.Value
	// account is "" for a new one.
	account string
	// scopes are those to ask for, nil for those of the integration.
	scopes []string
}

// subject finds what a token connects by an integration's name and one of its
// formats. NotFound with code invalid_integration for one that it does not, Invalid
// when the token's context does not fit its fields.
func (s *Service) subject(ctx context.Context, token sinew.LinkToken, name, format string) (subject, error) {
	sub := subject{token: token, before: jsonx.ObjectValue()}
	var err error
	if sub.given, err = parseObject(token.Context); err != nil {
		return sub, fmt.Errorf("link token %s: read context: %w", token.ID, err)
	}
	if token.AccountID != "" {
		if err := s.again(ctx, &sub, name); err != nil {
			return sub, err
		}
	}
	models, err := s.models(ctx, &token)
	if err != nil {
		return sub, err
	}
	sub.scopes = models.scopesFor(&token, name)
	if sub.account == "" {
		if !models.allows(name) {
			return sub, invalidIntegration(name)
		}
		installation, err := s.named(ctx, token.EnvironmentID, name)
		if err != nil {
			return sub, err
		}
		if sub.record, err = s.Store.UnconnectedAccount(ctx, token.EnvironmentID, installation.ID); err != nil {
			return sub, err
		}
	}
	config, variables, err := definition.OfAccount(&sub.record)
	if err != nil {
		return sub, err
	}
	sub.variables = variables
	if sub.label = config.Get("label").Str(); sub.label == "" {
		sub.label = sub.record.IntegrationName
	}
	found := false
	if sub.credential, found = definition.FindCredential(config, format); !found {
		return sub, sinew.InvalidField("format", "not_offered", "is not a way to connect this integration")
	}
	given, failures := sub.credential.ValidateGiven(sub.given)
	if len(failures) > 0 {
		return sub, sinew.Invalid(failures...)
	}
	sub.given = given
	return sub, nil
}

// again reads the account of a token. The one that an earlier try has left behind
// counts only when the customer stays with its integration.
func (s *Service) again(ctx context.Context, sub *subject, name string) error {
	record, whole, err := s.Accounts.AsItIs(ctx, sub.token.EnvironmentID, sub.token.AccountID)
	if err != nil {
		return err
	}
	if record.IntegrationName != name {
		if sub.token.Reconnects {
			return invalidIntegration(name)
		}
		return nil
	}
	if !record.EnvironmentIntegration.IsEnabled {
		return invalidIntegration(name)
	}
	sub.record, sub.account = record, record.ID
	if sub.token.Options.PersistContext {
		sub.before = whole
	}
	return nil
}

// fill checks what the customer filled in and returns it as it is stored. What the
// link token gives need not be filled in, and what stays of the account is taken
// where the customer left a blank.
func (sub *subject) fill(values jsonx.Value) (jsonx.Value, error) {
	if !values.Exists() {
		values = jsonx.ObjectValue()
	}
	supplied := sub.given
	for _, f := range sub.credential.Fields {
		stays := sub.before.Get(f.Name)
		blank := values.Get(f.Name).Str() == "" && values.Get(f.Name).Kind() != jsonx.Number && values.Get(f.Name).Kind() != jsonx.Bool
		if stays.Exists() && blank && !supplied.Get(f.Name).Exists() {
			supplied = supplied.With(f.Name, stays)
			values = values.Without(f.Name)
		}
	}
	filled, failures := sub.credential.ValidateForm(values, supplied)
	if len(failures) > 0 {
		return filled, sinew.Invalid(failures...)
	}
	return filled, nil
}

// values are what the definition's placeholders see.
func (sub *subject) values(filled jsonx.Value) jsonx.Value {
	whole := jsonx.Overlay(jsonx.Overlay(sub.before, filled), sub.given)
	return whole.With("context", whole).With("credentials", whole).With("environment_variables", sub.variables)
}
