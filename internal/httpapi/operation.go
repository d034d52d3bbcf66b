package httpapi

import (
	"io"
	"net/http"

	"github.com/sinewhq/sinew"
)

// Access says which credentials an operation takes.
type Access int

// The levels of access.
const (
	// AccessAPIToken takes API tokens.
	AccessAPIToken Access = iota
	// AccessAccountToken takes integrated-account tokens beside API tokens.
	AccessAccountToken
	// AccessAccountOnly takes integrated-account tokens alone.
	AccessAccountOnly
	// AccessLinkToken takes link tokens alone.
	AccessLinkToken
	// AccessPublic takes anybody.
	AccessPublic
	// AccessLoopback takes API tokens, and anybody on this machine.
	AccessLoopback
)

// Operation is one route: what it is called, who may call it, what goes in and
// what comes out. The document and the router are made from it.
type Operation struct {
	Method string
	// Path is a pattern of the standard mux without the method.
	Path        string
	ID          string // operationId, unique
	Tag         string
	Summary     string
	Description string
	Access      Access
	// AfterLink lets link tokens that have connected their account call an operation
	// of integrated-account tokens, in the name of that account.
	AfterLink bool
	// Fields makes the operation a list that is filtered by them.
	Fields []sinew.Field
	// Query are further parameters.
	Query []Parameter
	// Body is a zero value of the struct that the body binds to; nil when the
	// operation takes none.
	Body any
	// YAML says that the body may be YAML, if it is labelled so.
	YAML bool
	// RawBody says that the handler reads the body itself.
	RawBody bool
	// Status of success; 0 means 200.
	Status int
	// Answer is a zero value of the struct that success answers with; on a
	// list, of one row. nil when the answer is no JSON or not ours to describe.
	Answer any
	// Alternative is another form of the answer or row that a parameter asks
	// for.
	Alternative any
	// Alias repeats the rows of a list under "results".
	Alias bool
	// Media is the type of an answer that is not JSON.
	Media string
	// Browser lets scripts of any origin call the operation.
	Browser bool
	// Hidden leaves the operation out of the document: it is where browsers are
	// sent, and nothing to call.
	Hidden bool
	Handle func(*Call) (Answer, error)
}

// Parameter is a query parameter that is not a filter.
type Parameter struct {
	Name        string
	Description string
	Enum        []string
	Required    bool
}

// Answer is what a handler gives back.
type Answer struct {
	Status int // 0 means the operation's
	Header http.Header
	// Body is written as it is, between Head and Tail; its type is JSON unless
	// the header says otherwise.
	Body       []byte
	Head, Tail string
	// Release is called once the body is written; nil for nothing to do.
	Release func()
	// Stream is written in place of Body, as it comes, and closed.
	Stream io.ReadCloser
	begun  *stream
	// pooled says that the body goes back to the pool once it is written.
	pooled bool
}

func (o *Operation) status() int {
	if o.Status == 0 {
		return http.StatusOK
	}
	return o.Status
}

// allows reports whether a principal may call the operation.
func (o *Operation) allows(p sinew.Principal) bool {
	switch p.Kind {
	case sinew.PrincipalAPIToken:
		return o.Access != AccessAccountOnly && o.Access != AccessLinkToken
	case sinew.PrincipalAccountToken:
		return o.Access == AccessAccountToken || o.Access == AccessAccountOnly
	case sinew.PrincipalLinkToken:
		return o.Access == AccessLinkToken
	}
	return false
}
