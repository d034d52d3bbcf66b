package store_test

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
)

const leaseTime = 30 * time.Second

// claim takes up to n jobs of the kind "work".
func (w *world) claim(n int) []sinew.Job {
	w.t.Helper()
	jobs, _, err := w.store.ClaimJobs(w.t.Context(), []sinew.JobRoom{{Kind: "work", Free: n}}, leaseTime)
	w.must(err)
	return jobs
}

func (w *world) enqueue(jobs ...sinew.Job) {
	w.t.Helper()
	for i := range jobs {
		if jobs[i].Kind == "" {
			jobs[i].Kind = "work"
		}
	}
	w.must(w.store.EnqueueJobs(w.t.Context(), jobs...))
}

// finish ends jobs in a state and returns those that were lost.
func (w *world) finish(state sinew.JobState, jobs ...sinew.Job) []string {
	w.t.Helper()
	outcomes := make([]sinew.JobOutcome, len(jobs))
	for i, j := range jobs {
		outcomes[i] = sinew.JobOutcome{Job: j, State: state, RunAt: w.store.Now()}
	}
	lost, err := w.store.FinishJobs(w.t.Context(), outcomes)
	w.must(err)
	return lost
}

func argsOf(jobs []sinew.Job) []string {
	var args []string
	for _, j := range jobs {
		args = append(args, string(j.Args))
	}
	return args
}

func TestJobsAreClaimedInOrder(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		past := w.store.Now().Add(-time.Minute)
		w.enqueue(
			sinew.Job{Args: `"late"`, RunAt: past.Add(time.Second)},
			sinew.Job{Args: `"early"`, RunAt: past},
			sinew.Job{Args: `"future"`, RunAt: w.store.Now().Add(time.Hour)},
			sinew.Job{Args: `"urgent"`, RunAt: past.Add(2 * time.Second), Priority: -1},
			sinew.Job{Args: `"other"`, RunAt: past, Kind: "other"},
		)
		if got, want := argsOf(w.claim(2)), []string{`"urgent"`, `"early"`}; !slices.Equal(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := argsOf(w.claim(9)), []string{`"late"`}; !slices.Equal(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		at, ok, err := w.store.NextJob(t.Context(), []string{"work"})
		if err != nil || !ok || time.Until(at) < 50*time.Minute {
			t.Errorf("the next job is at %s, %v, %v", at, ok, err)
		}
	})
}

// TestAJobThatIsPutOffMeanwhileIsNotClaimed holds a change of a job open that a claim
// has chosen already: a token was stored, and its next refresh is far away.
func TestAJobThatIsPutOffMeanwhileIsNotClaimed(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.enqueue(sinew.Job{Args: `"late"`})
		raw := testkit.Raw(t, w.db)
		change, err := raw.BeginTx(t.Context(), nil)
		w.must(err)
		_, err = change.ExecContext(t.Context(), "UPDATE job SET run_at = $1", w.store.Now().Add(time.Hour).UnixMilli())
		w.must(err)
		claimed := make(chan []sinew.Job)
		go func() {
			jobs, _, err := w.store.ClaimJobs(t.Context(), []sinew.JobRoom{{Kind: "work", Free: 1}}, leaseTime)
			if err != nil {
				t.Error(err)
			}
			claimed <- jobs
		}()
		time.Sleep(300 * time.Millisecond) // the claim waits for the change by then
		w.must(change.Commit())
		if got := <-claimed; len(got) > 0 {
			t.Errorf("claimed %s", argsOf(got))
		}
	})
}

func TestJobsOfOneKeyFollowEachOther(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		for i := range 40 {
			w.enqueue(sinew.Job{Args: sinew.JSON(strconv.Itoa(i)), ConcurrencyKey: "busy", Limit: 2})
		}
		w.enqueue(sinew.Job{Args: `"free"`}, sinew.Job{Args: `"other"`, ConcurrencyKey: "other"})
		first := w.claim(100)
		if got, want := argsOf(first), []string{"0", "1", `"free"`, `"other"`}; !slices.Equal(got, want) {
			t.Fatalf("got %s, want %s", got, want)
		}
		if got := w.claim(100); len(got) != 0 {
			t.Fatalf("got %s while the key is busy", argsOf(got))
		}
		w.finish(sinew.JobDone, first[0])
		if got, want := argsOf(w.claim(100)), []string{"2"}; !slices.Equal(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		done := 3
		running := []sinew.Job{first[1]}
		for len(running) > 0 && done < 40 {
			w.finish(sinew.JobFailed, running...)
			running = w.claim(100)
			done += len(running)
		}
		if done != 40 {
			t.Errorf("%d of 40 jobs had their turn", done)
		}
	})
}

func TestAUniqueKeyStandsInLineOnce(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		now := w.store.Now()
		w.enqueue(sinew.Job{UniqueKey: "u", Args: "1", RunAt: now.Add(time.Hour)}, sinew.Job{UniqueKey: "u", Args: "2", RunAt: now.Add(-time.Second)})
		running := w.claim(9)
		if got, want := argsOf(running), []string{"1"}; !slices.Equal(got, want) {
			t.Fatalf("got %s, want %s: the one in line, at the earlier time", got, want)
		}
		// One that runs does not stand in line.
		w.enqueue(sinew.Job{UniqueKey: "u", Args: "3"})
		if lost := w.finish(sinew.JobReady, running...); len(lost) != 0 {
			t.Errorf("lost %s", lost)
		}
		if got, want := argsOf(w.claim(9)), []string{"3"}; !slices.Equal(got, want) {
			t.Errorf("got %s, want %s: the one in line takes the place of the one that goes back", got, want)
		}
	})
}

func TestALostJobIsFenced(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.enqueue(sinew.Job{MaxAttempts: 2})
		jobs, _, err := w.store.ClaimJobs(t.Context(), []sinew.JobRoom{{Kind: "work", Free: 1}}, -time.Second)
		w.must(err)
		stale := jobs[0]
		n, err := w.store.RescueJobs(t.Context(), false)
		if err != nil || n != 1 {
			t.Fatalf("rescued %d, %v", n, err)
		}
		second := w.claim(1)
		if len(second) != 1 || second[0].ID != stale.ID || second[0].Attempt != 2 || second[0].Fence <= stale.Fence {
			t.Fatalf("got %+v after %+v", second, stale)
		}
		if lost := w.finish(sinew.JobDone, stale); len(lost) != 1 {
			t.Error("the outcome of a lost job was taken")
		}
		if lost, err := w.store.ExtendJobs(t.Context(), []sinew.Job{stale, second[0]}, leaseTime); err != nil || !slices.Equal(lost, []string{stale.ID}) {
			t.Errorf("lost %v, %v", lost, err)
		}
		if n, err := w.store.RescueJobs(t.Context(), true); err != nil || n != 1 {
			t.Errorf("rescued %d, %v", n, err)
		}
		if last := w.claim(1); len(last) != 1 || last[0].Attempt != 3 || last[0].LastError == "" {
			t.Errorf("after its last attempt, to be given up: %+v", last)
		}
	})
}

// TestWhatIsAskedAnewIsNotGivenUp enqueues a job of whose unique key one stands in line
// that has had its last try.
func TestWhatIsAskedAnewIsNotGivenUp(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		again := sinew.Job{UniqueKey: "u", MaxAttempts: 1}
		w.enqueue(again)
		w.claim(1)
		if n, err := w.store.RescueJobs(t.Context(), true); err != nil || n != 1 {
			t.Fatalf("rescued %d, %v", n, err)
		}
		w.enqueue(again)
		if got := w.claim(9); len(got) != 1 || got[0].Attempt != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

// TestNodesShareTheQueue lets several nodes work off jobs of many keys: each job
// once, and never two of a key at the same time.
func TestNodesShareTheQueue(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		const jobs, keys, nodes = 240, 20, 4
		batch := make([]sinew.Job, jobs)
		for i := range batch {
			batch[i] = sinew.Job{ConcurrencyKey: "k" + strconv.Itoa(i%keys), Args: sinew.JSON(strconv.Itoa(i))}
		}
		w.enqueue(batch...)
		var mu sync.Mutex
		done, busy := map[string]int{}, map[string]int{}
		var work sync.WaitGroup
		for range nodes {
			work.Go(func() {
				for {
					claimed, _, err := w.store.ClaimJobs(t.Context(), []sinew.JobRoom{{Kind: "work", Free: 10}}, leaseTime)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, j := range claimed {
						done[j.ID]++
						if busy[j.ConcurrencyKey]++; busy[j.ConcurrencyKey] > 1 {
							t.Errorf("two jobs of %s at the same time", j.ConcurrencyKey)
						}
					}
					all := len(done) == jobs
					mu.Unlock()
					if len(claimed) == 0 && all {
						return
					}
					mu.Lock()
					for _, j := range claimed {
						busy[j.ConcurrencyKey]--
					}
					mu.Unlock()
					outcomes := make([]sinew.JobOutcome, len(claimed))
					for i, j := range claimed {
						outcomes[i] = sinew.JobOutcome{Job: j, State: sinew.JobDone}
					}
					if lost, err := w.store.FinishJobs(t.Context(), outcomes); err != nil || len(lost) > 0 {
						t.Errorf("finish: lost %v, %v", lost, err)
						return
					}
				}
			})
		}
		work.Wait()
		for id, n := range done {
			if n != 1 {
				t.Errorf("job %s ran %d times", id, n)
			}
		}
	})
}

func TestPruneAndCount(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.enqueue(sinew.Job{}, sinew.Job{}, sinew.Job{}, sinew.Job{Kind: "other"})
		jobs := w.claim(2)
		w.finish(sinew.JobDone, jobs[0])
		w.finish(sinew.JobFailed, jobs[1])
		counts, err := w.store.JobCounts(t.Context())
		w.must(err)
		got := map[string]int64{}
		for _, c := range counts {
			got[fmt.Sprint(c.Kind, " ", c.State)] = c.Count
		}
		if len(got) != 4 || got["work done"] != 1 || got["work failed"] != 1 || got["work ready"] != 1 || got["other ready"] != 1 {
			t.Errorf("got %v", got)
		}
		later := w.store.Now().Add(time.Second)
		if n, err := w.store.PruneJobs(t.Context(), later, later.Add(-time.Hour)); err != nil || n != 1 {
			t.Errorf("pruned %d, %v", n, err)
		}
	})
}

// TestQueueIsAStateMachine holds the queue against a model: what is claimed is
// due, in line, of the best priority, and within the limit of its key; and what
// was enqueued ends exactly once.
func TestQueueIsAStateMachine(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		round := 0
		rapid.Check(t, func(r *rapid.T) {
			if round++; round > 30 {
				return // each one is a hundred durable transactions
			}
			kind := "kind" + strconv.Itoa(round)
			key := func(name string) string { return kind + name }
			running := map[string]sinew.Job{}
			inLine, ended := map[string]bool{}, 0
			enqueued := 0
			claim := func(n int) []sinew.Job {
				jobs, _, err := w.store.ClaimJobs(t.Context(), []sinew.JobRoom{{Kind: kind, Free: n}}, leaseTime)
				if err != nil {
					r.Fatal(err)
				}
				for _, j := range jobs {
					if running[j.ID].ID != "" {
						r.Fatalf("job %s was claimed twice", j.ID)
					}
					running[j.ID] = j
					delete(inLine, j.UniqueKey)
				}
				if len(jobs) > n {
					r.Fatalf("claimed %d jobs, had room for %d", len(jobs), n)
				}
				busy := map[string]int{}
				for _, j := range running {
					if busy[j.ConcurrencyKey]++; j.ConcurrencyKey != "" && busy[j.ConcurrencyKey] > j.Limit {
						r.Fatalf("%d jobs of %s at once", busy[j.ConcurrencyKey], j.ConcurrencyKey)
					}
				}
				return jobs
			}
			// back puts a job in line, or ends it where another one of its key stands.
			back := func(j sinew.Job) {
				if j.UniqueKey == "" || !inLine[j.UniqueKey] {
					inLine[j.UniqueKey] = j.UniqueKey != ""
				} else {
					ended++
				}
			}
			finish := func(j sinew.Job, state sinew.JobState) {
				lost, err := w.store.FinishJobs(t.Context(), []sinew.JobOutcome{{Job: j, State: state, RunAt: w.store.Now()}})
				if err != nil || len(lost) > 0 {
					r.Fatalf("finish: lost %v, %v", lost, err)
				}
				delete(running, j.ID)
				if state == sinew.JobReady {
					back(j)
				} else {
					ended++
				}
			}
			r.Repeat(map[string]func(*rapid.T){
				"enqueue": func(r *rapid.T) {
					j := sinew.Job{Kind: kind, Priority: rapid.IntRange(-1, 1).Draw(r, "priority"), MaxAttempts: 100}
					if name := rapid.SampledFrom([]string{"", "a", "b"}).Draw(r, "key"); name != "" {
						j.ConcurrencyKey, j.Limit = key(name), map[string]int{"a": 1, "b": 2}[name]
					}
					if name := rapid.SampledFrom([]string{"", "", "u"}).Draw(r, "unique"); name != "" {
						j.UniqueKey = key(name)
					}
					if err := w.store.EnqueueJobs(t.Context(), j); err != nil {
						r.Fatal(err)
					}
					if j.UniqueKey == "" || !inLine[j.UniqueKey] {
						enqueued++
					}
					inLine[j.UniqueKey] = j.UniqueKey != ""
				},
				"crash": func(r *rapid.T) { // of every node
					if _, err := w.store.RescueJobs(t.Context(), true); err != nil {
						r.Fatal(err)
					}
					for _, j := range running {
						if lost, err := w.store.FinishJobs(t.Context(), []sinew.JobOutcome{{Job: j, State: sinew.JobDone}}); err != nil || len(lost) != 1 {
							r.Fatalf("the outcome of a job that was taken back is refused: lost %v, %v", lost, err)
						}
						back(j)
					}
					clear(running)
				},
				"claim": func(r *rapid.T) { claim(rapid.IntRange(1, 4).Draw(r, "room")) },
				"finish": func(r *rapid.T) {
					if len(running) == 0 {
						return
					}
					ids := make([]string, 0, len(running))
					for id := range running {
						ids = append(ids, id)
					}
					slices.Sort(ids)
					id := rapid.SampledFrom(ids).Draw(r, "job")
					finish(running[id], rapid.SampledFrom([]sinew.JobState{sinew.JobDone, sinew.JobFailed, sinew.JobReady}).Draw(r, "state"))
				},
			})
			for {
				for _, j := range running {
					finish(j, sinew.JobDone)
				}
				if len(claim(4)) == 0 {
					break
				}
			}
			if ended != enqueued {
				r.Fatalf("%d jobs were enqueued, %d ended", enqueued, ended)
			}
		})
	})
}
