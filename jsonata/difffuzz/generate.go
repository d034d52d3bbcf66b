package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes expressions of the grammar and documents for them. Names and
// values come from small sets, so that paths often hit; most operands are of the
// kind that their operator wants, so that evaluation gets beyond the first check.
type generator struct {
	r     *rand.Rand
	scope []string // variables that are bound where the expression stands
	left  int      // how many more expressions may be nested in this one
}

// newGenerator makes the generator of a seed.
func newGenerator(seed uint64) *generator {
	return &generator{r: rand.New(rand.NewPCG(seed, 0))}
}

// pair makes an expression of about the given depth and a document.
func (g *generator) pair(depth int) (expr, document string) {
	g.scope, g.left = g.scope[:0], 25*depth
	return g.any(depth), g.document(3)
}

func (g *generator) pick(list ...string) string { return list[g.r.IntN(len(list))] }

func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func (g *generator) name() string {
	return g.pick("a", "b", "c", "d", "n", "s", "x", "items", "items", "a", "b", "n", "`k 1`", `"s"`, "ü")
}

// variable is one in scope as a rule, or one that may be unknown.
func (g *generator) variable() string {
	if len(g.scope) > 0 && g.chance(85) {
		return g.scope[g.r.IntN(len(g.scope))]
	}
	return g.pick("$x", "$y", "$v", "$", "$$")
}

// with makes an expression in which more variables are bound.
func (g *generator) with(vars []string, make func() string) string {
	n := len(g.scope)
	g.scope = append(g.scope, vars...)
	out := make()
	g.scope = g.scope[:n]
	return out
}

// spent reports whether only leaves may follow.
func (g *generator) spent(depth int) bool {
	g.left--
	return depth <= 0 || g.left < 0
}

func (g *generator) numeral() string {
	return g.pick("0", "1", "2", "3", "-1", "3.5", "10", "0.1", "1e3", "-0.5", "7", "12345.678", "1e21", "1.5e-7",
		"9007199254740993", "255", "-12", "1999", "0.005", "2.675")
}

func (g *generator) text() string {
	return g.pick(`""`, `"a"`, `"b"`, `"hello world"`, `"1"`, `"12.5"`, `"ü"`, `"A,b,c"`, `"😀x"`, `" pad  me "`, `"abracadabra"`,
		`'single "quoted"'`, `"line\nbreak\ttab"`, `"é😀\u00e9"`, `"0x1F"`, `"-1e3"`, `"Straße"`, `"a=1&b=ü c"`, `"%C3%BC%20"`,
		`"2020-02-29T12:34:56.789Z"`, `"aGVsbG8="`, `"true"`, `"XIV"`, `"one hundred and five"`, `"1,234"`)
}

// any makes an expression of any kind.
func (g *generator) any(depth int) string {
	if g.spent(depth) {
		return g.leaf()
	}
	d := depth - 1
	switch g.r.IntN(34) {
	case 0, 1, 2, 3, 4, 5, 6:
		return g.path(d)
	case 7, 8, 9:
		return g.num(depth)
	case 10, 11, 12:
		return g.str(depth)
	case 13, 14:
		return g.truth(depth)
	case 15, 16, 17:
		return g.list(depth)
	case 18, 19, 20:
		return g.object(d)
	case 21:
		return "(" + g.truth(d) + " ? " + g.any(d) + g.pick(" : "+g.any(d), "") + ")"
	case 22:
		return "(" + g.any(d) + " " + g.pick("?:", "??") + " " + g.any(d) + ")"
	case 23, 24:
		return g.block(d)
	case 25, 26:
		return g.higher(d)
	case 27, 28:
		return g.chain(d)
	case 29:
		return g.apply(d)
	case 30:
		return g.transform(d)
	case 31:
		return g.misc(d)
	case 32:
		return "(" + g.any(d) + ")" + g.suffix(d)
	}
	return g.leaf()
}

func (g *generator) leaf() string {
	switch g.r.IntN(12) {
	case 0:
		return g.numeral()
	case 1:
		return g.text()
	case 2:
		return g.pick("true", "false", "null")
	case 3, 4:
		return g.variable()
	case 5:
		return g.pick("[]", "{}", "[1,2,3]", `["a","b"]`, `[[1],[2,[3]]]`, `{"a":1}`, `[{"a":1},{"a":2}]`, "/* c */ 1")
	}
	return g.name()
}

// odd replaces the wanted kind by any other now and then.
func (g *generator) odd(depth int) (string, bool) {
	if g.chance(7) {
		return g.any(depth - 1), true
	}
	return "", false
}

// num makes an expression that is a number, as a rule.
func (g *generator) num(depth int) string {
	if s, ok := g.odd(depth); ok {
		return s
	}
	if g.spent(depth) {
		return g.pick(g.numeral(), g.numeral(), "n", "items[0].n", g.variable())
	}
	d := depth - 1
	switch g.r.IntN(8) {
	case 0, 1:
		return g.num(d) + " " + g.pick("+", "-", "*", "/", "%") + " " + g.num(d)
	case 2:
		return "(" + g.num(d) + " " + g.pick("+", "-", "*", "/", "%") + " " + g.num(d) + ")"
	case 3:
		return "-" + g.pick(g.numeral(), "n", "("+g.num(d)+")")
	case 4, 5, 6:
		return g.numberCall(d)
	}
	return g.path(d)
}

// str makes an expression that is a string, as a rule.
func (g *generator) str(depth int) string {
	if s, ok := g.odd(depth); ok {
		return s
	}
	if g.spent(depth) {
		return g.pick(g.text(), g.text(), "s", "b", "items[0].s", g.variable())
	}
	d := depth - 1
	switch g.r.IntN(8) {
	case 0, 1:
		return g.any(d) + " & " + g.str(d)
	case 2:
		return g.path(d)
	}
	return g.textCall(d)
}

// truth makes an expression that is a boolean, as a rule.
func (g *generator) truth(depth int) string {
	if s, ok := g.odd(depth); ok {
		return s
	}
	if g.spent(depth) {
		return g.pick("true", "false", "a", "n > 1", "n = 1", `s = "a"`, g.variable())
	}
	d := depth - 1
	switch g.r.IntN(9) {
	case 0:
		return g.num(d) + " " + g.pick("<", "<=", ">", ">=") + " " + g.num(d)
	case 1:
		return g.str(d) + " " + g.pick("<", "<=", ">", ">=") + " " + g.str(d)
	case 2, 3:
		return g.any(d) + " " + g.pick("=", "!=") + " " + g.any(d)
	case 4:
		return g.any(d) + " in " + g.list(d)
	case 5, 6:
		return "(" + g.truth(d) + " " + g.pick("and", "or") + " " + g.truth(d) + ")"
	case 7:
		return g.pick("and", "or", "in") + g.pick("", "."+g.name())
	}
	return g.pick("$not(", "$exists(", "$boolean(") + g.any(d) + ")"
}

// list makes an expression that is a list, as a rule.
func (g *generator) list(depth int) string {
	if s, ok := g.odd(depth); ok {
		return s
	}
	if g.spent(depth) {
		return g.pick("items", "items", "a", "$", "[1,2,3]", "[3,1,2,1]", `["b","a","c"]`, "[1..4]", `[{"n":2,"s":"x"},{"n":1,"s":"y"}]`, "[]",
			"items.n", "items.s", "$.*", g.variable())
	}
	d := depth - 1
	switch g.r.IntN(7) {
	case 0, 1:
		return g.array(d)
	case 2, 3:
		return g.path(d)
	case 4:
		return g.higher(d)
	}
	return g.listCall(d)
}

func (g *generator) array(depth int) string {
	var parts []string
	for range g.r.IntN(4) {
		if g.chance(12) {
			parts = append(parts, g.pick("1", "n", "0", "-2", "$count(items)")+".."+g.pick("3", "n", "2", "5"))
			continue
		}
		parts = append(parts, g.any(depth-1))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (g *generator) object(depth int) string {
	return "{" + g.members(depth, g.r.IntN(4)) + "}"
}

func (g *generator) members(depth, n int) string {
	var parts []string
	for i := range n {
		key := fmt.Sprintf("%q", string(rune('p'+i)))
		if g.chance(15) {
			key = g.pick("s", `"k" & s`, "b", `"k" & n`, "$", "a", `"p"`)
		}
		parts = append(parts, key+": "+g.any(depth-1))
	}
	return strings.Join(parts, ", ")
}

// path makes steps with everything that can hang on them. Variables bound by @
// and # are in scope behind their step.
func (g *generator) path(depth int) string {
	n := 1 + g.r.IntN(4)
	base := len(g.scope)
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(g.step(depth, i))
		if g.chance(12) {
			bind := g.pick("#", "@")
			v := g.pick("$i", "$v", "$w")
			b.WriteString(bind + v)
			g.scope = append(g.scope, v)
		}
		b.WriteString(g.suffix(depth))
	}
	if g.chance(8) {
		b.WriteString("{" + g.pick("s", `"k" & n`, `"k"`, "b", "a") + ": " + g.any(depth-1) + g.pick("", ", "+g.members(depth, 1)) + "}")
	}
	g.scope = g.scope[:base]
	return b.String()
}

func (g *generator) step(depth, i int) string {
	switch {
	case i == 0 && g.chance(15):
		return g.pick("$", "$$", g.variable(), "("+g.any(depth-1)+")", g.array(depth-1))
	case g.chance(6):
		return "*"
	case g.chance(3):
		return "**"
	case i > 0 && g.chance(8):
		return g.object(depth)
	case i > 0 && g.chance(5):
		return g.array(depth)
	case i > 0 && g.chance(7):
		return "(" + g.any(depth-1) + ")"
	case i > 0 && g.chance(7):
		return g.pick(g.numberCall(depth-1), g.textCall(depth-1), g.listCall(depth-1))
	case i > 0 && g.chance(7):
		return g.pick("%", "%", "%.%", "%."+g.name())
	case i > 0 && len(g.scope) > 0 && g.chance(8):
		return g.variable()
	}
	return g.name()
}

// suffix makes predicates, the marks of kept arrays, and orders.
func (g *generator) suffix(depth int) string {
	var b strings.Builder
	for g.chance(22) {
		switch g.r.IntN(6) {
		case 0, 1, 2:
			b.WriteString("[" + g.predicate(depth) + "]")
		case 3:
			b.WriteString("[]")
		case 4:
			b.WriteString("^(" + g.terms(depth) + ")")
		case 5:
			b.WriteString("[" + g.predicate(depth) + "][]")
		}
	}
	return b.String()
}

func (g *generator) terms(depth int) string {
	term := func() string {
		return g.pick("", "<", ">") + g.pick("n", "s", "a", "$", "b", "$string(n)", "-n", "%.n", "$.n", g.any(min(depth-1, 1)))
	}
	if g.chance(30) {
		return term() + ", " + term()
	}
	return term()
}

func (g *generator) predicate(depth int) string {
	switch g.r.IntN(7) {
	case 0, 1:
		return g.pick("0", "1", "-1", "[0,1]", "[0..1]", "-0.5", "1.9", "[-1,0]", "$count(items) - 1")
	case 2:
		return g.pick(g.name(), g.variable(), "%.n = n", "$ > 1", "n > %.n")
	case 3, 4:
		return g.name() + " " + g.pick("=", ">", "<", "!=", "<=", ">=", "in") + " " + g.pick(g.numeral(), g.text(), "n", "null", "true", "[1,2]")
	case 5:
		return g.truth(depth - 1)
	}
	return g.any(depth - 1)
}

// block makes assignments and functions, and uses them.
func (g *generator) block(depth int) string {
	base := len(g.scope)
	defer func() { g.scope = g.scope[:base] }()
	var parts []string
	var fn bool
	for range 1 + g.r.IntN(3) {
		switch {
		case g.chance(25):
			parts, fn = append(parts, "$f := "+g.function(depth)), true
		case g.chance(5):
			parts = append(parts, "$r := function($n){ $n > 0 ? "+g.pick("$r($n - 1)", "[$n, $r($n - 1)]", "$n + $r($n - 1)")+" : "+g.leaf()+" }", "$r("+g.pick("3", "n", "0", "20")+")")
		default:
			v := g.pick("$x", "$y", "$v")
			parts = append(parts, v+" := "+g.any(depth-1))
			g.scope = append(g.scope, v)
		}
	}
	last := g.any(depth - 1)
	if fn && g.chance(70) {
		last = g.pick("$f("+g.any(depth-1)+")", "$f("+g.any(depth-1)+", "+g.leaf()+")", "$map("+g.list(depth-1)+", $f)", g.any(depth-1)+" ~> $f", "items.$f(n)", "$f()")
	}
	return "(" + strings.Join(append(parts, last), "; ") + g.pick("", "", ";") + ")"
}

var parameters = [][]string{{"$x"}, {"$x"}, {"$x", "$y"}, {"$x", "$y"}, {}, {"$v", "$i", "$a"}}

func (g *generator) lambda(depth int) string {
	return g.lambdaOf(depth, parameters[g.r.IntN(len(parameters))])
}

func (g *generator) lambdaOf(depth int, params []string) string {
	body := g.with(params, func() string { return g.any(depth - 1) })
	sig := ""
	if g.chance(15) {
		sig = g.pick("<n:n>", "<s:s>", "<x:x>", "<a<n>:n>", "<n-n?:n>", "<s-:s>", "<(sn):s>", "<o:o>", "<j-:j>", "<nn:n>", "<a<s>s?:s>", "<x+:x>", "<b:b>", "<f:f>", "<a:a>", "<n?s?:x>", "<l:l>")
	}
	return g.pick("function", "function", "λ") + "(" + strings.Join(params, ", ") + ")" + sig + "{ " + body + " }"
}

// function makes a function value of any origin.
func (g *generator) function(depth int) string {
	switch g.r.IntN(8) {
	case 0:
		return g.pick("$string", "$uppercase", "$count", "$not", "$exists", "$keys", "$sum", "$boolean", "$type", "$length", "$number", "$abs", "$trim", "$reverse")
	case 1:
		return g.pick("$substring(?, 1)", "$append(?, "+g.leaf()+")", "$append("+g.leaf()+", ?)", `$join(?, "-")`, "$power(?, 2)", "$lookup(?, \"n\")",
			`$replace(?, "a", "z")`, "$round(?, 1)", "$map(?, "+g.lambda(depth-1)+")", `$pad(?, 5, "-")`, "function($p, $q){ [$p, $q] }(?, "+g.leaf()+")", "$f(?)")
	case 2:
		return "(" + g.pick("$sum", "$string", "$reverse", "$count", g.lambda(depth-1)) + " ~> " + g.pick("$string", "$not", "$type", "$append(?, 1)") + ")"
	case 3:
		return g.updates(depth)
	}
	return g.lambda(depth)
}

func (g *generator) apply(depth int) string {
	switch g.r.IntN(4) {
	case 0:
		return g.lambdaOf(depth, []string{"$x"}) + "(" + g.any(depth-1) + ")"
	case 1:
		return g.lambdaOf(depth, []string{"$x", "$y"}) + "(" + g.any(depth-1) + ", " + g.any(depth-1) + ")"
	case 2:
		return "(" + g.function(depth) + ")(" + g.any(depth-1) + ")"
	}
	return g.lambda(depth) + "(" + g.pick("?", g.leaf()) + ", " + g.leaf() + ")" + g.pick("", "("+g.leaf()+")")
}

func (g *generator) chain(depth int) string {
	out := g.any(depth - 1)
	for range 1 + g.r.IntN(2) {
		out += " ~> " + g.pick("$count", "$sum", "$string", "$uppercase", "$distinct()", "$append(1)", "$keys", "$reverse", "$sort", "$join(\"-\")", "$exists",
			"$type", "$sort(function($l, $r){ $l > $r })", g.function(depth-1), g.function(depth-1), g.updates(depth-1), "$map("+g.lambda(depth-1)+")", "$filter("+g.lambda(depth-1)+")")
	}
	return out
}

// updates makes a transform.
func (g *generator) updates(depth int) string {
	return "|" + g.pick("$", "a", "items", "**", "items[n > 1]", "*", "items.a", g.path(min(depth-1, 1))) + "|" +
		g.pick(`{"z":1}`, `{"n": n + 1}`, `{"a": b}`, "{}", g.object(depth-1), g.pick(`{"k": %.n}`, `{"a": $}`), `{"s": $uppercase(s)}`) +
		g.pick("", "", `,"b"`, `,["a","n"]`, `, items.s`, `,[]`) + "|"
}

func (g *generator) transform(depth int) string {
	return g.pick("$", "$$", "items", "a", g.object(depth-1), "$clone($)", g.leaf()) + " ~> " + g.updates(depth)
}

// document makes the JSON text of an input.
func (g *generator) document(depth int) string {
	if g.chance(45) {
		return g.record(depth, true)
	}
	return g.node(depth)
}

func (g *generator) scalar() string {
	return g.pick("0", "1", "2", "-3", "2.5", `"a"`, `"b"`, `"hello"`, "true", "false", "null", "12", `"ü😀"`, `"1"`, "1e3", `""`)
}

func (g *generator) node(depth int) string {
	switch {
	case depth <= 0 || g.chance(25):
		return g.scalar()
	case g.chance(35):
		var parts []string
		for range g.r.IntN(4) {
			parts = append(parts, g.node(depth-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return g.record(depth, g.chance(30))
}

// record makes an object; a plain one has the members that expressions look
// for, of the kind that they expect.
func (g *generator) record(depth int, plain bool) string {
	var parts []string
	put := func(name, text string) { parts = append(parts, fmt.Sprintf("%q:%s", name, text)) }
	if !plain {
		used := map[string]bool{}
		for range g.r.IntN(5) {
			k := g.pick("a", "b", "c", "d", "items", "n", "x", "s", "k 1", "ü")
			if !used[k] {
				used[k] = true
				put(k, g.node(depth-1))
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	if g.chance(85) {
		put("n", g.pick("1", "2", "3", "10", "2.5", "-1", "0"))
	}
	if g.chance(85) {
		put("s", g.pick(`"a"`, `"b"`, `"c"`, `"Hello"`, `"ü"`))
	}
	if depth > 0 {
		if g.chance(50) {
			put("a", g.node(depth-1))
		}
		if g.chance(70) {
			var items []string
			for range g.r.IntN(4) {
				items = append(items, g.record(depth-1, g.chance(90)))
			}
			put("items", "["+strings.Join(items, ",")+"]")
		}
	}
	if g.chance(20) {
		put("b", g.scalar())
	}
	return "{" + strings.Join(parts, ",") + "}"
}
