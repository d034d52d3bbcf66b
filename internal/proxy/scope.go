package proxy

import (
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// prepared is what all calls for an account have in common.
type prepared struct {
	layers layers
	// root is what of the scope of placeholders belongs to no call.
	root jsonx.Value
	// secrets are the texts and numbers of the account that nobody may see.
	secrets []string
}

// prepare finds out about the account what calls before this one may have.
func (c *call) prepare() error {
	made, err := c.opened.Prepared(func(o *account.Opened) (any, error) {
		layers, err := c.service.layers(&o.Record)
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", o.Record.ID, err)
		}
		return &prepared{layers: layers, root: newRoot(o.Whole, layers.variables()), secrets: secretsOf(&o.Record)}, nil
	})
	if err != nil {
		return err
	}
	c.prepared = made.(*prepared)
	return nil
}

// newRoot is an account's context at the root and, for definitions that say so,
// under context and credentials.
func newRoot(whole, variables jsonx.Value) jsonx.Value {
	whole = whole.With("environment_variables", variables)
	b := whole.Edit()
	if token := whole.At("oauth", "token", "access_token"); token.Exists() && !whole.Get("access_token").Exists() {
		b.Set("access_token", token)
	}
	return b.Set("context", whole).Set("credentials", whole).Value()
}

// scope returns the object that placeholders are resolved against: the account's
// part, and beside it what belongs to the call. Names of the call win over
// variables of the same name.
func (c *call) scope(paging jsonx.Value) jsonx.Value {
	b := c.root.Edit()
	b.Set("query", c.Query)
	b.Set("body", c.Body)
	if c.ID != "" {
		b.Set("id", jsonx.StringValue(c.ID))
	}
	if paging.Exists() {
		b.Set("pagination", paging)
	}
	return b.Value()
}

func secretsOf(r *sinew.AccountRecord) (all []string) {
	add := func(secret string) {
		if len(secret) >= shortestSecret {
			all = append(all, secret)
		}
	}
	for _, text := range secretParts(r) {
		if v, err := jsonx.ParseString(string(text.Or(sinew.EmptyObject))); err == nil {
			eachScalar(v, add, add)
		}
	}
	return all
}

// secretParts are the stored objects of which every value is a secret.
func secretParts(r *sinew.AccountRecord) []sinew.JSON {
	return []sinew.JSON{r.Secrets.Context, r.Secrets.IntegrationOverride, r.Secrets.UnifiedModelOverride, r.OverrideSecret, r.ConfigSecret}
}
