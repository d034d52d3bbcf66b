package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes expressions of the grammar and documents for them. Names and
// values come from small sets, so that paths often hit.
type generator struct{ r *rand.Rand }

func (g generator) pick(list ...string) string { return list[g.r.IntN(len(list))] }

func (g generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func (g generator) name() string { return g.pick("a", "b", "c", "d", "items", "n", "x") }

func (g generator) variable() string { return "$" + g.pick("x", "y", "f", "v") }

func (g generator) number() string {
	return g.pick("0", "1", "2", "-1", "3.5", "10", "0.1", "1e3", "-0.5", "7")
}

func (g generator) text() string {
	return g.pick(`""`, `"a"`, `"b"`, `"hello world"`, `"1"`, `"12.5"`, `"ü"`, `"A,b,c"`, `"😀x"`, `" pad "`)
}

func (g generator) literal() string {
	switch g.r.IntN(8) {
	case 0, 1, 2:
		return g.number()
	case 3, 4:
		return g.text()
	case 5:
		return g.pick("true", "false")
	case 6:
		return "null"
	}
	return g.pick("[]", "{}", "[1,2,3]", `["a","b"]`, `[[1],[2,[3]]]`, `{"a":1}`)
}

// expr makes an expression of at most the given depth.
func (g generator) expr(depth int) string {
	if depth <= 0 {
		switch g.r.IntN(6) {
		case 0:
			return g.literal()
		case 1:
			return g.pick("$", "$$", g.variable())
		}
		return g.name()
	}
	d := depth - 1
	switch g.r.IntN(30) {
	case 0, 1, 2, 3, 4:
		return g.path(d)
	case 5, 6:
		return g.expr(d) + " " + g.pick("+", "-", "*", "/", "%") + " " + g.expr(d)
	case 7, 8:
		return g.expr(d) + " " + g.pick("=", "!=", "<", "<=", ">", ">=", "in") + " " + g.expr(d)
	case 9:
		return g.expr(d) + " & " + g.expr(d)
	case 10:
		return "(" + g.expr(d) + " " + g.pick("and", "or") + " " + g.expr(d) + ")"
	case 11:
		return "(" + g.expr(d) + " ? " + g.expr(d) + " : " + g.expr(d) + ")"
	case 12:
		return "(" + g.expr(d) + " " + g.pick("?:", "??") + " " + g.expr(d) + ")"
	case 13, 14:
		return g.object(d)
	case 15, 16:
		return g.array(d)
	case 17:
		return g.block(d)
	case 18:
		return "-" + g.expr(0)
	case 19, 20, 21, 22, 23:
		return g.call(d)
	case 24, 25:
		return g.higher(d)
	case 26:
		return g.expr(d) + " ~> " + g.pick("$count", "$sum", "$string", "$uppercase", "$distinct()", "$append(1)", "$keys", "$reverse", "$sort")
	case 27:
		return g.pattern(d)
	case 28:
		return g.expr(0) + " ~> |" + g.pick("$", "a", "items", "**") + "|" + g.pick(`{"z":1}`, `{"n": n + 1}`, `{"a": b}`) + g.pick("", `,"b"`, `,["a","b"]`) + "|"
	}
	return g.literal()
}

func (g generator) path(depth int) string {
	n := 1 + g.r.IntN(3)
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte('.')
		}
		switch {
		case i == 0 && g.chance(10):
			b.WriteString(g.pick("$", "$$", "("+g.expr(depth)+")"))
		case g.chance(6):
			b.WriteString("*")
		case g.chance(3):
			b.WriteString("**")
		case i > 0 && g.chance(10):
			b.WriteString(g.object(depth))
		case i > 0 && g.chance(6):
			b.WriteString(g.array(depth))
		case i > 0 && g.chance(6):
			b.WriteString("(" + g.expr(depth) + ")")
		case i > 0 && g.chance(5):
			b.WriteString(g.call(depth))
		case i > 0 && g.chance(4):
			b.WriteString("%")
		default:
			b.WriteString(g.name())
		}
		if g.chance(6) {
			b.WriteString(g.pick("#$i", "@$v"))
		}
		if g.chance(20) {
			b.WriteString("[" + g.predicate(depth) + "]")
		}
		if g.chance(7) {
			b.WriteString("[]")
		}
		if g.chance(5) {
			b.WriteString("^(" + g.pick("", "<", ">") + g.name() + g.pick("", ", b") + ")")
		}
	}
	if g.chance(6) {
		b.WriteString("{" + g.pick("a", "$string(n)", `"k"`, "b") + ": " + g.expr(depth) + "}")
	}
	return b.String()
}

func (g generator) predicate(depth int) string {
	switch g.r.IntN(5) {
	case 0:
		return g.pick("0", "1", "-1", "[0,1]", "[0..1]", "-0.5")
	case 1:
		return g.name()
	case 2:
		return g.name() + " " + g.pick("=", ">", "<", "!=") + " " + g.literal()
	}
	return g.expr(depth - 1)
}

func (g generator) object(depth int) string {
	n := g.r.IntN(3)
	var parts []string
	for i := range n {
		key := fmt.Sprintf("%q", string(rune('p'+i)))
		if g.chance(15) {
			key = g.pick("a", "$string(n)", "b")
		}
		parts = append(parts, key+": "+g.expr(depth-1))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (g generator) array(depth int) string {
	n := g.r.IntN(4)
	var parts []string
	for range n {
		if g.chance(10) {
			parts = append(parts, g.pick("1", "n", "0")+".."+g.pick("3", "n", "2"))
			continue
		}
		parts = append(parts, g.expr(depth-1))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (g generator) block(depth int) string {
	var parts []string
	for range 1 + g.r.IntN(2) {
		if g.chance(20) {
			parts = append(parts, "$f := "+g.lambda(depth))
			continue
		}
		parts = append(parts, g.variable()+" := "+g.expr(depth-1))
	}
	last := g.expr(depth - 1)
	if g.chance(20) {
		last = "$f(" + g.expr(depth-1) + ")"
	}
	return "(" + strings.Join(append(parts, last), "; ") + ")"
}

func (g generator) lambda(depth int) string {
	return "function(" + g.pick("$x", "$x, $y", "", "$v, $i, $a") + "){ " + g.expr(depth-1) + " }"
}

func (g generator) call(depth int) string {
	a, b := g.expr(depth-1), g.expr(depth-2)
	switch g.r.IntN(12) {
	case 0:
		return "$substring(" + g.text() + ", " + g.number() + g.pick("", ", 2", ", -1", ", "+g.number()) + ")"
	case 1:
		return "$split(" + g.text() + ", " + g.pick(`","`, `" "`, `""`, `"b"`) + g.pick("", ", 1", ", 2") + ")"
	case 2:
		return "$join(" + g.pick(`["a","b"]`, a, g.text()) + g.pick("", `, "-"`) + ")"
	case 3:
		return "$pad(" + g.text() + ", " + g.pick("5", "-5", "8") + g.pick("", `, "#"`, `, "ab"`) + ")"
	case 4:
		return "$round(" + g.number() + g.pick("", ", 1", ", -1") + ")"
	case 5:
		return "$append(" + a + ", " + b + ")"
	case 6:
		return "$lookup(" + a + `, "` + g.name() + `")`
	case 7:
		return g.pick("$formatNumber(", "$formatInteger(") + g.number() + ", " + g.pick(`"#,##0.00"`, `"0"`, `"00;o"`, `"w"`, `"I"`, `"#.##e0"`) + ")"
	case 8:
		return "$merge([" + g.object(depth-1) + ", " + g.object(depth-1) + "])"
	case 9:
		return "$zip(" + a + ", " + b + ")"
	}
	f := g.pick("count", "sum", "max", "min", "average", "string", "length", "uppercase", "lowercase", "trim", "number",
		"boolean", "not", "exists", "keys", "spread", "reverse", "distinct", "sort", "type", "abs", "floor", "ceil", "sqrt", "clone")
	if g.chance(10) {
		return "$" + f + "()"
	}
	return "$" + f + "(" + a + ")"
}

func (g generator) higher(depth int) string {
	list := g.pick("[1,2,3]", "items", "a", "$", g.expr(depth-1))
	body := g.expr(depth - 1)
	fn := "function(" + g.pick("$x", "$x, $y", "$v, $i, $a") + "){ " + body + " }"
	if g.chance(20) {
		fn = g.pick("$string", "$uppercase", "$count", "$not", "$exists", "$keys")
	}
	switch g.r.IntN(6) {
	case 0, 1:
		return "$map(" + list + ", " + fn + ")"
	case 2:
		return "$filter(" + list + ", " + fn + ")"
	case 3:
		return "$reduce(" + list + ", function($x, $y){ " + body + " }" + g.pick("", ", 0", ", []") + ")"
	case 4:
		return g.pick("$each(", "$sift(") + g.pick("$", "a", `{"k":1,"l":2}`) + ", " + fn + ")"
	}
	return "$sort(" + list + ", function($x, $y){ " + g.pick("$x > $y", "$x.n > $y.n", "$x < $y") + " })"
}

func (g generator) pattern(depth int) string {
	re := g.pick("/a/", "/[a-z]+/", "/(l+)(o)?/", "/\\s/", "/^h/i", "/o$/", "/(?=w)/", "/\\w+/")
	switch g.r.IntN(4) {
	case 0:
		return "$match(" + g.text() + ", " + re + g.pick("", ", 1") + ")"
	case 1:
		return "$contains(" + g.text() + ", " + re + ")"
	case 2:
		return "$replace(" + g.text() + ", " + re + ", " + g.pick(`"<$0>"`, `"$1-$2"`, `"$$"`, `""`) + ")"
	}
	return "$split(" + g.text() + ", " + re + ")"
}

// document makes the JSON text of an input, "" for none.
func (g generator) document(depth int) string {
	switch {
	case depth <= 0 || g.chance(25):
		return g.pick("0", "1", "2", "-3", "2.5", `"a"`, `"b"`, `"hello"`, "true", "false", "null", "12")
	case g.chance(35):
		var parts []string
		for range g.r.IntN(4) {
			parts = append(parts, g.document(depth-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	var parts []string
	used := map[string]bool{}
	for range g.r.IntN(5) {
		k := g.name()
		if used[k] {
			continue
		}
		used[k] = true
		parts = append(parts, fmt.Sprintf("%q:%s", k, g.document(depth-1)))
	}
	return "{" + strings.Join(parts, ",") + "}"
}
