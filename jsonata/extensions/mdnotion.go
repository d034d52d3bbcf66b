package extensions

import (
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
	model "github.com/sinewhq/sinew/jsonata/internal/value"
)

// notionPart is a block or a piece of rich text under construction.
type notionPart struct {
	block  value // set for blocks
	image  bool
	text   string
	isText bool
	link   string
	marks  []string
}

func markdownToNotion(a args) value {
	tokens := lexMarkdown(scriptText(a.or(0, str(""))), false)
	return newObject().set("children", notionValues(notionParts(tokens))).value()
}

func notionValues(parts []*notionPart) value {
	out := []value{}
	for _, p := range parts {
		out = append(out, p.value())
	}
	return list(out)
}

func (p *notionPart) value() value {
	if !p.isText {
		return p.block
	}
	text := newObject().set("content", str(p.text))
	if p.link != "" {
		text.set("link", newObject().set("url", str(p.link)).value())
	}
	o := typed("text").set("text", text.value())
	if len(p.marks) > 0 {
		m := newObject()
		for _, name := range p.marks {
			m.set(name, jsonata.Bool(true))
		}
		o.set("annotations", m.value())
	}
	return o.value()
}

func notionBlock(kind string, content value) *notionPart {
	return &notionPart{block: typed(kind).set(kind, content).value()}
}

func richText(parts []*notionPart) value {
	return newObject().set("rich_text", notionValues(parts)).value()
}

func notionParts(tokens []*mdToken) []*notionPart {
	var out []*notionPart
	for _, t := range tokens {
		out = append(out, notionToken(t)...)
	}
	return out
}

func notionToken(t *mdToken) []*notionPart {
	inner := t.tokens
	if t.kind == "blockquote" {
		inner = nil
		if len(t.tokens) > 0 {
			inner = t.tokens[0].tokens
		}
	}
	switch t.kind {
	case "hr":
		return []*notionPart{notionBlock("divider", newObject().value())}
	case "space":
		return []*notionPart{notionBlock("paragraph", richText([]*notionPart{{isText: true, text: "\n"}}))}
	case "image":
		p := notionBlock("image", typed("external").set("external", newObject().set("url", str(t.href)).value()).value())
		p.image = true
		return []*notionPart{p}
	case "paragraph":
		return notionParagraph(notionParts(inner))
	case "heading":
		return []*notionPart{notionBlock("heading_"+strconv.Itoa(t.depth), richText(notionParts(inner)))}
	case "code":
		lang := t.lang
		if lang == "" {
			lang = "plain text"
		}
		content := newObject().set("rich_text", notionValues(chunks(t.text, "\n\n", nil))).set("language", str(lang)).value()
		return []*notionPart{notionBlock("code", content)}
	case "table":
		return []*notionPart{notionTable(t)}
	case "list":
		return notionList(t)
	case "em", "strong":
		mark := map[string]string{"em": "italic", "strong": "bold"}[t.kind]
		parts := notionParts(inner)
		for _, p := range parts {
			p.marks = append(p.marks, mark)
		}
		return parts
	case "link":
		parts := notionParts(inner)
		for _, p := range parts {
			p.link = t.href
		}
		return parts
	case "blockquote":
		return []*notionPart{notionBlock("callout", richText(notionParts(inner)))}
	}
	if parts := notionParts(inner); len(parts) > 0 {
		return parts
	}
	if t.text == "" {
		return nil
	}
	var marks []string
	if t.kind == "codespan" {
		marks = []string{"code"}
	}
	return chunks(decodeEntities(t.text), "\n", marks)
}

func notionParagraph(parts []*notionPart) []*notionPart {
	var texts, images, out []*notionPart
	for _, p := range parts {
		if p.image {
			images = append(images, p)
		} else {
			texts = append(texts, p)
		}
	}
	if len(texts) > 0 {
		out = append(out, notionBlock("paragraph", richText(texts)))
	}
	return append(out, images...)
}

// chunks cuts text into pieces of at most 2,000 characters, line by line, with
// a separator between the lines. Empty lines are dropped.
func chunks(text, separator string, marks []string) []*notionPart {
	var out []*notionPart
	for _, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, &notionPart{isText: true, text: separator})
		}
		units := model.ToUTF16(line)
		for len(units) > 0 {
			n := min(2000, len(units))
			out = append(out, &notionPart{isText: true, text: model.FromUTF16(units[:n]), marks: marks})
			units = units[n:]
		}
	}
	return out
}

func notionTable(t *mdToken) *notionPart {
	row := func(cells []*mdToken, header bool) value {
		var out []value
		for _, c := range cells {
			parts := notionParts([]*mdToken{c})
			if header {
				for _, p := range parts {
					out = append(out, notionValues([]*notionPart{p}))
				}
				continue
			}
			out = append(out, notionValues(parts))
		}
		return typed("table_row").set("table_row", newObject().set("cells", list(out)).value()).value()
	}
	rows := []value{row(t.header, true)}
	for _, r := range t.rows {
		rows = append(rows, row(r, false))
	}
	return notionBlock("table", newObject().set("table_width", num(float64(len(t.header)))).
		set("has_column_header", jsonata.Bool(true)).set("has_row_header", jsonata.Bool(false)).
		set("children", list(rows)).value())
}

func notionList(t *mdToken) []*notionPart {
	kind := "bulleted_list_item"
	switch {
	case t.items[0].task:
		kind = "to_do"
	case t.ordered:
		kind = "numbered_list_item"
	}
	var out []*notionPart
	for _, item := range t.items {
		var texts, children []*notionPart
		for _, p := range notionParts(item.tokens) {
			if p.isText {
				texts = append(texts, p)
			} else {
				children = append(children, p)
			}
		}
		o := newObject()
		if texts != nil {
			o.set("rich_text", notionValues(texts))
		}
		if children != nil {
			o.set("children", notionValues(children))
		}
		if kind == "to_do" {
			o.set("checked", jsonata.Bool(item.checked))
		}
		out = append(out, notionBlock(kind, o.value()))
	}
	return out
}
