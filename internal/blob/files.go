package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"time"
)

const (
	// fileSuffix keeps the file of the key "a" apart from the folder of "a/b".
	// Keys hold no dots, so no folder can end in it.
	fileSuffix = ".blob"
	// draftDir holds files until they are complete. It is no key's folder.
	draftDir = ".draft"
	// draftAge is when a draft is taken for the remains of a crash.
	draftAge = time.Hour

	folderMode = 0o700
	fileMode   = 0o600
)

// Files keeps blobs as files in a folder, readable by their owner only.
// Several processes may use the folder at once.
type Files struct {
	// root confines every path to the folder, symbolic links included.
	root *os.Root
}

var _ Store = (*Files)(nil)

// OpenFiles opens a folder as a store, makes it where it does not exist, and
// removes what crashed writers left in it. Close the store after use.
func OpenFiles(dir string) (*Files, error) {
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	f := &Files{root}
	if err := f.prepareDrafts(); err != nil {
		return nil, errors.Join(fmt.Errorf("open blob folder: %w", err), root.Close())
	}
	return f, nil
}

// Close releases the folder.
func (f *Files) Close() error { return f.root.Close() }

func (f *Files) prepareDrafts() error {
	if err := f.root.MkdirAll(draftDir, folderMode); err != nil {
		return err
	}
	drafts, err := fs.ReadDir(f.root.FS(), draftDir)
	if err != nil {
		return err
	}
	for _, draft := range drafts {
		info, err := draft.Info()
		if err == nil && time.Since(info.ModTime()) > draftAge {
			err = f.root.Remove(path.Join(draftDir, draft.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process may clean up too
			return err
		}
	}
	return nil
}

// Put implements Store: it writes a draft, brings it to the disk, renames it
// and brings the folder to the disk.
func (f *Files) Put(ctx context.Context, key string, content []byte) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	if err := f.put(key+fileSuffix, content); err != nil {
		return fmt.Errorf("put blob %s: %w", key, err)
	}
	return nil
}

func (f *Files) put(name string, content []byte) error {
	if err := f.makeFolders(path.Dir(name)); err != nil {
		return err
	}
	draft := path.Join(draftDir, rand.Text())
	if err := f.writeDraft(draft, content); err != nil {
		return errors.Join(err, f.root.Remove(draft))
	}
	if err := f.root.Rename(draft, name); err != nil {
		return errors.Join(err, f.root.Remove(draft))
	}
	return f.sync(path.Dir(name))
}

func (f *Files) writeDraft(name string, content []byte) error {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// makeFolders makes a folder with those above it, and brings the entry of each
// new one to the disk.
func (f *Files) makeFolders(dir string) error {
	if dir == "." {
		return nil
	}
	err := f.root.Mkdir(dir, folderMode)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		if err := f.makeFolders(path.Dir(dir)); err != nil {
			return err
		}
		return f.makeFolders(dir)
	case err != nil:
		return err
	}
	return f.sync(path.Dir(dir))
}

func (f *Files) sync(dir string) error {
	folder, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(syncFolder(folder), folder.Close())
}

// Get implements Store.
func (f *Files) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ready(ctx, key); err != nil {
		return nil, err
	}
	content, err := f.root.ReadFile(key + fileSuffix)
	if err != nil {
		return nil, fileError("get", key, err)
	}
	return content, nil
}

// Stat implements Store.
func (f *Files) Stat(ctx context.Context, key string) (Info, error) {
	if err := ready(ctx, key); err != nil {
		return Info{}, err
	}
	info, err := f.root.Stat(key + fileSuffix)
	if err != nil {
		return Info{}, fileError("stat", key, err)
	}
	return Info{Key: key, Size: info.Size(), ModifiedAt: info.ModTime()}, nil
}

// Delete implements Store.
func (f *Files) Delete(ctx context.Context, key string) error {
	if err := ready(ctx, key); err != nil {
		return err
	}
	err := f.root.Remove(key + fileSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = f.sync(path.Dir(key))
	}
	if err != nil {
		return fmt.Errorf("delete blob %s: %w", key, err)
	}
	return nil
}

// List implements Store.
func (f *Files) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	if err := checkPrefix(prefix); err != nil {
		return failed(err)
	}
	return func(yield func(Info, error) bool) {
		err := fs.WalkDir(f.root.FS(), path.Dir(prefix+"x"), func(name string, entry fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			info, ok, err := listed(name, prefix, entry, err)
			if err != nil || !ok {
				return err
			}
			if !yield(info, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Info{}, fmt.Errorf("list blobs: %w", err))
		}
	}
}

// listed says what one step of a walk adds to a list.
func listed(name, prefix string, entry fs.DirEntry, err error) (Info, bool, error) {
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, false, nil // gone meanwhile, or a prefix without blobs
	}
	if err != nil {
		return Info{}, false, err
	}
	if entry.IsDir() {
		if name == draftDir {
			return Info{}, false, fs.SkipDir
		}
		return Info{}, false, nil
	}
	key, isBlob := strings.CutSuffix(name, fileSuffix)
	if !isBlob || !strings.HasPrefix(key, prefix) {
		return Info{}, false, nil
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, false, nil
	}
	if err != nil {
		return Info{}, false, err
	}
	return Info{Key: key, Size: info.Size(), ModifiedAt: info.ModTime()}, true, nil
}

func fileError(action, key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNotFound, key)
	}
	return fmt.Errorf("%s blob %s: %w", action, key, err)
}
