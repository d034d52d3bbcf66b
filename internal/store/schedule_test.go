package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
)

// put writes a schedule that is due at a time.
func (w *world) put(c sinew.Schedule) sinew.Schedule {
	w.t.Helper()
	w.must(w.store.PutSchedule(w.t.Context(), c))
	got, err := w.store.Schedule(w.t.Context(), c.Name)
	w.must(err)
	return got
}

func TestAScheduleStaysDueWhenItWas(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		now := w.store.Now()
		c := sinew.Schedule{Name: "tidy", Cron: "0 * * * *", Kind: "work", Enabled: true, NextRunAt: now.Add(time.Hour)}
		first := w.put(c)
		c.NextRunAt = now.Add(2 * time.Hour) // another node that starts later
		if got := w.put(c); !got.NextRunAt.Equal(first.NextRunAt) {
			t.Errorf("due at %s, was due at %s", got.NextRunAt, first.NextRunAt)
		}
		c.Cron = "5 * * * *"
		if got := w.put(c); !got.NextRunAt.Equal(c.NextRunAt) {
			t.Errorf("due at %s, want %s by the new expression", got.NextRunAt, c.NextRunAt)
		}
		c.Enabled = false
		if got := w.put(c); !got.NextRunAt.IsZero() {
			t.Errorf("switched off, and due at %s", got.NextRunAt)
		}
		if _, ok, err := w.store.NextSchedule(t.Context()); ok || err != nil {
			t.Errorf("something is due: %v, %v", ok, err)
		}
		c.Enabled, c.NextRunAt = true, now.Add(-time.Minute)
		w.put(c)
		due, err := w.store.DueSchedules(t.Context(), 10)
		if err != nil || len(due) != 1 || due[0].Name != "tidy" {
			t.Errorf("due are %v, %v", due, err)
		}
		w.must(w.store.DeleteSchedule(t.Context(), "tidy"))
		if err := w.store.DeleteSchedule(t.Context(), "tidy"); !sinew.IsNotFound(err) {
			t.Errorf("deleted twice: %v", err)
		}
	})
}

// TestAnOccurrenceCountsOnce lets many nodes find the same schedule due.
func TestAnOccurrenceCountsOnce(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		now := w.store.Now()
		c := w.put(sinew.Schedule{Name: "tidy", Cron: "* * * * *", Kind: "work", Args: `{"n":1}`, Enabled: true, NextRunAt: now.Add(-time.Hour)})
		var ran atomic.Int64
		var nodes sync.WaitGroup
		for range 8 {
			nodes.Go(func() {
				ok, err := w.store.RunSchedule(t.Context(), c, now.Add(time.Minute))
				if err != nil {
					t.Error(err)
				}
				if ok {
					ran.Add(1)
				}
			})
		}
		nodes.Wait()
		jobs := w.claim(10)
		if ran.Load() != 1 || len(jobs) != 1 || string(jobs[0].Args) != `{"n":1}` || !jobs[0].RunAt.Equal(c.NextRunAt) {
			t.Errorf("ran %d times, jobs %+v", ran.Load(), jobs)
		}
		after, err := w.store.Schedule(t.Context(), "tidy")
		w.must(err)
		if !after.LastRunAt.Equal(c.NextRunAt) || !after.NextRunAt.Equal(now.Add(time.Minute)) {
			t.Errorf("got %+v", after)
		}
		// The next occurrence waits for the job of this one, and no two stand in line.
		for range 3 {
			after, err = w.store.Schedule(t.Context(), "tidy")
			w.must(err)
			if _, err := w.store.RunSchedule(t.Context(), after, after.NextRunAt.Add(-2*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.claim(10); len(got) != 0 {
			t.Errorf("claimed %d beside the one that runs", len(got))
		}
		w.finish(sinew.JobDone, jobs...)
		if got := w.claim(10); len(got) != 1 {
			t.Errorf("claimed %d behind the one that ran, want 1", len(got))
		}
	})
}

// TestAScheduleThatChangedIsNotRun lets a node act on what it read before a change.
func TestAScheduleThatChangedIsNotRun(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		past := w.store.Now().Add(-time.Hour)
		for name, change := range map[string]func(c *sinew.Schedule){
			"off":     func(c *sinew.Schedule) { c.Enabled = false },
			"another": func(c *sinew.Schedule) { c.Cron = "1 * * * *" },
		} {
			c := sinew.Schedule{Name: name, Cron: "* * * * *", Kind: "work", Enabled: true, NextRunAt: past}
			read := w.put(c)
			change(&c)
			w.put(c)
			if ran, err := w.store.RunSchedule(t.Context(), read, past.Add(2*time.Hour)); ran || err != nil {
				t.Errorf("%s: ran %v, %v", name, ran, err)
			}
		}
		if got := w.claim(10); len(got) != 0 {
			t.Errorf("enqueued %d", len(got))
		}
	})
}
