package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// fileValues reads the settings file; no path means no file.
func fileValues(path string) (map[string]value, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read settings file: %w", err)
	}
	// Decoding into a slice keeps the order, so that errors come in it too.
	var entries yaml.MapSlice
	if err := yaml.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("settings file %s is not a YAML mapping: %s", path, yaml.FormatError(err, false, false))
	}
	values := map[string]value{}
	var wrong []error
	for _, entry := range entries {
		name, text, err := fileEntry(entry)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("setting %s from the file %s: %w", name, path, err))
			continue
		}
		values[name] = value{text, "the file " + path}
	}
	return values, errors.Join(wrong...)
}

func fileEntry(entry yaml.MapItem) (name, text string, err error) {
	name = fmt.Sprint(entry.Key)
	s, ok := findSetting(name)
	switch {
	case !ok:
		return name, "", errors.New("there is no such setting")
	case s.envOnly:
		return name, "", fmt.Errorf("it holds a secret and is read from the environment variable %s only", s.env())
	case name == configName:
		return name, "", errors.New("a file cannot name another file")
	}
	text, err = fileText(entry.Value, s.list)
	return name, text, err
}

// fileText gives a YAML value the form that a flag would have.
func fileText(v any, list bool) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64, uint64, int, float64:
		return fmt.Sprint(v), nil
	case []any:
		if list {
			return joinList(v)
		}
		return "", errors.New("want one value, not a list")
	case nil:
		return "", errors.New("it has no value; remove the line to get the default")
	default:
		return "", errors.New("want one value, not a mapping")
	}
}

func joinList(items []any) (string, error) {
	var parts []string
	for _, item := range items {
		text, err := fileText(item, false)
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ","), nil
}
