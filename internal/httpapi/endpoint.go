package httpapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/wire"
)

// ServeHTTP answers a request. Several slashes in a row count as one, and a
// trailing one as none, without a redirect: clients build such paths, and a
// redirect would cost them the body or a round trip.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	obs.Identify(http.HandlerFunc(a.route)).ServeHTTP(w, r)
}

func (a *API) route(w http.ResponseWriter, r *http.Request) {
	if len(r.TransferEncoding) > 0 {
		// RFC 9112 section 6.3 ends the connection behind a request that was in
		// chunks and had a length too, which some proxy may have gone by. net/http
		// does not tell those from others in chunks.
		w.Header().Set("Connection", "close")
	}
	if hasDotSegment(r.URL.EscapedPath()) {
		a.refuse(w, r)
		return
	}
	if strings.Contains(r.URL.EscapedPath(), "//") || len(r.URL.Path) > 1 && strings.HasSuffix(r.URL.Path, "/") {
		r = withPath(r, cleanSlashes(r.URL.EscapedPath()))
	}
	a.mux.ServeHTTP(w, r)
}

// endpoint runs an operation: who is it, may they, how often, what do they
// want, and what does the handler say.
func (a *API) endpoint(o *Operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &Call{Request: r, context: a.context(r.Context()), api: a, operation: o, writer: w, timing: newTiming()}
		a.answer(c, func() (Answer, error) {
			if o.Browser {
				allowOrigin(w.Header())
			}
			if err := a.admit(c); err != nil {
				return Answer{}, err
			}
			query, err := wire.ParseQuery(r.URL.RawQuery)
			if err != nil {
				return Answer{}, err
			}
			c.Query = query
			if r.ContentLength > MaxBody {
				return Answer{}, bodyTooLarge()
			}
			return o.Handle(c)
		})
	})
}

// answer writes what work returns, an error or a panic included, and leaves a
// line in the log.
func (a *API) answer(c *Call, work func() (Answer, error)) {
	answer, err := a.recovered(c, work)
	if err == nil && answer.Stream != nil {
		answer.begun, err = beginStream(answer.Stream)
	}
	if err != nil && errors.Is(err, context.Canceled) && c.Context().Err() != nil {
		err = sinew.Errorf(sinew.KindCancelled, "The caller hung up").WithCause(err)
	}
	if err != nil {
		a.logError(c, err)
		failed := errorAnswer(err, obs.RequestID(c.Context()), c.Request.Header.Get("Accept"))
		for name, values := range failed.Header {
			c.writer.Header()[name] = values
		}
		failed.Header = nil
		answer = failed
	}
	status := a.write(c, answer)
	took := c.timing.total()
	a.metrics.ObserveRequest(c.operation.Path, c.operation.Method, status, took)
	a.logRequest(c, status, took)
}

func (a *API) write(c *Call, answer Answer) int {
	status := answer.Status
	if status == 0 {
		status = c.operation.status()
	}
	h := c.writer.Header()
	for name, values := range answer.Header {
		h[name] = values
	}
	if h.Get("Content-Type") == "" && status != http.StatusNoContent {
		c.own.set(h, "Content-Type", "application/json; charset=utf-8")
	}
	c.own.set(h, "Server-Timing", c.timing.header())
	c.own.set(h, "X-Content-Type-Options", "nosniff")
	if status != http.StatusNoContent && answer.begun == nil {
		c.own.set(h, "Content-Length", strconv.Itoa(len(answer.Head)+len(answer.Body)+len(answer.Tail)))
	}
	if h.Get("Cache-Control") == "" {
		c.own.set(h, "Cache-Control", "no-store")
	}
	c.writer.WriteHeader(status)
	if answer.begun != nil {
		c.passOn(answer.begun)
		return status
	}
	if c.Request.Method != http.MethodHead {
		answer.writeTo(c.writer)
	}
	if answer.pooled {
		a.buffers.put(answer.Body)
	}
	if answer.Release != nil {
		answer.Release()
	}
	return status
}

// fields are what every answer has in its header, in one piece of memory.
type fields struct {
	values [5]string
	n      int
}

// set is that of http.Header, for a canonical name.
func (f *fields) set(h http.Header, name, value string) {
	f.values[f.n] = value
	f.n++
	h[name] = f.values[f.n-1 : f.n : f.n]
}

// writeTo writes the body. An error means that the caller has gone.
func (answer *Answer) writeTo(w http.ResponseWriter) {
	if answer.Head != "" {
		if _, err := io.WriteString(w, answer.Head); err != nil {
			return
		}
	}
	if _, err := w.Write(answer.Body); err != nil || answer.Tail == "" {
		return
	}
	_, _ = io.WriteString(w, answer.Tail)
}

// admit recognises the caller, and holds the call against access and limits.
func (a *API) admit(c *Call) error {
	o := c.operation
	if o.Access == AccessPublic || o.Access == AccessLoopback && fromLoopback(c.Request) {
		return nil
	}
	auth := a.auth
	if o.Access == AccessLinkToken {
		auth = a.links
	}
	p, err := auth.Authenticate(c.Context(), bearer(c.Request))
	if o.AfterLink && err != nil && sinew.KindOf(err) == sinew.KindUnauthenticated {
		linked, afterLink := a.completing.Authenticate(c.Context(), bearer(c.Request))
		if afterLink == nil || sinew.KindOf(afterLink) != sinew.KindUnauthenticated {
			p, err = linked, afterLink
		}
	}
	if err != nil {
		return err
	}
	c.Principal = p
	c.timing.mark("auth")
	limits, key := a.tokens, string(p.Kind)+p.TokenID
	if p.Kind == sinew.PrincipalAccountToken {
		limits = a.accounts
		key = accountKey(p, p.AccountID)
	}
	if err := limits.take(c.writer.Header(), key, time.Now()); err != nil {
		a.tellOfLimit(c.Principal, c.Principal.AccountID, limits)
		return err
	}
	if !o.allows(p) {
		return sinew.Errorf(sinew.KindForbidden, "This kind of token may not call %s %s", o.Method, o.Path).WithCode("token_kind")
	}
	return nil
}

// TakeAccount counts a data-plane call against the limit of its account, unless
// the call was counted so when it came in.
func (c *Call) TakeAccount(accountID string) error {
	if c.Principal.Kind == sinew.PrincipalAccountToken {
		return nil
	}
	err := c.api.accounts.take(c.writer.Header(), accountKey(c.Principal, accountID), time.Now())
	if err != nil {
		c.api.tellOfLimit(c.Principal, accountID, c.api.accounts)
	}
	return err
}

// tellOfLimit says who has reached a limit.
func (a *API) tellOfLimit(p sinew.Principal, accountID string, limits *limiter) {
	if a.exceeded == nil || p.Kind == sinew.PrincipalLinkToken || accountID != "" && !sinew.IsUUID(accountID) {
		return
	}
	facts := sinew.LimitFacts{AccountID: accountID, Limit: limits.limit, Seconds: int(limits.window.Seconds())}
	if accountID == "" {
		facts.TokenID = p.TokenID
	}
	a.exceeded(p.EnvironmentID, facts)
}

// accountKey is what the calls of an account are counted under. Callers name
// accounts that are not theirs too, and must not use up what others have.
func accountKey(p sinew.Principal, accountID string) string { return p.EnvironmentID + "/" + accountID }

// VendorLimits leaves the platform's limits out of the answer: on a call that
// reached its vendor, the fields of these names tell the vendor's (spec 03
// section 1.7).
func (c *Call) VendorLimits() {
	for _, name := range limitHeaders() {
		c.writer.Header().Del(name)
	}
}

// Writer returns the response for handlers that stream.
func (c *Call) Writer() http.ResponseWriter { return c.writer }

func bearer(r *http.Request) string {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	// A proxy on this machine speaks for others, and says so.
	return ip != nil && ip.IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}

// writtenPath is the key of a request's path as the caller wrote it, where the
// router got another form of it.
type writtenPath struct{}

func withPath(r *http.Request, escaped string) *http.Request {
	clean := r.Clone(context.WithValue(r.Context(), writtenPath{}, r.URL.EscapedPath()))
	clean.URL.RawPath = ""
	u, err := r.URL.Parse(escaped)
	if err != nil {
		return r
	}
	clean.URL.Path, clean.URL.RawPath = u.Path, u.RawPath
	return clean
}

func cleanSlashes(path string) string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return "/" + strings.Join(parts, "/")
}

// hasDotSegment reports whether a path has a segment that the router would
// resolve by a redirect.
func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
