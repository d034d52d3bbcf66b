package extensions

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

// xmlNode is an element, text or other piece of an XML document.
type xmlNode struct {
	kind     string // element, text, cdata, comment, declaration, instruction, doctype
	name     string
	attrs    []xml.Attr
	text     string
	children []*xmlNode
}

func xmlToJS(a args) (value, error) {
	o := options{a.at(1)}
	compact := isNil(a.at(1)) || o.flag("compact")
	root, err := readXML(scriptText(a.at(0)), 0)
	if err != nil {
		return value{}, fmt.Errorf("xmlToJs: %w", err)
	}
	c := xmlReader{o: o}
	if compact {
		return c.compact(root), nil
	}
	return c.full(root), nil
}

func rawName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// pseudoAttrs reads the name="value" pairs of an XML declaration.
func pseudoAttrs(text string) []xml.Attr {
	var out []xml.Attr
	for {
		name, rest, ok := strings.Cut(strings.TrimSpace(text), "=")
		rest = strings.TrimSpace(rest)
		if !ok || rest == "" {
			return out
		}
		val, more, ok := strings.Cut(rest[1:], rest[:1])
		if !ok {
			return out
		}
		out = append(out, xml.Attr{Name: xml.Name{Local: strings.TrimSpace(name)}, Value: val})
		text = more
	}
}

type xmlReader struct{ o options }

// ignored reports whether the options leave a kind of node out.
func (c xmlReader) ignored(n *xmlNode) bool {
	switch n.kind {
	case "comment":
		return c.o.flag("ignoreComment")
	case "cdata":
		return c.o.flag("ignoreCdata")
	case "declaration":
		return c.o.flag("ignoreDeclaration")
	case "instruction":
		return c.o.flag("ignoreInstruction")
	case "doctype":
		return c.o.flag("ignoreDoctype")
	case "text":
		if strings.TrimSpace(n.text) == "" && !c.o.flag("captureSpacesBetweenElements") {
			return true
		}
		return c.o.flag("ignoreText")
	}
	return false
}

func (c xmlReader) text(s string) value {
	if c.o.flag("trim") {
		s = strings.TrimSpace(s)
	}
	if c.o.flag("nativeType") {
		return nativeType(s)
	}
	return str(s)
}

func nativeType(s string) value {
	switch strings.ToLower(s) {
	case "true":
		return jsonata.Bool(true)
	case "false":
		return jsonata.Bool(false)
	}
	if f := scriptNumber(str(s)); f == f && strings.TrimSpace(s) != "" {
		return num(f)
	}
	return str(s)
}

func (c xmlReader) attributes(attrs []xml.Attr) value {
	o := newObject()
	for _, a := range attrs {
		v := value(str(a.Value))
		if c.o.flag("nativeTypeAttributes") {
			v = nativeType(a.Value)
		}
		o.set(rawName(a.Name), v)
	}
	return o.value()
}

// key is the name under which the compact form keeps a kind of content.
func (c xmlReader) key(kind string) string {
	return c.o.text(kind+"Key", "_"+kind)
}

// compact is the form in which elements are members of their parent.
func (c xmlReader) compact(n *xmlNode) value {
	o := newObject()
	if len(n.attrs) > 0 && !c.o.flag("ignoreAttributes") {
		o.set(c.key("attributes"), c.attributes(n.attrs))
	}
	all := map[string][]value{}
	var order []string
	add := func(key string, v value) {
		if _, ok := all[key]; !ok {
			order = append(order, key)
		}
		all[key] = append(all[key], v)
	}
	for _, child := range n.children {
		switch {
		case c.ignored(child):
		case child.kind == "element":
			add(child.name, c.compact(child))
		case child.kind == "declaration":
			d := newObject()
			if len(child.attrs) > 0 {
				d.set(c.key("attributes"), c.attributes(child.attrs))
			}
			add(c.key("declaration"), d.value())
		case child.kind == "instruction":
			add(c.key("instruction"), newObject().set(child.name, str(child.text)).value())
		case child.kind == "text":
			add(c.key("text"), c.text(child.text))
		default:
			add(c.key(child.kind), str(child.text))
		}
	}
	for _, key := range order {
		vals := all[key]
		if len(vals) == 1 && !c.o.flag("alwaysArray") {
			o.set(key, vals[0])
			continue
		}
		o.set(key, list(vals))
	}
	return o.value()
}

// full is the form in which every piece is an item of its parent's elements.
func (c xmlReader) full(n *xmlNode) value {
	o := newObject()
	switch n.kind {
	case "root":
	case "element":
		o.set("type", str("element")).set("name", str(n.name))
		if len(n.attrs) > 0 && !c.o.flag("ignoreAttributes") {
			o.set("attributes", c.attributes(n.attrs))
		}
	case "text":
		return o.set("type", str("text")).set("text", c.text(n.text)).value()
	case "instruction":
		return o.set("type", str(n.kind)).set("name", str(n.name)).set("instruction", str(n.text)).value()
	default:
		return o.set("type", str(n.kind)).set(n.kind, str(n.text)).value()
	}
	var children []value
	for _, child := range n.children {
		switch {
		case c.ignored(child):
		case child.kind == "declaration":
			d := newObject()
			if len(child.attrs) > 0 {
				d.set("attributes", c.attributes(child.attrs))
			}
			o.set("declaration", d.value())
		default:
			children = append(children, c.full(child))
		}
	}
	if len(children) > 0 {
		o.set("elements", list(children))
	}
	return o.value()
}

// xmlWriter writes either form as XML text.
type xmlWriter struct {
	o      options
	indent string
	buf    bytes.Buffer
}

func jsToXML(a args) value {
	o := options{a.at(1)}
	w := &xmlWriter{o: o}
	compact := true
	if isNil(a.at(1)) {
		w.indent = "    "
	} else {
		compact = o.flag("compact")
		w.setIndent()
	}
	if compact {
		w.compactMembers(a.at(0), 0)
	} else {
		w.fullElements(a.at(0), 0)
	}
	return str(strings.TrimPrefix(w.buf.String(), "\n"))
}

func (w *xmlWriter) setIndent() {
	if s := w.o.get("spaces"); s.IsNumber() {
		w.indent = strings.Repeat(" ", int(min(max(s.Float(), 0), 100)))
	} else if s.IsString() {
		w.indent = s.Str()
	}
}

func (w *xmlWriter) newline(depth int) {
	if w.indent != "" {
		w.buf.WriteString("\n" + strings.Repeat(w.indent, depth))
	}
}

func escapeXMLText(s string) string {
	return strings.NewReplacer("&amp;", "&amp;", "&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func (w *xmlWriter) attributes(v value) {
	names, vals := members(v)
	for i, n := range names {
		if !isNil(vals[i]) {
			w.buf.WriteString(" " + n + `="` + strings.ReplaceAll(scriptText(vals[i]), `"`, "&quot;") + `"`)
		}
	}
}

// compactMembers writes the members of an object in compact form; it reports
// whether the content was only text, which stays on its line.
func (w *xmlWriter) compactMembers(v value, depth int) (inline bool) {
	inline = true
	names, vals := members(v)
	if depth > 1000 {
		return inline
	}
	for i, n := range names {
		items := cast(vals[i])
		for _, item := range items {
			switch n {
			case "_attributes":
			case "_text":
				w.buf.WriteString(escapeXMLText(scriptText(item)))
			case "_cdata":
				w.buf.WriteString("<![CDATA[" + strings.ReplaceAll(scriptText(item), "]]>", "]]]]><![CDATA[>") + "]]>")
			case "_comment":
				w.newline(depth)
				w.buf.WriteString("<!--" + scriptText(item) + "-->")
				inline = false
			case "_declaration":
				w.buf.WriteString("<?xml")
				w.attributes(member(item, "_attributes"))
				w.buf.WriteString("?>")
			case "_instruction":
				w.newline(depth)
				keys, texts := members(item)
				for k, key := range keys {
					w.buf.WriteString("<?" + key + " " + scriptText(texts[k]) + "?>")
				}
				inline = false
			case "_doctype":
				w.newline(depth)
				w.buf.WriteString("<!DOCTYPE " + scriptText(item) + ">")
				inline = false
			default:
				w.newline(depth)
				w.compactElement(n, item, depth)
				inline = false
			}
		}
	}
	return inline
}

func (w *xmlWriter) compactElement(name string, v value, depth int) {
	w.buf.WriteString("<" + name)
	if v.IsObject() {
		w.attributes(member(v, "_attributes"))
	}
	mark := w.buf.Len()
	w.buf.WriteByte('>')
	inline := true
	switch {
	case v.IsObject():
		inline = w.compactMembers(v, depth+1)
	case !isNil(v):
		w.buf.WriteString(escapeXMLText(scriptText(v)))
	}
	if w.buf.Len() == mark+1 && !w.o.flag("fullTagEmptyElement") {
		w.buf.Truncate(mark)
		w.buf.WriteString("/>")
		return
	}
	if !inline {
		w.newline(depth)
	}
	w.buf.WriteString("</" + name + ">")
}

func (w *xmlWriter) fullElements(v value, depth int) (inline bool) {
	inline = true
	if d := member(v, "declaration"); !d.IsUndefined() {
		w.buf.WriteString("<?xml")
		w.attributes(member(d, "attributes"))
		w.buf.WriteString("?>")
	}
	if isNil(member(v, "elements")) || depth > 1000 {
		return inline
	}
	for _, e := range cast(member(v, "elements")) {
		switch scriptText(member(e, "type")) {
		case "text":
			w.buf.WriteString(escapeXMLText(scriptText(member(e, "text"))))
			continue
		case "cdata":
			w.buf.WriteString("<![CDATA[" + scriptText(member(e, "cdata")) + "]]>")
			continue
		case "comment":
			w.newline(depth)
			w.buf.WriteString("<!--" + scriptText(member(e, "comment")) + "-->")
		case "doctype":
			w.newline(depth)
			w.buf.WriteString("<!DOCTYPE " + scriptText(member(e, "doctype")) + ">")
		case "instruction":
			w.newline(depth)
			w.buf.WriteString("<?" + scriptText(member(e, "name")) + " " + scriptText(member(e, "instruction")) + "?>")
		default:
			w.newline(depth)
			name := scriptText(member(e, "name"))
			w.buf.WriteString("<" + name)
			w.attributes(member(e, "attributes"))
			mark := w.buf.Len()
			w.buf.WriteByte('>')
			text := w.fullElements(e, depth+1)
			if w.buf.Len() == mark+1 && !w.o.flag("fullTagEmptyElement") {
				w.buf.Truncate(mark)
				w.buf.WriteString("/>")
			} else {
				if !text {
					w.newline(depth)
				}
				w.buf.WriteString("</" + name + ">")
			}
		}
		inline = false
	}
	return inline
}
