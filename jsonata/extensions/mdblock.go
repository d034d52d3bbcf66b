package extensions

import (
	"regexp"
	"strconv"
	"strings"
)

// mdToken is a piece of Markdown in the terms of the marked library: what it
// is, its source, and what it holds. The converters to documents of several
// products are written over these tokens.
type mdToken struct {
	kind   string
	raw    string
	text   string // with HTML escapes, for inline text
	plain  string // without them
	href   string
	title  string
	lang   string
	depth  int
	tokens []*mdToken

	ordered bool
	start   int
	loose   bool
	task    bool
	checked bool
	items   []*mdToken

	header []*mdToken
	rows   [][]*mdToken
	align  []string
}

// mdLexer reads Markdown into tokens.
type mdLexer struct {
	breaks bool
	links  map[string]*mdToken // reference definitions
	depth  int
}

var (
	mdFence     = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})([^\\n]*)$")
	mdHeading   = regexp.MustCompile(`^ {0,3}(#{1,6})(?:[ \t]+(.*)|)$`)
	mdRule      = regexp.MustCompile(`^ {0,3}(?:(?:-[\t ]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})$`)
	mdBullet    = regexp.MustCompile(`^( {0,3})([*+-]|\d{1,9}[.)])([ \t].*|)$`)
	mdDef       = regexp.MustCompile(`^ {0,3}\[([^\]]+)\]: *<?([^\s>]+)>?(?: +["'(](.*)["')])? *$`)
	mdTableRule = regexp.MustCompile(`^ {0,3}\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$`)
	mdSetext    = regexp.MustCompile(`^ {0,3}(=+|-+) *$`)
	mdHTML      = regexp.MustCompile(`(?i)^ {0,3}(?:</?(?:address|article|aside|blockquote|body|center|details|dialog|dir|div|dl|dt|dd|fieldset|figure|footer|form|h[1-6]|header|hr|html|iframe|li|link|main|menu|nav|ol|p|pre|script|section|style|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)(?: |/?>|$)|<!--|<\?|<![A-Z])`)
	mdTask      = regexp.MustCompile(`^\[([ xX])\] +`)
)

func lexMarkdown(src string, breaks bool) []*mdToken {
	l := &mdLexer{breaks: breaks, links: map[string]*mdToken{}}
	src = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(src)
	for _, line := range strings.Split(src, "\n") {
		if m := mdDef.FindStringSubmatch(line); m != nil {
			label := strings.ToLower(strings.Join(strings.Fields(m[1]), " "))
			if _, ok := l.links[label]; !ok {
				l.links[label] = &mdToken{href: m[2], title: m[3]}
			}
		}
	}
	return l.blocks(src, true)
}

// lines are the lines of a block of source with their line ends.
func cutLines(src string) []string {
	if src == "" {
		return nil
	}
	return strings.SplitAfter(strings.TrimSuffix(src, "\n")+map[bool]string{true: "\n", false: ""}[strings.HasSuffix(src, "\n")], "\n")
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

// blocks reads block tokens. At the top, lines of text form paragraphs; in list
// items they form text.
func (l *mdLexer) blocks(src string, top bool) []*mdToken {
	if l.depth++; l.depth > 60 {
		l.depth--
		return []*mdToken{{kind: "text", raw: src, text: escapeHTML(src, false), plain: src}}
	}
	defer func() { l.depth-- }()
	lines := cutLines(src)
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	var out []*mdToken
	for i := 0; i < len(lines); {
		n, t := l.block(lines[i:], out, top)
		if t != nil {
			out = append(out, t)
		}
		i += n
	}
	return out
}

// block reads one token and says how many lines it took. A nil token means
// that the lines went into the one before.
func (l *mdLexer) block(lines []string, before []*mdToken, top bool) (int, *mdToken) {
	line := strings.TrimSuffix(lines[0], "\n")
	var last *mdToken
	if len(before) > 0 {
		last = before[len(before)-1]
	}
	switch {
	case blank(line):
		return l.space(lines, last)
	case strings.HasPrefix(line, "    ") && (last == nil || last.kind != "paragraph" && last.kind != "text"):
		return l.indented(lines)
	case mdFence.MatchString(line) && fenceOpens(line):
		return l.fence(lines)
	case mdHeading.MatchString(line):
		return l.heading(lines, line)
	case mdRule.MatchString(line):
		return l.rule(lines)
	case strings.HasPrefix(strings.TrimLeft(line, " "), ">") && len(line)-len(strings.TrimLeft(line, " ")) < 4:
		return l.quote(lines)
	case mdBullet.MatchString(line):
		return l.list(lines)
	case mdHTML.MatchString(line):
		return l.html(lines)
	case mdDef.MatchString(line):
		return 1, &mdToken{kind: "def", raw: lines[0]}
	case isTable(lines):
		return l.table(lines)
	}
	return l.paragraph(lines, top, last)
}

func fenceOpens(line string) bool {
	m := mdFence.FindStringSubmatch(line)
	return m[1][0] != '`' || !strings.Contains(m[2], "`")
}

func (l *mdLexer) space(lines []string, last *mdToken) (int, *mdToken) {
	n := 0
	raw := ""
	for n < len(lines) && blank(lines[n]) {
		raw += lines[n]
		n++
	}
	// The end of the line before belongs to the space.
	if last != nil && strings.HasSuffix(last.raw, "\n") && last.kind != "heading" {
		last.raw = strings.TrimSuffix(last.raw, "\n")
		raw = "\n" + raw
	}
	if len(raw) == 1 && last != nil {
		last.raw += "\n"
		return n, nil
	}
	if last != nil && last.kind == "heading" {
		last.raw += raw
		return n, nil
	}
	return n, &mdToken{kind: "space", raw: raw}
}

func (l *mdLexer) indented(lines []string) (int, *mdToken) {
	n, end := 0, 0
	for n < len(lines) && (strings.HasPrefix(lines[n], "    ") || blank(lines[n])) {
		n++
		if !blank(lines[n-1]) {
			end = n
		}
	}
	raw := strings.Join(lines[:n], "") // with the empty lines behind
	var text []string
	for _, line := range lines[:end] {
		line = strings.TrimSuffix(line, "\n")
		text = append(text, line[min(4, len(line)):])
	}
	return n, &mdToken{kind: "code", raw: raw, text: strings.Join(text, "\n"), depth: 1}
}

func (l *mdLexer) fence(lines []string) (int, *mdToken) {
	m := mdFence.FindStringSubmatch(strings.TrimSuffix(lines[0], "\n"))
	indent := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
	n := 1
	var body []string
	closed := false
	for ; n < len(lines); n++ {
		line := strings.TrimSuffix(lines[n], "\n")
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, m[1]) && strings.Trim(trimmed, m[1][:1]) == "" && len(line)-len(strings.TrimLeft(line, " ")) < 4 {
			closed = true
			n++
			break
		}
		for k := 0; k < indent && strings.HasPrefix(line, " "); k++ {
			line = line[1:]
		}
		body = append(body, line)
	}
	raw := strings.Join(lines[:n], "")
	if closed && n < len(lines) {
		raw = strings.TrimSuffix(raw, "\n")
		lines[n] = "\n" + lines[n]
		if blank(lines[n]) {
			lines[n] = strings.TrimPrefix(lines[n], "\n")
			raw += "\n"
		} else {
			lines[n] = strings.TrimPrefix(lines[n], "\n")
		}
	}
	return n, &mdToken{kind: "code", raw: raw, lang: strings.TrimSpace(m[2]), text: strings.Join(body, "\n")}
}

func (l *mdLexer) heading(lines []string, line string) (int, *mdToken) {
	m := mdHeading.FindStringSubmatch(line)
	text := strings.TrimSpace(m[2])
	if cut := strings.TrimRight(text, "#"); cut != text && (cut == "" || strings.HasSuffix(cut, " ")) {
		text = strings.TrimSpace(cut)
	}
	return 1, &mdToken{kind: "heading", raw: lines[0], depth: len(m[1]), text: text, plain: text, tokens: l.inline(text)}
}

func (l *mdLexer) rule(lines []string) (int, *mdToken) {
	return 1, &mdToken{kind: "hr", raw: lines[0]}
}

func (l *mdLexer) quote(lines []string) (int, *mdToken) {
	n := 0
	var inner []string
	lazy := false
	for ; n < len(lines); n++ {
		line := lines[n]
		trimmed := strings.TrimLeft(line, " ")
		switch {
		case strings.HasPrefix(trimmed, ">"):
			trimmed = strings.TrimPrefix(trimmed, ">")
			inner = append(inner, strings.TrimPrefix(trimmed, " "))
			lazy = !blank(trimmed)
			continue
		case lazy && !blank(line) && !l.interrupts(line):
			inner = append(inner, line)
			continue
		}
		break
	}
	raw := strings.Join(lines[:n], "")
	text := strings.Join(inner, "")
	return n, &mdToken{kind: "blockquote", raw: strings.TrimSuffix(raw, "\n") + tail(raw), text: text, tokens: l.blocks(text, true)}
}

func tail(raw string) string {
	if strings.HasSuffix(raw, "\n") {
		return "\n"
	}
	return ""
}

// interrupts reports whether a line ends a paragraph.
func (l *mdLexer) interrupts(line string) bool {
	line = strings.TrimSuffix(line, "\n")
	if m := mdBullet.FindStringSubmatch(line); m != nil && strings.TrimSpace(m[3]) != "" && (len(m[2]) == 1 || m[2] == "1." || m[2] == "1)") {
		return true
	}
	return mdFence.MatchString(line) || mdHeading.MatchString(line) || mdRule.MatchString(line) || mdHTML.MatchString(line) ||
		strings.HasPrefix(strings.TrimLeft(line, " "), ">")
}

func (l *mdLexer) html(lines []string) (int, *mdToken) {
	n := 0
	for n < len(lines) && !blank(lines[n]) {
		n++
	}
	for n < len(lines) && blank(lines[n]) {
		n++
	}
	raw := strings.Join(lines[:n], "")
	return n, &mdToken{kind: "html", raw: raw, text: raw, plain: raw}
}

func (l *mdLexer) paragraph(lines []string, top bool, last *mdToken) (int, *mdToken) {
	n := 1
	for n < len(lines) && !blank(lines[n]) {
		if m := mdSetext.FindStringSubmatch(strings.TrimSuffix(lines[n], "\n")); m != nil && top {
			depth := 2
			if m[1][0] == '=' {
				depth = 1
			}
			text := strings.TrimSpace(strings.Join(lines[:n], ""))
			return n + 1, &mdToken{kind: "heading", raw: strings.Join(lines[:n+1], ""), depth: depth, text: text, plain: text, tokens: l.inline(text)}
		}
		if l.interrupts(lines[n]) || isTable(lines[n:]) {
			break
		}
		n++
	}
	raw := strings.Join(lines[:n], "")
	text := strings.TrimSuffix(raw, "\n")
	text = strings.TrimLeft(text, " ")
	kind := "paragraph"
	if !top {
		kind = "text"
		if last != nil && last.kind == "text" {
			last.raw += raw
			last.text += "\n" + text
			last.plain = last.text
			last.tokens = l.inline(last.text)
			return n, nil
		}
	}
	return n, &mdToken{kind: kind, raw: raw, text: text, plain: text, tokens: l.inline(text)}
}

func (l *mdLexer) list(lines []string) (int, *mdToken) {
	m := mdBullet.FindStringSubmatch(strings.TrimSuffix(lines[0], "\n"))
	list := &mdToken{kind: "list", ordered: len(m[2]) > 1, start: 1}
	if list.ordered {
		list.start, _ = strconv.Atoi(m[2][:len(m[2])-1])
	}
	mark := m[2][len(m[2])-1]
	n := 0
	for n < len(lines) {
		line := strings.TrimSuffix(lines[n], "\n")
		b := mdBullet.FindStringSubmatch(line)
		if b == nil || mdRule.MatchString(line) || b[2][len(b[2])-1] != mark || (len(b[2]) > 1) != list.ordered {
			break
		}
		k, item, looseEnd := l.item(lines[n:], b)
		list.items = append(list.items, item)
		n += k
		if looseEnd && n < len(lines) {
			if b := mdBullet.FindStringSubmatch(strings.TrimSuffix(lines[n], "\n")); b != nil && b[2][len(b[2])-1] == mark {
				list.loose = true
			}
		}
		list.loose = list.loose || item.loose
	}
	// Blank lines at the end belong to what follows.
	for n > 1 && blank(lines[n-1]) {
		n--
	}
	for _, item := range list.items {
		item.loose = list.loose
	}
	list.raw = strings.Join(lines[:n], "")
	return n, list
}

// item reads a list item; looseEnd says that a blank line stands behind it.
func (l *mdLexer) item(lines []string, b []string) (n int, item *mdToken, looseEnd bool) {
	first := strings.TrimSuffix(lines[0], "\n")
	content := strings.TrimLeft(b[3], " \t")
	indent := len(first) - len(content)
	if strings.TrimSpace(content) == "" || indent > len(b[1])+len(b[2])+4 {
		indent = len(b[1]) + len(b[2]) + 1
		content = strings.TrimPrefix(b[3], " ")
	}
	body := []string{content + tail(lines[0])}
	n = 1
	gap, fence := 0, ""
	for ; n < len(lines); n++ {
		line := lines[n]
		if blank(line) {
			gap++
			body = append(body, "\n")
			continue
		}
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		if fence == "" && spaces < indent {
			if gap > 0 || l.interrupts(line) || mdBullet.MatchString(strings.TrimSuffix(line, "\n")) {
				break
			}
		}
		if f := mdFence.FindStringSubmatch(strings.TrimSuffix(line, "\n")); f != nil && spaces >= indent {
			fence = map[bool]string{true: f[1], false: ""}[fence == ""]
		}
		gap = 0
		body = append(body, line[min(spaces, indent):])
	}
	looseEnd = gap > 0
	text := strings.TrimRight(strings.Join(body, ""), "\n")
	item = &mdToken{kind: "list_item", raw: strings.TrimRight(strings.Join(lines[:n], ""), "\n")}
	if m := mdTask.FindStringSubmatch(text); m != nil {
		item.task, item.checked = true, m[1] != " "
		text = text[len(m[0]):]
	}
	item.text = text
	item.tokens = l.blocks(text, false)
	for i, t := range item.tokens {
		if t.kind == "space" && i < len(item.tokens)-1 && strings.Count(t.raw, "\n") > 1 {
			item.loose = true
		}
	}
	return n, item, looseEnd
}

func isTable(lines []string) bool {
	if len(lines) < 2 {
		return false
	}
	rule := strings.TrimSuffix(lines[1], "\n")
	return strings.Contains(lines[0], "|") && mdTableRule.MatchString(rule) && strings.ContainsAny(rule, "|:") &&
		len(splitCells(lines[0])) == len(splitCells(rule))
}

func splitCells(line string) []string {
	line = strings.TrimSpace(line)
	line = strings.TrimPrefix(line, "|")
	if strings.HasSuffix(line, "|") && !strings.HasSuffix(line, `\|`) {
		line = strings.TrimSuffix(line, "|")
	}
	var cells []string
	cur := ""
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && line[i+1] == '|':
			cur += "|"
			i++
		case line[i] == '|':
			cells = append(cells, strings.TrimSpace(cur))
			cur = ""
		default:
			cur += line[i : i+1]
		}
	}
	return append(cells, strings.TrimSpace(cur))
}

func (l *mdLexer) cell(text string) *mdToken {
	return &mdToken{kind: "cell", text: text, plain: text, tokens: l.inline(text)}
}

func (l *mdLexer) table(lines []string) (int, *mdToken) {
	t := &mdToken{kind: "table"}
	for _, c := range splitCells(lines[0]) {
		t.header = append(t.header, l.cell(c))
	}
	for _, c := range splitCells(lines[1]) {
		left, right := strings.HasPrefix(c, ":"), strings.HasSuffix(c, ":")
		switch {
		case left && right:
			t.align = append(t.align, "center")
		case right:
			t.align = append(t.align, "right")
		case left:
			t.align = append(t.align, "left")
		default:
			t.align = append(t.align, "")
		}
	}
	n := 2
	for n < len(lines) && !blank(lines[n]) && !l.interrupts(lines[n]) {
		cells := splitCells(lines[n])
		var row []*mdToken
		for i := range t.header {
			text := ""
			if i < len(cells) {
				text = cells[i]
			}
			row = append(row, l.cell(text))
		}
		t.rows = append(t.rows, row)
		n++
	}
	t.raw = strings.Join(lines[:n], "")
	return n, t
}
