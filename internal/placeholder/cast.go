package placeholder

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// castWhole reads a value as a type, for a placeholder that is a whole text.
// What cannot be read as the type stays as it was, trimmed.
func castWhole(v jsonx.Value, c cast) jsonx.Value {
	if v.IsNull() {
		return v
	}
	if c == castNone || c == castText {
		return jsonx.StringValue(textOf(v))
	}
	v = trimmed(v)
	if c == castJSON {
		return asJSON(v)
	}
	return castScalar(v, c)
}

// castEmbedded reads a value as a type and returns its text.
func castEmbedded(v jsonx.Value, c cast) string {
	switch {
	case v.IsNull(), c == castNull:
		return "null"
	case c == castNone || c == castText:
		return textOf(v)
	}
	return joinedText(castScalar(trimmed(v), c))
}

func castScalar(v jsonx.Value, c cast) jsonx.Value {
	switch c {
	case castInt:
		return asInt(v)
	case castNumber:
		return asNumber(v)
	case castBool:
		switch v.Str() {
		case "true":
			return jsonx.BoolValue(true)
		case "false":
			return jsonx.BoolValue(false)
		}
	case castNull:
		if v.Str() == "null" {
			return jsonx.NullValue()
		}
	}
	return v
}

func trimmed(v jsonx.Value) jsonx.Value {
	if text, ok := v.Text(); ok {
		return jsonx.StringValue(trim(text))
	}
	return v
}

func asJSON(v jsonx.Value) jsonx.Value {
	if text, ok := v.Text(); ok {
		if parsed, err := jsonx.ParseString(text); err == nil {
			return parsed
		}
	}
	return v
}

// asInt reads the whole number that the text of a value begins with, as
// parseInt does in ECMAScript, but keeps every digit. A number is cut off at
// its fraction.
func asInt(v jsonx.Value) jsonx.Value {
	if literal, ok := v.NumberText(); ok {
		if !strings.ContainsAny(literal, ".eE") {
			return v
		}
		f, ok := v.Float()
		if !ok {
			return v
		}
		return jsonx.FloatValue(math.Trunc(f))
	}
	text := textOf(v)
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return v
	}
	base, isDigit := 10, decimal
	if len(digits) > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') {
		base, isDigit, digits = 16, hexadecimal, digits[2:]
	}
	n := 0
	for n < len(digits) && isDigit(digits[n]) {
		n++
	}
	whole, ok := new(big.Int).SetString(digits[:n], base)
	if n == 0 || n > maxDigits || !ok {
		return v
	}
	if text[0] == '-' {
		whole.Neg(whole)
	}
	return numberValue(whole.String(), v)
}

// maxDigits bounds the digits that a text is read as a number.
const maxDigits = 300

// asNumber reads the decimal number that the text of a value begins with, as
// parseFloat does in ECMAScript. A whole number keeps every digit.
func asNumber(v jsonx.Value) jsonx.Value {
	if v.Kind() == jsonx.Number {
		return v
	}
	text := textOf(v)
	n, whole := numberLength(text)
	if n == 0 || n > maxDigits {
		return v
	}
	if whole {
		if exact, ok := new(big.Int).SetString(strings.TrimPrefix(text[:n], "+"), 10); ok {
			return numberValue(exact.String(), v)
		}
	}
	f, err := strconv.ParseFloat(text[:n], 64)
	if err != nil {
		return v
	}
	return jsonx.FloatValue(f)
}

// numberLength measures the decimal literal at the start of s, and tells
// whether it has neither fraction nor exponent.
func numberLength(s string) (n int, whole bool) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	before := digitsFrom(s, i)
	i += before
	whole = true
	after := 0
	if i < len(s) && s[i] == '.' {
		if after = digitsFrom(s, i+1); after > 0 || before > 0 {
			i += 1 + after
			whole = after == 0
			if after == 0 {
				i-- // "5." is 5
			}
		}
	}
	if before+after == 0 {
		return 0, false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if exponent := digitsFrom(s, j); exponent > 0 {
			return j + exponent, false
		}
	}
	return i, whole
}

func digitsFrom(s string, from int) int {
	n := 0
	for from+n < len(s) && decimal(s[from+n]) {
		n++
	}
	return n
}

func decimal(c byte) bool { return c >= '0' && c <= '9' }

func hexadecimal(c byte) bool {
	return decimal(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// numberValue makes a JSON number of a literal, or returns the other value
// when it is none.
func numberValue(literal string, otherwise jsonx.Value) jsonx.Value {
	if v, err := jsonx.ParseString(literal); err == nil {
		return v
	}
	return otherwise
}

// textOf writes a value as text: arrays with commas, objects not at all.
func textOf(v jsonx.Value) string {
	switch v.Kind() {
	case jsonx.String:
		return v.Str()
	case jsonx.Number:
		return numberText(v)
	case jsonx.Array:
		return joined(v, textOf)
	case jsonx.Object:
		return "[object Object]"
	}
	return v.String()
}

// joinedText is textOf for a value that has been cast: null within an array
// leaves nothing.
func joinedText(v jsonx.Value) string {
	if v.Kind() != jsonx.Array {
		return textOf(v)
	}
	return joined(v, func(item jsonx.Value) string {
		if item.IsNull() {
			return ""
		}
		return joinedText(item)
	})
}

func joined(v jsonx.Value, text func(jsonx.Value) string) string {
	texts := make([]string, v.Len())
	for i, item := range v.Items() {
		texts[i] = text(item)
	}
	return strings.Join(texts, ",")
}

// numberText writes whole numbers with all their digits, and others as
// ECMAScript would.
func numberText(v jsonx.Value) string {
	literal, _ := v.NumberText()
	if !strings.ContainsAny(literal, ".eE") {
		return literal
	}
	if f, ok := v.Float(); ok {
		return jsonx.FloatValue(f).String()
	}
	return literal
}
