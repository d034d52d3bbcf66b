package extensions

import (
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

// docsWriter collects the requests that build a Google document: inserts in
// order, then formats over their ranges. Positions count UTF-16 units.
type docsWriter struct {
	at      int
	offset  int // tabs that bullets will swallow
	inserts []value
	bullets []value
	formats []docsFormat
}

type docsFormat struct {
	start, end int
	style      string // of a paragraph
	fields     []docsField
}

type docsField struct {
	name string
	v    value
}

func markdownToGoogleDocs(a args) value {
	w := &docsWriter{at: 1}
	if v := a.at(1); v.IsNumber() {
		w.at = int(v.Float())
	}
	w.tokens(lexMarkdown(scriptText(a.or(0, str(""))), false), 0)
	return newObject().set("requests", list(append(append(append([]value{}, w.inserts...), w.bullets...), w.formatRequests()...))).value()
}

func (w *docsWriter) location() value { return newObject().set("index", num(float64(w.at))).value() }

func (w *docsWriter) insert(text string) {
	w.inserts = append(w.inserts, newObject().set("insertText", newObject().set("text", str(text)).set("location", w.location()).value()).value())
	w.at += utf16Len(text)
}

func (w *docsWriter) tokens(tokens []*mdToken, level int) {
	for _, t := range tokens {
		w.token(t, level)
	}
}

func (w *docsWriter) token(t *mdToken, level int) {
	switch t.kind {
	case "hr":
		w.insert("\n\n")
		return
	case "space":
		if t.raw == "" {
			w.insert("\n")
		} else {
			w.insert(t.raw)
		}
		return
	case "image":
		image := newObject().set("uri", str(t.href)).set("location", w.location()).value()
		w.inserts = append(w.inserts, newObject().set("insertInlineImage", image).value())
		w.at++
		return
	case "table":
		w.table(t, level)
		return
	}
	switch {
	case len(t.tokens) > 0:
		w.container(t, level)
	case len(t.items) > 0:
		w.list(t, level)
	case t.text != "":
		w.insert(decodeEntities(t.text))
	}
}

func (w *docsWriter) table(t *mdToken, level int) {
	table := newObject().set("columns", num(float64(len(t.header)))).set("rows", num(float64(len(t.rows)+1))).set("location", w.location()).value()
	w.inserts = append(w.inserts, newObject().set("insertTable", table).value())
	w.at += 4
	rows := append([][]*mdToken{t.header}, t.rows...)
	for i, row := range rows {
		for _, cell := range row {
			w.token(cell, level)
			w.at += 2
		}
		if i < len(rows)-1 {
			w.at++
		}
	}
	w.insert("\n")
}

func (w *docsWriter) container(t *mdToken, level int) {
	start := w.at
	w.tokens(t.tokens, level)
	w.format(t, start-w.offset, w.at-w.offset)
	if t.kind == "heading" {
		w.insert("\n")
	}
}

func (w *docsWriter) format(t *mdToken, start, end int) {
	f := docsFormat{start: start, end: end}
	switch t.kind {
	case "heading":
		f.style = "HEADING_" + strconv.Itoa(t.depth)
	case "em":
		f.fields = []docsField{{"italic", jsonata.Bool(true)}}
	case "strong":
		f.fields = []docsField{{"bold", jsonata.Bool(true)}}
	case "link":
		rgb := newObject().set("red", num(0.1)).set("green", num(0.33)).set("blue", num(0.8)).value()
		color := newObject().set("color", newObject().set("rgbColor", rgb).value()).value()
		f.fields = []docsField{{"link", newObject().set("url", str(t.href)).value()}, {"underline", jsonata.Bool(true)}, {"foregroundColor", color}}
	default:
		return
	}
	w.formats = append(w.formats, f)
}

func (w *docsWriter) list(t *mdToken, level int) {
	start := w.at
	for i, item := range t.items {
		if i > 0 {
			w.insert("\n")
		}
		w.item(item, level+1)
	}
	if level > 0 {
		return
	}
	preset := "BULLET_DISC_CIRCLE_SQUARE"
	if t.ordered {
		preset = "NUMBERED_DECIMAL_ALPHA_ROMAN"
	}
	bullets := newObject().set("range", docsRange(start, w.at)).set("bulletPreset", str(preset)).value()
	w.bullets = append([]value{newObject().set("createParagraphBullets", bullets).value()}, w.bullets...)
}

func (w *docsWriter) item(item *mdToken, level int) {
	if len(item.tokens) == 0 {
		return
	}
	if level > 1 {
		w.insert(strings.Repeat("\t", level-1))
		w.offset += level - 1
	}
	for i, t := range item.tokens {
		if i > 0 {
			w.insert("\n")
		}
		w.token(t, level)
	}
}

func docsRange(start, end int) value {
	return newObject().set("startIndex", num(float64(start))).set("endIndex", num(float64(end))).value()
}

// formatRequests writes the formats; text styles of one range are merged.
func (w *docsWriter) formatRequests() []value {
	var merged []docsFormat
next:
	for _, f := range w.formats {
		if f.style == "" {
			for i, m := range merged {
				if m.style == "" && m.start == f.start && m.end == f.end {
					merged[i].fields = append(merged[i].fields, f.fields...)
					continue next
				}
			}
		}
		merged = append(merged, f)
	}
	var out []value
	for _, f := range merged {
		name, style, inner := "updateTextStyle", "textStyle", newObject()
		if f.style != "" {
			name, style = "updateParagraphStyle", "paragraphStyle"
			inner.set("namedStyleType", str(f.style))
		}
		for _, field := range f.fields {
			inner.set(field.name, field.v)
		}
		body := newObject().set(style, inner.value()).set("fields", str("*")).set("range", docsRange(f.start, f.end)).value()
		out = append(out, newObject().set(name, body).value())
	}
	return out
}
