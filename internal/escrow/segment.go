package escrow

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
)

const (
	segmentSuffix = ".segment"
	partSuffix    = ".part"
	// segmentSize is how long a segment gets before the next one begins, in bytes.
	segmentSize = 1 << 20
)

// segment is a file of this process. Writers of the same moment write together.
type segment struct {
	file *os.File

	// disk is held while the file is written. Whoever gets it writes for all who
	// have come meanwhile.
	disk    sync.Mutex
	size    int64
	removed bool

	mu   sync.Mutex // guards what follows
	next *batch
	// live counts the entries that were not applied, with those being written.
	live    int
	retired bool
}

// batch is what is written at once.
type batch struct {
	content []byte
	written bool
	err     error
}

// createSegment makes a segment that no other process takes for an abandoned one:
// it gets the name by which they look for it when it is locked.
func createSegment(dir string) (*segment, error) {
	for {
		path := filepath.Join(dir, uuid.Must(uuid.NewV7()).String())
		file, err := os.OpenFile(path+partSuffix, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
		if err != nil {
			return nil, err
		}
		locked, err := lock(file)
		if err == nil && locked {
			err = os.Rename(file.Name(), path+segmentSuffix)
		}
		if err == nil && locked {
			if err = syncFolder(dir); err == nil {
				return &segment{file: file, next: &batch{}}, nil
			}
		}
		if closed := file.Close(); err == nil && closed != nil {
			err = closed
		}
		// Another process that starts may have swept the file away before it was
		// locked.
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (s *segment) path() string {
	name := s.file.Name()
	return name[:len(name)-len(partSuffix)] + segmentSuffix
}

// enter takes part in the next write, unless the segment takes no more.
func (s *segment) enter(line []byte) (*batch, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired {
		return nil, false
	}
	s.live++
	s.next.content = append(s.next.content, line...)
	return s.next, true
}

// flush returns when a batch is on the disk. A segment that could not be written is
// retired: what its end looks like is not known.
func (s *segment) flush(b *batch) error {
	s.disk.Lock()
	defer s.disk.Unlock()
	if b.written {
		return b.err
	}
	s.mu.Lock()
	s.next = &batch{}
	s.mu.Unlock()
	b.written = true
	_, err := s.file.Write(b.content)
	if err == nil {
		err = s.file.Sync()
	}
	s.size += int64(len(b.content))
	if b.err = err; err != nil || s.size >= segmentSize {
		s.retireLocked()
	}
	return b.err
}

// retireLocked lets the segment take no more. The disk is held.
func (s *segment) retireLocked() {
	s.mu.Lock()
	s.retired = true
	s.mu.Unlock()
}

// leave takes an entry out. Its mark is written with the next entry: a crash before
// costs another try.
func (s *segment) leave(mark []byte) error {
	s.mu.Lock()
	s.live--
	if !s.retired {
		s.next.content = append(s.next.content, mark...)
	}
	empty := s.live == 0
	s.mu.Unlock()
	// Whoever writes now has an entry that is not applied yet.
	if !empty || !s.disk.TryLock() {
		return nil
	}
	defer s.disk.Unlock()
	return s.clearLocked()
}

// clearLocked empties the segment, or ends it once it takes no more. The disk is
// held.
func (s *segment) clearLocked() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live > 0 || s.removed {
		return nil
	}
	if !s.retired {
		s.next.content = s.next.content[:0]
		s.size = 0
		return s.file.Truncate(0)
	}
	s.removed = true
	return errors.Join(os.Remove(s.path()), s.file.Close())
}

// close ends the segment. What was not applied stays for the next process.
func (s *segment) close() error {
	s.disk.Lock()
	defer s.disk.Unlock()
	s.retireLocked()
	s.mu.Lock()
	marks, live := s.next.content, s.live
	s.mu.Unlock()
	if live == 0 {
		return s.clearLocked()
	}
	if s.removed {
		return nil
	}
	s.removed = true
	_, err := s.file.Write(marks)
	return errors.Join(err, s.file.Close())
}

// full reports whether the segment takes no more.
func (s *segment) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.retired
}

// gone reports whether the segment has ended.
func (s *segment) gone() bool {
	s.disk.Lock()
	defer s.disk.Unlock()
	return s.removed
}
