package tool

import (
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
)

// maxName is how long the name of a function may be for those who call tools.
const maxName = 64

// names makes the names of tools. Each is given once.
type names struct {
	integration string
	given       map[string]bool
}

func newNames(integration string) *names {
	return &names{integration: snake(integration), given: map[string]bool{}}
}

// of names a method of a resource.
func (n *names) of(resource, method string) string {
	many := snake(resource)
	one := n.integration + "_" + singular(many)
	name := ""
	switch method {
	case methodList:
		name = "list_all_" + n.integration + "_" + many
	case methodGet:
		name = "get_single_" + one + "_by_id"
	case methodCreate:
		name = "create_a_" + one
	case methodUpdate:
		name = "update_a_" + one + "_by_id"
	case methodDelete:
		name = "delete_a_" + one + "_by_id"
	default:
		name = n.integration + "_" + many + "_" + snake(method)
	}
	if len(name) > maxName || n.given[name] {
		name = short(name, resource+"."+method)
	}
	n.given[name] = true
	return name
}

// short cuts a name and tells it apart from others by a hash of what it is of.
func short(name, of string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(of))
	end := "_" + strconv.FormatUint(uint64(h.Sum32()), 36)
	return strings.TrimRight(name[:min(len(name), maxName-len(end))], "_") + end
}

// snake writes a name in lower case with _ between its words.
func snake(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = '_'
		case unicode.IsUpper(r):
			if lower {
				b.WriteByte('_')
			}
			lower, r = false, unicode.ToLower(r)
		default:
			lower = true
		}
		b.WriteRune(r)
	}
	return strings.Trim(b.String(), "_")
}

// singular is the name of one of many, for the plurals that resources have.
func singular(many string) string {
	start, last := "", many
	if at := strings.LastIndexByte(many, '_'); at >= 0 {
		start, last = many[:at+1], many[at+1:]
	}
	return start + singularWord(last)
}

func singularWord(word string) string {
	switch word {
	case "people":
		return "person"
	case "children":
		return "child"
	case "series", "news", "status", "access", "settings", "analytics":
		return word
	}
	for _, ending := range []struct{ many, one string }{
		{"statuses", "status"},
		{"aliases", "alias"},
		{"movies", "movie"},
		{"ies", "y"},
		{"sses", "ss"},
		{"xes", "x"},
		{"ches", "ch"},
		{"shes", "sh"},
		{"ss", "ss"},
		{"us", "us"},
		{"is", "is"},
		{"s", ""},
	} {
		if stem, ok := strings.CutSuffix(word, ending.many); ok && len(word) > 3 {
			return stem + ending.one
		}
	}
	return word
}
