package extensions

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlToMarkdown writes HTML as Markdown in the style of the turndown library
// with its GitHub extensions.
func htmlToMarkdown(a args) (value, error) {
	if !a.at(0).IsString() {
		return value{}, errors.New("convertHtmlToMarkdown: the input must be a string")
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(a.at(0).Str()), body)
	if err != nil {
		return value{}, err
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	collapse(body)
	w := mdWriter{}
	out := strings.TrimLeft(w.children(body, 0), "\t\r\n")
	return str(strings.TrimRightFunc(out, unicode.IsSpace)), nil
}

func isBlockElement(n *html.Node) bool {
	switch n.Data {
	case "address", "article", "aside", "audio", "blockquote", "body", "canvas", "center", "dd", "dir", "div", "dl", "dt",
		"fieldset", "figcaption", "figure", "footer", "form", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "header",
		"hgroup", "hr", "html", "isindex", "li", "main", "menu", "nav", "noframes", "noscript", "ol", "output", "p", "pre",
		"section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul":
		return n.Type == html.ElementNode
	}
	return false
}

func isVoid(n *html.Node) bool {
	switch n.Data {
	case "area", "base", "br", "col", "command", "embed", "hr", "img", "input", "keygen", "link", "meta", "param", "source", "track", "wbr":
		return n.Type == html.ElementNode
	}
	return false
}

var whiteRun = regexp.MustCompile(`[ \r\n\t]+`)

// collapse reduces white space the way browsers show it: runs become one
// blank, and none stays at the edges of blocks.
func collapse(root *html.Node) {
	var prev *html.Node // the text node before, in the same line
	keep := false       // an image or the like stands before
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.CommentNode:
			return
		case n.Type == html.TextNode:
			text := whiteRun.ReplaceAllString(n.Data, " ")
			if (prev == nil || strings.HasSuffix(prev.Data, " ")) && !keep && strings.HasPrefix(text, " ") {
				text = text[1:]
			}
			n.Data = text
			if text != "" {
				prev, keep = n, false
			}
			return
		case n.Data == "pre":
			trimEnd(prev)
			prev, keep = nil, false
			return
		case isBlockElement(n) || n.Data == "br":
			trimEnd(prev)
			prev, keep = nil, false
		case isVoid(n):
			prev, keep = nil, true
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if isBlockElement(n) {
			trimEnd(prev)
			prev, keep = nil, false
		}
	}
	walk(root)
	trimEnd(prev)
}

func trimEnd(n *html.Node) {
	if n != nil {
		n.Data = strings.TrimSuffix(n.Data, " ")
	}
}

type mdWriter struct{}

// joinBlocks puts two pieces together with at most one empty line between.
func joinBlocks(a, b string) string {
	x, y := strings.TrimRight(a, "\n"), strings.TrimLeft(b, "\n")
	n := min(max(len(a)-len(x), len(b)-len(y)), 2)
	return x + strings.Repeat("\n", n) + y
}

func (w mdWriter) children(n *html.Node, depth int) string {
	out := ""
	if depth > 200 {
		return out
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			text := c.Data
			if !inside(c, "code", "pre") {
				text = escapeMarkdown(text)
			}
			out = joinBlocks(out, text)
		case html.ElementNode:
			out = joinBlocks(out, w.element(c, depth+1))
		}
	}
	return out
}

func inside(n *html.Node, names ...string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		for _, name := range names {
			if p.Data == name {
				return true
			}
		}
	}
	return false
}

var lineEscapes = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`^-`), `\-`},
	{regexp.MustCompile(`^\+ `), `\+ `},
	{regexp.MustCompile(`^(=+)`), `\$1`},
	{regexp.MustCompile(`^(#{1,6}) `), `\$1 `},
	{regexp.MustCompile("^~~~"), `\~~~`},
	{regexp.MustCompile(`^>`), `\>`},
	{regexp.MustCompile(`^(\d+)\. `), `$1\. `},
}

func escapeMarkdown(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `*`, `\*`, "`", "\\`", `[`, `\[`, `]`, `\]`, `_`, `\_`).Replace(s)
	for _, e := range lineEscapes {
		s = e.pattern.ReplaceAllString(s, e.with)
	}
	return s
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// flanked moves the white space around inline content outside of its marks.
func flanked(content string, mark func(string) string) string {
	inner := strings.TrimSpace(content)
	if inner == "" {
		if content != "" {
			return " "
		}
		return ""
	}
	lead := content[:strings.Index(content, inner)]
	trail := content[len(lead)+len(inner):]
	return lead + mark(inner) + trail
}

func around(mark string) func(string) string {
	return func(s string) string { return mark + s + mark }
}

func (w mdWriter) element(n *html.Node, depth int) string {
	switch n.Data {
	case "script", "style", "head", "title", "noscript", "template":
		return ""
	case "pre":
		return w.pre(n)
	case "table":
		return w.table(n, depth)
	}
	content := w.children(n, depth)
	if isBlank(n) {
		if isBlockElement(n) {
			return "\n\n"
		}
		return content
	}
	switch n.Data {
	case "p":
		return "\n\n" + content + "\n\n"
	case "br":
		return "  \n"
	case "hr":
		return "\n\n* * *\n\n"
	case "h1", "h2", "h3", "h4", "h5", "h6":
		return heading(n.Data, content)
	case "blockquote":
		return "\n\n" + quoteLines(strings.Trim(content, "\n")) + "\n\n"
	case "ul", "ol":
		if n.Parent != nil && n.Parent.Data == "li" && lastElement(n.Parent) == n {
			return "\n" + content
		}
		return "\n\n" + content + "\n\n"
	case "li":
		return listItem(n, content)
	case "em", "i":
		return flanked(content, around("_"))
	case "strong", "b":
		return flanked(content, around("**"))
	case "del", "s", "strike":
		return flanked(content, around("~~"))
	case "code":
		return flanked(content, codeMark)
	case "a":
		return link(n, content)
	case "img":
		return image(n)
	case "input":
		return checkbox(n)
	}
	if isBlockElement(n) {
		return "\n\n" + content + "\n\n"
	}
	return content
}

// isBlank reports whether an element shows nothing.
func isBlank(n *html.Node) bool {
	if isVoid(n) || n.Data == "a" || n.Data == "th" || n.Data == "td" || n.Data == "iframe" {
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode && strings.TrimSpace(c.Data) != "" || c.Type == html.ElementNode && !isBlank(c) {
			return false
		}
	}
	return true
}

func heading(tag, content string) string {
	level := int(tag[1] - '0')
	if level < 3 {
		line := strings.Repeat(map[int]string{1: "=", 2: "-"}[level], utf16Len(content))
		return "\n\n" + content + "\n" + line + "\n\n"
	}
	return "\n\n" + strings.Repeat("#", level) + " " + content + "\n\n"
}

func quoteLines(content string) string {
	lines := strings.Split(content, "\n")
	for i, l := range lines {
		lines[i] = "> " + l
	}
	return strings.Join(lines, "\n")
}

func lastElement(n *html.Node) *html.Node {
	for c := n.LastChild; c != nil; c = c.PrevSibling {
		if c.Type == html.ElementNode {
			return c
		}
	}
	return nil
}

func listItem(n *html.Node, content string) string {
	trailing := strings.HasSuffix(content, "\n")
	content = strings.Trim(content, "\n")
	if trailing {
		content += "\n"
	}
	content = strings.ReplaceAll(content, "\n", "\n    ")
	prefix := "*   "
	if p := n.Parent; p != nil && p.Data == "ol" {
		index := 0
		for c := p.FirstChild; c != nil && c != n; c = c.NextSibling {
			if c.Type == html.ElementNode {
				index++
			}
		}
		start := 1
		if s, err := strconv.Atoi(attr(p, "start")); err == nil {
			start = s
		}
		prefix = strconv.Itoa(start+index) + ".  "
	}
	end := ""
	if nextElement(n) && !strings.HasSuffix(content, "\n") {
		end = "\n"
	}
	return prefix + content + end
}

func nextElement(n *html.Node) bool { return n.NextSibling != nil }

func codeMark(s string) string {
	s = strings.ReplaceAll(s, "\n", " ")
	mark := "`"
	for strings.Contains(s, mark) {
		mark += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		return mark + " " + s + " " + mark
	}
	return mark + s + mark
}

func titleOf(n *html.Node) string {
	if t := attr(n, "title"); t != "" {
		return ` "` + strings.ReplaceAll(t, `"`, `\"`) + `"`
	}
	return ""
}

func link(n *html.Node, content string) string {
	href := attr(n, "href")
	if href == "" {
		return content
	}
	href = strings.NewReplacer("(", `\(`, ")", `\)`).Replace(href)
	return flankedLink(content, href, titleOf(n))
}

func flankedLink(content, href, title string) string {
	if strings.TrimSpace(content) == "" {
		return "[" + content + "](" + href + title + ")"
	}
	return flanked(content, func(s string) string { return "[" + s + "](" + href + title + ")" })
}

func image(n *html.Node) string {
	src := attr(n, "src")
	if src == "" {
		return ""
	}
	alt := regexp.MustCompile(`(\n+\s*)+`).ReplaceAllString(attr(n, "alt"), "\n")
	return "![" + alt + "](" + src + titleOf(n) + ")"
}

func checkbox(n *html.Node) string {
	if attr(n, "type") != "checkbox" || !inside(n, "li") {
		return ""
	}
	for _, a := range n.Attr {
		if a.Key == "checked" {
			return "[x] "
		}
	}
	return "[ ] "
}

func rawText(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	out := ""
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Data == "br" {
			out += "\n"
			continue
		}
		out += rawText(c)
	}
	return out
}

var highlightClass = regexp.MustCompile(`highlight-(?:text|source)-([a-z0-9]+)`)

func (w mdWriter) pre(n *html.Node) string {
	text := strings.TrimSuffix(rawText(n), "\n")
	if p := n.Parent; p != nil && p.Data == "div" {
		if m := highlightClass.FindStringSubmatch(attr(p, "class")); m != nil {
			return "\n\n```" + m[1] + "\n" + text + "\n```\n\n"
		}
	}
	if n.FirstChild == nil || n.FirstChild.Data != "code" {
		return "\n\n" + escapeMarkdown(text) + "\n\n"
	}
	return "\n\n    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n\n"
}

func (w mdWriter) table(n *html.Node, depth int) string {
	var rows []*html.Node
	var find func(n *html.Node)
	find = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Data == "tr" {
				rows = append(rows, c)
			} else if c.Data == "thead" || c.Data == "tbody" || c.Data == "tfoot" {
				find(c)
			}
		}
	}
	find(n)
	if len(rows) == 0 {
		return "\n\n" + w.children(n, depth) + "\n\n"
	}
	out := "\n\n"
	for i, row := range rows {
		line, rule := "|", "|"
		for c := row.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode {
				continue
			}
			cell := strings.ReplaceAll(strings.TrimSpace(w.children(c, depth)), "\n", "<br>")
			cell = strings.ReplaceAll(cell, "|", `\\|`)
			for utf16Len(cell) < 3 {
				cell += " "
			}
			line += " " + cell + " |"
			rule += " --- |"
		}
		out += line + "\n"
		if i == 0 {
			out += rule + "\n"
		}
	}
	return out + "\n"
}
