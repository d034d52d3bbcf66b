package syntax

import "slices"

// Names is a list of distinct names.
type Names struct {
	list []string
	seen map[string]bool // nil while the list is short
}

// shortList is the length up to which a name is found by comparing.
const shortList = 32

// Add appends a name unless the list has it.
func (s *Names) Add(name string) {
	if s.Has(name) {
		return
	}
	if s.list == nil {
		s.list = make([]string, 0, 8)
	}
	s.list = append(s.list, name)
	switch {
	case s.seen != nil:
		s.seen[name] = true
	case len(s.list) > shortList:
		s.seen = make(map[string]bool, 2*len(s.list))
		for _, n := range s.list {
			s.seen[n] = true
		}
	}
}

// Has reports whether a name is in the list.
func (s *Names) Has(name string) bool {
	if s.seen != nil {
		return s.seen[name]
	}
	return slices.Contains(s.list, name)
}

// List is the list in the order of addition, for reading.
func (s *Names) List() []string { return s.list }
