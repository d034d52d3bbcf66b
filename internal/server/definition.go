package server

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// CheckDefinition checks the text of an integration definition, JSON or YAML,
// as the API does when it is created. The text is a config, or an object that
// has one under config. The error is that of a text that is neither JSON nor
// YAML.
func CheckDefinition(text []byte) (failures, warnings []sinew.Failure, err error) {
	config, err := definition.ReadConfig(text)
	if err != nil {
		return nil, nil, err
	}
	failures, warnings = definition.Check(config)
	return failures, warnings, nil
}

// ReadConfig reads the config of a definition, whether it stands alone or under
// config.
func ReadConfig(text []byte) (jsonx.Value, error) { return definition.ReadConfig(text) }
