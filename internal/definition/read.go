package definition

import (
	"fmt"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// Read reads a definition that is written in JSON or in YAML.
func Read(text []byte) (jsonx.Value, error) {
	if v, err := jsonx.Parse(text); err == nil {
		return v, nil
	}
	if err := checkYAML(text); err != nil {
		return jsonx.Value{}, fmt.Errorf("the file %w", err)
	}
	converted, err := yamlToJSON(text)
	if err != nil {
		return jsonx.Value{}, fmt.Errorf("the file is neither JSON nor YAML: %w", err)
	}
	v, err := jsonx.Parse(converted)
	if err != nil {
		return v, fmt.Errorf("read definition: %w", err)
	}
	return v, nil
}

// ReadConfig reads the config of a definition, whether it stands alone or under
// config.
func ReadConfig(text []byte) (jsonx.Value, error) {
	v, err := Read(text)
	if config := v.Get(keyConfig); config.Exists() && !v.Get(keyResources).Exists() {
		v = config
	}
	return v, err
}
