package tool

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/manual"
)

// Store has what there is to discover. What a caller must not see is NotFound.
type Store interface {
	Integration(ctx context.Context, teamID, id string) (sinew.Integration, error)
	IntegrationCalled(ctx context.Context, teamID, environmentID, name string) (sinew.Integration, error)
	Account(ctx context.Context, environmentID, id string) (sinew.AccountView, error)
	// Mappings are the methods that are mapped to an integration.
	Mappings(ctx context.Context, environmentID, integration string) ([]sinew.MappedMethod, error)
	// InstalledModels returns all that an environment has installed.
	InstalledModels(ctx context.Context, environmentID string) ([]sinew.EnvironmentUnifiedModel, error)
	ModelsWithOverrides(ctx context.Context, environmentID string, modelIDs []string) (map[string]sinew.EnvironmentUnifiedModel, error)
}

// Manual has documentation.
type Manual interface {
	// Of returns the rows about entities that the caller is known to see.
	Of(ctx context.Context, entityIDs ...string) (manual.Texts, error)
}

// Service tells what there is. It is safe for concurrent use.
type Service struct {
	store  Store
	manual Manual
	slug   *regexp.Regexp
}

// New returns a service.
func New(store Store, m Manual) *Service {
	return &Service{store: store, manual: m, slug: regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)}
}

// subject is what is asked about.
type subject struct {
	integration sinew.Integration
	// config is the definition that applies, and texts are the documentation.
	config jsonx.Value
	texts  manual.Texts
	// account is set when an account is asked about.
	account *sinew.AccountView
}

// integration reads an integration by its id or name as its owner has defined and
// documented it.
func (s *Service) integration(ctx context.Context, p sinew.Principal, idOrName string) (subject, error) {
	one, err := s.findIntegration(ctx, p, idOrName)
	if err != nil {
		return subject{}, err
	}
	config, err := read(one.Config, "integration "+one.ID)
	if err != nil {
		return subject{}, err
	}
	texts, err := s.manual.Of(ctx, one.ID)
	return subject{integration: one, config: definition.Effective(config, jsonx.Value{}, jsonx.Value{}), texts: texts}, err
}

func (s *Service) findIntegration(ctx context.Context, p sinew.Principal, idOrName string) (sinew.Integration, error) {
	switch {
	case sinew.IsUUID(idOrName):
		return s.store.Integration(ctx, p.TeamID, idOrName)
	case s.slug.MatchString(idOrName):
		return s.store.IntegrationCalled(ctx, p.TeamID, p.EnvironmentID, idOrName)
	}
	return sinew.Integration{}, sinew.NotFound("Integration", idOrName)
}

// account reads an account with the definition that it works with: that of the
// integration under the changes of the installation and of the account.
func (s *Service) account(ctx context.Context, p sinew.Principal, id string) (subject, error) {
	if !sinew.IsUUID(id) {
		return subject{}, sinew.NotFound("Integrated account", id)
	}
	a, err := s.store.Account(ctx, p.EnvironmentID, id)
	if err != nil {
		return subject{}, err
	}
	var layers [3]jsonx.Value
	for i, text := range []sinew.JSON{a.Integration.Config, a.EnvironmentIntegration.Override, a.IntegrationOverride} {
		if layers[i], err = read(text, "account "+a.ID); err != nil {
			return subject{}, err
		}
	}
	texts, err := s.manual.Of(ctx, a.Integration.ID, a.EnvironmentIntegrationID)
	return subject{integration: *a.Integration, config: definition.Effective(layers[0], layers[1], layers[2]), texts: texts, account: &a}, err
}

func read(text sinew.JSON, of string) (jsonx.Value, error) {
	v, err := jsonx.ParseString(string(text.Or(sinew.EmptyObject)))
	if err != nil {
		return v, fmt.Errorf("%s: read definition: %w", of, err)
	}
	return v, nil
}

// Choice is which methods and resources are wanted; empty lists and names are all.
type Choice struct {
	// Methods are names of methods, and read, write or custom for groups of them.
	Methods []string
	// Tags are those of resources; one of them is enough.
	Tags     []string
	Resource string
	// Undescribed lets through methods without a description.
	Undescribed bool
}

// The groups of methods.
const (
	groupRead   = "read"
	groupWrite  = "write"
	groupCustom = "custom"
)

// groupOf is the group that a method belongs to.
func groupOf(method string) string {
	switch method {
	case methodList, methodGet:
		return groupRead
	case methodCreate, methodUpdate, methodDelete:
		return groupWrite
	}
	return groupCustom
}

func (c Choice) takes(m method, tags []string) bool {
	return (c.Resource == "" || c.Resource == m.resource) && (c.Undescribed || m.description != "") && c.takesMethod(m.name) && c.takesTag(tags)
}

func (c Choice) takesMethod(name string) bool {
	for _, wanted := range c.Methods {
		if wanted == name || wanted == groupOf(name) {
			return true
		}
	}
	return len(c.Methods) == 0
}

func (c Choice) takesTag(tags []string) bool {
	for _, wanted := range c.Tags {
		for _, tag := range tags {
			if strings.EqualFold(wanted, tag) {
				return true
			}
		}
	}
	return len(c.Tags) == 0
}
