package account

import (
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// checkOverride holds an override for one account against the rules of
// overrides, so that a mistake is found when it is written and not by a call.
func checkOverride(override jsonx.Value) error {
	if !override.Exists() || override.IsNull() {
		return nil
	}
	failures, _ := definition.CheckOverride(override)
	for i := range failures {
		failures[i].Path = strings.Replace(failures[i].Path, "override", "integration_override", 1)
	}
	if len(failures) > 0 {
		return sinew.Invalid(failures...)
	}
	return nil
}

// checkMappings does so with changes of unified mappings for one account.
func checkMappings(override jsonx.Value) error {
	if !override.Exists() || override.IsNull() {
		return nil
	}
	if failures := mapping.CheckOverride(override, "unified_model_override"); len(failures) > 0 {
		return sinew.Invalid(failures...)
	}
	return nil
}

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

// setUnifiedModelOverride stores changes of unified mappings for one account by
// the same rules.
func setUnifiedModelOverride(r *sinew.AccountRecord, override jsonx.Value) error {
	if !override.Exists() {
		return nil
	}
	stored, err := parse(r.Secrets.UnifiedModelOverride)
	if err != nil {
		return err
	}
	visible, secret := definition.SplitMappings(definition.Retain(override, stored))
	r.UnifiedModelOverride = objectText(visible)
	r.Secrets.UnifiedModelOverride = secretText(secret)
	return nil
}
