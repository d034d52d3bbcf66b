package extensions

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

// maxXMLDepth bounds the nesting of elements.
const maxXMLDepth = 1000

// XMLError says where a text is not XML.
type XMLError struct {
	// Offset is the byte behind what was read.
	Offset int64
	// Line and Column count from 1, Column in bytes.
	Line, Column int
	// Reason is a clause such as "unclosed element a".
	Reason string
}

func (e *XMLError) Error() string {
	return fmt.Sprintf("%s (line %d, column %d)", e.Reason, e.Line, e.Column)
}

// ParseXML reads an XML document in the compact form of $xmlToJs: elements are
// members of their parent, repeated ones an array; _attributes, _text, _cdata,
// _comment and _declaration hold the rest. Entities that the document declares
// are refused, and so is nesting beyond 1,000 elements; maxNodes bounds the
// elements, attributes and texts together, 0 leaves that out. Errors are
// *XMLError.
func ParseXML(text string, maxNodes int) (jsonata.Value, error) {
	root, err := readXML(text, maxNodes)
	if err != nil {
		return jsonata.Undefined(), err
	}
	return xmlReader{}.compact(root), nil
}

// FormatXML writes the compact form as XML text, as $jsToXml does with these
// options of the writer: spaces, the indentation as a number or a text, and
// fullTagEmptyElement. Like that function it escapes text but neither checks
// names nor escapes attributes beyond quotation marks.
func FormatXML(v, writer jsonata.Value) string {
	w := &xmlWriter{o: options{writer}}
	w.setIndent()
	w.compactMembers(v, 0)
	return strings.TrimPrefix(w.buf.String(), "\n")
}

// xmlScanner builds the tree of a document.
type xmlScanner struct {
	text     string
	decoder  *xml.Decoder
	stack    []*xmlNode
	nodes    int
	maxNodes int
}

// readXML reads a document with raw names, so that prefixes stay.
func readXML(text string, maxNodes int) (*xmlNode, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	root := &xmlNode{kind: "root"}
	s := &xmlScanner{text: text, decoder: d, stack: []*xmlNode{root}, maxNodes: maxNodes}
	for {
		offset := d.InputOffset()
		t, err := d.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, s.fail("%s", xmlReason(err))
		}
		if err := s.token(t, offset); err != nil {
			return nil, err
		}
	}
	if len(s.stack) > 1 {
		return nil, s.fail("unclosed element %s", s.top().name)
	}
	return root, nil
}

func (s *xmlScanner) top() *xmlNode { return s.stack[len(s.stack)-1] }

func (s *xmlScanner) fail(format string, a ...any) error {
	line, column := s.decoder.InputPos()
	return &XMLError{Offset: s.decoder.InputOffset(), Line: line, Column: column, Reason: fmt.Sprintf(format, a...)}
}

func xmlReason(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return strings.TrimPrefix(err.Error(), "xml: ")
}

// add appends a piece to the element that is open.
func (s *xmlScanner) add(n *xmlNode) error {
	if s.nodes += 1 + len(n.attrs); s.maxNodes > 0 && s.nodes > s.maxNodes {
		return s.fail("more than %d elements, attributes and texts", s.maxNodes)
	}
	s.top().children = append(s.top().children, n)
	return nil
}

func (s *xmlScanner) token(t xml.Token, offset int64) error {
	switch t := t.(type) {
	case xml.StartElement:
		n := &xmlNode{kind: "element", name: rawName(t.Name), attrs: append([]xml.Attr(nil), t.Attr...)}
		if len(s.stack) > maxXMLDepth {
			return s.fail("elements nested too deeply")
		}
		if err := s.add(n); err != nil {
			return err
		}
		s.stack = append(s.stack, n)
	case xml.EndElement:
		if len(s.stack) == 1 || s.top().name != rawName(t.Name) {
			return s.fail("unexpected end of element %s", rawName(t.Name))
		}
		s.stack = s.stack[:len(s.stack)-1]
	case xml.CharData:
		kind := "text"
		if strings.HasPrefix(s.text[offset:], "<![CDATA[") {
			kind = "cdata"
		}
		if len(s.stack) > 1 {
			return s.add(&xmlNode{kind: kind, text: string(t)})
		}
		if strings.TrimSpace(string(t)) != "" {
			return s.fail("text outside of the root element")
		}
	case xml.Comment:
		return s.add(&xmlNode{kind: "comment", text: string(t)})
	case xml.ProcInst:
		kind := "instruction"
		if t.Target == "xml" {
			kind = "declaration"
		}
		return s.add(&xmlNode{kind: kind, name: t.Target, text: string(t.Inst), attrs: pseudoAttrs(string(t.Inst))})
	case xml.Directive:
		return s.add(&xmlNode{kind: "doctype", text: strings.TrimSpace(strings.TrimPrefix(string(t), "DOCTYPE"))})
	}
	return nil
}
