package httpapi

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// statusCancelled is for the log and the metrics, where nobody is left to answer:
// no status of RFC 9110, and widely used for this.
const statusCancelled = 499

// statusOf maps each kind of error to its status.
func statusOf(kind sinew.ErrorKind) int {
	switch kind {
	case sinew.KindInvalid:
		return http.StatusBadRequest
	case sinew.KindUnauthenticated:
		return http.StatusUnauthorized
	case sinew.KindForbidden:
		return http.StatusForbidden
	case sinew.KindNotFound:
		return http.StatusNotFound
	case sinew.KindNotAllowed:
		return http.StatusMethodNotAllowed
	case sinew.KindConflict:
		return http.StatusConflict
	case sinew.KindGone:
		return http.StatusGone
	case sinew.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case sinew.KindUnprocessable:
		return http.StatusUnprocessableEntity
	case sinew.KindLimited:
		return http.StatusTooManyRequests
	case sinew.KindUnavailable:
		return http.StatusServiceUnavailable
	case sinew.KindUpstream:
		return http.StatusBadGateway
	case sinew.KindTimeout:
		return http.StatusGatewayTimeout
	case sinew.KindCancelled:
		return statusCancelled
	}
	return http.StatusInternalServerError
}

// errorBody is the envelope of every error.
type errorBody struct {
	StatusCode int           `json:"statusCode" doc:"The HTTP status again."`
	Error      string        `json:"error" doc:"The standard phrase of the status."`
	Message    string        `json:"message" doc:"What is wrong, for people."`
	Code       string        `json:"code" doc:"A stable word for what is wrong."`
	LinkCode   string        `json:"truto_error_code,omitzero" doc:"The code again, where clients read it under this name."`
	Insight    jsonx.Raw     `json:"truto_error_insight,omitzero" type:"object" doc:"What is wrong, in a form for programs: missing parameters, scopes and the like."`
	Details    *errorDetails `json:"details,omitzero" doc:"More about a request that is not valid."`
	RequestID  string        `json:"request_id" doc:"Finds the request in the logs."`
}

type errorDetails struct {
	Failures []errorFailure `json:"failures" doc:"Everything that is wrong with the request."`
}

type errorFailure struct {
	Path    string `json:"path" doc:"The field, as the caller wrote it."`
	Message string `json:"message" doc:"What is wrong with it."`
	Code    string `json:"code" doc:"A stable word for what is wrong."`
}

// problem is the same in the terms of RFC 9457.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Code      string         `json:"code"`
	RequestID string         `json:"request_id"`
	Errors    []errorFailure `json:"errors,omitzero"`
}

const problemType = "application/problem+json"

// errorAnswer turns any error into an answer. The text of an error that is not
// ours to show stays in the log.
func errorAnswer(err error, requestID, accept string) Answer {
	var known *sinew.Error
	if !errors.As(err, &known) {
		known = &sinew.Error{Kind: sinew.KindInternal}
	}
	status := statusOf(known.Kind)
	message, code := known.Message, known.Code
	if status == http.StatusInternalServerError && known.Kind != sinew.KindDamaged {
		message, code = "Something went wrong on our side; the log has more under this request id", "internal"
	}
	if code == "" {
		code = string(known.Kind)
	}
	header := http.Header{}
	if known.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(known.RetryAfter.Seconds()))))
	}
	if status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	var failures []errorFailure
	for _, f := range known.Failures {
		failures = append(failures, errorFailure(f))
	}
	if strings.Contains(accept, problemType) {
		header.Set("Content-Type", problemType)
		return encodeError(status, header, problem{
			Type: "about:blank", Title: http.StatusText(status), Status: status,
			Detail: message, Code: code, RequestID: requestID, Errors: failures,
		})
	}
	body := errorBody{StatusCode: status, Error: http.StatusText(status), Message: message, Code: code, RequestID: requestID}
	if known.Insight != "" {
		body.Insight = jsonx.Raw(known.Insight)
	}
	if code == connect.CodeNoApp {
		body.LinkCode = code
	}
	if len(failures) > 0 {
		body.Details = &errorDetails{Failures: failures}
	}
	return encodeError(status, header, body)
}

// ErrorBody is the envelope of an error that stands beside others in an answer.
func ErrorBody(err error) jsonx.Value {
	v, parseErr := jsonx.ParseLenient(errorAnswer(err, "", "").Body)
	if parseErr != nil {
		return jsonx.NullValue()
	}
	return v.Without("request_id")
}

func encodeError(status int, header http.Header, body any) Answer {
	text, err := jsonx.Marshal(body)
	if err != nil {
		// Only text that is not UTF-8 can get here, from a caller's own words.
		text = []byte(`{"statusCode":` + strconv.Itoa(status) + `,"error":"` + http.StatusText(status) + `","message":"The request holds text that is not UTF-8"}`)
	}
	return Answer{Status: status, Header: header, Body: text}
}
