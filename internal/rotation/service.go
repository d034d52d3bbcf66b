package rotation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/seal"
)

// Store keeps keys and what they have sealed; see the store's methods of these names.
type Store interface {
	BeginKeyRotation(ctx context.Context) (sinew.KeyRotation, error)
	FinishKeyRotation(ctx context.Context, number int64) error
	KeyOwners(ctx context.Context, after string) ([]sinew.KeyOwner, error)
	RenewDataKey(ctx context.Context, owner string, number int64) error
	PruneDataKey(ctx context.Context, owner string, number int64) (destroyed int, err error)
	Reseal(ctx context.Context, from sinew.ResealPosition) (done sinew.Resealed, next sinew.ResealPosition, err error)
	FormerBlobs(ctx context.Context, after string) ([]sinew.StoredBlob, error)
	ResealBlob(ctx context.Context, b sinew.StoredBlob, sealed []byte) ([]byte, error)
	BlobResealed(ctx context.Context, key string, sealed []byte) (there bool, err error)
	DropStagedBlobs(ctx context.Context, before time.Time) (left int, err error)
	Now() time.Time
}

const (
	// stagedAge is how long a blob may be announced before it is in use: far longer
	// than a request takes.
	stagedAge = 2 * time.Minute
	// pollStaged is how often those are looked at.
	pollStaged = 500 * time.Millisecond
	// lateReaders is how long after the last value was sealed anew the former keys
	// stay, for whoever has read a value before that and opens it after.
	lateReaders = 3 * time.Second
	// passes bounds how often everything is gone through.
	passes = 5
)

// Progress is what an exchange has come to so far.
type Progress struct {
	sinew.KeyRotation
	Stage     Stage
	Owners    int // that have got a new key by this call
	Values    int // sealed anew
	Blobs     int // sealed anew
	Destroyed int // former keys
}

// Stage is what an exchange is at.
type Stage string

// The stages, in their order.
const (
	StageRenew  Stage = "renew"  // owners get their new keys
	StageReseal Stage = "reseal" // what is there is sealed anew
	StageWait   Stage = "wait"   // for blobs under way, and for late readers
	StageDone   Stage = "done"   // the former keys are destroyed
)

// Service exchanges data keys. It is safe for concurrent use.
type Service struct {
	store Store
	blobs blob.Store
}

// New returns a service.
func New(store Store, blobs blob.Store) *Service { return &Service{store, blobs} }

// Rotate exchanges the data keys of all teams and environments, or goes on where it
// was stopped. told is called as it goes, from the same goroutine. A value that cannot
// be opened is an error, with every other one sealed anew: the former keys stay then.
func (s *Service) Rotate(ctx context.Context, told func(Progress)) (Progress, error) {
	w := &work{Service: s, told: told}
	var err error
	if w.KeyRotation, err = s.store.BeginKeyRotation(ctx); err != nil {
		return w.Progress, err
	}
	for _, step := range []func(context.Context) error{w.renew, w.reseal, w.awaitReaders, w.prune} {
		if err := step(ctx); err != nil {
			return w.Progress, err
		}
	}
	if err := s.store.FinishKeyRotation(ctx, w.Number); err != nil {
		return w.Progress, err
	}
	w.at(StageDone)
	return w.Progress, nil
}

// work is one call of Rotate.
type work struct {
	*Service
	Progress
	told       func(Progress)
	unreadable []string
}

func (w *work) at(stage Stage) {
	w.Stage = stage
	w.told(w.Progress)
}

// eachOwner visits all owners of data keys.
func (w *work) eachOwner(ctx context.Context, visit func(sinew.KeyOwner) error) error {
	after := ""
	for {
		owners, err := w.store.KeyOwners(ctx, after)
		if err != nil || len(owners) == 0 {
			return err
		}
		for _, owner := range owners {
			if err := visit(owner); err != nil {
				return err
			}
		}
		after = owners[len(owners)-1].ID
	}
}

func (w *work) renew(ctx context.Context) error {
	w.at(StageRenew)
	err := w.eachOwner(ctx, func(owner sinew.KeyOwner) error {
		if owner.Rotation >= w.Number {
			return nil
		}
		w.Owners++
		return w.store.RenewDataKey(ctx, owner.ID, w.Number)
	})
	w.at(StageRenew)
	return err
}

// reseal goes over everything until there is nothing left of the former keys. Blobs
// that are on their way into use come in between.
func (w *work) reseal(ctx context.Context) error {
	for range passes {
		before := w.Values + w.Blobs
		w.unreadable = nil
		if err := w.resealValues(ctx); err != nil {
			return err
		}
		if err := w.awaitStaged(ctx); err != nil {
			return err
		}
		if err := w.resealBlobs(ctx); err != nil {
			return err
		}
		if len(w.unreadable) > 0 {
			return unreadableError(w.unreadable)
		}
		if w.Values+w.Blobs == before {
			return nil
		}
	}
	return errors.New("values sealed by former keys appear again and again; the former keys stay")
}

// CodeUnreadable is the code of an exchange that has met values which do not open.
const CodeUnreadable = "values_unreadable"

func unreadableError(places []string) error {
	const shown = 3
	named := strings.Join(places[:min(shown, len(places))], "; ")
	return sinew.Errorf(sinew.KindConflict, "Of the stored values %d cannot be opened, such as: %s. Everything else is sealed by the new keys. The former ones stay until these values are put right or deleted, and the command is repeated", len(places), named).WithCode(CodeUnreadable)
}

func (w *work) resealValues(ctx context.Context) error {
	w.at(StageReseal)
	at := sinew.ResealPosition{}
	for {
		done, next, err := w.store.Reseal(ctx, at)
		w.Values += done.Values
		w.unreadable = append(w.unreadable, done.Unreadable...)
		if done.Values > 0 {
			w.at(StageReseal)
		}
		if err != nil || next == (sinew.ResealPosition{}) {
			return err
		}
		at = next
	}
}

func (w *work) resealBlobs(ctx context.Context) error {
	after := ""
	for {
		blobs, err := w.store.FormerBlobs(ctx, after)
		if err != nil || len(blobs) == 0 {
			return err
		}
		for _, b := range blobs {
			if err := w.resealBlob(ctx, b); err != nil {
				return err
			}
		}
		after = blobs[len(blobs)-1].Key
		w.at(StageReseal)
	}
}

// resealBlob writes a blob over itself. It is in use, so nobody else writes it, and
// nobody sweeps it for an hour after it falls out of use.
func (w *work) resealBlob(ctx context.Context, b sinew.StoredBlob) error {
	sealed, err := w.blobs.Get(ctx, b.Key)
	if errors.Is(err, blob.ErrNotFound) {
		w.unreadable = append(w.unreadable, fmt.Sprintf("blob %s, which is not in the blob store", b.Key))
		return nil
	}
	if err != nil {
		return fmt.Errorf("read blob %s: %w", b.Key, err)
	}
	again, err := w.store.ResealBlob(ctx, b, sealed)
	if tampered, ok := errors.AsType[*seal.TamperedError](err); ok {
		w.unreadable = append(w.unreadable, tampered.Subject)
		return nil
	}
	if err != nil {
		return err
	}
	if err := w.blobs.Put(ctx, b.Key, again); err != nil {
		return fmt.Errorf("write blob %s: %w", b.Key, err)
	}
	there, err := w.store.BlobResealed(ctx, b.Key, again)
	if err != nil {
		return err
	}
	w.Blobs++
	if !there {
		return w.blobs.Delete(ctx, b.Key)
	}
	return nil
}

// awaitStaged waits until the blobs that were announced under former keys are in use,
// or will never be.
func (w *work) awaitStaged(ctx context.Context) error {
	for {
		left, err := w.store.DropStagedBlobs(ctx, w.store.Now().Add(-stagedAge))
		if err != nil || left == 0 {
			return err
		}
		w.at(StageWait)
		if err := pause(ctx, pollStaged); err != nil {
			return err
		}
	}
}

func (w *work) awaitReaders(ctx context.Context) error {
	w.at(StageWait)
	return pause(ctx, lateReaders)
}

func (w *work) prune(ctx context.Context) error {
	return w.eachOwner(ctx, func(owner sinew.KeyOwner) error {
		destroyed, err := w.store.PruneDataKey(ctx, owner.ID, w.Number)
		w.Destroyed += destroyed
		return err
	})
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
