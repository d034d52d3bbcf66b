package manual

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Texts are the rows about an integration, or about a unified model, and about what an
// environment has installed of it.
type Texts []sinew.Documentation

// Of returns the rows about entities that the caller is known to see. "" stands for
// none.
func (s *Service) Of(ctx context.Context, entityIDs ...string) (Texts, error) {
	var ids []string
	for _, id := range entityIDs {
		if id != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.store.DocumentationOf(ctx, ids...)
}

// Find returns the text of a type about a method, or with "" about the whole. A row of
// the environment wins.
func (t Texts) Find(kind sinew.DocumentationType, resource, method string) (content string, ok bool) {
	for _, d := range t {
		if d.Type != kind || d.Resource != resource || d.Method != method {
			continue
		}
		if content = d.Content; isOfEnvironment(d) {
			return content, true
		}
		ok = true
	}
	return content, ok
}

// Schema returns the schema of a type that is documented for a method; Missing when
// there is none.
func (t Texts) Schema(kind sinew.DocumentationType, resource, method string) jsonx.Value {
	content, ok := t.Find(kind, resource, method)
	if !ok {
		return jsonx.Value{}
	}
	v, err := ReadSchema(content)
	if err != nil {
		return jsonx.Value{} // checked when it was saved
	}
	return v
}

// FindFor is Find for one integration, of texts about a unified model: a text for that
// integration wins over one for any.
func (t Texts) FindFor(kind sinew.DocumentationType, resource, method, integration string) (content string, ok bool) {
	for _, name := range []string{integration, ""} {
		var about Texts
		for _, d := range t {
			if d.IntegrationName == name {
				about = append(about, d)
			}
		}
		if content, ok = about.Find(kind, resource, method); ok {
			return content, true
		}
	}
	return "", false
}

// SchemaFor is Schema for one integration.
func (t Texts) SchemaFor(kind sinew.DocumentationType, resource, method, integration string) jsonx.Value {
	content, ok := t.FindFor(kind, resource, method, integration)
	if !ok {
		return jsonx.Value{}
	}
	v, err := ReadSchema(content)
	if err != nil {
		return jsonx.Value{} // checked when it was saved
	}
	return v
}

func isOfEnvironment(d sinew.Documentation) bool {
	return d.EntityType == sinew.EntityEnvironmentIntegration || d.EntityType == sinew.EntityEnvironmentUnifiedModel
}

// about are the rows of a type that are about the whole, for an integration or for
// any, those of the environment in place of the others about the same.
func (t Texts) about(kind sinew.DocumentationType, integration string) (rows []sinew.Documentation) {
	type place struct {
		integration string
		method      sinew.AuthenticationMethod
	}
	at := map[place]int{}
	for _, d := range t {
		if d.Type != kind || d.Resource != "" || d.IntegrationName != "" && d.IntegrationName != integration {
			continue
		}
		where := place{d.IntegrationName, d.AuthenticationMethod}
		i, known := at[where]
		switch {
		case !known:
			at[where] = len(rows)
			rows = append(rows, d)
		case isOfEnvironment(d):
			rows[i] = d
		}
	}
	return rows
}
