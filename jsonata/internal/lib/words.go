package lib

import (
	"math"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/value"
)

func smallWords() []string {
	return strings.Fields("Zero One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen " +
		"Fifteen Sixteen Seventeen Eighteen Nineteen")
}

func smallOrdinals() []string {
	return strings.Fields("Zeroth First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth " +
		"Thirteenth Fourteenth Fifteenth Sixteenth Seventeenth Eighteenth Nineteenth")
}

func tensWords() []string {
	return strings.Fields("Twenty Thirty Forty Fifty Sixty Seventy Eighty Ninety")
}

func magnitudeWords() []string { return strings.Fields("Thousand Million Billion Trillion") }

// numberWords writes a number in English words, title case, British style.
func numberWords(f float64, ordinal bool) string {
	w := wordWriter{small: smallWords(), ordinals: smallOrdinals(), tens: tensWords(), magnitudes: magnitudeWords()}
	return w.write(f, false, ordinal)
}

type wordWriter struct{ small, ordinals, tens, magnitudes []string }

// write appends to words that stand before when prev is set.
func (w *wordWriter) write(f float64, prev, ordinal bool) string {
	join := func(sep string) string {
		if prev {
			return sep
		}
		return ""
	}
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f):
		return join(", ") + value.FormatNumber(f)
	case f <= 19:
		list := w.small
		if ordinal {
			list = w.ordinals
		}
		return join(" and ") + list[int(f)]
	case f < 100:
		out := join(" and ") + w.tens[int(f)/10-2]
		if rest := math.Mod(f, 10); rest > 0 {
			return out + "-" + w.write(rest, false, ordinal)
		}
		if ordinal {
			return out[:len(out)-1] + "ieth"
		}
		return out
	case f < 1000:
		out := join(", ") + w.small[int(f)/100] + " Hundred"
		return out + w.rest(math.Mod(f, 100), ordinal)
	}
	mag := min(int(math.Floor(math.Log10(f)/3)), len(w.magnitudes))
	factor := math.Pow10(mag * 3)
	high := math.Floor(f / factor)
	out := join(", ") + w.write(high, false, false) + " " + w.magnitudes[mag-1]
	return out + w.rest(f-high*factor, ordinal)
}

func (w *wordWriter) rest(f float64, ordinal bool) string {
	if f > 0 {
		return w.write(f, true, ordinal)
	}
	if ordinal {
		return "th"
	}
	return ""
}

// wordValues maps every number word in lower case to its value.
func wordValues() map[string]float64 {
	m := map[string]float64{}
	for i, s := range smallWords() {
		m[strings.ToLower(s)] = float64(i)
	}
	for i, s := range smallOrdinals() {
		m[strings.ToLower(s)] = float64(i)
	}
	for i, s := range append(tensWords(), "Hundred") {
		l := strings.ToLower(s)
		m[l] = float64(i+2) * 10
		m[l[:len(l)-1]+"ieth"] = m[l]
	}
	m["hundredth"] = 100
	for i, s := range magnitudeWords() {
		l := strings.ToLower(s)
		m[l] = math.Pow10((i + 1) * 3)
		m[l+"th"] = m[l]
	}
	return m
}

// wordsNumber reads a number in words; NaN when a word is unknown.
func wordsNumber(s string) float64 {
	values := wordValues()
	segments := []float64{0}
	for _, word := range splitWords(s) {
		v, ok := values[word]
		last := len(segments) - 1
		switch {
		case !ok:
			segments[last] = math.NaN()
		case v < 100 && segments[last] >= 1000:
			segments = append(segments, v)
		case v < 100:
			segments[last] += v
		default:
			segments[last] *= v
		}
	}
	total := 0.0
	for _, s := range segments {
		total += s
	}
	return total
}

// splitWords cuts at ", ", " and ", single blanks, hyphens and backslashes.
func splitWords(s string) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); {
		n := separatorAt(s[i:])
		if n == 0 {
			i++
			continue
		}
		out = append(out, s[start:i])
		i += n
		start = i
	}
	return append(out, s[start:])
}

func separatorAt(s string) int {
	blank := func(i int) bool { return i < len(s) && isScriptSpace(rune(s[i])) }
	switch {
	case s[0] == ',' && blank(1):
		return 2
	case blank(0) && strings.HasPrefix(s[1:], "and") && blank(4):
		return 5
	case blank(0), s[0] == '-', s[0] == '\\':
		return 1
	}
	return 0
}
