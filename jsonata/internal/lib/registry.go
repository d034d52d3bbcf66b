package lib

import (
	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

type builtin struct {
	name  string
	arity int
	sig   string
	run   func(c *rt.Call) value.Value
}

// builtins lists every standard function with the number of parameters that
// higher-order functions see and its signature.
func builtins() []builtin {
	return []builtin{
		{"sum", 1, "<a<n>:n>", sum},
		{"count", 1, "<a:n>", count},
		{"max", 1, "<a<n>:n>", maximum},
		{"min", 1, "<a<n>:n>", minimum},
		{"average", 1, "<a<n>:n>", average},
		{"string", 1, "<x-b?:s>", stringFn},
		{"substring", 3, "<s-nn?:s>", substring},
		{"substringBefore", 2, "<s-s:s>", substringBefore},
		{"substringAfter", 2, "<s-s:s>", substringAfter},
		{"lowercase", 1, "<s-:s>", lowercase},
		{"uppercase", 1, "<s-:s>", uppercase},
		{"length", 1, "<s-:n>", length},
		{"trim", 1, "<s-:s>", trim},
		{"pad", 3, "<s-ns?:s>", pad},
		{"match", 3, "<s-f<s:o>n?:a<o>>", match},
		{"contains", 2, "<s-(sf):b>", contains},
		{"replace", 4, "<s-(sf)(sf)n?:s>", replace},
		{"split", 3, "<s-(sf)n?:a<s>>", split},
		{"join", 2, "<a<s>s?:s>", join},
		{"formatNumber", 3, "<n-so?:s>", formatNumber},
		{"formatBase", 2, "<n-n?:s>", formatBase},
		{"formatInteger", 2, "<n-s:s>", formatInteger},
		{"parseInteger", 2, "<s-s:n>", parseInteger},
		{"number", 1, "<(nsb)-:n>", number},
		{"floor", 1, "<n-:n>", floor},
		{"ceil", 1, "<n-:n>", ceil},
		{"round", 2, "<n-n?:n>", round},
		{"abs", 1, "<n-:n>", abs},
		{"sqrt", 1, "<n-:n>", sqrt},
		{"power", 2, "<n-n:n>", power},
		{"random", 0, "<:n>", random},
		{"boolean", 1, "<x-:b>", boolean},
		{"not", 1, "<x-:b>", not},
		{"map", 2, "<af>", mapFn},
		{"zip", 0, "<a+>", zip},
		{"filter", 2, "<af>", filter},
		{"single", 2, "<af?>", single},
		{"reduce", 3, "<afj?:j>", reduce},
		{"sift", 2, "<o-f?:o>", sift},
		{"keys", 1, "<x-:a<s>>", keys},
		{"lookup", 2, "<x-s:x>", lookup},
		{"append", 2, "<xx:a>", appendFn},
		{"exists", 1, "<x:b>", exists},
		{"spread", 1, "<x-:a<o>>", spread},
		{"merge", 1, "<a<o>:o>", merge},
		{"reverse", 1, "<a:a>", reverse},
		{"each", 2, "<o-f:a>", each},
		{"error", 1, "<s?:x>", errorFn},
		{"assert", 2, "<bs?:x>", assert},
		{"type", 1, "<x:s>", typeOf},
		{"sort", 2, "<af?:a>", sortFn},
		{"shuffle", 1, "<a:a>", shuffle},
		{"distinct", 1, "<x:x>", distinct},
		{"base64encode", 1, "<s-:s>", base64encode},
		{"base64decode", 1, "<s-:s>", base64decode},
		{"encodeUrlComponent", 1, "<s-:s>", encodeURLComponent},
		{"encodeUrl", 1, "<s-:s>", encodeURL},
		{"decodeUrlComponent", 1, "<s-:s>", decodeURLComponent},
		{"decodeUrl", 1, "<s-:s>", decodeURL},
		{"eval", 2, "<sx?:x>", evalFn},
		{"toMillis", 2, "<s-s?:n>", toMillis},
		{"fromMillis", 3, "<n-s?s?:s>", fromMillis},
		{"clone", 1, "<(oa)-:o>", clone},
		{"now", 2, "<s?s?:s>", now},
		{"millis", 0, "<:n>", millis},
	}
}

// Standard makes the table of standard functions by name.
func Standard() map[string]value.Value {
	list := builtins()
	table := make(map[string]value.Value, len(list))
	for _, b := range list {
		f := rt.NewNative(b.name, b.arity, rt.MustSignature(b.sig), b.run)
		f.Impl.(*rt.Native).Standard = true
		table[b.name] = value.FromFunction(f)
	}
	return table
}

// IsStandard reports whether a function is one of the standard table.
func IsStandard(f *value.Function) bool {
	n, ok := f.Impl.(*rt.Native)
	return ok && n.Standard
}
