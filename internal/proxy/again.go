package proxy

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Repeats reports whether a call may come twice (RFC 9110 section 9.2.2), by the
// definition of its account. What that calls list or get reads, whatever its verb is.
func (c *Call) Repeats(effective jsonx.Value) bool {
	method := effective.At("resources", c.Resource, c.Method)
	if c.Inline != nil {
		method = c.Inline.Method
	} else if c.Method == MethodList || c.Method == MethodGet {
		return true
	}
	switch strings.ToUpper(method.Get("method").Str()) {
	case "":
		return c.Inline != nil
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// IsLimited reports whether a call failed because the vendor is called too often. It
// has not carried the request out.
func IsLimited(err error) bool {
	remote, ok := errors.AsType[*RemoteError](err)
	return ok && remote.Status == http.StatusTooManyRequests
}

// IsAway reports whether a vendor could not answer, which says nothing about the
// request.
func IsAway(err error) bool {
	if remote, ok := errors.AsType[*RemoteError](err); ok {
		return AwayStatus(remote.Status)
	}
	known, ok := errors.AsType[*sinew.Error](err)
	return ok && (known.Code == upstream.CodeUnreachable || known.Code == upstream.CodeCut || known.Code == upstream.CodeTimeout)
}

// AwayStatus reports whether a status says that the other side could not answer.
func AwayStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// mostAsked is the longest pause that a vendor can ask for at once.
const mostAsked = 10 * time.Minute

// AskedFor is how long a vendor that has refused a call asks to be left alone, 10
// minutes at most, 0 when it does not say.
func AskedFor(err error) time.Duration {
	remote, ok := errors.AsType[*RemoteError](err)
	if !ok {
		return 0
	}
	seconds, err := strconv.Atoi(remote.Header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 1<<20))*time.Second, mostAsked)
}

// IsOurs reports whether an error is none of the definition's or the vendor's, so that
// another try may do better.
func IsOurs(err error) bool {
	if _, ok := errors.AsType[*RemoteError](err); ok {
		return false
	}
	switch sinew.KindOf(err) {
	case sinew.KindInternal, sinew.KindUnavailable:
		return true
	}
	return false
}
