package credential

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/retry"
)

// Refusal is a token endpoint's no (RFC 6749 section 5.2), or an answer that
// makes no sense. Its text holds what the vendor wrote, and no secret of ours.
type Refusal struct {
	Status int
	// Code is the vendor's error code, such as invalid_grant, or one of ours.
	Code        string
	Description string
	// RetryAfter is how long the vendor asks to wait, 0 for nothing said.
	RetryAfter time.Duration
	// Unknown is set when the vendor may have acted all the same: whether an old
	// refresh token is still good cannot be told from the answer.
	Unknown bool
}

func (e *Refusal) Error() string {
	text := fmt.Sprintf("the token endpoint answered with status %d", e.Status)
	if e.Code != "" {
		text += ", " + e.Code
	}
	if e.Description != "" {
		text += ": " + e.Description
	}
	return text
}

// Condemns reports whether the credential itself was refused: asking again will
// not help, the customer has to connect again. An app that is not known, or a
// request that the vendor does not understand, says nothing about the account.
func (e *Refusal) Condemns() bool {
	switch code := strings.ToLower(e.Code); code {
	case "invalid_grant", "bad_refresh_token", "invalid_refresh_token", "expired_refresh_token", "token_revoked", "token_expired", "access_denied", "account_inactive", "interaction_required", "consent_required":
		return true
	case "", "unauthorized":
		return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
	}
	return false
}

// maxDescription bounds what is kept of a vendor's words, in bytes.
const maxDescription = 300

func newRefusal(status int, header http.Header, answer jsonx.Value, now time.Time) *Refusal {
	e := &Refusal{Status: status}
	fault := answer.Get("error")
	switch {
	case fault.Str() != "":
		e.Code, e.Description = fault.Str(), answer.Get("error_description").Str()
	case fault.Kind() == jsonx.Object:
		e.Code, e.Description = either(fault, "code", "type").Str(), fault.Get("message").Str()
	default:
		e.Code, e.Description = either(answer, "error_code", "code").Str(), either(answer, "error_description", "message").Str()
	}
	if !codeLike(e.Code) {
		e.Code, e.Description = "", strings.TrimSpace(e.Code+" "+e.Description)
	}
	if len(e.Description) > maxDescription {
		e.Description = strings.ToValidUTF8(e.Description[:maxDescription], "") + "…"
	}
	e.Description = strings.ToValidUTF8(e.Description, string(utf8.RuneError))
	if status >= 200 && status <= 299 && e.Code == "" {
		// A success without a token: it may be lost.
		e.Code, e.Unknown = CodeTokenAnswer, true
		if e.Description == "" {
			e.Description = "there is no access token in the answer"
		}
	}
	e.Unknown = e.Unknown || status >= http.StatusInternalServerError
	e.RetryAfter = retry.After(header.Get("Retry-After"), now)
	return e
}

// codeLike reports whether a text is a code rather than a sentence.
func codeLike(text string) bool {
	return len(text) <= 64 && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
}
