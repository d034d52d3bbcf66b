package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/blob"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

// How a value from the object store is shown.
type storedForm int

const (
	wrapped storedForm = iota // {"truto_obj_store":true,"data":…}, as it was written
	bare                      // the data alone, as file pickers and placeholders read it
)

// home is where the large values of an account live.
type home struct {
	environmentID string
	region        sinew.Region
}

func homeOf(a *sinew.IntegratedAccount) home { return home{a.EnvironmentID, a.Region} }

// staging says how the large values of a patch are told from the others.
type staging struct {
	secretPaths []string
	// stored are the object store keys that the account has.
	stored map[string]string
	// rewrap sends a bare value of such a key to the object store again, for
	// callers who read it bare.
	rewrap bool
}

// stage writes the large values of a patch to the object store and replaces
// them by their mark. The blobs become part of the account when it is written
// with the keys; until then a sweep would remove them.
func (s *Service) stage(ctx context.Context, home home, patch jsonx.Value, how staging) (jsonx.Value, map[string]string, error) {
	keys := make(map[string]string)
	if !patch.Exists() {
		return patch, keys, nil
	}
	b := patch.Edit()
	for name, value := range patch.Members() {
		data, large, err := how.large(name, value)
		if err != nil {
			return patch, nil, err
		}
		if !large {
			continue
		}
		if !data.Exists() {
			b.Set(name, jsonx.Value{}) // the mark as it was read: nothing changes
			continue
		}
		if keys[name], err = s.putBlob(ctx, home, data.Bytes()); err != nil {
			return patch, nil, err
		}
		b.Set(name, storedMark())
	}
	return b.Value(), keys, nil
}

// large reports whether a value goes to the object store, and what of it.
func (how staging) large(name string, value jsonx.Value) (data jsonx.Value, large bool, err error) {
	_, known := how.stored[name]
	switch {
	case isStored(value):
		data = value.Get(keyData)
		if !data.Exists() && !known {
			return data, false, sinew.InvalidField("context."+name, "missing_data", "a value for the object store needs data")
		}
	case how.rewrap && known && value.Len() > 0:
		data = value
	default:
		return data, false, nil
	}
	for _, path := range how.secretPaths {
		if path == name || strings.HasPrefix(path, name+".") {
			return data, false, sinew.InvalidField("context."+name, "secret_in_object_store", "a credential cannot be kept in the object store")
		}
	}
	return data, true, nil
}

func (s *Service) putBlob(ctx context.Context, home home, content []byte) (string, error) {
	key, sealed, err := s.store.StageBlob(ctx, home.environmentID, home.region, content, now())
	if err != nil {
		return "", err
	}
	if err := s.blobs.Put(ctx, key, sealed); err != nil {
		return "", fmt.Errorf("write blob %s: %w", key, err)
	}
	return key, nil
}

// keepStored returns the object store keys that a context still marks, with
// the newly written ones on top.
func keepStored(whole jsonx.Value, old, written map[string]string) map[string]string {
	keys := make(map[string]string)
	for name, key := range old {
		if isStored(whole.Get(name)) {
			keys[name] = key
		}
	}
	maps.Copy(keys, written)
	return keys
}

// hydrate puts the values from the object store back into a context.
func (s *Service) hydrate(ctx context.Context, a *sinew.AccountView, form storedForm) error {
	if len(a.ObjectStore) == 0 {
		return nil
	}
	whole, err := parse(a.Context)
	if err != nil {
		return fmt.Errorf("account %s: read context: %w", a.ID, err)
	}
	for name, key := range a.ObjectStore {
		data, err := s.getBlob(ctx, a.EnvironmentID, key)
		if err != nil {
			return fmt.Errorf("account %s: context.%s: %w", a.ID, name, err)
		}
		if form == wrapped {
			data = storedMark().With(keyData, data)
		}
		whole = whole.With(name, data)
	}
	a.Context = sinew.JSON(whole.String())
	return nil
}

// hydrateRow is hydrate for a row among others. A value that is gone or does
// not authenticate stays behind its mark there, and the log says so: one
// account's loss must not keep its neighbours from being listed.
func (s *Service) hydrateRow(ctx context.Context, a *sinew.AccountView) error {
	s.passOver(ctx, &a.IntegratedAccount)
	err := s.hydrate(ctx, a, wrapped)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, seal.ErrTampered) {
		s.log.ErrorContext(ctx, "large value is lost", "account_id", a.ID, "error", err.Error())
		return nil
	}
	return err
}

func (s *Service) getBlob(ctx context.Context, environmentID, key string) (jsonx.Value, error) {
	sealed, err := s.blobs.Get(ctx, key)
	if err != nil {
		return jsonx.Value{}, fmt.Errorf("read blob %s: %w", key, err)
	}
	content, err := s.store.OpenBlob(ctx, environmentID, key, sealed)
	if err != nil {
		return jsonx.Value{}, fmt.Errorf("open blob %s: %w", key, err)
	}
	return jsonx.Parse(content)
}

// sweepAge is how old an unused blob must be: far older than any request that
// has staged it and not written its account yet.
const sweepAge = time.Hour

// sweepBatch is how many unused blobs one sweep removes.
const sweepBatch = 500

// Sweep removes blobs that no account refers to, left behind by a change or a
// crash, and returns how many. It may run on several nodes at once.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	keys, err := s.store.UnusedBlobs(ctx, now().Add(-sweepAge), sweepBatch)
	if err != nil {
		return 0, fmt.Errorf("sweep blobs: %w", err)
	}
	for i, key := range keys {
		if err := s.blobs.Delete(ctx, key); err != nil && !errors.Is(err, blob.ErrNotFound) {
			return i, fmt.Errorf("sweep blob %s: %w", key, err)
		}
		if err := s.store.ForgetBlob(ctx, key); err != nil {
			return i, fmt.Errorf("sweep blobs: %w", err)
		}
	}
	return len(keys), nil
}
