package extensions

import (
	"regexp"
	"strings"
)

// Atlassian Document Format, as the marklassian library builds it.

func typed(kind string) object { return newObject().set("type", str(kind)) }

func markdownToADF(a args) value {
	tokens := lexMarkdown(scriptText(a.or(0, str(""))), false)
	return newObject().set("version", num(1)).set("type", str("doc")).set("content", list(adfBlocks(tokens))).value()
}

func adfBlocks(tokens []*mdToken) []value {
	out := []value{}
	for _, t := range tokens {
		switch t.kind {
		case "paragraph":
			out = append(out, adfParagraphs(t.tokens)...)
		case "heading":
			out = append(out, typed("heading").set("attrs", newObject().set("level", num(float64(t.depth))).value()).
				set("content", list(adfInline(t.tokens))).value())
		case "list":
			out = append(out, adfList(t))
		case "code":
			lang := t.lang
			if lang == "" {
				lang = "text"
			}
			text := typed("text").set("text", str(t.text)).value()
			out = append(out, typed("codeBlock").set("attrs", newObject().set("language", str(lang)).value()).
				set("content", list([]value{text})).value())
		case "blockquote":
			out = append(out, typed("blockquote").set("content", list(adfBlocks(t.tokens))).value())
		case "hr":
			out = append(out, typed("rule").value())
		case "table":
			out = append(out, adfTable(t))
		}
	}
	return out
}

func adfList(t *mdToken) value {
	o := typed("bulletList")
	if t.ordered {
		start := t.start
		if start == 0 {
			start = 1
		}
		o = typed("orderedList").set("attrs", newObject().set("order", num(float64(start))).value())
	}
	var items []value
	for _, item := range t.items {
		items = append(items, adfItem(item))
	}
	return o.set("content", list(items)).value()
}

func adfItem(item *mdToken) value {
	content := []value{}
	var run []*mdToken
	flush := func() {
		if len(run) > 0 {
			content = append(content, typed("paragraph").set("content", list(adfInline(run))).value())
			run = nil
		}
	}
	for _, t := range item.tokens {
		switch t.kind {
		case "text", "em", "strong", "del", "link", "codespan":
			run = append(run, t)
		case "list":
			flush()
			content = append(content, adfList(t))
		default:
			flush()
			content = append(content, adfBlocks([]*mdToken{t})...)
		}
	}
	flush()
	return typed("listItem").set("content", list(content)).value()
}

func adfTable(t *mdToken) value {
	row := func(cells []*mdToken, kind string) value {
		var out []value
		for _, c := range cells {
			out = append(out, typed(kind).set("content", list(adfParagraphs(c.tokens))).value())
		}
		return typed("tableRow").set("content", list(out)).value()
	}
	rows := []value{row(t.header, "tableHeader")}
	for _, r := range t.rows {
		rows = append(rows, row(r, "tableCell"))
	}
	return typed("table").set("content", list(rows)).value()
}

// adfParagraphs splits a paragraph at its images, which stand alone.
func adfParagraphs(tokens []*mdToken) []value {
	out := []value{}
	var run []*mdToken
	flush := func() {
		if len(run) > 0 {
			out = append(out, typed("paragraph").set("content", list(adfInline(run))).value())
			run = nil
		}
	}
	for _, t := range tokens {
		if t.kind != "image" {
			run = append(run, t)
			continue
		}
		flush()
		media := typed("media").set("attrs", newObject().set("type", str("external")).set("url", str(t.href)).set("alt", str(t.plain)).value())
		out = append(out, typed("mediaSingle").set("attrs", newObject().set("layout", str("center")).value()).
			set("content", list([]value{media.value()})).value())
	}
	flush()
	return out
}

type adfMark struct {
	kind string
	href string
}

func adfInline(tokens []*mdToken) []value {
	out := []value{}
	text := func(t *mdToken, marks []adfMark) {
		s := adfText(t)
		if s == "" {
			return
		}
		o := typed("text").set("text", str(s))
		if marks != nil {
			o.set("marks", adfMarks(marks))
		}
		out = append(out, o.value())
	}
	for _, t := range tokens {
		switch t.kind {
		case "text":
			if t.tokens != nil {
				out = append(out, adfInline(t.tokens)...)
				continue
			}
			text(t, nil)
		case "em", "strong", "del":
			mark := map[string]string{"em": "em", "strong": "strong", "del": "strike"}[t.kind]
			for _, inner := range t.tokens {
				text(inner, collectMarks(inner, []adfMark{{kind: mark}}))
			}
		case "link", "codespan":
			text(t, collectMarks(t, []adfMark{}))
		case "br":
			out = append(out, typed("hardBreak").value())
		}
	}
	return out
}

var spaceRun = regexp.MustCompile(`\s+`)

func adfText(t *mdToken) string {
	if len(t.tokens) == 1 && t.tokens[0].plain != "" {
		return adfText(t.tokens[0])
	}
	return spaceRun.ReplaceAllString(strings.TrimSuffix(t.plain, "\n"), " ")
}

// collectMarks gathers the marks of a token and of those that it alone holds.
func collectMarks(t *mdToken, marks []adfMark) []adfMark {
	has := func(kind string) bool {
		for _, m := range marks {
			if m.kind == kind {
				return true
			}
		}
		return false
	}
	kind := map[string]string{"em": "em", "strong": "strong", "del": "strike", "link": "link", "codespan": "code"}[t.kind]
	if kind != "" && !has(kind) {
		marks = append(marks, adfMark{kind, t.href})
	}
	if len(t.tokens) == 1 {
		return collectMarks(t.tokens[0], marks)
	}
	if !has("code") {
		return marks
	}
	kept := []adfMark{}
	for _, m := range marks {
		if m.kind == "link" || m.kind == "code" {
			kept = append(kept, m)
		}
	}
	return kept
}

func adfMarks(marks []adfMark) value {
	out := []value{}
	for _, m := range marks {
		o := typed(m.kind)
		if m.kind == "link" {
			o.set("attrs", newObject().set("href", str(m.href)).value())
		}
		out = append(out, o.value())
	}
	return list(out)
}
