package extensions

import (
	"errors"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

// Notion blocks as Markdown, in two dialects: the newer one with marks and
// nesting, and an older one, block by block.

var errNoBlock = errors.New("not a Notion block")

// flagged reads a flag of the annotations of rich text.
func flagged(x value, name string) bool { return truthy(member(member(x, "annotations"), name)) }

func notionLink(x value) (string, bool) {
	href := member(x, "href")
	if !truthy(href) {
		return "", false
	}
	target := scriptText(href)
	if strings.HasPrefix(target, "/") {
		target = "https://www.notion.so" + target
	}
	return "[" + scriptText(member(x, "plain_text")) + "](" + target + ")", true
}

// richMarkdown is a piece of rich text with its marks.
func richMarkdown(x value) string {
	if isNil(x) {
		return ""
	}
	if link, ok := notionLink(x); ok {
		return link
	}
	text := scriptText(member(x, "plain_text"))
	for _, m := range []struct{ flag, mark string }{{"code", "`"}, {"bold", "**"}, {"italic", "_"}, {"underline", "_"}, {"strikethrough", "~~"}} {
		if flagged(x, m.flag) {
			text = m.mark + text + m.mark
		}
	}
	return text
}

func plainMarkdown(x value) string {
	if link, ok := notionLink(x); ok {
		return link
	}
	return scriptText(member(x, "plain_text"))
}

func pieces(v value, f func(value) string) []string {
	if isNil(v) {
		return nil
	}
	var out []string
	for _, x := range cast(v) {
		out = append(out, f(x))
	}
	return out
}

// captionOr is the caption of a block, or a default.
func captionOr(data value, def string) string {
	c := pieces(member(data, "caption"), func(x value) string { return scriptText(member(x, "plain_text")) })
	if len(c) == 0 {
		return def
	}
	return strings.Join(c, ",")
}

func fileURL(data value) string {
	for _, k := range []string{"file", "external"} {
		if f := member(data, k); truthy(f) {
			return scriptText(member(f, "url"))
		}
	}
	return ""
}

// notionBlockOf is a block with what belongs to it by position.
type notionBlockOf struct {
	v        value
	kind     string
	data     value
	number   int
	children []*notionBlockOf
}

func newNotionBlock(v value) (*notionBlockOf, error) {
	kind := scriptText(member(v, "type"))
	b := &notionBlockOf{v: v, kind: kind, data: member(v, kind)}
	if isNil(b.data) {
		return nil, errNoBlock
	}
	return b, nil
}

func isListBlock(kind string) bool {
	return kind == "to_do" || kind == "numbered_list_item" || kind == "bulleted_list_item"
}

func notionToMarkdown(a args) (value, error) {
	if isNil(a.at(0)) {
		return value{}, errNoBlock
	}
	var blocks []*notionBlockOf
	items := cast(a.at(0))
	empty := newObject().set("type", str("paragraph")).set("paragraph", newObject().set("rich_text", list(nil)).value()).value()
	for i, v := range items {
		b, err := newNotionBlock(v)
		if err != nil {
			return value{}, err
		}
		blocks = append(blocks, b)
		next := jsonata.Undefined()
		if i+1 < len(items) {
			next = member(items[i+1], "type")
		}
		if isListBlock(b.kind) && !isListBlock(scriptText(next)) {
			gap, _ := newNotionBlock(empty)
			blocks = append(blocks, gap)
		}
	}
	var top []*notionBlockOf
	for _, b := range blocks {
		if scriptText(member(member(b.v, "parent"), "type")) != "block_id" {
			top = append(top, b)
		}
	}
	for _, b := range top {
		if err := b.resolve(blocks, 0); err != nil {
			return value{}, err
		}
	}
	numberLists(top)
	var out strings.Builder
	for _, b := range top {
		out.WriteString(b.markdown(1, truthy(a.at(1))))
	}
	return str(out.String()), nil
}

// resolve finds the children of a block: those that it holds, or those in the
// list that name it as their parent.
func (b *notionBlockOf) resolve(all []*notionBlockOf, depth int) error {
	if depth > 100 {
		return errors.New("notion blocks nested too deeply")
	}
	if truthy(member(b.v, "has_children")) {
		for _, c := range all {
			if p := member(c.v, "parent_id"); !isNil(p) && jsonata.Equal(p, member(b.v, "id")) {
				b.children = append(b.children, c)
			}
		}
	} else if kids := member(b.v, "children"); !isNil(kids) {
		for _, v := range cast(kids) {
			c, err := newNotionBlock(v)
			if err != nil {
				return err
			}
			b.children = append(b.children, c)
		}
	}
	for _, c := range b.children {
		if err := c.resolve(all, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func numberLists(blocks []*notionBlockOf) {
	n := 0
	for _, b := range blocks {
		if b.kind != "numbered_list_item" {
			n = 0
			continue
		}
		numberLists(b.children)
		n++
		b.number = n
	}
}

func (b *notionBlockOf) below(level int, sep string, pages bool) string {
	var out []string
	for _, c := range b.children {
		out = append(out, c.markdown(level, pages))
	}
	return strings.Join(out, sep)
}

func (b *notionBlockOf) item(mark string, level int, pages bool) string {
	tabs := strings.Repeat("\t", level)
	out := mark + " " + strings.Join(pieces(member(b.data, "rich_text"), richMarkdown), "") + "\n"
	if below := b.below(level+1, tabs, pages); below != "" {
		out += tabs + below
	}
	return out
}

func (b *notionBlockOf) markdown(level int, pages bool) string {
	const end = "\n\n"
	rich := pieces(member(b.data, "rich_text"), richMarkdown)
	text := strings.Join(rich, "")
	url := scriptText(member(b.data, "url"))
	switch b.kind {
	case "bookmark":
		return "[" + url + "](" + url + ")" + end
	case "bulleted_list_item":
		return b.item("-", level, pages)
	case "numbered_list_item":
		return b.item(scriptText(num(float64(b.number)))+".", level, pages)
	case "to_do":
		return b.item("- ["+checkMark(b.data)+"]", level, pages)
	case "quote", "callout":
		return "> " + text + end
	case "code":
		return "```" + scriptText(member(b.data, "language")) + "\n" + strings.Join(rich, ",") + "\n```" + end
	case "divider":
		return "---" + end
	case "embed":
		return "[" + captionOr(b.data, "Embed") + "](" + url + ")" + end
	case "equation":
		return scriptText(member(b.data, "expression"))
	case "paragraph":
		return text + end
	case "video", "pdf", "file":
		return "[" + captionOr(b.data, "File") + "](" + fileURL(b.data) + ")" + end
	case "image":
		return "![" + captionOr(b.data, "Image") + "](" + fileURL(b.data) + ")" + end
	case "heading_1", "heading_2", "heading_3", "heading_4", "heading_5", "heading_6":
		return strings.Repeat("#", int(b.kind[8]-'0')) + " " + text + end
	case "child_page":
		return b.page(level, pages)
	case "table":
		return b.table()
	case "table_row":
		return tableRow(b.data) + "\n"
	}
	return text + end + b.below(level, "", pages)
}

func checkMark(data value) string {
	if truthy(member(data, "checked")) {
		return "X"
	}
	return " "
}

func (b *notionBlockOf) page(level int, pages bool) string {
	title := "Untitled Page"
	if t := member(b.data, "title"); truthy(t) {
		title = scriptText(t)
	}
	if pages {
		return "[" + title + "](https://www.notion.so/" + strings.ReplaceAll(scriptText(member(b.v, "id")), "-", "") + ")\n\n"
	}
	return title + "\n\n" + b.below(level, "", pages)
}

func tableRow(data value) string {
	cells := pieces(member(data, "cells"), func(c value) string { return strings.Join(pieces(c, richMarkdown), "") })
	return "| " + strings.Join(cells, " | ") + " |"
}

func (b *notionBlockOf) table() string {
	if len(b.children) == 0 {
		return "Table as CSV\n"
	}
	width := int(min(max(member(b.data, "table_width").Float(), 0), 1000))
	var rows []string
	for _, r := range b.children[1:] {
		rows = append(rows, tableRow(r.data))
	}
	return tableRow(b.children[0].data) + "\n|" + strings.Repeat("---|", width) + "\n" + strings.Join(rows, "\n") + "\n\n"
}

// notionToMd is the older dialect: one block, without marks.
func notionToMd(a args) (value, error) {
	if isNil(a.at(0)) {
		return value{}, errNoBlock
	}
	b, err := newNotionBlock(a.at(0))
	if err != nil {
		return value{}, err
	}
	return str(b.plainMarkdown()), nil
}

// prefixed writes each piece on a line of its own behind a prefix.
func prefixed(parts []string, prefix string) string {
	lines := make([]string, len(parts))
	for i, p := range parts {
		lines[i] = prefix + p
	}
	return strings.Join(lines, "\n") + "\n"
}

func (b *notionBlockOf) plainMarkdown() string {
	parts := pieces(member(b.data, "rich_text"), plainMarkdown)
	url := scriptText(member(b.data, "url"))
	switch b.kind {
	case "bookmark":
		return "[" + url + "](" + url + ")\n"
	case "bulleted_list_item":
		return strings.TrimSpace(prefixed(parts, " - ")) + " \n"
	case "numbered_list_item":
		for i := range parts {
			parts[i] = scriptText(num(float64(i+1))) + ". " + parts[i]
		}
		return strings.TrimSpace(prefixed(parts, " ")) + " \n"
	case "quote", "callout":
		return prefixed(parts, "> ")
	case "code":
		return "```" + scriptTextOr(member(b.data, "language"), "") + "\n" + strings.Join(parts, "\n") + "\n```\n"
	case "divider":
		return "--- \n"
	case "embed":
		return "[" + captionOr(b.data, "Embed") + "](" + url + ")\n"
	case "equation":
		return "\n" + scriptText(member(b.data, "expression")) + "\n"
	case "video", "pdf", "file":
		return "[" + captionOr(b.data, "File") + "](" + fileURL(b.data) + ")\n"
	case "image":
		caption := captionOr(b.data, "Image")
		return "![" + caption + "](" + fileURL(b.data) + ` "` + caption + "\")\n"
	case "heading_1", "heading_2", "heading_3", "heading_4", "heading_5", "heading_6":
		return strings.Repeat("#", int(b.kind[8]-'0')) + " " + strings.Join(parts, "\n") + "\n"
	case "table":
		return "\nTabular values as CSV\n"
	case "table_row":
		cells := pieces(member(b.data, "cells"), func(c value) string {
			if first := cast(c); len(first) > 0 {
				return scriptTextOr(member(first[0], "plain_text"), "")
			}
			return ""
		})
		return "\n" + strings.Join(cells, ",") + "\n"
	case "to_do":
		return "- [" + checkMark(b.data) + "] " + strings.Join(parts, "") + "\n"
	}
	return "\n" + strings.Join(parts, "") + "\n"
}
