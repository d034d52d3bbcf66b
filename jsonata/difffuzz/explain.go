package main

import "strings"

// explain names the known reason for a difference, "" when there is none. The
// reasons are those of docs/jsonata-differences.md.
func explain(p pair, got, want answer) string {
	switch {
	case want.Kind == "error" && want.Code == "":
		return "the reference fails with a fault of its own: " + family(want.Message)
	case got.Kind == "error" && want.Kind == "error" && strings.ContainsAny(p.Expr, "[{"):
		return "constructors evaluate their parts at once in the reference, so another error may win"
	case strings.Contains(string(p.Data), "[]") && strings.Contains(p.Expr, "{") && (want.Kind == "error" || strings.Contains(want.Value, "[null]")):
		return "grouping over an empty array puts a missing item into it in the reference"
	case strings.Contains(p.Expr, "/") && (strings.Contains(p.Expr, "?:") || strings.Contains(p.Expr, "??")):
		return "the reference loses regular expressions on the left of ?: and ??"
	case got.Kind == "error" && (got.Code == "D1011" || got.Code == "D1012" || got.Code == jsonataLimit) && want.Kind == "error":
		return "both stop, by different limits"
	}
	return ""
}

const jsonataLimit = "U1001"

// family shortens the message of a JavaScript error.
func family(message string) string {
	head, _, _ := strings.Cut(message, " (")
	if len(head) > 40 {
		head = head[:40]
	}
	return head
}
