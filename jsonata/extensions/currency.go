package extensions

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

func currencyFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("convertCurrencyToSubunit", 2, simple(toSubunit)),
		define("convertCurrencyFromSubunit", 2, simple(fromSubunit)),
	}
}

// toSubunit multiplies exactly in decimal, so that 19.99 gives 1999 where
// binary floating point gives 1998; what is below the subunit is cut off.
func toSubunit(a args) value {
	amount := a.at(0)
	digits, ok := currencyDigits(a.at(1).Str())
	if isNil(amount) || !ok {
		return amount
	}
	f := parseFloat(amount)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return num(math.NaN())
	}
	exact, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok {
		return num(math.NaN())
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	exact.Mul(exact, new(big.Rat).SetInt(scale))
	floor := new(big.Int).Div(exact.Num(), exact.Denom()) // rounds down, as the divisor is positive
	out, _ := new(big.Float).SetInt(floor).Float64()
	return num(out)
}

func fromSubunit(a args) value {
	amount := a.at(0)
	digits, ok := currencyDigits(a.at(1).Str())
	if isNil(amount) || !ok {
		return amount
	}
	f := parseFloat(amount)
	if math.IsNaN(f) {
		return str("NaN")
	}
	out := strconv.FormatFloat(f/math.Pow10(digits), 'f', digits, 64)
	if strings.Trim(out, "-0.") == "" {
		out = strings.TrimPrefix(out, "-")
	}
	return str(out)
}
