package sinew

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrorKind is the class of an Error. Edges map each kind to one status.
type ErrorKind string

// The kinds of error.
const (
	KindInvalid         ErrorKind = "invalid"            // the request is wrong; Failures say where
	KindUnauthenticated ErrorKind = "unauthenticated"    // no valid credential
	KindForbidden       ErrorKind = "forbidden"          // known caller, not allowed
	KindNotFound        ErrorKind = "not_found"          // absent, or outside the caller's environment
	KindNotAllowed      ErrorKind = "method_not_allowed" // the thing exists but does not take this method
	KindConflict        ErrorKind = "conflict"           // duplicate, stale version, still in use
	KindGone            ErrorKind = "gone"               // was there, never comes back
	KindTooLarge        ErrorKind = "too_large"          // body beyond the limit
	KindUnprocessable   ErrorKind = "unprocessable"      // well-formed, and in contradiction to what is there
	KindLimited         ErrorKind = "rate_limited"       // too many requests; RetryAfter says when
	KindUnavailable     ErrorKind = "unavailable"        // cannot serve now, may later
	KindUpstream        ErrorKind = "upstream"           // the vendor gave no usable answer
	KindTimeout         ErrorKind = "upstream_timeout"   // the vendor gave no answer in time
	KindCancelled       ErrorKind = "cancelled"          // the caller hung up before the answer
	KindInternal        ErrorKind = "internal"           // our fault; the text stays in the log
	KindDamaged         ErrorKind = "damaged"            // stored data is not what was written; the text says which
)

// Failure names one bad field of a request.
type Failure struct {
	// Path is the field as the caller wrote it: "context.oauth.token" in a
	// body, "created_at[gte]" in a query.
	Path string `json:"path"`
	// Message says what is wrong and what would be right.
	Message string `json:"message"`
	// Code is a stable word such as "type" or "unknown_operator".
	Code string `json:"code"`
}

// Error is an error that a caller may see. Its message is public; the cause is
// for the log.
type Error struct {
	Kind ErrorKind
	// Code is a stable machine word, more precise than the kind; empty means
	// that the kind says enough.
	Code       string
	Message    string
	Failures   []Failure
	RetryAfter time.Duration
	// Insight is an object that diagnoses the error, "" for none (spec 03 section
	// 1.6).
	Insight JSON
	Cause   error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %v", e.Message, e.Cause)
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf returns an error of a kind with a public message.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// WithCode returns the error with a machine word.
func (e *Error) WithCode(code string) *Error {
	with := *e
	with.Code = code
	return &with
}

// WithCause returns the error with a cause for the log.
func (e *Error) WithCause(cause error) *Error {
	with := *e
	with.Cause = cause
	return &with
}

// WithInsight returns the error with a diagnosis.
func (e *Error) WithInsight(insight JSON) *Error {
	with := *e
	with.Insight = insight
	return &with
}

// maxPathLength bounds how much of a field's name an error repeats.
const maxPathLength = 200

// quotable makes a name that a caller made up fit for an answer: bounded, and
// without what JSON cannot hold or readers choke on.
func quotable(path string) string {
	path = strings.ReplaceAll(strings.ToValidUTF8(path, "\uFFFD"), "\x00", "\uFFFD")
	if len(path) <= maxPathLength {
		return path
	}
	return strings.ToValidUTF8(path[:maxPathLength], "") + "…"
}

// Invalid returns a validation error with one or more failures.
func Invalid(failures ...Failure) *Error {
	for i := range failures {
		failures[i].Path = quotable(failures[i].Path)
	}
	message := "The request is not valid"
	if len(failures) > 0 {
		message = failures[0].Path + ": " + failures[0].Message
		if failures[0].Path == "" {
			message = failures[0].Message
		}
		if more := len(failures) - 1; more > 0 {
			message += fmt.Sprintf(" (and %d more)", more)
		}
	}
	return &Error{Kind: KindInvalid, Code: "validation_error", Message: message, Failures: failures}
}

// InvalidField returns a validation error about one field.
func InvalidField(path, code, format string, args ...any) *Error {
	return Invalid(Failure{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}

// NotFound says that a thing of this noun is absent, in the words that a
// foreign id gets too. The id is the cause and no part of the message: callers
// paste secrets where ids belong, and answers must not repeat them.
func NotFound(noun, id string) *Error {
	return Errorf(KindNotFound, "%s not found", noun).WithCause(fmt.Errorf("id %q", id))
}

// KindOf returns the kind of the first Error in the chain, KindInternal when
// there is none.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// IsNotFound reports whether the error says that something is absent.
func IsNotFound(err error) bool { return err != nil && KindOf(err) == KindNotFound }

// The codes of errors of our own database: it takes no changes, or does not answer.
const (
	CodeReadOnly     = "read_only"
	CodeDatabaseAway = "database_unavailable"
)

// IsDatabaseFailure reports whether something failed because of our own database.
func IsDatabaseFailure(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == CodeReadOnly || e.Code == CodeDatabaseAway)
}
