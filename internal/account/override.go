package account

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// setIntegrationOverride stores an override for one account, its secrets apart.
// No answer shows them, so they stay as long as the object that held them is
// sent again; an empty override or null clears them.
func setIntegrationOverride(r *sinew.AccountRecord, override jsonx.Value) error {
	if !override.Exists() {
		return nil
	}
	stored, err := parse(r.Secrets.IntegrationOverride)
	if err != nil {
		return err
	}
	visible, secret := definition.Split(definition.Retain(override, stored))
	r.IntegrationOverride = objectText(visible)
	r.Secrets.IntegrationOverride = secretText(secret)
	return nil
}
