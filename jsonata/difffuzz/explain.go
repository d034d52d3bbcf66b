package main

import (
	"regexp"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

// explain names the known reason for a difference, "" when there is none. The
// reasons are those of docs/jsonata-differences.md.
func explain(p pair, got, want answer) string {
	switch {
	case want.Kind == "error" && (want.Code == "" || want.Code == "D3121" && scriptFault(want.Message)):
		return "the reference fails with a fault of its own: " + family(want.Message)
	case got.Kind == "value" && want.Kind == "value" && index.MatchString(want.Value) && unordered(got.Value, want.Value):
		return "members named like array indexes come first in the reference"
	case got.Kind == "error" && (got.Code == "D1011" || got.Code == "D1012" || got.Code == jsonataLimit) && want.Kind == "error":
		return "both stop, by different limits"
	}
	return ""
}

// index finds a member that is named like an array index.
var index = regexp.MustCompile(`"[0-9]+":`)

// unordered reports whether two texts are the same but for the order of members.
func unordered(a, b string) bool {
	x, err := jsonata.Decode([]byte(a))
	if err != nil {
		return false
	}
	y, err := jsonata.Decode([]byte(b))
	return err == nil && jsonata.Equal(x, y)
}

const jsonataLimit = "U1001"

// scriptFaults are parts of the messages of JavaScript's own errors.
var scriptFaults = []string{
	"Cannot create property", "Cannot read properties of", "Cannot set properties of", "Converting circular structure", "Maximum call stack",
	"is not a function", "is not iterable", "Cannot assign to read only property", "Cannot delete property",
}

func scriptFault(message string) bool { return family(message) != message }

// family shortens the message of a JavaScript error.
func family(message string) string {
	for _, known := range scriptFaults {
		if strings.Contains(message, known) {
			return known
		}
	}
	return message
}
