package sinew

import "time"

// IdempotencyLife is how long the answer to an idempotent call is kept.
const IdempotencyLife = 24 * time.Hour

// IdempotentState is where an idempotent call stands.
type IdempotentState string

// The states of an idempotent call.
const (
	// IdempotentRunning is a call under way, or one whose process died.
	IdempotentRunning IdempotentState = "running"
	// IdempotentDone is a call whose answer is kept.
	IdempotentDone IdempotentState = "done"
)

// IdempotentCall is a call that must happen at most once: that of an account,
// under a key that its caller chose.
type IdempotentCall struct {
	// ID is made of the account, the address that was called, and the key.
	ID            string
	EnvironmentID string
	AccountID     string
	State         IdempotentState
	// RequestHash tells another request under the same key.
	RequestHash []byte
	// Answer is what the first call was answered, in a form of its keeper's.
	Answer []byte
	// HeldUntil is until when the process that runs the call is known to live.
	HeldUntil time.Time
	ExpiresAt time.Time
	CreatedAt time.Time
}
