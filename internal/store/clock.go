package store

import (
	"context"
	"fmt"
	"time"
)

// clock is the database's time when the store was opened, and what has passed
// since. All nodes of a database have one time so, and setting the clock of a
// machine moves none.
type clock struct {
	base   time.Time
	opened time.Time // with the monotonic reading
}

func (s *Store) setClock(ctx context.Context) error {
	var now int64
	if err := s.writer.QueryRowContext(ctx, s.dialect.now).Scan(&now); err != nil {
		return fmt.Errorf("read the database's clock: %w", err)
	}
	s.clock = clock{base: fromMillis(now), opened: time.Now()}
	return nil
}

// Now is the time that leases and schedules go by, in milliseconds.
func (s *Store) Now() time.Time {
	return s.clock.base.Add(time.Since(s.clock.opened)).Truncate(time.Millisecond)
}
