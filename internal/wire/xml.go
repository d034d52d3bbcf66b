package wire

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

// The members of the compact convention that are no elements.
const (
	xmlAttributes  = "_attributes"
	xmlText        = "_text"
	xmlCDATA       = "_cdata"
	xmlComment     = "_comment"
	xmlDeclaration = "_declaration"
	xmlInstruction = "_instruction"
	xmlDoctype     = "_doctype"
)

// maxXMLBodyDepth is how deep elements may nest in a request.
const maxXMLBodyDepth = 500

// encodeXML writes a value in the compact convention.
func encodeXML(value, options jsonx.Value) ([]byte, error) {
	value, err := rooted(value, options)
	if err != nil {
		return nil, err
	}
	tree, err := buildXML(value, "body", 0)
	if err != nil {
		return nil, err
	}
	var writer []jsonata.Member
	switch spaces := options.Get("spaces"); spaces.Kind() {
	case jsonx.Number:
		n, _ := spaces.Int()
		writer = append(writer, jsonata.Member{Name: "spaces", Value: jsonata.Number(float64(n))})
	case jsonx.String:
		if strings.TrimSpace(spaces.Str()) != "" {
			return nil, bodyError("body_format_config.spaces", "must be a number or white space")
		}
		writer = append(writer, jsonata.Member{Name: "spaces", Value: jsonata.String(spaces.Str())})
	}
	full, _ := options.Get("full_tag_empty_element").Bool()
	writer = append(writer, jsonata.Member{Name: "fullTagEmptyElement", Value: jsonata.Bool(full)})
	return []byte(extensions.FormatXML(tree, jsonata.NewObject(writer...))), nil
}

// rooted puts the value under the root element and the declaration that the
// options ask for, and checks that a document comes of it.
func rooted(value, options jsonx.Value) (jsonx.Value, error) {
	if root := options.Get("root").Str(); root != "" {
		if attributes := options.Get("attributes"); attributes.Len() > 0 {
			if value.Kind() != jsonx.Object {
				value = jsonx.ObjectValue(jsonx.Member{Name: xmlText, Value: value})
			}
			if own := value.Get(xmlAttributes); own.Exists() {
				attributes = jsonx.Overlay(attributes, own)
			}
			value = value.With(xmlAttributes, attributes)
		}
		value = jsonx.ObjectValue(jsonx.Member{Name: root, Value: value})
	}
	elements := 0
	for name, member := range value.Members() {
		switch {
		case name == xmlText || name == xmlCDATA || name == xmlAttributes:
			return value, bodyError("body."+name, "stands outside of an element; body_format_config.root names one")
		case !isXMLElement(name):
		case member.Kind() == jsonx.Array:
			elements += member.Len()
		default:
			elements++
		}
	}
	if elements != 1 {
		return value, bodyError("body", "must hold one element to be sent as XML, not %d; body_format_config.root names one around them", elements)
	}
	if declare, _ := options.Get("declaration").Bool(); declare && !value.Get(xmlDeclaration).Exists() {
		declaration := jsonx.MustParse(`{"_attributes":{"version":"1.0","encoding":"UTF-8"}}`)
		list := []jsonx.Member{{Name: xmlDeclaration, Value: declaration}}
		for name, member := range value.Members() {
			list = append(list, jsonx.Member{Name: name, Value: member})
		}
		value = jsonx.ObjectValue(list...)
	}
	return value, nil
}

func isXMLElement(name string) bool {
	switch name {
	case xmlAttributes, xmlText, xmlCDATA, xmlComment, xmlDeclaration, xmlInstruction, xmlDoctype:
		return false
	}
	return true
}

// buildXML makes the tree that the codec of the JSONata extensions writes. That
// codec trusts names, comments and attributes, as xml-js does; values of callers
// stand in ours, so they are checked and escaped on the way.
func buildXML(v jsonx.Value, path string, depth int) (jsonata.Value, error) {
	if depth > maxXMLBodyDepth {
		return jsonata.Undefined(), bodyError(path, "is nested too deeply")
	}
	var members []jsonata.Member
	for name, member := range v.Members() {
		value, err := buildXMLMember(name, member, path+"."+name, depth)
		if err != nil {
			return jsonata.Undefined(), err
		}
		members = append(members, jsonata.Member{Name: name, Value: value})
	}
	return jsonata.NewObject(members...), nil
}

func buildXMLMember(name string, v jsonx.Value, path string, depth int) (jsonata.Value, error) {
	switch name {
	case xmlAttributes:
		return buildXMLAttributes(v, path)
	case xmlDeclaration:
		if depth > 0 {
			return jsonata.Undefined(), bodyError(path, "stands inside of an element")
		}
		attributes, err := buildXMLAttributes(v.Get(xmlAttributes), path+"."+xmlAttributes)
		return jsonata.NewObject(jsonata.Member{Name: xmlAttributes, Value: attributes}), err
	case xmlInstruction:
		return buildXMLInstructions(v, path)
	}
	if isXMLElement(name) && !isXMLName(name) {
		return jsonata.Undefined(), bodyError(path, "is not the name of an XML element")
	}
	if v.Kind() != jsonx.Array {
		return buildXMLContent(name, v, path, depth)
	}
	items := make([]jsonata.Value, v.Len())
	for i, item := range v.Items() {
		at := path + "." + strconv.Itoa(i)
		if item.Kind() == jsonx.Array {
			return jsonata.Undefined(), bodyError(at, "is an array within an array, which XML cannot say")
		}
		value, err := buildXMLContent(name, item, at, depth)
		if err != nil {
			return jsonata.Undefined(), err
		}
		items[i] = value
	}
	return jsonata.NewArray(items...), nil
}

// content is one element, text, comment or the like.
func buildXMLContent(name string, v jsonx.Value, path string, depth int) (jsonata.Value, error) {
	if isXMLElement(name) {
		switch v.Kind() {
		case jsonx.Object:
			return buildXML(v, path, depth+1)
		case jsonx.Null, jsonx.Missing:
			return jsonata.Null(), nil
		}
	}
	text, err := xmlScalar(v, path)
	if err != nil {
		return jsonata.Undefined(), err
	}
	switch name {
	case xmlCDATA:
	case xmlComment:
		if strings.Contains(text, "--") || strings.HasSuffix(text, "-") {
			return jsonata.Undefined(), bodyError(path, "holds --, which an XML comment cannot")
		}
	case xmlDoctype:
		if depth > 0 || strings.ContainsAny(text, "<>[]") {
			return jsonata.Undefined(), bodyError(path, "is not a plain document type in front of the root element")
		}
	default:
		text = escapeAmpersands(text)
	}
	return jsonata.String(text), nil
}

func buildXMLAttributes(v jsonx.Value, path string) (jsonata.Value, error) {
	if v.Exists() && !v.IsNull() && v.Kind() != jsonx.Object {
		return jsonata.Undefined(), bodyError(path, "must be an object, not %s", v.Kind())
	}
	var members []jsonata.Member
	for name, member := range v.Members() {
		at := path + "." + name
		if !isXMLName(name) {
			return jsonata.Undefined(), bodyError(at, "is not the name of an XML attribute")
		}
		if member.IsNull() {
			continue
		}
		text, err := xmlScalar(member, at)
		if err != nil {
			return jsonata.Undefined(), err
		}
		members = append(members, jsonata.Member{Name: name, Value: jsonata.String(escapeAttribute(text))})
	}
	return jsonata.NewObject(members...), nil
}

func buildXMLInstructions(v jsonx.Value, path string) (jsonata.Value, error) {
	var members []jsonata.Member
	for name, member := range v.Members() {
		text, err := xmlScalar(member, path+"."+name)
		if err != nil {
			return jsonata.Undefined(), err
		}
		if !isXMLName(name) || strings.EqualFold(name, "xml") || strings.Contains(text, "?>") {
			return jsonata.Undefined(), bodyError(path, "is not an XML processing instruction")
		}
		members = append(members, jsonata.Member{Name: name, Value: jsonata.String(text)})
	}
	return jsonata.NewObject(members...), nil
}

// xmlScalar returns the text of a scalar, if XML 1.0 has all of its characters.
// Numbers keep their literal.
func xmlScalar(v jsonx.Value, path string) (string, error) {
	switch v.Kind() {
	case jsonx.Object, jsonx.Array:
		return "", bodyError(path, "must be a text, not %s", v.Kind())
	}
	text := strings.ToValidUTF8(scalarText(v), "\uFFFD")
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return "", bodyError(path, "holds a control character, which XML cannot")
		}
	}
	return text, nil
}

// escapeAmpersands prepares text for the codec, which takes "&amp;" for an
// escaped ampersand.
func escapeAmpersands(text string) string { return strings.ReplaceAll(text, "&", "&amp;") }

// escapeAttribute escapes all that the codec leaves, so that white space
// survives attribute normalisation (XML 1.0 section 3.3.3).
func escapeAttribute(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "&#10;", "\r", "&#13;", "\t", "&#9;").Replace(text)
}

// isXMLName checks the Name production of XML 1.0, as far as letters go by
// Unicode's own classes.
func isXMLName(name string) bool {
	for i, r := range name {
		start := r == '_' || r == ':' || unicode.IsLetter(r)
		if !start && (i == 0 || r != '-' && r != '.' && r != '\u00b7' && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r)) {
			return false
		}
	}
	return name != "" && !strings.HasSuffix(name, ":")
}

// fromJSONata returns what the codec read: objects, arrays and texts.
func fromJSONata(v jsonata.Value) jsonx.Value {
	switch {
	case v.IsString():
		return jsonx.StringValue(v.Str())
	case v.IsArray():
		items := make([]jsonx.Value, v.Arr().Len())
		for i := range items {
			items[i] = fromJSONata(v.Arr().At(i))
		}
		return jsonx.ArrayValue(items...)
	case v.IsObject():
		names, values := v.Obj().Keys(), v.Obj().Vals()
		list := make([]jsonx.Member, len(names))
		for i := range names {
			list[i] = jsonx.Member{Name: names[i], Value: fromJSONata(values[i])}
		}
		return jsonx.ObjectValue(list...)
	}
	return jsonx.NullValue()
}
