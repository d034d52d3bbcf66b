package main

// maybe makes an optional argument.
func (g *generator) maybe(args ...string) string {
	if g.chance(50) {
		return ""
	}
	return ", " + g.pick(args...)
}

// numberCall makes a call whose result is a number.
func (g *generator) numberCall(d int) string {
	switch g.r.IntN(10) {
	case 0:
		return g.pick("$sum(", "$max(", "$min(", "$average(", "$count(") + g.list(d) + ")"
	case 1:
		return g.pick("$abs(", "$floor(", "$ceil(", "$sqrt(") + g.num(d) + ")"
	case 2:
		return "$round(" + g.num(d) + g.maybe("0", "1", "2", "-1", "-2", "n") + ")"
	case 3:
		return "$power(" + g.num(d) + ", " + g.pick("2", "0.5", "-1", g.num(d)) + ")"
	case 4:
		return "$number(" + g.pick(g.str(d), g.num(d), g.truth(d), `"0b101"`, `"0o17"`, `"0xff"`, `"1e-2"`, `" 1"`, `"01"`, `".5"`) + ")"
	case 5:
		return "$length(" + g.str(d) + ")"
	case 6:
		return "$parseInteger(" + g.pick(`"XIV", "I"`, `"one hundred and five", "w"`, `"1,234", "#,##0"`, `"12", "0"`, `"aa", "a"`, `"twenty-first", "w;o"`, `"003", "000"`,
			g.str(d)+", "+g.pick(`"0"`, `"w"`, `"I"`, `"#,##0"`)) + ")"
	case 7:
		return "$toMillis(" + g.moment(d) + ")"
	case 8:
		return "$count(" + g.list(d) + ")"
	}
	return g.pick("$sum(", "$max(", "$min(", "$average(") + g.pick("items.n", "[1,2,3]", "n", "[]", g.list(d)) + ")"
}

// moment makes the arguments of $toMillis.
func (g *generator) moment(d int) string {
	return g.pick(`"2020-02-29T12:34:56.789Z"`, `"1999-12-31"`, `"2021-01"`, `"2020"`, `"2018-02-01T00:00:00+05:30"`,
		`"03/04/2021", "[D01]/[M01]/[Y0001]"`, `"12th January 1995", "[D1o] [MNn] [Y]"`, `"13:45", "[H01]:[m01]"`, `"1:05 pm", "[h]:[m01] [P]"`, `"2020-060", "[Y0001]-[d001]"`,
		`"Monday, 6 March 2023", "[FNn], [D] [MNn] [Y]"`, `"MMXX", "[YI]"`, `"2020-W10-2", "[X0001]-W[W01]-[F1]"`, `"20200229123456", "[Y0001][M01][D01][H01][m01][s01]"`,
		`"10:20:30.5+02:00", "[H01]:[m01]:[s01].[f1][Z01:01]"`, `"two thousand and twenty", "[Yw]"`, g.str(d), g.str(d)+`, "[Y]-[M]-[D]"`)
}

// textCall makes a call whose result is a string.
func (g *generator) textCall(d int) string {
	switch g.r.IntN(19) {
	case 0:
		return "$substring(" + g.str(d) + ", " + g.pick("0", "1", "-3", "2", g.num(d)) + g.maybe("2", "-1", "0", "100", g.num(d)) + ")"
	case 1:
		return g.pick("$substringBefore(", "$substringAfter(") + g.str(d) + ", " + g.pick(`"a"`, `","`, `" "`, `""`, g.str(d)) + ")"
	case 2:
		return g.pick("$uppercase(", "$lowercase(", "$trim(") + g.str(d) + ")"
	case 3:
		return "$pad(" + g.str(d) + ", " + g.pick("5", "-5", "8", "-12", "0", g.num(0)) + g.maybe(`"#"`, `"ab"`, `""`, `"😀"`) + ")"
	case 4:
		return "$join(" + g.pick(`["a","b"]`, "items.s", g.list(d), g.str(d)) + g.maybe(`"-"`, `", "`, `""`, "n") + ")"
	case 5:
		return "$string(" + g.any(d) + g.maybe("true", "false") + ")"
	case 6, 7:
		return g.replace(d)
	case 8:
		return "$formatNumber(" + g.num(d) + ", " + g.pick(`"#,##0.00"`, `"0"`, `"#.##e0"`, `"00.00%"`, `"#0.0‰"`, `"0.00;(0.00)"`, `"#,###"`, `"000"`, `"#"`, `"0.###"`, `"$0 x"`, `"1,23,456"`, `"##,##,##0.0"`, `"00e00"`, `""`, `"0.0.0"`) +
			g.maybe(`{"decimal-separator": ",", "grouping-separator": "."}`, `{"zero-digit": "٠"}`, `{"minus-sign": "~", "percent": "pc"}`, "{}", `{"exponent-separator": "E"}`) + ")"
	case 9:
		return "$formatInteger(" + g.num(d) + ", " + g.pick(`"0"`, `"00;o"`, `"w"`, `"W"`, `"Ww"`, `"I"`, `"i"`, `"a"`, `"A"`, `"#,##0"`, `"w;o"`, `"٠٠"`, `"0000"`, `"#:##0"`, `"α"`, `""`) + ")"
	case 10:
		return "$formatBase(" + g.num(d) + g.maybe("2", "16", "36", "8", "1", "37", g.num(0)) + ")"
	case 11, 12:
		return "$fromMillis(" + g.pick("1582979696789", "0", "-1", "1609459199999", "951782400000", "4102444800000", g.num(d)) +
			g.maybe(g.picture(), g.picture(), g.picture()+", "+g.pick(`"+0530"`, `"-0800"`, `"+0000"`, `"0100"`), "undefined_, "+g.pick(`"+0100"`, `"Z"`)) + ")"
	case 13:
		return g.pick("$base64encode(", "$base64decode(", "$encodeUrl(", "$encodeUrlComponent(", "$decodeUrl(", "$decodeUrlComponent(") + g.str(d) + ")"
	case 14:
		return "$type(" + g.pick(g.any(d), g.function(d), "$now()", "$millis()", "$random()") + ")"
	case 15:
		return g.pick(g.str(d), "$string("+g.any(d)+")") + " ~> " + g.pick("$uppercase", "$lowercase", "$trim", "$substring(1)", `$pad(6)`, `$substringBefore("l")`, "$base64encode", "$length ~> $string")
	case 16:
		return "$eval(" + quote(g.any(min(d, 1))) + g.maybe(g.any(min(d, 1)), `{"n": 5}`) + ")"
	case 17:
		return "$string(" + g.pick(g.function(d), g.object(d), g.list(d)) + g.maybe("true") + ")"
	}
	return g.pick("$lowercase", "$uppercase", "$trim", "$string", "$length") + "()"
}

// picture makes the format of a date.
func (g *generator) picture() string {
	parts := []string{
		"[Y0001]", "[Y]", "[Y,2-2]", "[YI]", "[M01]", "[M]", "[MNn]", "[MNn,3-3]", "[MN]", "[D]", "[D1o]", "[D01]", "[Dw]", "[F]", "[FNn]", "[Fn,3-3]", "[W]", "[w]", "[X0001]", "[x]",
		"[H01]", "[H]", "[h]", "[h#1]", "[P]", "[PN]", "[m]", "[m01]", "[s01]", "[s]", "[f001]", "[f1]", "[f]", "[Z]", "[Z01:01]", "[z]", "[Z0101t]", "[d]", "[d001]", "[C]", "[E]", "[Ya]", "[DA]", "[MI]", "[Dwo]", "[xNn]",
	}
	out := ""
	for range 1 + g.r.IntN(4) {
		out += g.pick("", " ", "-", "/", "T", ":", ", ", "[[", "]]") + parts[g.r.IntN(len(parts))]
	}
	return `"` + out + `"`
}

// quote writes an expression as a string of another one.
func quote(expr string) string {
	out := []byte{'"'}
	for i := range len(expr) {
		if expr[i] == '"' || expr[i] == '\\' {
			out = append(out, '\\')
		}
		out = append(out, expr[i])
	}
	return string(append(out, '"'))
}

func (g *generator) regex() string {
	return g.pick("/a/", "/[a-z]+/", "/(l+)(o)?/", `/\s/`, "/^h/i", "/o$/", "/(?=w)/", `/\w+/`, "/(a)|(b)/", "/[^a]/", `/\d+(\.\d+)?/`, "/./", `/(?<!a)b/`, `/(\w)\1/`, "/A,/i",
		`/\bl/`, `/a{1,2}/`, "/(?:ab)*/", "/b*?/", "/^$/m", `/[\u00c0-\u00ff]/`, "/ü/i", "/x|/")
}

func (g *generator) replace(d int) string {
	by := g.pick(`"<$0>"`, `"$1-$2"`, `"$$"`, `""`, `"$10"`, `"$a"`, `"z"`, "function($m){ $m.match & $count($m.groups) }", "function($m){ $uppercase($m.match) }", g.str(0))
	return "$replace(" + g.str(d) + ", " + g.pick(g.regex(), g.regex(), `"a"`, `"l"`, `""`, g.str(0)) + ", " + by + g.maybe("1", "0", "2", "-1") + ")"
}

// listCall makes a call whose result is a list.
func (g *generator) listCall(d int) string {
	switch g.r.IntN(17) {
	case 0:
		return "$append(" + g.any(d) + ", " + g.any(d) + ")"
	case 1:
		return g.pick("$reverse(", "$distinct(", "$sort(", "$spread(", "$keys(") + g.list(d) + ")"
	case 2:
		return "$split(" + g.str(d) + ", " + g.pick(`","`, `" "`, `""`, `"b"`, g.regex()) + g.maybe("1", "2", "0", "-1", "1.5") + ")"
	case 3:
		return "$match(" + g.str(d) + ", " + g.regex() + g.maybe("1", "0", "2") + ")"
	case 4:
		return "$zip(" + g.list(d) + g.maybe(g.list(d), "[1,2]") + ")"
	case 5:
		return "$keys(" + g.any(d) + ")"
	case 6:
		return "$spread(" + g.any(d) + ")"
	case 7:
		return "$lookup(" + g.any(d) + ", " + g.pick(`"a"`, `"n"`, `"items"`, `"s"`, g.str(0)) + ")"
	case 8:
		return "$merge(" + g.pick("["+g.object(d)+", "+g.object(d)+"]", g.list(d), "$", "items") + ")"
	case 9:
		return "$sort(" + g.list(d) + g.maybe("function($l, $r){ "+g.pick("$l > $r", "$l.n > $r.n", "$l < $r", "$string($l) > $string($r)", "true", "$l.s < $r.s")+" }") + ")"
	case 10:
		return "$sort($shuffle(" + g.pick("[1,2,3]", "items.n", `["a","b"]`) + "))"
	case 11:
		return "$contains(" + g.str(d) + ", " + g.pick(g.regex(), g.str(0)) + ")"
	case 12:
		return g.higher(d)
	case 13:
		return "$map(" + g.list(d) + ", " + g.function(d) + ")"
	case 14:
		return "$clone(" + g.any(d) + ")"
	case 15:
		return "$distinct(" + g.list(d) + ")"
	}
	return "[" + g.num(0) + ".." + g.pick("3", "n", "5", "1") + "]"
}

// misc makes calls that fit nowhere else.
func (g *generator) misc(d int) string {
	switch g.r.IntN(9) {
	case 0:
		return "$error(" + g.pick("", g.str(0), g.any(0)) + ")"
	case 1:
		return "$assert(" + g.truth(d) + g.maybe(g.text()) + ")"
	case 2:
		return g.regex() + "(" + g.str(d) + ")" + g.pick("", ".match", ".groups", ".next().match", ".start")
	case 3:
		return g.pick("$nothing", "$sum", "n", "(1)", "$x", "$count") + "(" + g.any(d) + g.maybe(g.any(d)) + ")"
	case 4:
		return g.any(d) + " /* a comment */ " + g.pick("", "[]", ".n", "[0]")
	case 5:
		return "$exists(" + g.pick(g.function(d), g.path(d)) + ")"
	case 6:
		return "$now() = $now() and $millis() = $millis()" // fixed within one evaluation
	case 7:
		return g.pick("$length($now())", "$random() < 1", "$count($shuffle([1..5]))", "$millis() > 1e12", `$length($now("[Y]-[M01]"))`)
	}
	return g.any(d) + g.pick(".", "[", " +", "}", " and", " ~>") // not an expression
}

// higher makes a call of a function that takes functions.
func (g *generator) higher(d int) string {
	list := g.list(d)
	item := g.pick("$x", "$v")
	switch g.r.IntN(9) {
	case 0, 1, 2:
		return "$map(" + list + ", " + g.function(d) + ")"
	case 3:
		return "$filter(" + list + ", " + g.pick(g.function(d), "function("+item+"){ "+g.with([]string{item}, func() string { return g.truth(d) })+" }") + ")"
	case 4:
		return "$reduce(" + list + ", " + g.pick(g.lambdaOf(d, []string{"$x", "$y"}), "function($p, $q){ $p + $q }", "function($p, $q){ $append($p, $q) }", "$append", g.lambdaOf(d, []string{"$x", "$y", "$i", "$a"})) + g.maybe("0", "[]", g.leaf()) + ")"
	case 5:
		return "$each(" + g.pick("$", "a", `{"k":1,"l":2}`, g.object(d)) + ", " + g.pick(g.function(d), "function($v, $k){ $k & $string($v) }") + ")"
	case 6:
		return "$sift(" + g.pick("$", "a", `{"k":1,"l":2}`, g.object(d)) + g.maybe(g.function(d), "function($v, $k){ $k > \"k\" }") + ")"
	case 7:
		return "$single(" + list + g.maybe(g.lambda(d), "function($v){ $v.n = 1 }", "function($v){ $v = 1 }") + ")"
	}
	return "$sort(" + list + ", " + g.pick("function($l, $r){ $l > $r }", g.lambdaOf(d, []string{"$x", "$y"})) + ")"
}
