package exec

import (
	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// special compiles calls of standard functions whose usual form is worth a
// shortcut. The shortcut must give what the function would give; anything it
// does not know goes the general way. nil means that there is none.
func (c *compiler) special(n *syntax.Node, f *value.Function) code {
	return nil
}

var _ = lib.Truthy
var _ = syntax.Name

// isStandard reports whether a function is the standard one of its name and
// not a replacement by the host.
func isStandard(name string, f *value.Function) bool {
	return lib.IsStandard(f) && f.Name == name
}

// usesContext reports whether a function may look at the context of its call.
func usesContext(f *value.Function) bool {
	n, ok := f.Impl.(*rt.Native)
	return !ok || n.Sig != nil && n.Sig.UsesContext()
}
