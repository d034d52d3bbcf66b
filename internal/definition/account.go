package definition

import (
	"fmt"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// OfAccount returns the config that an account works with, secrets included, and
// what {{environment_variables.KEY}} reads.
func OfAccount(r *sinew.AccountRecord) (effective, variables jsonx.Value, err error) {
	var layers [3]jsonx.Value
	for i, layer := range [...]struct {
		name            string
		visible, secret sinew.JSON
	}{
		{"config", r.Integration.Config, r.ConfigSecret},
		{"override", r.EnvironmentIntegration.Override, r.OverrideSecret},
		{"integration override", r.IntegrationOverride, r.Secrets.IntegrationOverride},
	} {
		visible, err := jsonx.ParseString(string(layer.visible.Or(sinew.EmptyObject)))
		if err != nil {
			return effective, variables, fmt.Errorf("account %s: read %s: %w", r.ID, layer.name, err)
		}
		secret, err := jsonx.ParseString(string(layer.secret.Or(sinew.EmptyObject)))
		if err != nil {
			return effective, variables, fmt.Errorf("account %s: read secrets of %s: %w", r.ID, layer.name, err)
		}
		layers[i] = Join(visible, secret)
	}
	return Effective(layers[0], layers[1], layers[2]), EnvironmentVariables(layers[1]), nil
}

// RefreshesByAction reports whether the definition of an account has an action that
// brings tokens. Of one that has none it looks at the texts alone.
func RefreshesByAction(r *sinew.AccountRecord) bool {
	const name = `"` + ActionRefresh + `":`
	named := false
	for _, layer := range [...]sinew.JSON{r.Integration.Config, r.EnvironmentIntegration.Override, r.IntegrationOverride} {
		named = named || strings.Contains(string(layer), name+"{") || strings.Contains(string(layer), name+"[")
	}
	if !named {
		return false
	}
	config, _, err := OfAccount(r)
	if err != nil {
		return false
	}
	_, ok := Action(config, ActionRefresh)
	return ok
}
