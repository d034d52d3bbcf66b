package extensions

import (
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/internal/lib"
)

func markdownFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("convertMarkdownToHtml", 2, simple(markdownToHTML)),
		define("convertMarkdownToAdf", 1, simple(markdownToADF)),
		define("convertMarkdownToNotion", 1, simple(markdownToNotion)),
		define("convertMarkdownToSlack", 1, simple(markdownToSlack)),
		define("convertMarkdownToGoogleDocs", 2, simple(markdownToGoogleDocs)),
		define("convertNotionToMarkdown", 2, pure(notionToMarkdown)),
		define("convertNotionToMd", 1, pure(notionToMd)),
		define("convertHtmlToMarkdown", 1, pure(htmlToMarkdown)),
	}
}

func markdownToHTML(a args) value {
	tokens := lexMarkdown(scriptText(a.or(0, str(""))), options{a.at(1)}.flag("breaks"))
	var b strings.Builder
	htmlBlocks(&b, tokens, true)
	return str(b.String())
}

func htmlBlocks(b *strings.Builder, tokens []*mdToken, loose bool) {
	for i, t := range tokens {
		switch t.kind {
		case "heading":
			tag := "h" + strconv.Itoa(t.depth)
			b.WriteString("<" + tag + ">" + htmlInline(t.tokens) + "</" + tag + ">\n")
		case "paragraph":
			b.WriteString("<p>" + htmlInline(t.tokens) + "</p>\n")
		case "text":
			text := htmlInline(t.tokens)
			if t.tokens == nil {
				text = t.text
			}
			if loose {
				b.WriteString("<p>" + text + "</p>\n")
			} else {
				b.WriteString(text)
				if i+1 < len(tokens) && tokens[i+1].kind == "text" {
					b.WriteByte('\n')
				}
			}
		case "code":
			htmlCode(b, t)
		case "hr":
			b.WriteString("<hr>\n")
		case "blockquote":
			b.WriteString("<blockquote>\n")
			htmlBlocks(b, t.tokens, true)
			b.WriteString("</blockquote>\n")
		case "list":
			htmlList(b, t)
		case "table":
			htmlTable(b, t)
		case "html":
			b.WriteString(t.raw)
		}
	}
}

func htmlCode(b *strings.Builder, t *mdToken) {
	lang, _, _ := strings.Cut(t.lang, " ")
	b.WriteString("<pre><code")
	if lang != "" {
		b.WriteString(` class="language-` + escapeHTML(lang, true) + `"`)
	}
	b.WriteString(">" + escapeHTML(t.text, true) + "\n</code></pre>\n")
}

func htmlList(b *strings.Builder, t *mdToken) {
	tag, attr := "ul", ""
	if t.ordered {
		tag = "ol"
		if t.start != 1 {
			attr = ` start="` + strconv.Itoa(t.start) + `"`
		}
	}
	b.WriteString("<" + tag + attr + ">\n")
	for _, item := range t.items {
		var inner strings.Builder
		htmlBlocks(&inner, item.tokens, item.loose)
		text := inner.String()
		if item.task {
			box := `<input disabled="" type="checkbox"> `
			if item.checked {
				box = `<input checked="" disabled="" type="checkbox"> `
			}
			if item.loose && strings.HasPrefix(text, "<p>") {
				text = "<p>" + box + text[3:]
			} else {
				text = box + text
			}
		}
		b.WriteString("<li>" + text + "</li>\n")
	}
	b.WriteString("</" + tag + ">\n")
}

func htmlTable(b *strings.Builder, t *mdToken) {
	row := func(cells []*mdToken, tag string) {
		b.WriteString("<tr>\n")
		for i, c := range cells {
			attr := ""
			if t.align[i] != "" {
				attr = ` align="` + t.align[i] + `"`
			}
			b.WriteString("<" + tag + attr + ">" + htmlInline(c.tokens) + "</" + tag + ">\n")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("<table>\n<thead>\n")
	row(t.header, "th")
	b.WriteString("</thead>\n")
	if len(t.rows) > 0 {
		b.WriteString("<tbody>")
		for _, r := range t.rows {
			row(r, "td")
		}
		b.WriteString("</tbody>")
	}
	b.WriteString("</table>\n")
}

func htmlInline(tokens []*mdToken) string {
	var b strings.Builder
	for _, t := range tokens {
		switch t.kind {
		case "strong", "em", "del":
			b.WriteString("<" + t.kind + ">" + htmlInline(t.tokens) + "</" + t.kind + ">")
		case "codespan":
			b.WriteString("<code>" + t.text + "</code>")
		case "br":
			b.WriteString("<br>")
		case "link", "image":
			htmlLink(&b, t)
		default:
			b.WriteString(t.text)
		}
	}
	return b.String()
}

// cleanHref is encodeURI that leaves percent signs alone.
func cleanHref(href string) string {
	return strings.ReplaceAll(lib.PercentEncode(href, "-_.!~*'();/?:@&=+$,#"), "%25", "%")
}

func htmlLink(b *strings.Builder, t *mdToken) {
	title := ""
	if t.title != "" {
		title = ` title="` + escapeHTML(t.title, false) + `"`
	}
	if t.kind == "image" {
		b.WriteString(`<img src="` + cleanHref(t.href) + `" alt="` + t.text + `"` + title + ">")
		return
	}
	b.WriteString(`<a href="` + cleanHref(t.href) + `"` + title + ">" + htmlInline(t.tokens) + "</a>")
}

// decodeEntities undoes the escapes of inline text.
func decodeEntities(s string) string {
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&#x2F;", "/",
		"&#x5C;", `\`, "&#x60;", "`", "&#x3D;", "=").Replace(s)
}
