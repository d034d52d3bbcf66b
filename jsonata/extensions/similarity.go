package extensions

import (
	"errors"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

func similarityFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("diceCoefficient", 2, pure(func(a args) (value, error) {
			x, y := a.at(0), a.at(1)
			if !x.IsString() || !y.IsString() {
				return value{}, errors.New("diceCoefficient: both arguments must be strings")
			}
			if x.Str() == y.Str() {
				return num(1), nil
			}
			return num(dice(lettersOf(x.Str()), lettersOf(y.Str()))), nil
		})),
		define("mostSimilar", 3, pure(mostSimilar)),
	}
}

// lettersOf keeps the ASCII letters and digits, in lower case.
func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// dice is the Sørensen–Dice coefficient of the pairs of neighbouring letters.
func dice(a, b string) float64 {
	pairs := map[string]int{}
	for i := 0; i+1 < len(a); i++ {
		pairs[a[i:i+2]]++
	}
	common := 0
	for i := 0; i+1 < len(b); i++ {
		if pairs[b[i:i+2]] > 0 {
			pairs[b[i:i+2]]--
			common++
		}
	}
	total := max(len(a)-1, 0) + max(len(b)-1, 0)
	if total == 0 {
		return 0
	}
	return 2 * float64(common) / float64(total)
}

// mostSimilar gives the best candidate at or above the threshold, else the
// value itself.
func mostSimilar(a args) (value, error) {
	if !a.at(0).IsString() {
		return value{}, errors.New("mostSimilar: the value must be a string")
	}
	threshold := 0.8
	if v := a.at(2); v.IsNumber() {
		threshold = v.Float()
	}
	letters := lettersOf(a.at(0).Str())
	best, found := 0.0, str("")
	if !isNil(a.at(1)) {
		for _, c := range cast(a.at(1)) {
			if s := dice(letters, lettersOf(scriptText(c))); s > best {
				best, found = s, c
			}
		}
	}
	if best >= threshold {
		return found, nil
	}
	return a.at(0), nil
}
