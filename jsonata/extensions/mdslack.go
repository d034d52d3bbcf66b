package extensions

import (
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

// slackPart is a block, or a piece of text on its way into one.
type slackPart struct {
	block  value
	text   string // of a section
	inline string
	isText bool
}

func slackSection(text string) slackPart {
	t := typed("mrkdwn").set("text", str(text)).value()
	return slackPart{block: typed("section").set("text", t).value(), text: text}
}

func markdownToSlack(a args) value {
	out := []value{}
	for _, p := range slackParts(lexMarkdown(scriptText(a.or(0, str(""))), false)) {
		if !p.isText {
			out = append(out, p.block)
		}
	}
	return list(out)
}

func slackParts(tokens []*mdToken) []slackPart {
	var out []slackPart
	for _, t := range tokens {
		out = append(out, slackToken(t)...)
	}
	return out
}

func slackText(s string) []slackPart { return []slackPart{{inline: s, isText: true}} }

func slackToken(t *mdToken) []slackPart {
	switch t.kind {
	case "hr":
		return []slackPart{{block: typed("divider").value()}}
	case "space":
		return []slackPart{slackSection("\n")}
	case "image":
		return []slackPart{{block: typed("image").set("image_url", str(t.href)).set("alt_text", str(t.text)).value()}}
	case "paragraph", "text":
		if t.tokens == nil {
			return slackText(t.raw)
		}
		return slackParagraph(t)
	case "heading":
		text := typed("plain_text").set("text", str(t.text)).set("emoji", jsonata.Bool(true)).value()
		return []slackPart{{block: typed("header").set("text", text).value(), text: t.text}}
	case "list":
		return []slackPart{slackList(t)}
	case "strong":
		return slackText("*" + t.text + "*")
	case "link":
		return slackText("<" + t.href + "|" + t.text + ">")
	case "code", "blockquote":
		if t.depth > 0 {
			return []slackPart{slackSection(t.raw)}
		}
		return []slackPart{slackSection(strings.TrimSuffix(t.raw, "\n"))}
	}
	return slackText(t.raw)
}

func slackParagraph(t *mdToken) []slackPart {
	text, any := "", false
	var blocks []slackPart
	for _, p := range slackParts(t.tokens) {
		if p.isText {
			text += p.inline
			any = true
			continue
		}
		blocks = append(blocks, p)
	}
	if any {
		return append([]slackPart{slackSection(text)}, blocks...)
	}
	return blocks
}

func slackList(t *mdToken) slackPart {
	var lines []string
	for _, item := range t.items {
		for _, p := range slackParts(item.tokens) {
			if p.isText || p.text == "" {
				continue
			}
			mark := "•"
			if t.ordered {
				mark = strconv.Itoa(len(lines)+1) + "."
			}
			lines = append(lines, mark+" "+p.text)
		}
	}
	return slackSection(strings.Join(lines, "\n"))
}
