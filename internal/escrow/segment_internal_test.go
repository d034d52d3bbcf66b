package escrow

import (
	"os"
	"testing"
)

// TestWritersOfAMomentShareASync is what a thousand answers at once cost: whoever
// comes while the disk is busy is written with all others who do.
func TestWritersOfAMomentShareASync(t *testing.T) {
	t.Parallel()
	s, err := createSegment(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	first, _ := s.enter([]byte("one\n"))
	second, _ := s.enter([]byte("two\n"))
	if first != second {
		t.Fatal("two writers who wait are not of one batch")
	}
	if err := s.flush(first); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(s.path())
	if err != nil || string(content) != "one\ntwo\n" {
		t.Errorf("the file holds %q, %v", content, err)
	}
	// The second finds that it is written, and does not touch the disk.
	if err := s.file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.flush(second); err != nil {
		t.Errorf("the second writer was not done: %v", err)
	}
	third, _ := s.enter([]byte("three\n"))
	if err := s.flush(third); err == nil {
		t.Error("a write to a closed file is said to be done")
	}
	if !s.full() {
		t.Error("a segment whose end is not known takes more")
	}
}

// TestASegmentBelongsToItsProcess is what keeps a living process's entries from
// being applied by others.
func TestASegmentBelongsToItsProcess(t *testing.T) {
	t.Parallel()
	s, err := createSegment(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if file, err := openAbandoned(s.path()); file != nil || err != nil {
		t.Errorf("another one got it: %v, %v", file, err)
	}
	if err := s.file.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := openAbandoned(s.path())
	if file == nil || err != nil {
		t.Fatalf("nobody gets what a dead process has left: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
