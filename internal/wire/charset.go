package wire

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// The byte order marks.
const (
	bomUTF8    = "\xef\xbb\xbf"
	bomUTF16BE = "\xfe\xff"
	bomUTF16LE = "\xff\xfe"
)

// ToUTF8 returns an answer's text in UTF-8, without a byte order mark. The
// charset is that of the mark, else of the label, else of the XML declaration,
// else UTF-8. JSON is taken for UTF-8 where it is that, whatever its label
// says, since its standard knows nothing else. Text and CSV that say nothing and
// are no UTF-8 are read as windows-1252, as browsers do.
//
// A charset that is not known, and is needed, is a *DecodeError.
func ToUTF8(format, contentType string, body []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(body, []byte(bomUTF8)):
		return body[len(bomUTF8):], nil
	case bytes.HasPrefix(body, []byte(bomUTF16BE)), bytes.HasPrefix(body, []byte(bomUTF16LE)):
		return convert(format, unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), "utf-16", body)
	}
	charset := labelledCharset(contentType)
	isJSON := format == FormatJSON || format == FormatNDJSON
	if charset == "" && format == FormatXML {
		charset = declaredCharset(body)
	}
	switch {
	case charset == "" && (format == FormatText || format == FormatCSV) && !utf8.Valid(body):
		return convert(format, charmap.Windows1252, charset, body)
	case charset == "", charset == "utf-8", charset == "utf8", charset == "us-ascii":
		return body, nil
	case isJSON && utf8.Valid(body) && bytes.IndexByte(body, 0) < 0 && bytes.IndexByte(body, 0x1b) < 0:
		return body, nil
	}
	e, err := htmlindex.Get(charset)
	if name, _ := htmlindex.Name(e); err != nil || name == "replacement" {
		if utf8.Valid(body) {
			return body, nil
		}
		return nil, &DecodeError{Format: format, Reason: "its charset is not known"}
	}
	return convert(format, e, charset, body)
}

func convert(format string, e encoding.Encoding, charset string, body []byte) ([]byte, error) {
	text, err := e.NewDecoder().Bytes(body)
	if err != nil {
		return nil, &DecodeError{Format: format, Reason: "it is not in its charset " + charset}
	}
	return bytes.TrimPrefix(text, []byte(bomUTF8)), nil
}

func labelledCharset(contentType string) string {
	if isPlain(contentType) {
		return ""
	}
	_, parameters, _ := mime.ParseMediaType(contentType)
	return strings.ToLower(strings.TrimSpace(parameters["charset"]))
}

// declaredCharset reads the encoding of an XML declaration in a charset that
// agrees with ASCII.
func declaredCharset(body []byte) string {
	head := string(body[:min(len(body), 200)])
	if !strings.HasPrefix(head, "<?xml") {
		return ""
	}
	head, _, _ = strings.Cut(head, "?>")
	_, rest, found := strings.Cut(head, "encoding")
	rest = strings.TrimLeft(rest, " \t\r\n=")
	if !found || rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	name, _, _ := strings.Cut(rest[1:], rest[:1])
	return strings.ToLower(name)
}
