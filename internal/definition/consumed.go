package definition

import (
	"slices"
	"strings"

	"github.com/sinewhq/sinew/internal/placeholder"
)

// rootQuery is what placeholders read the caller's parameters under.
const rootQuery = "query."

// setConsumed finds the caller's parameters that templates of the method put
// where they belong. One that a template of the query reads under its own name
// is not among them: there the caller's value stands as it is.
func (p *Plan) setConsumed() {
	holders := p.URL.Holders()
	if p.PagedURL != nil {
		holders = append(holders[:len(holders):len(holders)], p.PagedURL.Holders()...)
	}
	p.Consumed = read(append(holders[:len(holders):len(holders)], p.HeaderTo.Holders()...))
	for _, path := range read(p.QueryTo.Holders()) {
		if !p.Query.Get(path[0]).Exists() {
			p.Consumed = append(p.Consumed, path)
		}
	}
	if p.BodyTo != nil && !p.IgnoreBody && !p.BodyIsNull {
		p.ConsumedByBody = read(p.BodyTo.Holders())
	}
}

// read lists the parameters that placeholders name.
func read(holders []placeholder.Holder) [][]string {
	var paths [][]string
	for _, holder := range holders {
		for _, path := range holder.Paths {
			name, ok := strings.CutPrefix(path, rootQuery)
			if ok && !strings.Contains(name, "/") { // a pattern names none
				paths = append(paths, strings.Split(name, "."))
			}
		}
	}
	slices.SortFunc(paths, slices.Compare[[]string])
	return slices.CompactFunc(paths, slices.Equal[[]string])
}
