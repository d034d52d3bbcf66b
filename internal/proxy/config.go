package proxy

import (
	"fmt"
	"sync"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// maxConfigs bounds the parsed configs kept.
const maxConfigs = 1024

// configCache keeps the visible configs and overrides of installations parsed.
// Secrets are not among them: they are laid over for each call.
type configCache struct {
	mu      sync.RWMutex
	entries map[sinew.DefinitionKey]parsedConfig
}

type parsedConfig struct {
	config   jsonx.Value
	override jsonx.Value
}

// effective returns the definition that an account works with, secrets
// included, and the variables that {{environment_variables.X}} reads.
func (c *configCache) effective(r *sinew.AccountRecord) (config, variables jsonx.Value, err error) {
	parsed, err := c.parsed(r.EnvironmentIntegration)
	if err != nil {
		return config, variables, err
	}
	config, err = withSecret(parsed.config, r.ConfigSecret)
	if err != nil {
		return config, variables, fmt.Errorf("read config secrets: %w", err)
	}
	override, err := withSecret(parsed.override, r.OverrideSecret)
	if err != nil {
		return config, variables, fmt.Errorf("read override secrets: %w", err)
	}
	own, err := jsonx.ParseString(string(r.IntegrationOverride.Or(sinew.EmptyObject)))
	if err != nil {
		return config, variables, fmt.Errorf("read integration override: %w", err)
	}
	if own, err = withSecret(own, r.Secrets.IntegrationOverride); err != nil {
		return config, variables, fmt.Errorf("read integration override secrets: %w", err)
	}
	return definition.Effective(config, override, own), definition.EnvironmentVariables(override), nil
}

func withSecret(visible jsonx.Value, secret sinew.JSON) (jsonx.Value, error) {
	if secret == "" {
		return visible, nil
	}
	hidden, err := jsonx.ParseString(string(secret))
	return definition.Join(visible, hidden), err
}

func (c *configCache) parsed(ei *sinew.EnvironmentIntegration) (parsedConfig, error) {
	c.mu.RLock()
	p, ok := c.entries[ei.Key()]
	c.mu.RUnlock()
	if ok {
		return p, nil
	}
	var err error
	if p.config, err = jsonx.ParseString(string(ei.Integration.Config.Or(sinew.EmptyObject))); err != nil {
		return p, fmt.Errorf("read config: %w", err)
	}
	if p.override, err = jsonx.ParseString(string(ei.Override.Or(sinew.EmptyObject))); err != nil {
		return p, fmt.Errorf("read override: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= maxConfigs {
		c.entries = make(map[sinew.DefinitionKey]parsedConfig)
	}
	c.entries[ei.Key()] = p
	return p, nil
}
