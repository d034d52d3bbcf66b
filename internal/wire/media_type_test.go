package wire_test

import (
	"testing"

	"github.com/sinewhq/sinew/internal/wire"
)

func TestMediaType(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{
		"":                                       "",
		"application/json":                       "application/json",
		"application/vnd.api+json":               "application/vnd.api+json",
		"Application/JSON":                       "application/json",
		" application/json ":                     "application/json",
		"application/json;charset=utf-8":         "application/json",
		"application/json; charset=\"utf-8\"; q": "application/json",
		"text/html; charset":                     "text/html",
		"json":                                   "json",
		"/json":                                  "/json",
		"application/json, text/html":            "application/json, text/html",
		"a/b/c; x=1":                             "a/b/c",
	} {
		if got := wire.MediaType(contentType); got != want {
			t.Errorf("%q: got %q, want %q", contentType, got, want)
		}
	}
}
