package connect

import (
	"errors"
	"strings"
	"unicode"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/upstream"
)

// The codes of attempts that failed before there was an account.
const (
	FailedDenied      = "access_denied"   // the customer did not agree
	FailedRefused     = "vendor_refused"  // the vendor said no
	FailedApp         = "app_refused"     // the vendor does not take our OAuth app
	FailedAnswer      = "invalid_answer"  // the vendor's answer makes no sense, or is not from the vendor
	FailedIssuer      = "issuer_mismatch" // another server than the vendor answered
	FailedBrowser     = "wrong_browser"   // another browser came back than went
	FailedIntegration = "wrong_callback"  // the callback of another integration was called
	FailedExpired     = "expired"         // the customer took too long
	FailedReplaced    = "replaced"        // a later attempt of the link has another code
	FailedInterrupted = "interrupted"     // we stopped, or the vendor took too long
	FailedUnreachable = "unreachable"     // no connection to the vendor
	FailedUsed        = "link_token_used" // the link was used up meanwhile
	FailedSettings    = "settings"        // the integration is not set up for this
	FailedInternal    = "internal"        // our fault
)

func failedWith(code, message string) sinew.AttemptError {
	return sinew.AttemptError{Type: sinew.LinkConnectionError, Code: code, Message: message}
}

// overdue is what becomes of an attempt in a state that has lasted too long.
func overdue(status sinew.AttemptStatus) sinew.AttemptError {
	if status == sinew.AttemptRedirect {
		return failedWith(FailedExpired, "The sign-in took too long. Please try again.")
	}
	return failedWith(FailedInterrupted, "The connection was interrupted before it was complete. Nothing was stored; please try again.")
}

// denied is what becomes of an attempt whose vendor sent the customer back with an
// error (RFC 6749 section 4.1.2.1).
func denied(label, code, description string) sinew.AttemptError {
	if code == "access_denied" {
		return failedWith(FailedDenied, "You did not agree to the connection with "+label+", so that nothing was connected.")
	}
	return failedWith(FailedRefused, label+" refused the connection: "+plainText(code+" "+description))
}

// failureOf is what becomes of an attempt by an error. known is false for one that
// is for the log and no customer's business.
func failureOf(err error, label string) (e sinew.AttemptError, known bool) {
	if refusal, ok := errors.AsType[*credential.Refusal](err); ok {
		return refused(refusal, label), true
	}
	ours, ok := errors.AsType[*sinew.Error](err)
	if !ok {
		return failedWith(FailedInternal, "Something went wrong on our side. Please try again."), false
	}
	switch {
	case ours.Code == upstream.CodeUnreachable || ours.Code == upstream.CodeTLS || ours.Kind == sinew.KindTimeout || ours.Kind == sinew.KindUpstream:
		return failedWith(FailedUnreachable, label+" could not be reached, or did not answer. Please try again later."), true
	case ours.Code == "link_token_used":
		return failedWith(FailedUsed, "This link has been used already."), true
	case ours.Code == sinew.CodeLinkTokenBound:
		return failedWith(FailedReplaced, "Another attempt of this link was faster."), true
	case ours.Code == "attempt_ended":
		return overdue(sinew.AttemptExchanging), true
	case ours.Kind == sinew.KindInvalid || ours.Kind == sinew.KindForbidden:
		return failedWith(FailedSettings, label+" is not set up correctly: "+plainText(ours.Message)), true
	}
	return failedWith(FailedInternal, "Something went wrong on our side. Please try again."), false
}

func refused(r *credential.Refusal, label string) sinew.AttemptError {
	switch r.Code {
	case "invalid_client", "unauthorized_client":
		return failedWith(FailedApp, label+" does not accept the client id and secret: "+plainText(r.Code+" "+r.Description))
	case credential.CodeTokenAnswer:
		return failedWith(FailedAnswer, "The answer of "+label+" makes no sense. Please try again.")
	}
	if r.Status >= 500 {
		return failedWith(FailedUnreachable, label+" has a problem at the moment. Please try again later.")
	}
	return failedWith(FailedRefused, label+" refused the connection: "+plainText(r.Code+" "+r.Description))
}

// maxWords bounds what is repeated of a vendor's words, in bytes.
const maxWords = 300

// plainText makes a vendor's words fit for a page and a message: one line, bounded,
// and nothing that a terminal would follow.
func plainText(words string) string {
	words = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(words, ""))
	words = strings.Join(strings.Fields(words), " ")
	if len(words) > maxWords {
		words = strings.ToValidUTF8(words[:maxWords], "") + "…"
	}
	if words == "" {
		return "no reason was given."
	}
	return words
}
