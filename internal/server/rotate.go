package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/rotation"
	"github.com/sinewhq/sinew/internal/seal"
)

// nextSuffix names the master key that a rotation moves to, beside the present
// one. Servers find it there by themselves.
const nextSuffix = ".next"

// isMasterFile reports whether the master key is a file and nothing else.
func isMasterFile(c config.Config) bool {
	return c.MasterKeyService == config.KeyService{} && c.MasterKey == ""
}

// openRotation takes up the key of a rotation that was stopped half-way.
func (m *masters) openRotation(c config.Config) error {
	if !isMasterFile(c) {
		return nil
	}
	next, err := seal.LoadMasterFile(c.MasterKeyPath() + nextSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("next master key: %w", err)
	}
	if next.ID() != m.master.ID() {
		m.next = next
	}
	return nil
}

// masterFiles are the master keys in the files of a configuration, as they are now.
// A running server asks for them when it meets a key that a new one wrapped.
func masterFiles(c config.Config) (found []seal.Master) {
	for _, path := range []string{c.MasterKeyPath(), c.MasterKeyPath() + nextSuffix} {
		if master, err := seal.LoadMasterFile(path); err == nil {
			found = append(found, master)
		}
	}
	return found
}

// Rotated is what a rotation came to.
type Rotated struct {
	Rewrapped
	// File holds the new master key, "" when it is in no file.
	File string
	// Old is the file that the former master key was moved to, "" when it is where it
	// was.
	Old string
}

// RotateKeys makes the next master key and moves everything to it. Where the master
// key is a file, the new one takes its place and the former one is kept beside it;
// servers go on and find the new one by themselves. Where a next master key is named
// the servers have to know it already; a file that does not exist is made.
//
// It may be stopped anywhere and called again: until the last step both keys are in
// place.
func RotateKeys(ctx context.Context, c config.Config) (Rotated, error) {
	switch {
	case c.HasNextMasterKey():
		return rotateToNamed(ctx, c)
	case !isMasterFile(c):
		return Rotated{}, errors.New("the master key is in no file: name the next one with --next-master-key-file or --next-master-key-uri")
	}
	return rotateFile(ctx, c)
}

func rotateToNamed(ctx context.Context, c config.Config) (Rotated, error) {
	if err := makeMasterFile(c.NextMasterKeyFile); err != nil {
		return Rotated{}, err
	}
	done, err := RewrapKeys(ctx, c)
	return Rotated{Rewrapped: done, File: c.NextMasterKeyFile}, err
}

// makeMasterFile makes a master key file unless it is there; "" is no file.
func makeMasterFile(path string) error {
	if path == "" {
		return nil
	}
	if _, err := seal.GenerateMasterFile(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func rotateFile(ctx context.Context, c config.Config) (Rotated, error) {
	path := c.MasterKeyPath()
	st, keys, err := openStore(ctx, c) // nothing is made next to a key that opens nothing
	if err != nil {
		return Rotated{}, err
	}
	if err := errors.Join(st.Close(), keys.close(), makeMasterFile(path+nextSuffix)); err != nil {
		return Rotated{}, err
	}
	done, err := RewrapKeys(ctx, c)
	if err != nil {
		return Rotated{}, err
	}
	old, err := swapMasterFile(path)
	return Rotated{Rewrapped: done, File: path, Old: old}, err
}

// swapMasterFile puts the next master key in the place of the present one, which
// gets a name with its fingerprint. There is a key at the path all the time.
func swapMasterFile(path string) (old string, err error) {
	present, err := seal.LoadMasterFile(path)
	if err != nil {
		return "", err
	}
	old = path + ".old-" + present.ID()
	if err := os.Link(path, old); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("keep the former master key: %w", err)
	}
	if err := os.Rename(path+nextSuffix, path); err != nil {
		return "", fmt.Errorf("put the new master key in place: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return old, err
	}
	return old, errors.Join(dir.Sync(), dir.Close())
}

// KeyProgress is what an exchange of the data keys has come to so far.
type KeyProgress = rotation.Progress

// RotateDataKeys exchanges the data keys of all teams and environments, beside running
// servers, or goes on where it was stopped. told is called as it goes.
func (c *Core) RotateDataKeys(ctx context.Context, told func(KeyProgress)) (KeyProgress, error) {
	return rotation.New(c.Store, c.Blobs).Rotate(ctx, told)
}
