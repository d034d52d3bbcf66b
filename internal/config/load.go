package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// value is what a source says about one setting.
type value struct {
	text string
	from string // for error messages: a flag, a variable, a file
}

// Load reads the settings from the flags that AddFlags made, the environment,
// the settings file and the defaults, in that order of precedence. The error
// names every setting that is wrong, with the place that it was read from.
func Load(flags *pflag.FlagSet) (Config, error) {
	return load(flags, os.Environ())
}

func load(flags *pflag.FlagSet, environ []string) (Config, error) {
	fromFlags := flagValues(flags)
	fromEnv := environmentValues(environ)
	fromFile, err := fileValues(firstOf(configName, fromFlags, fromEnv).text)
	if err != nil {
		return Config{}, err
	}
	c := Config{Regions: map[string]Placement{}}
	var wrong []error
	for _, s := range settings() {
		chosen := firstOf(s.name, fromFlags, fromEnv, fromFile)
		if chosen.text == "" && s.fallback == "" {
			continue // absent, or put back to absent by a source that wins
		}
		if chosen.from == "" {
			chosen = value{s.fallback, "the default"}
		}
		if err := s.set(&c, chosen.text); err != nil {
			wrong = append(wrong, describe(s, chosen, err))
		}
	}
	wrong = append(wrong, c.checkMasterKeys()...)
	wrong = append(wrong, c.checkMail()...)
	if c.BlobStore == (BlobStore{}) {
		c.BlobStore.Dir = filepath.Join(c.DataDir, "blobs")
	}
	if len(wrong) > 0 {
		return Config{}, errors.Join(wrong...)
	}
	return c, nil
}

// checkMasterKeys finds master keys that are given in two ways.
func (c *Config) checkMasterKeys() (wrong []error) {
	for _, key := range []struct {
		prefix  string
		file    string
		text    Secret
		service KeyService
	}{
		{"", c.MasterKeyFile, c.MasterKey, c.MasterKeyService},
		{"next-", c.NextMasterKeyFile, c.NextMasterKey, c.NextMasterKeyService},
	} {
		var given []string
		if key.text != "" {
			given = append(given, key.prefix+"master-key")
		}
		if key.file != "" {
			given = append(given, key.prefix+"master-key-file")
		}
		if key.service != (KeyService{}) {
			given = append(given, key.prefix+"master-key-uri")
		}
		if len(given) > 1 {
			wrong = append(wrong, fmt.Errorf("%s are both set: leave one of them out", strings.Join(given[:2], " and ")))
		}
	}
	return wrong
}

func describe(s setting, chosen value, err error) error {
	if s.secret {
		return fmt.Errorf("setting %s from %s: %w", s.name, chosen.from, err)
	}
	return fmt.Errorf("setting %s from %s: %q: %w", s.name, chosen.from, chosen.text, err)
}

func firstOf(name string, sources ...map[string]value) value {
	for _, source := range sources {
		if found, ok := source[name]; ok {
			return found
		}
	}
	return value{}
}

// environmentValues reads the variables of the settings. An empty variable
// counts as absent, as container platforms set them for options left blank.
func environmentValues(environ []string) map[string]value {
	byEnv := map[string]setting{}
	for _, s := range settings() {
		byEnv[s.env()] = s
	}
	values := map[string]value{}
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if s, ok := byEnv[name]; ok && text != "" {
			values[s.name] = value{text, "the environment variable " + name}
		}
	}
	return values
}

func findSetting(name string) (setting, bool) {
	all := settings()
	i := slices.IndexFunc(all, func(s setting) bool { return s.name == name })
	if i < 0 {
		return setting{}, false
	}
	return all[i], true
}
