package paginate

import (
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// place is where something is in a body.
type place struct {
	// names lead to it, or to the array that within leads into.
	names, within []string
	// plain is the path as one name, nil for one with quotes or brackets:
	// definitions write @odata.nextLink for the member of that name.
	plain []string
}

// findPlaces reads the paths that a definition has. Those of metadata begin
// below another place.
func findPlaces(config jsonx.Value, metadata []string) (map[string]place, error) {
	places := map[string]place{}
	for _, key := range []string{"cursor_path", "prev_cursor_path", "has_next_path", "total_pages_path", "total_count_path"} {
		text := config.Get(key).Str()
		if text == "" || config.Get("cursor_path_object").Str() == "header" && strings.HasSuffix(key, "cursor_path") {
			continue
		}
		path, err := jsonx.ParsePath(text)
		if err != nil {
			return nil, badPath("pagination.config."+key, err)
		}
		var p place
		if len(path) > 1 && !strings.ContainsAny(text, "[`") && len(metadata) == 0 {
			p.plain = []string{text}
		}
		path = append(metadata[:len(metadata):len(metadata)], path...)
		p.names = path
		if i := slices.IndexFunc(path, jsonx.IsIndex); i >= 0 {
			p.names, p.within = path[:i], path[i:]
		}
		places[key] = p
	}
	return places, nil
}

func badPath(key string, err error) error {
	return sinew.Errorf(sinew.KindInvalid, "%s is not a path: %v", key, err).WithCode("invalid_definition").WithCause(err)
}

// body returns what is in the body of a page where the definition's key says.
func (s settings) body(page *Page, key string) jsonx.Value {
	p, ok := s.places[key]
	if !ok || len(page.Body) == 0 {
		return jsonx.Value{}
	}
	text := page.find(p.names)
	if len(p.within) > 0 {
		text, _ = jsonx.Follow(text, p.within)
	}
	if text == nil && p.plain != nil {
		text = page.find(p.plain)
	}
	if text == nil {
		return jsonx.Value{}
	}
	v, err := jsonx.ParseLenient(text)
	if err != nil {
		return jsonx.Value{}
	}
	return v
}

// Paths implements Strategy.
func (s settings) Paths() [][]string {
	var paths [][]string
	for _, p := range s.places {
		paths = append(paths, p.names)
		if p.plain != nil {
			paths = append(paths, p.plain)
		}
	}
	return paths
}

// find returns the text at a path of names, nil when there is none.
func (p *Page) find(path []string) []byte {
	if p.Find == nil {
		found, err := jsonx.Pick(p.Body, path)
		if err != nil {
			return nil
		}
		return found[0].Text
	}
	found, err := p.Find(path)
	if err != nil {
		return nil
	}
	return found.Text
}
