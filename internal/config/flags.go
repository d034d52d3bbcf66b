package config

import (
	"strings"

	"github.com/spf13/pflag"
)

// StoreSettings are the settings that a command needs to open the store and
// nothing else.
func StoreSettings() []string {
	return []string{"data", "database-url", "master-key-file", "master-key-uri", configName}
}

// NextMasterKeySettings are the settings of a second master key that have a
// flag.
func NextMasterKeySettings() []string { return []string{"next-master-key-file", "next-master-key-uri"} }

// AddFlags adds a flag for each named setting, or for all of them when none is
// named. It panics on a name that is no setting.
func AddFlags(flags *pflag.FlagSet, names ...string) {
	if len(names) == 0 {
		for _, s := range settings() {
			if !s.envOnly {
				names = append(names, s.name)
			}
		}
	}
	flags.SortFlags = false
	for _, name := range names {
		s, ok := findSetting(name)
		if !ok || s.envOnly {
			panic("config: no flag for " + name)
		}
		addFlag(flags, s)
	}
}

func addFlag(flags *pflag.FlagSet, s setting) {
	flag := flags.VarPF(&flagValue{setting: s, text: s.fallback}, s.name, "", s.usage())
	if s.isBool() {
		flag.NoOptDefVal = "true"
	}
}

// usage is the help text with what pflag does not show by itself.
func (s setting) usage() string {
	text := s.help
	if s.list {
		text += " May be repeated."
	}
	if s.fallbackNote != "" {
		text += " Default: " + s.fallbackNote + "."
	}
	return text + " [" + s.env() + "]"
}

// flagValue collects the text of a flag; load parses it.
type flagValue struct {
	setting setting
	text    string
	changed bool
}

// String returns the text, which pflag shows as the default.
func (v *flagValue) String() string { return v.text }

// Type returns the form of the value, which pflag shows behind the flag.
func (v *flagValue) Type() string {
	if v.setting.isBool() {
		return "bool"
	}
	return v.setting.kind
}

// Set takes the text of one occurrence; a repeated list flag adds to it.
func (v *flagValue) Set(text string) error {
	if v.setting.list && v.changed {
		text = strings.Join([]string{v.text, text}, ",")
	}
	v.text, v.changed = text, true
	return nil
}

func flagValues(flags *pflag.FlagSet) map[string]value {
	values := map[string]value{}
	flags.Visit(func(flag *pflag.Flag) {
		if v, ok := flag.Value.(*flagValue); ok {
			values[flag.Name] = value{v.text, "the flag --" + flag.Name}
		}
	})
	return values
}
