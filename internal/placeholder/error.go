package placeholder

import (
	"strings"

	"github.com/sinewhq/sinew"
)

// The codes of errors at rendering.
const (
	// CodeUnresolved: nothing was found for a placeholder that needs a value.
	CodeUnresolved = "unresolved_placeholder"
	// CodeUnsafe: the value would change the structure of a URL.
	CodeUnsafe = "unsafe_placeholder_value"
)

// UnresolvedError is the error for a request that still holds placeholders
// where it must not be sent with them, such as in its authorization. Each
// placeholder is one failure. It returns nil for none.
func UnresolvedError(unresolved []string) error {
	if len(unresolved) == 0 {
		return nil
	}
	failures := make([]sinew.Failure, len(unresolved))
	for i, text := range unresolved {
		failures[i] = sinew.Failure{Path: text, Code: CodeUnresolved, Message: "nothing gives this placeholder a value"}
	}
	e := sinew.Invalid(failures...)
	e.Message = "Placeholders without a value: " + strings.Join(unresolved, ", ")
	return e.WithCode(CodeUnresolved)
}

// unsafe is the error for a value that has no place where its placeholder
// stands. It does not repeat the value, which may be secret.
func unsafe(h *holder, reason string) error {
	return sinew.InvalidField(h.text, CodeUnsafe, "%s", reason).WithCode(CodeUnsafe)
}
