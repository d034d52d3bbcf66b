package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Import is an account whose credentials the caller holds already.
type Import struct {
	TenantID                 string
	EnvironmentIntegrationID string
	AuthenticationMethod     sinew.AuthenticationMethod
	Context                  jsonx.Value
	Region                   sinew.Region
	Name                     string
	IsSandbox                bool
	StaticGateID             string
	UnifiedModelOverride     jsonx.Value
	IntegrationOverride      jsonx.Value
}

// Import creates an account; see Connected for its status. Invalid names what the credential
// format misses, NotFound an installation or a gate that is not there.
func (s *Service) Import(ctx context.Context, p sinew.Principal, in Import) (sinew.AccountView, error) {
	installation, err := s.installation(ctx, p, in.EnvironmentIntegrationID)
	if err != nil {
		return sinew.AccountView{}, err
	}
	if err := s.checkGate(ctx, p, in.StaticGateID); err != nil {
		return sinew.AccountView{}, err
	}
	if err := checkMappings(in.UnifiedModelOverride); err != nil {
		return sinew.AccountView{}, err
	}
	if err := checkOverride(in.IntegrationOverride); err != nil {
		return sinew.AccountView{}, err
	}
	config, err := installationConfig(installation)
	if err != nil {
		return sinew.AccountView{}, err
	}
	values, err := checkCredential(config, in.AuthenticationMethod, in.Context)
	if err != nil {
		return sinew.AccountView{}, err
	}
	r := newRecord(in, installation)
	if err := setIntegrationOverride(&r, in.IntegrationOverride); err != nil {
		return sinew.AccountView{}, err
	}
	secretPaths, err := secretPathsOf(&r.AccountView)
	if err != nil {
		return sinew.AccountView{}, err
	}
	patch, keys, err := s.stage(ctx, homeOf(&r.IntegratedAccount), values, staging{secretPaths: secretPaths})
	if err != nil {
		return sinew.AccountView{}, err
	}
	setContext(&r, s.receive(&r, mergeContext(jsonx.ObjectValue(), patch)), secretPaths)
	r.ObjectStore = keys
	if err := setUnifiedModelOverride(&r, in.UnifiedModelOverride); err != nil {
		return sinew.AccountView{}, err
	}
	return s.create(ctx, p, r)
}

// create writes a new account with its events and returns it with its large
// values.
func (s *Service) create(ctx context.Context, p sinew.Principal, r sinew.AccountRecord) (sinew.AccountView, error) {
	events, err := s.Connected(&r, actor(p))
	if err != nil {
		return r.AccountView, err
	}
	if err := s.store.CreateAccount(ctx, r, events); err != nil {
		return r.AccountView, err
	}
	return r.AccountView, s.hydrate(ctx, &r.AccountView, wrapped)
}

// installation returns the installed integration that an account is made of.
func (s *Service) installation(ctx context.Context, p sinew.Principal, id string) (sinew.EnvironmentIntegration, error) {
	if !sinew.IsUUID(id) {
		return sinew.EnvironmentIntegration{}, sinew.NotFound("Environment integration", id)
	}
	installation, err := s.store.EnvironmentIntegration(ctx, p.EnvironmentID, id)
	if err != nil {
		return installation, err
	}
	if !installation.IsEnabled {
		return installation, sinew.InvalidField("environment_integration_id", "disabled", "the integration is switched off in this environment; set is_enabled to connect accounts")
	}
	return installation, nil
}

func (s *Service) checkGate(ctx context.Context, p sinew.Principal, id string) error {
	if id == "" {
		return nil
	}
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Static gate", id)
	}
	_, err := s.store.StaticGate(ctx, p.EnvironmentID, id)
	return err
}

// installationConfig returns the config that accounts of an installation see,
// without secrets: enough for its credential formats and fields.
func installationConfig(installation sinew.EnvironmentIntegration) (jsonx.Value, error) {
	config, err := parse(installation.Integration.Config)
	if err != nil {
		return config, fmt.Errorf("integration %s: read config: %w", installation.IntegrationID, err)
	}
	override, err := parse(installation.Override)
	if err != nil {
		return config, fmt.Errorf("environment integration %s: read override: %w", installation.ID, err)
	}
	return definition.Effective(config, override, jsonx.Value{}), nil
}

// checkCredential makes sure that the integration offers the credential format
// and that the context has what it asks for, and applies defaults and
// transforms.
func checkCredential(config jsonx.Value, method sinew.AuthenticationMethod, values jsonx.Value) (jsonx.Value, error) {
	credential, ok := definition.FindCredential(config, string(method))
	if !ok {
		var offered []string
		for _, credential := range definition.Credentials(config) {
			offered = append(offered, credential.Format)
		}
		return values, sinew.InvalidField("authentication_method", "not_offered", "the integration does not offer %q; it offers: %s", method, strings.Join(offered, ", "))
	}
	checked, failures := credential.Validate(values)
	if len(failures) > 0 {
		return values, sinew.Invalid(failures...)
	}
	return checked, nil
}

func newRecord(in Import, installation sinew.EnvironmentIntegration) sinew.AccountRecord {
	at := now()
	r := sinew.AccountRecord{AccountView: sinew.AccountView{
		IntegratedAccount: sinew.IntegratedAccount{
			ID:                       uuid.Must(uuid.NewV7()).String(),
			EnvironmentID:            installation.EnvironmentID,
			EnvironmentIntegrationID: installation.ID,
			IntegrationID:            installation.IntegrationID,
			IntegrationName:          installation.Integration.Name,
			TenantID:                 in.TenantID,
			Name:                     in.Name,
			IsSandbox:                in.IsSandbox,
			AuthenticationMethod:     in.AuthenticationMethod,
			Region:                   in.Region,
			StaticGateID:             in.StaticGateID,
			UnifiedModelOverride:     sinew.EmptyObject,
			IntegrationOverride:      sinew.EmptyObject,
			CreatedAt:                at,
			UpdatedAt:                at,
		},
		Integration:            installation.Integration,
		EnvironmentIntegration: &installation,
	}}
	if r.Region == "" {
		r.Region = sinew.DefaultRegion
	}
	if r.Name == "" {
		r.Name = defaultName(installation.Integration, in.TenantID)
	}
	return r
}

// defaultName is the integration's label and the tenant.
func defaultName(i *sinew.Integration, tenantID string) string {
	label := i.Name
	if config, err := parse(i.Config); err == nil && config.Get("label").Str() != "" {
		label = config.Get("label").Str()
	}
	return label + " - " + tenantID
}

func setContext(r *sinew.AccountRecord, whole jsonx.Value, secretPaths []string) {
	visible, secret := splitContext(whole, secretPaths)
	r.Context = sinew.JSON(visible.String())
	r.Secrets.Context = secretText(secret)
}

// objectText is what is stored of a JSON object that may be absent or null.
func objectText(v jsonx.Value) sinew.JSON {
	if v.Kind() != jsonx.Object {
		return sinew.EmptyObject
	}
	return sinew.JSON(v.String())
}
