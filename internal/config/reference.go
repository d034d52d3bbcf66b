package config

import (
	"fmt"
	"strings"
)

// Reference returns the reference page of all settings, in Markdown.
func Reference() string {
	var page strings.Builder
	page.WriteString(referenceHead)
	for _, s := range settings() {
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n", s.name, s.help)
		if s.envOnly {
			page.WriteString("Read from the environment only.\n\n")
		} else {
			fmt.Fprintf(&page, "- Flag: `--%s %s`", s.name, s.kind)
			if s.list {
				page.WriteString(", may be repeated; values may also be separated by commas")
			}
			page.WriteString("\n")
		}
		fmt.Fprintf(&page, "- Environment: `%s`\n", s.env())
		if !s.envOnly && s.name != configName {
			fmt.Fprintf(&page, "- File: `%s`\n", s.name)
		}
		fmt.Fprintf(&page, "- Default: %s\n", s.defaultText())
	}
	return page.String()
}

func (s setting) defaultText() string {
	if s.fallback != "" {
		return "`" + s.fallback + "`"
	}
	return s.fallbackNote
}

const referenceHead = `# Settings

<!-- Generated from internal/config. Change it there and run: go test ./internal/config -update -->

` + "`sinew serve`" + ` reads its settings from flags, from environment variables, from
a file and from defaults; the first of these that has a value wins. An empty
environment variable counts as absent. A value that is wrong stops the start
with a message that names the setting and where it was read.

The settings file is YAML, and is named by ` + "`--config`" + `:

` + "```yaml" + `
addr: 0.0.0.0:8080
public-url: https://sinew.example.com
egress-allow: [10.20.0.0/16, crm.internal]
log-level: warn
` + "```" + `
`
