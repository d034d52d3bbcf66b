package server

import (
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// CheckDefinition checks the text of an integration definition, JSON or YAML,
// as the API does when it is created. The text is a config, or an object that
// has one under config. The error is that of a text that is neither JSON nor
// YAML.
func CheckDefinition(text []byte) (failures, warnings []sinew.Failure, err error) {
	config, err := ReadConfig(text)
	if err != nil {
		return nil, nil, err
	}
	failures, warnings = definition.Check(config)
	return failures, warnings, nil
}

// ReadConfig reads the config of a definition, whether it stands alone or under
// config.
func ReadConfig(text []byte) (jsonx.Value, error) {
	v, err := ReadDefinition(text)
	if config := v.Get("config"); config.Exists() && !v.Get("resources").Exists() {
		v = config
	}
	return v, err
}

// ReadDefinition reads a definition that is written in JSON or in YAML.
func ReadDefinition(text []byte) (jsonx.Value, error) {
	if v, err := jsonx.Parse(text); err == nil {
		return v, nil
	}
	converted, err := yaml.YAMLToJSON(text)
	if err != nil {
		return jsonx.Value{}, fmt.Errorf("the file is neither JSON nor YAML: %w", err)
	}
	v, err := jsonx.Parse(converted)
	if err != nil {
		return v, fmt.Errorf("read definition: %w", err)
	}
	return v, nil
}
