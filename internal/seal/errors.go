package seal

import (
	"errors"
	"fmt"
)

// ErrTampered says that bytes do not authenticate: they were changed, moved
// from another place, or sealed with another key. A Master wraps it to say the
// same about what it was asked to unwrap.
var ErrTampered = errors.New("does not authenticate")

// TamperedError is an ErrTampered that names its subject.
type TamperedError struct {
	// Subject is what failed, for logs and audit entries: a place, or the key
	// of an environment. It holds no secret.
	Subject string
}

func (e *TamperedError) Error() string {
	return e.Subject + " does not authenticate: it was changed, moved from another place, or sealed with another key"
}

// Unwrap returns ErrTampered.
func (e *TamperedError) Unwrap() error { return ErrTampered }

// ForeignKeyError says that a stored key was wrapped by another master key
// than the one at hand.
type ForeignKeyError struct {
	WrappedBy string // fingerprint of the master key that is needed
	Have      string // fingerprint of the master key that was given
}

func (e *ForeignKeyError) Error() string {
	return fmt.Sprintf("the data was written with master key %q, but the master key given is %q: start with the master key that belongs to this data", e.WrappedBy, e.Have)
}
