package account

import (
	"context"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Patch is a change of an account; fields that are nil or Missing stay as they
// are.
type Patch struct {
	TenantID             *string
	Name                 *string
	Status               *sinew.AccountStatus
	AuthenticationMethod *sinew.AuthenticationMethod
	// Region must be the current one: an account never moves.
	Region               *sinew.Region
	Context              jsonx.Value
	UnifiedModelOverride jsonx.Value
	IntegrationOverride  jsonx.Value
	// SuperQuery switches SuperQuery on in a region, "" off.
	SuperQuery *sinew.Region
	// StaticGateID sends calls through a gate, "" past any.
	StaticGateID *string
}

// Update changes an account. The context is merged by the rules of
// mergeContext; overrides are replaced whole, but for secrets in objects that
// are sent again.
func (s *Service) Update(ctx context.Context, p sinew.Principal, id string, patch Patch) (sinew.AccountView, error) {
	if patch.StaticGateID != nil {
		if err := s.checkGate(ctx, p, *patch.StaticGateID); err != nil {
			return sinew.AccountView{}, err
		}
	}
	if err := checkMappings(patch.UnifiedModelOverride); err != nil {
		return sinew.AccountView{}, err
	}
	if err := checkOverride(patch.IntegrationOverride); err != nil {
		return sinew.AccountView{}, err
	}
	return s.change(ctx, p, id, change{patch: patch.Context, asked: patch.Status, edit: func(r *sinew.AccountRecord) error { return apply(r, patch) }})
}

func apply(r *sinew.AccountRecord, patch Patch) error {
	if patch.Region != nil && *patch.Region != r.Region {
		return sinew.InvalidField("region", "immutable", "cannot change: the account's data is placed there; connect a new account")
	}
	if patch.TenantID != nil {
		r.TenantID = *patch.TenantID
	}
	if patch.Name != nil {
		r.Name = *patch.Name
	}
	if patch.AuthenticationMethod != nil {
		r.AuthenticationMethod = *patch.AuthenticationMethod
	}
	if patch.SuperQuery != nil {
		r.SuperQuery = *patch.SuperQuery
	}
	if patch.StaticGateID != nil {
		r.StaticGateID = *patch.StaticGateID
	}
	if err := setUnifiedModelOverride(r, patch.UnifiedModelOverride); err != nil {
		return err
	}
	if err := setIntegrationOverride(r, patch.IntegrationOverride); err != nil {
		return err
	}
	return nil
}

// UpdateCredentials changes credential members of the context and nothing else:
// another member is Invalid. The account's status stays until a call shows
// whether the new credentials work.
func (s *Service) UpdateCredentials(ctx context.Context, p sinew.Principal, id string, patch jsonx.Value) (sinew.AccountView, error) {
	a, err := s.Get(ctx, p, id)
	if err != nil {
		return a, err
	}
	config, err := installationConfig(*a.EnvironmentIntegration)
	if err != nil {
		return a, err
	}
	if failures := onlyCredentials(patch, secretPaths(config)); len(failures) > 0 {
		return a, sinew.Invalid(failures...)
	}
	return s.change(ctx, p, id, change{patch: patch})
}

func onlyCredentials(patch jsonx.Value, secretPaths []string) []sinew.Failure {
	allowed := map[string]map[string]bool{}
	for _, path := range secretPaths {
		head, tail, _ := strings.Cut(path, ".")
		if allowed[head] == nil {
			allowed[head] = map[string]bool{}
		}
		allowed[head][firstStep(tail)] = true
	}
	var failures []sinew.Failure
	refuse := func(path string) {
		failures = append(failures, sinew.Failure{
			Path: path, Code: "not_a_credential",
			Message: "is not a credential of this integration; change variables with PATCH /integrated-account/{id}",
		})
	}
	for name, value := range patch.Members() {
		tails, ok := allowed[name]
		if !ok {
			refuse("context." + name)
			continue
		}
		if tails[""] {
			continue
		}
		for inner := range value.Members() {
			if !tails[inner] {
				refuse("context." + name + "." + inner)
			}
		}
	}
	return failures
}

func firstStep(path string) string {
	step, _, _ := strings.Cut(path, ".")
	return step
}

// change is what is to become of an account.
type change struct {
	// patch is merged into the context.
	patch jsonx.Value
	// edit changes the rest, nil for nothing.
	edit func(*sinew.AccountRecord) error
	// asked is the status that the owner sets, nil for none.
	asked *sinew.AccountStatus
	// event is written in place of integrated_account:updated; silent writes none.
	event  sinew.EventType
	silent bool
}

// change carries out a change with its event.
func (s *Service) change(ctx context.Context, p sinew.Principal, id string, c change) (sinew.AccountView, error) {
	if !sinew.IsUUID(id) {
		return sinew.AccountView{}, sinew.NotFound("Integrated account", id)
	}
	current, err := s.store.Account(ctx, p.EnvironmentID, id)
	if err != nil {
		return current, err
	}
	if err := checkSound(&current.IntegratedAccount); err != nil {
		return current, err
	}
	secretPaths, err := secretPathsOf(&current)
	if err != nil {
		return current, err
	}
	patch, keys, err := s.stage(ctx, homeOf(&current.IntegratedAccount), c.patch, staging{
		secretPaths: secretPaths, stored: current.ObjectStore,
		// File pickers, which call with an account token, read large values
		// bare and send the whole context back.
		rewrap: p.Kind == sinew.PrincipalAccountToken,
	})
	if err != nil {
		return current, err
	}
	changed, err := s.store.UpdateAccount(ctx, p.EnvironmentID, id, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
		whole, err := joinContext(r.Context, r.Secrets.Context)
		if err != nil {
			return nil, err
		}
		before := whole.At(keyOAuth, "token")
		if whole = mergeContext(whole, patch); !jsonx.Equal(before, whole.At(keyOAuth, "token")) {
			whole = s.receive(r, whole)
		}
		setContext(r, whole, secretPaths)
		r.ObjectStore = keepStored(whole, r.ObjectStore, keys)
		if c.edit != nil {
			if err := c.edit(r); err != nil {
				return nil, err
			}
		}
		return s.changeEvents(r, p, c)
	})
	if err != nil {
		return changed, err
	}
	return changed, s.hydrate(ctx, &changed, wrapped)
}

// changeEvents stamps a change and makes its event.
func (s *Service) changeEvents(r *sinew.AccountRecord, p sinew.Principal, c change) ([]sinew.Event, error) {
	r.UpdatedAt = now()
	kind, _ := fire(r, cause{Trigger: TriggerUpdate, Actor: actor(p), Asked: c.asked})
	if c.silent {
		return nil, nil
	}
	if c.event != "" {
		kind = c.event
	}
	e, err := s.event(kind, &r.AccountView)
	return []sinew.Event{e}, err
}

// secretPaths are the places of a context that are stored encrypted: what the
// definition says, and the whole token, of which vendors show more than the
// names that are known.
func secretPaths(config jsonx.Value) []string {
	return append([]string{"oauth.token"}, definition.SecretFields(config)...)
}

// passwordFields are the fields that an installation collects as passwords.
func passwordFields(installation *sinew.EnvironmentIntegration) ([]string, error) {
	config, err := installationConfig(*installation)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range definition.SecretFields(config) {
		if !strings.Contains(path, ".") && !slices.Contains(definition.ProtectedPaths(), path) {
			names = append(names, path)
		}
	}
	return names, nil
}

func secretPathsOf(a *sinew.AccountView) ([]string, error) {
	config, err := accountConfig(a)
	if err != nil {
		return nil, err
	}
	return secretPaths(config), nil
}
