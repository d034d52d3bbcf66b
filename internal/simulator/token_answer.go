package simulator

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The ways in which the answer with a token is written. Of all, the token was
// issued, and the refresh token before it is spent.
const (
	AnswerStringExpiry   = "string-expiry"   // expires_in is a text
	AnswerNoExpiry       = "no-expiry"       // without expires_in
	AnswerNegativeExpiry = "negative-expiry" // expires_in is -1
	AnswerZeroExpiry     = "zero-expiry"     // expires_in is 0
	AnswerYear9999       = "year-9999"       // expires_at in the year 9999
	AnswerNoRefresh      = "no-refresh"      // without refresh_token
	AnswerForm           = "form"            // form-encoded
	AnswerBOM            = "bom"             // JSON after a byte order mark
	AnswerNested         = "nested"          // two objects deep
	AnswerMislabelled    = "mislabelled"     // JSON that says it is HTML
	AnswerNoToken        = "no-token"        // a success without an access token
	AnswerEmpty          = "empty"           // 200 without a body
	AnswerHTML           = "html"            // 200 with a page
	AnswerBroken         = "broken"          // JSON that ends early
	AnswerHuge           = "huge"            // JSON of 5 MB
	AnswerCut            = "cut"             // the connection ends without an answer
)

// TokenAnswers lists the ways.
func TokenAnswers() []string {
	return []string{
		AnswerStringExpiry, AnswerNoExpiry, AnswerNegativeExpiry, AnswerZeroExpiry, AnswerYear9999, AnswerNoRefresh, AnswerForm, AnswerBOM,
		AnswerNested, AnswerMislabelled, AnswerNoToken, AnswerEmpty, AnswerHTML, AnswerBroken, AnswerHuge, AnswerCut,
	}
}

// hugeAnswer is how large the huge answer is, in bytes.
const hugeAnswer = 5 << 20

// writeToken answers with a token.
func writeToken(w http.ResponseWriter, way string, issued jsonx.Value) {
	contentType := "application/json"
	switch way {
	case AnswerStringExpiry:
		issued = issued.With("expires_in", jsonx.StringValue(issued.Get("expires_in").String()))
	case AnswerNoExpiry:
		issued = issued.Without("expires_in")
	case AnswerNegativeExpiry:
		issued = issued.With("expires_in", jsonx.IntValue(-1))
	case AnswerZeroExpiry:
		issued = issued.With("expires_in", jsonx.IntValue(0))
	case AnswerYear9999:
		issued = issued.Without("expires_in").With("expires_at", jsonx.StringValue("9999-12-31T23:59:59Z"))
	case AnswerNoRefresh:
		issued = issued.Without("refresh_token")
	case AnswerNested:
		issued = jsonx.NewBuilder(2).Set("ok", jsonx.BoolValue(true)).Set("data", jsonx.NewBuilder(1).Set("token", issued).Value()).Value()
	case AnswerMislabelled:
		contentType = "text/html"
	case AnswerNoToken:
		issued = issued.Without("access_token")
	}
	body := issued.String()
	switch way {
	case AnswerForm:
		contentType, body = "application/x-www-form-urlencoded", formOf(issued)
	case AnswerBOM:
		body = "\uFEFF" + body
	case AnswerEmpty:
		body = ""
	case AnswerHTML:
		contentType, body = "text/html; charset=utf-8", "<!doctype html>\n<title>Maintenance</title>\n<h1>We are back soon</h1>\n"
	case AnswerBroken:
		body = body[:len(body)/2]
	case AnswerHuge:
		body = issued.With("padding", jsonx.StringValue(strings.Repeat("x", hugeAnswer))).String()
	case AnswerCut:
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, body)
}

func formOf(object jsonx.Value) string {
	form := url.Values{}
	for name, value := range object.Members() {
		form.Set(name, text(value))
	}
	return form.Encode()
}
