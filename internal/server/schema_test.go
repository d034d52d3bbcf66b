package server_test

import (
	"net/http"
	"testing"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestPublishedSchemas holds the schemas that are served without a token against
// what the check takes and refuses.
func TestPublishedSchemas(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	read := func(path string) jsonx.Value {
		t.Helper()
		response, err := http.Get(p.url + path)
		p.must(err)
		defer response.Body.Close()
		schema := p.get(path).want(200).JSON
		if response.StatusCode != 200 || schema.Get("$schema").Str() != "https://json-schema.org/draft/2020-12/schema" {
			t.Fatalf("%s: got status %d, %s", path, response.StatusCode, schema.Get("$schema"))
		}
		return schema
	}
	config := compileSchema(t, read("/schemas/integration-config"))
	override := compileSchema(t, read("/schemas/integration-override"))
	for _, name := range catalog.Names() {
		text, _ := catalog.Text(name)
		v, err := definition.ReadConfig(text)
		p.must(err)
		if err := config.Validate(libraryValue(t, v)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, fits := range map[string]bool{
		northwind: true,
		`{"label":"L","base_url":"https://x.example"}`: true,
		`{"lable":"L"}`:                                                        false,
		`{"headers":{"A":1}}`:                                                  false,
		`{"query_array_format":"csv"}`:                                         false,
		`{"pagination":{"format":"cursor","config":{}}}`:                       false,
		`{"pagination":{"format":"spiral"}}`:                                   false,
		`{"resources":{"a":{"list":{"method":"get"}}}}`:                        false,
		`{"resources":{"a":{"list":{"path":"/a","method":"GET"}}}}`:            true,
		`{"timeouts":{"total":"5"}}`:                                           false,
		`{"credentials":{"format":"oauth","config":{"tokenUrl":"https://x"}}}`: true,
	} {
		v := jsonx.MustParse(text)
		err := config.Validate(libraryValue(t, v))
		failures, _ := definition.Check(v)
		if (err == nil) != fits || (len(failures) == 0) != fits {
			t.Errorf("%s: the schema says %v, the check %v", text, err, failures)
		}
	}
	for text, fits := range map[string]bool{
		`{}`: true, `{"base_url":null,"headers":{"A":null}}`: true, `{"environment_variables":{"A":"b"},"secret_environment_variables":{"C":1}}`: true,
		`{"credentials":{"client":{"id":"a","secret":"b"}}}`: true, `{"pagination":{"config":{"max_limit":5}}}`: true, `{"nonsense":1}`: false,
	} {
		v := jsonx.MustParse(text)
		err := override.Validate(libraryValue(t, v))
		failures, _ := definition.CheckOverride(v)
		if (err == nil) != fits || (len(failures) == 0) != fits {
			t.Errorf("override %s: the schema says %v, the check %v", text, err, failures)
		}
	}
}
