package escrow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// replayAbandoned applies what is in the segments of processes that are dead. A
// living one holds the lock of its own.
func (j *Journal) replayAbandoned(ctx context.Context, by map[string]Apply) {
	files, err := os.ReadDir(j.dir)
	if err != nil {
		j.tell("read the journal", j.dir, err)
		return
	}
	for _, file := range files {
		if ctx.Err() != nil {
			return
		}
		path := filepath.Join(j.dir, file.Name())
		switch {
		case j.owns(path):
			continue
		case strings.HasSuffix(path, segmentSuffix):
			err = j.takeUp(ctx, path, by)
		case strings.HasSuffix(path, partSuffix):
			err = sweep(path)
		default:
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			j.tell("take up a segment of the journal", file.Name(), err)
		}
	}
}

// owns reports whether a file is a segment of this process.
func (j *Journal) owns(path string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.current != nil && j.current.path() == path || slices.ContainsFunc(j.retired, func(s *segment) bool { return s.path() == path })
}

// takeUp applies the entries of a segment, and removes it when there are no more.
func (j *Journal) takeUp(ctx context.Context, path string, by map[string]Apply) (err error) {
	file, err := openAbandoned(path)
	if err != nil || file == nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	content, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	open, damaged := readSegment(content)
	if damaged > 0 {
		j.tell("read a segment of the journal", filepath.Base(path), fmt.Errorf("%d lines are damaged, as a crash of the machine leaves them, and are not used", damaged))
	}
	var marks []byte
	left := 0
	for _, r := range open {
		if j.apply(ctx, r, by) {
			marks = append(marks, record{id: r.id, applied: true}.line()...)
		} else {
			left++
		}
	}
	if left == 0 {
		return os.Remove(path)
	}
	// A line that was not written whole must not swallow the first mark.
	if err := file.Truncate(int64(bytes.LastIndexByte(content, '\n') + 1)); err != nil {
		return err
	}
	_, err = file.Write(marks)
	return err
}

// openAbandoned opens and locks the file of a process that is dead; nil when its
// process lives, or another one is faster.
func openAbandoned(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	locked, err := lock(file)
	if err == nil && locked {
		// Whoever had it before may have removed it, or given it its name.
		var named, opened fs.FileInfo
		if named, err = os.Stat(path); err == nil {
			opened, err = file.Stat()
		}
		if err == nil && os.SameFile(named, opened) {
			return file, nil
		}
	}
	return nil, errors.Join(err, file.Close())
}

// sweep removes a segment that did not come to be.
func sweep(path string) error {
	file, err := openAbandoned(path)
	if err != nil || file == nil {
		return err
	}
	return errors.Join(os.Remove(path), file.Close())
}
