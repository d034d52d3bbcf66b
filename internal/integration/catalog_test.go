package integration_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// byOperation are products whose calls are named after what they do, so that no
// path ends in an id.
var byOperation = []string{"ashby", "dropbox", "linear", "outline", "slack", "telegram"}

// selfHosted are products that everybody runs on a host of their own: what they
// may call cannot be known.
var selfHosted = []string{"redmine", "wordpress"}

// elsewhere are methods of other products whose path ends in something else,
// with the reason.
var elsewhere = map[string]string{
	"bamboohr.employee_files": "", "close": "paths end in a slash", "greenhouse": "a record is read by a filter of its list",
	"guru.cards.update": "only the extended form of a card can be changed", "jira.users.get": "the id is a parameter",
	"sentry": "paths end in a slash", "redmine": "paths end in .json", "shopify": "paths end in .json",
	"quickbooks": "a record is changed by an update at the address of its kind", "twilio": "paths end in .json",
}

// TestEveryDefinitionIsSound lets no failure and no warning through. Among the
// warnings are the implicit grant and the password grant, which is O5.
func TestEveryDefinitionIsSound(t *testing.T) {
	t.Parallel()
	perCategory := map[string]int{}
	for _, name := range catalog.Names() {
		text, _ := catalog.Text(name)
		product, err := definition.Read(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		config := product.Get("config")
		if got := product.Names(); !slices.Equal(got, []string{"name", "category", "config"}) || product.Get("name").Str() != name {
			t.Errorf("%s: got members %v and name %s", name, got, product.Get("name"))
		}
		perCategory[product.Get("category").Str()]++
		failures, warnings := definition.Check(config)
		for _, failure := range failures {
			t.Errorf("%s: %s: %s", name, failure.Path, failure.Message)
		}
		for _, warning := range warnings {
			switch {
			case warning.Code == definition.CodeOpenHost && slices.Contains(selfHosted, name):
			case name == "telegram" && warning.Path == "config.authorization": // the token is in the address
			default:
				t.Errorf("%s: %s: %s", name, warning.Path, warning.Message)
			}
		}
		if n := len(definition.Resources(config)); n < 5 {
			t.Errorf("%s: has %d resources", name, n)
		}
		if !config.Get("allowed_hosts").Exists() && !slices.Contains(selfHosted, name) {
			t.Errorf("%s: names no hosts", name)
		}
		comment, _, _ := strings.Cut(string(text), "\nname:")
		if !strings.Contains(comment, "Exercised against a simulated vendor") || strings.Contains(comment, "Never run against") == strings.Contains(comment, "itself by Test") {
			t.Errorf("%s: does not say what was tried", name)
		}
		checkMethods(t, name, config)
	}
	for _, category := range []string{"crm", "hris", "ats", "ticketing", "accounting", "user-directory", "knowledge-base", "file-storage", "instant-messaging", "calendar"} {
		if perCategory[category] < 3 {
			t.Errorf("%s: has %d products", category, perCategory[category])
		}
	}
	if n := len(catalog.Names()); n < 40 {
		t.Errorf("got %d products", n)
	}
}

func checkMethods(t *testing.T, name string, config jsonx.Value) {
	t.Helper()
	for resource, methods := range config.Get("resources").Members() {
		if methods.Len() == 0 {
			t.Errorf("%s.%s: has no method", name, resource)
		}
		if !config.Get("tool_tags").Get(resource).Exists() {
			t.Errorf("%s.%s: has no tag", name, resource)
		}
		for method, d := range methods.Members() {
			at := name + "." + resource + "." + method
			if d.Get("description").Str() == "" || !strings.HasPrefix(d.Get("api_documentation_url").Str(), "https://") {
				t.Errorf("%s: is not described", at)
			}
			if path := d.Get("path").Str(); slices.Contains([]string{"get", "update", "delete"}, method) && !strings.HasSuffix(path, "{{id}}") && !isElsewhere(at) {
				t.Errorf("%s: the path %s does not end in {{id}}", at, path)
			}
		}
	}
}

func isElsewhere(at string) bool {
	parts := strings.Split(at, ".")
	if slices.Contains(byOperation, parts[0]) {
		return true
	}
	for i := range parts {
		if _, ok := elsewhere[strings.Join(parts[:i+1], ".")]; ok {
			return true
		}
	}
	return false
}

// TestEveryProductHasExchanges holds the files beside each other.
func TestEveryProductHasExchanges(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "catalog", "testdata", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	names := catalog.Names()
	for _, file := range files {
		if !slices.Contains(names, strings.TrimSuffix(filepath.Base(file), ".yaml")) {
			t.Errorf("%s belongs to no product", file)
		}
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join("..", "..", "catalog", "testdata", name+".yaml")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
