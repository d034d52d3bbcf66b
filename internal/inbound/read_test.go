package inbound_test

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sinewhq/sinew"
)

// stalled is a body that comes as far as it goes, and then not any more until it is cut.
type stalled struct {
	left int
	read atomic.Int64
	cut  chan struct{}
}

func (s *stalled) Read(p []byte) (int, error) {
	if s.left == 0 {
		<-s.cut
		return 0, io.ErrUnexpectedEOF
	}
	n := min(len(p), s.left)
	s.left -= n
	s.read.Add(int64(n))
	return n, nil
}

// TestLargeBodiesTakePlaces holds that bodies that do not come to their end have no more
// in memory than there are places, that small deliveries need none, and that all is given
// back.
func TestLargeBodiesTakePlaces(t *testing.T) {
	t.Parallel()
	const small, places, callers = 64 << 10, 24, 100
	synctest.Test(t, func(t *testing.T) {
		service, _ := newService(t, formBearer, `{"s":"s"}`)
		cut := make(chan struct{})
		bodies := make([]*stalled, callers)
		var busy, broken atomic.Int64
		var work sync.WaitGroup
		for i := range bodies {
			bodies[i] = &stalled{left: 1 << 20, cut: cut}
			work.Go(func() {
				switch _, _, err := service.Read(t.Context(), bodies[i]); {
				case sinew.KindOf(err) == sinew.KindUnavailable:
					busy.Add(1)
				case err != nil:
					broken.Add(1)
				}
			})
		}
		synctest.Wait()
		held := 0
		for _, b := range bodies {
			if b.read.Load() > small {
				held++
			}
		}
		if held != places {
			t.Errorf("%d bodies are in memory, want %d", held, places)
		}
		for _, size := range []int{0, 1, small - 1} {
			body, done, err := service.Read(t.Context(), bytes.NewReader(make([]byte, size)))
			if done(); err != nil || len(body) != size {
				t.Errorf("of %d bytes %d came, %v", size, len(body), err)
			}
		}
		time.Sleep(time.Minute) // those without a place are sent away
		if busy.Load() != callers-places {
			t.Errorf("%d were sent away, want %d", busy.Load(), callers-places)
		}
		close(cut)
		work.Wait()
		if broken.Load() != places {
			t.Errorf("%d bodies were broken off, want %d", broken.Load(), places)
		}
		for range 2 * places {
			body, done, err := service.Read(t.Context(), bytes.NewReader(make([]byte, 1<<20)))
			if done(); err != nil || len(body) != 1<<20 {
				t.Fatalf("afterwards %d bytes came, %v", len(body), err)
			}
		}
	})
}
