package proxy

import "github.com/sinewhq/sinew/internal/jsonx"

// scope returns the object that placeholders are resolved against: the
// account's context at the root and, for definitions that say so, under context
// and credentials; and beside it what belongs to the call. Names of the call
// win over variables of the same name.
func (c *call) scope(paging jsonx.Value) jsonx.Value {
	whole := c.whole.With("environment_variables", c.variables)
	b := whole.Edit()
	if token := whole.At("oauth", "token", "access_token"); token.Exists() && !whole.Get("access_token").Exists() {
		b.Set("access_token", token)
	}
	b.Set("context", whole)
	b.Set("credentials", whole)
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
