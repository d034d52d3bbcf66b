package idempotency

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The codes of the errors that callers get.
const (
	CodeReused         = "idempotency_key_reused"
	CodeInProgress     = "idempotency_key_in_progress"
	CodeOutcomeUnknown = "outcome_unknown"
)

// The times of a call: how long a silent process is believed to live, how often
// it says so, how long others wait for it, and how often they look.
const (
	holdFor   = 60 * time.Second
	holdEvery = 15 * time.Second
	waitFor   = 25 * time.Second
	lookEvery = 100 * time.Millisecond
)

// MaxKey is the length of a key, in bytes.
const MaxKey = 255

// maxKept bounds the bodies that are kept, in bytes.
const maxKept = 8 << 20

// Store keeps calls.
type Store interface {
	// ClaimCall writes a call and reports whether it is the first of its id.
	// Otherwise known is what the store has.
	ClaimCall(ctx context.Context, c sinew.IdempotentCall) (first bool, known sinew.IdempotentCall, err error)
	// Call returns a call; NotFound when there is none.
	Call(ctx context.Context, environmentID, id string) (sinew.IdempotentCall, error)
	// HoldCall says that the call is still under way.
	HoldCall(ctx context.Context, id string, until time.Time) error
	// FinishCall keeps the answer.
	FinishCall(ctx context.Context, c sinew.IdempotentCall) error
	// DropCall forgets a call that never left.
	DropCall(ctx context.Context, id string) error
}

// Keeper makes calls at most once. It is safe for concurrent use.
type Keeper struct {
	store Store
	log   *slog.Logger
	wait  time.Duration
}

// New returns a keeper. wait is how long a repeated call waits for the first
// one, 0 for the 25 seconds that are documented.
func New(store Store, log *slog.Logger, wait time.Duration) *Keeper {
	if wait == 0 {
		wait = waitFor
	}
	return &Keeper{store: store, log: log, wait: wait}
}

// Request is a call under a key.
type Request struct {
	EnvironmentID string
	AccountID     string
	Key           string
	// Target is what is called: verb and path.
	Target string
	// Hash returns the hash of the rest of the request. It is asked when the
	// request has been read.
	Hash func() ([]byte, error)
}

// Answer is what a call is answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Again says that the vendor did not act, so that the call may be made again
	// under the same key.
	Again bool
	// Replayed is set when the answer is that of an earlier call.
	Replayed bool
}

// Unsent marks the error of a call that never reached its vendor, so that it may
// be made again under the same key.
type Unsent struct{ Err error }

func (u *Unsent) Error() string { return u.Err.Error() }

// Unwrap returns the error itself.
func (u *Unsent) Unwrap() error { return u.Err }

// CheckKey refuses what is no key: 1 to 255 visible characters of ASCII.
func CheckKey(key string) error {
	bad := len(key) == 0 || len(key) > MaxKey
	for i := range len(key) {
		bad = bad || key[i] <= ' ' || key[i] > '~'
	}
	if bad {
		return sinew.InvalidField("Idempotency-Key", "format", "must be 1 to %d visible ASCII characters", MaxKey)
	}
	return nil
}

// Do makes a call, or returns the answer of the first call under its key.
// Conflict (CodeInProgress) when that is still under way after the wait, or its
// outcome is not known (CodeOutcomeUnknown); Unprocessable (CodeReused) when it
// was another request. work is not cancelled with its caller, since its outcome
// is to be kept; its errors are not kept when they are Unsent.
func (k *Keeper) Do(ctx context.Context, r Request, work func(context.Context) (Answer, error)) (Answer, error) {
	if err := CheckKey(r.Key); err != nil {
		return Answer{}, err
	}
	now := time.Now()
	hash, err := r.Hash()
	if err != nil {
		return Answer{}, err
	}
	c := sinew.IdempotentCall{
		ID: callID(r), EnvironmentID: r.EnvironmentID, AccountID: r.AccountID, RequestHash: hash,
		HeldUntil: now.Add(holdFor), ExpiresAt: now.Add(sinew.IdempotencyLife), CreatedAt: now,
	}
	first, known, err := k.store.ClaimCall(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	if !first {
		return k.follow(ctx, c, known)
	}
	return k.lead(context.WithoutCancel(ctx), c, work)
}

// callID names a call without showing its key.
func callID(r Request) string {
	h := sha256.New()
	for _, part := range []string{r.EnvironmentID, r.AccountID, r.Target, r.Key} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// lead makes the call and keeps its answer.
func (k *Keeper) lead(ctx context.Context, c sinew.IdempotentCall, work func(context.Context) (Answer, error)) (Answer, error) {
	stop := k.hold(ctx, c.ID)
	answer, err := work(ctx)
	stop()
	if err != nil {
		// Nothing came back that could be repeated. What never left may be tried
		// again; of the rest nobody knows whether the vendor acted.
		var unsent *Unsent
		if errors.As(err, &unsent) {
			k.forget(ctx, c)
			return answer, unsent.Err
		}
		k.letGo(ctx, c)
		return answer, err
	}
	if answer.Again {
		k.forget(ctx, c)
		return answer, nil
	}
	if len(answer.Body) > maxKept {
		k.letGo(ctx, c)
		return answer, nil
	}
	c.Answer = encode(answer)
	if err := k.store.FinishCall(ctx, c); err != nil {
		k.log.ErrorContext(ctx, "keep answer of idempotent call", "call", c.ID, "error", err.Error())
	}
	return answer, nil
}

func (k *Keeper) forget(ctx context.Context, c sinew.IdempotentCall) {
	if err := k.store.DropCall(ctx, c.ID); err != nil {
		k.log.ErrorContext(ctx, "forget idempotent call", "call", c.ID, "error", err.Error())
	}
}

// letGo ends the hold at once, so that repeats learn that the outcome is not
// known.
func (k *Keeper) letGo(ctx context.Context, c sinew.IdempotentCall) {
	if err := k.store.HoldCall(ctx, c.ID, time.UnixMilli(0)); err != nil {
		k.log.ErrorContext(ctx, "let go of idempotent call", "call", c.ID, "error", err.Error())
	}
}

// hold says again and again that the call is under way, until it is stopped.
func (k *Keeper) hold(ctx context.Context, id string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(holdEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := k.store.HoldCall(ctx, id, time.Now().Add(holdFor)); err != nil && ctx.Err() == nil {
					k.log.ErrorContext(ctx, "hold idempotent call", "call", id, "error", err.Error())
				}
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// follow waits for the answer of the first call.
func (k *Keeper) follow(ctx context.Context, c, known sinew.IdempotentCall) (Answer, error) {
	deadline := time.Now().Add(k.wait)
	for {
		switch {
		case !bytes.Equal(known.RequestHash, c.RequestHash):
			return Answer{}, sinew.Errorf(sinew.KindUnprocessable, "This Idempotency-Key was used for another request").WithCode(CodeReused)
		case known.State == sinew.IdempotentDone:
			return decode(known.Answer)
		case time.Now().After(known.HeldUntil):
			return Answer{}, sinew.Errorf(sinew.KindConflict,
				"The first call under this Idempotency-Key ended without an answer that could be kept: whether the vendor acted is not known. Look at the vendor before you try again under another key").WithCode(CodeOutcomeUnknown)
		case time.Now().After(deadline):
			return Answer{}, sinew.Errorf(sinew.KindConflict, "The first call under this Idempotency-Key is still under way; ask again later").WithCode(CodeInProgress)
		}
		select {
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		case <-time.After(lookEvery):
		}
		var err error
		if known, err = k.store.Call(ctx, c.EnvironmentID, c.ID); err != nil {
			if sinew.IsNotFound(err) {
				return Answer{}, sinew.Errorf(sinew.KindConflict, "The first call under this Idempotency-Key failed before it reached the vendor; ask again").WithCode(CodeInProgress)
			}
			return Answer{}, err
		}
	}
}

// encode writes an answer for the store.
func encode(a Answer) []byte {
	header := jsonx.NewBuilder(len(a.Header))
	for name, values := range a.Header {
		header.Set(name, jsonx.StringsValue(values))
	}
	head := jsonx.NewBuilder(2).Set("status", jsonx.IntValue(int64(a.Status))).Set("header", header.Value()).Value().Bytes()
	return append(append(head, '\n'), a.Body...)
}

func decode(text []byte) (Answer, error) {
	head, body, _ := bytes.Cut(text, []byte("\n"))
	v, err := jsonx.Parse(head)
	if err != nil {
		return Answer{}, fmt.Errorf("read kept answer: %w", err)
	}
	status, _ := v.Get("status").Int()
	a := Answer{Status: int(status), Header: http.Header{}, Body: body, Replayed: true}
	for name, values := range v.Get("header").Members() {
		for _, value := range values.Items() {
			a.Header.Add(name, value.Str())
		}
	}
	return a, nil
}
