package batch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
)

// Proxy makes calls of the vendor's own resources.
type Proxy interface {
	Do(ctx context.Context, c proxy.Call) (proxy.Result, error)
}

// Unified makes calls by a unified model.
type Unified interface {
	Read(ctx context.Context, c unified.Call) (unified.Payload, error)
}

// Accounts are what a batch is run for.
type Accounts interface {
	// ForCall opens an account; NotFound when the caller's environment has none of
	// that id.
	ForCall(ctx context.Context, p sinew.Principal, id string) (*account.Opened, error)
}

// What one batch may take. Beyond it the answer has what was there by then, and an
// error that says so.
const (
	maxCalls   = 1000
	maxRecords = 50_000
	maxBytes   = 32 << 20
	maxTime    = 100 * time.Second
	// atOnce bounds the calls that are under way.
	atOnce = 4
	// maxRecursion bounds how deep a request follows its own records.
	maxRecursion = 20
)

// Service runs batches. It is safe for concurrent use.
type Service struct {
	accounts    Accounts
	proxy       Proxy
	unified     Unified
	expressions *expression.Engine
}

// New returns a service.
func New(a Accounts, p Proxy, u Unified) *Service {
	return &Service{accounts: a, proxy: p, unified: u, expressions: expression.NewEngine()}
}

// Request is a batch.
type Request struct {
	Principal sinew.Principal
	RequestID string
	AccountID string
	Args      jsonx.Value
	Resources jsonx.Value
}

// Answer is what came of a batch: records and errors by the resource that they are
// of, in the order of the calls.
type Answer struct {
	Result jsonx.Value
	Errors []Failed
	// Sent is set once the vendor may have got a request.
	Sent bool
}

// Failed are the errors of the calls of a resource: *proxy.RemoteError or *sinew.Error.
type Failed struct {
	Resource string
	Errors   []error
}

// Run runs a batch. The error is Invalid for one that cannot be read; the failure
// of a call is part of the answer.
func (s *Service) Run(ctx context.Context, r Request) (Answer, error) {
	nodes, err := s.read(r.Resources)
	if err != nil {
		return Answer{}, err
	}
	// An account that is not there is the request's mistake, not a call's.
	if _, err := s.accounts.ForCall(ctx, r.Principal, r.AccountID); err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	b := &run{service: s, request: r, nodes: nodes, out: make([][]frame, len(nodes)), errors: make([][]error, len(nodes))}
	for i := range nodes {
		if err := b.runNode(ctx, i); err != nil {
			return Answer{Sent: b.sent.Load()}, err
		}
	}
	return b.answer(), nil
}

// frame is a record with what it was found under: the scope of what depends on it.
type frame struct {
	resources jsonx.Value // what {{resources}} reads, the record in its place
	record    jsonx.Value
	page      int // frames of one page come in one batch
}

// run is a batch under way.
type run struct {
	service *Service
	request Request
	nodes   []node
	out     [][]frame
	errors  [][]error // by node
	sent    atomic.Bool
	calls   atomic.Int64

	mu      sync.Mutex
	records int
	bytes   int
	pages   int
}

// errSpent says that a batch has taken all that it may.
var errSpent = errors.New("the batch has taken all that it may")

func (b *run) runNode(ctx context.Context, i int) error {
	n := &b.nodes[i]
	frames := b.parents(n)
	switch n.kind {
	case typeSpool:
		b.out[i] = spooled(n, frames)
		return nil
	case typeTransform:
		return b.transform(ctx, i, frames)
	}
	outcomes := make([][]frame, len(frames))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for j := range frames {
		group.Go(func() error {
			found, err := b.forFrame(ctx, n, frames[j])
			outcomes[j] = found
			return b.noted(i, err)
		})
	}
	err := group.Wait()
	for _, found := range outcomes {
		b.out[i] = append(b.out[i], found...)
	}
	return err
}

// parents are the frames that a node runs for: one for each record of the node that
// it depends on; one alone where it depends on none, or on several.
func (b *run) parents(n *node) []frame {
	switch len(n.parents) {
	case 0:
		return []frame{{resources: jsonx.ObjectValue()}}
	case 1:
		return b.out[n.parents[0]]
	}
	resources := jsonx.ObjectValue()
	for _, p := range n.parents {
		items := make([]jsonx.Value, len(b.out[p]))
		for i, f := range b.out[p] {
			items[i] = f.record
		}
		resources = b.nodes[p].put(resources, jsonx.ArrayValue(items...))
	}
	return []frame{{resources: resources}}
}

// put makes a record, or a list of them, what the paths of a node read.
func (n *node) put(resources, v jsonx.Value) jsonx.Value {
	resources = resources.SetAt(v, n.path...)
	if n.name != "" {
		resources = resources.With(n.name, v)
	}
	return resources
}

// noted takes down an error of a call. What is no answer to the caller's request
// ends the batch.
func (b *run) noted(i int, err error) error {
	if err == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(err, errSpent) || errors.Is(err, context.DeadlineExceeded) {
		err = sinew.Errorf(sinew.KindTooLarge, "The batch has taken all that it may: %d calls, %d records, %d MiB or %s; ask for less", maxCalls, maxRecords, maxBytes>>20, maxTime).WithCode("batch_limit")
	}
	if !isAnswer(err) {
		return err
	}
	b.errors[i] = append(b.errors[i], err)
	return nil
}

// isAnswer reports whether an error tells the caller of a call, in place of being one
// of ours.
func isAnswer(err error) bool {
	if _, is := errors.AsType[*proxy.RemoteError](err); is {
		return true
	}
	known, is := errors.AsType[*sinew.Error](err)
	return is && known.Kind != sinew.KindInternal && known.Kind != sinew.KindCancelled
}

// answer gathers what the nodes gave.
func (b *run) answer() Answer {
	result := jsonx.NewBuilder(len(b.nodes))
	var failed []Failed
	for i := range b.nodes {
		n := &b.nodes[i]
		if n.persist {
			items := result.Get(n.key).Items()
			for _, f := range b.out[i] {
				items = append(items, f.record)
			}
			result.Set(n.key, jsonx.ArrayValue(items...))
		}
		if len(b.errors[i]) > 0 {
			failed = append(failed, Failed{n.key, b.errors[i]})
		}
	}
	return Answer{Result: result.Value(), Errors: failed, Sent: b.sent.Load()}
}
