package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

// Store keeps the queue.
type Store interface {
	// ClaimJobs leases jobs that are due; more is set when there may be others.
	ClaimJobs(ctx context.Context, room []sinew.JobRoom, lease time.Duration) (claimed []sinew.Job, more bool, err error)
	// ExtendJobs renews leases and returns the ids of jobs that are lost.
	ExtendJobs(ctx context.Context, jobs []sinew.Job, lease time.Duration) (lost []string, err error)
	// FinishJobs writes what came of jobs; outcomes of lost ones count for
	// nothing.
	FinishJobs(ctx context.Context, outcomes []sinew.JobOutcome) (lost []string, err error)
	// RescueJobs takes back jobs whose node is gone.
	RescueJobs(ctx context.Context, all bool) (rescued int, err error)
	// NextJob returns when the next job is due.
	NextJob(ctx context.Context, kinds []string) (at time.Time, ok bool, err error)
	// PutSchedule writes a schedule; one that is there already by the same expression
	// stays due when it was.
	PutSchedule(ctx context.Context, c sinew.Schedule) error
	// DueSchedules returns schedules that are due.
	DueSchedules(ctx context.Context, limit int) ([]sinew.Schedule, error)
	// NextSchedule returns when the next schedule is due.
	NextSchedule(ctx context.Context) (at time.Time, ok bool, err error)
	// RunSchedule moves a schedule on, and enqueues the job of the occurrence that it
	// was due at, both or neither. It does nothing when another node was faster.
	RunSchedule(ctx context.Context, c sinew.Schedule, next time.Time) (ran bool, err error)
	// Now is the time that schedules go by.
	Now() time.Time
}

// Work does a job. Its context ends when the job is lost, takes too long, or the
// node stops. nil says that it is done; see Retry, PutOff and Cancel for what
// other errors may say. Work may be repeated, after a crash or a lost lease.
type Work func(ctx context.Context, j sinew.Job) error

// Kind is how jobs of one kind are worked off.
type Kind struct {
	Work Work
	// Parallel is how many jobs of the kind this node does at once; 0 means 4.
	Parallel int
	// Timeout bounds one try; 0 means 5 minutes.
	Timeout time.Duration
	// Backoff is the pause before the next try after so many; nil means
	// DefaultBackoff.
	Backoff func(attempt int) time.Duration
	// GiveUp writes what becomes of a job's own record when the job has had its last
	// try and Work has not said so itself: its node went away in it, it took too
	// long, or it panicked. It runs as a try of its own, on any node, again until it
	// returns nil; then the job has failed. nil for work that keeps no record.
	GiveUp func(ctx context.Context, j sinew.Job) error
}

// Times are the intervals of a runner; a zero field means its default.
type Times struct {
	Lease    time.Duration // how long a job stays with a node that says nothing: 30 s
	Poll     time.Duration // how often a node looks for work that it was not told of: 1 s
	Rescue   time.Duration // how often it looks for jobs of nodes that are gone: 5 s
	Schedule time.Duration // how often it looks for schedules that it does not know of: 5 s
	Drain    time.Duration // how long jobs under way may take after a stop: 20 s
}

func (t Times) withDefaults() Times {
	for _, field := range []struct {
		value   *time.Duration
		usually time.Duration
	}{
		{&t.Lease, 30 * time.Second},
		{&t.Poll, time.Second},
		{&t.Rescue, 5 * time.Second},
		{&t.Schedule, 5 * time.Second},
		{&t.Drain, 20 * time.Second},
	} {
		if *field.value == 0 {
			*field.value = field.usually
		}
	}
	return t
}

const (
	usualParallel = 4
	usualTimeout  = 5 * time.Minute
)

// Metrics counts tries.
type Metrics interface {
	// ObserveJob counts a try: what came of it, and how long it took.
	ObserveJob(kind, outcome string, took time.Duration)
}

// Config is what a Runner is made of.
type Config struct {
	Store Store
	Kinds map[string]Kind
	// Schedules are written when the runner begins, unless they are there.
	Schedules []sinew.Schedule
	Metrics   Metrics // nil for none
	Log       *slog.Logger
	Times     Times
	// Alone says that no other node works on this database: what is under way at
	// the start was left by a crash.
	Alone bool
}

// Runner works jobs off. It is safe for concurrent use.
type Runner struct {
	store   Store
	metrics Metrics
	kinds   map[string]Kind
	names   []string
	own     []sinew.Schedule
	log     *slog.Logger
	times   Times
	alone   bool

	wake     chan struct{}
	stopping chan struct{} // closed when the runner takes no more jobs
	finished chan sinew.JobOutcome
	over     chan struct{}  // closed when no more outcomes are taken
	work     sync.WaitGroup // the runner's own goroutines
	tries    sync.WaitGroup // the jobs under way

	mu      sync.Mutex
	running map[string]*try // by job id
	busy    map[string]int  // by kind
	looked  time.Time       // when it last looked for work and could have taken some
	failure error           // why it cannot since; nil while it can
}

// try is a job under way.
type try struct {
	job    sinew.Job
	began  time.Time
	cancel context.CancelCauseFunc
	// lease ends the work when the lease was not renewed in time: whoever was
	// stopped, or without the database, knows so by itself, before it asks.
	lease *time.Timer
}

// errLost is why the work of a job ends that is, or may be, another node's by now.
var errLost = errors.New("the lease is lost")

type stoppingKey struct{}

// Stopping returns a channel that is closed when the node of the work with this
// context stops. Work that goes from piece to piece may then put itself off behind
// the present one; what does not is cancelled after Times.Drain.
func Stopping(ctx context.Context) <-chan struct{} {
	stopping, _ := ctx.Value(stoppingKey{}).(chan struct{})
	return stopping
}

// New returns a runner; Run works.
func New(c Config) *Runner {
	r := &Runner{
		store: c.Store, metrics: c.Metrics, kinds: maps.Clone(c.Kinds), names: slices.Sorted(maps.Keys(c.Kinds)), own: c.Schedules, log: c.Log, times: c.Times.withDefaults(), alone: c.Alone,
		wake: make(chan struct{}, 1), stopping: make(chan struct{}), looked: c.Store.Now(), finished: make(chan sinew.JobOutcome, finishBatch), over: make(chan struct{}), running: map[string]*try{}, busy: map[string]int{},
	}
	for name, kind := range r.kinds {
		if kind.Parallel == 0 {
			kind.Parallel = usualParallel
		}
		if kind.Timeout == 0 {
			kind.Timeout = usualTimeout
		}
		if kind.Backoff == nil {
			kind.Backoff = DefaultBackoff
		}
		r.kinds[name] = kind
	}
	return r
}

// Wake makes the runner look for work now. Call it when jobs were enqueued on
// this node; others find them by themselves within Times.Poll.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works until its context ends. Then it takes no more jobs, waits for those
// under way, cancels those that take longer than Times.Drain, and puts them back
// in line, also those whose work does not end then.
func (r *Runner) Run(ctx context.Context) {
	quit := make(chan struct{})
	flushed := make(chan struct{})
	go func() { defer close(flushed); r.finishAll() }()
	r.work.Go(func() { r.heartbeats(quit) })
	r.work.Go(func() { r.rescues(ctx) })
	r.work.Go(func() { r.schedules(ctx) })
	r.claims(ctx)
	close(r.stopping)
	r.drain()
	close(quit)
	r.work.Wait()
	close(r.over)
	<-flushed
}

// claims takes jobs while there is room for them.
func (r *Runner) claims(ctx context.Context) {
	if r.alone {
		r.rescue(ctx, true)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		bounded, end := context.WithTimeout(ctx, r.times.Lease)
		pause, err := r.turn(bounded)
		end()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.log.Error("claim jobs", "error", err.Error())
		}
		r.noteLook(err)
		timer.Reset(pause)
	}
}

func (r *Runner) noteLook(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure = err; err == nil {
		r.looked = r.store.Now()
	}
}

// Looked returns when the runner last looked for work and could have taken some, and
// why it cannot since.
func (r *Runner) Looked() (at time.Time, failure error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.looked, r.failure
}

// turn takes what is due, and says how long there is nothing to do then:
// Times.Poll at most, since another node may enqueue without telling. Looking
// costs less than claiming, and is most of what an idle node does.
func (r *Runner) turn(ctx context.Context) (pause time.Duration, err error) {
	at, ok, err := r.store.NextJob(ctx, r.names)
	if err != nil || !ok {
		return r.times.Poll, err
	}
	if wait := at.Sub(r.store.Now()); wait > 0 {
		return min(wait, r.times.Poll), nil
	}
	more, err := r.claim(ctx)
	if err != nil {
		return r.times.Poll, err
	}
	if more {
		return 0, nil
	}
	// What is due and was not taken waits for room, and a job that ends wakes us.
	if at, ok, err = r.store.NextJob(ctx, r.names); err != nil || !ok {
		return r.times.Poll, err
	}
	if wait := at.Sub(r.store.Now()); wait > 0 {
		return min(wait, r.times.Poll), nil
	}
	return r.times.Poll, nil
}

func (r *Runner) claim(ctx context.Context) (more bool, err error) {
	room := r.room()
	if len(room) == 0 {
		return false, nil
	}
	asked := r.store.Now()
	jobs, more, err := r.store.ClaimJobs(ctx, room, r.times.Lease)
	if err != nil {
		return false, err
	}
	for _, j := range jobs {
		r.start(j, asked)
	}
	return more && len(r.room()) > 0, nil
}

// room says of which kinds this node can take jobs.
func (r *Runner) room() []sinew.JobRoom {
	r.mu.Lock()
	defer r.mu.Unlock()
	var room []sinew.JobRoom
	for _, name := range r.names {
		if free := r.kinds[name].Parallel - r.busy[name]; free > 0 {
			room = append(room, sinew.JobRoom{Kind: name, Free: free})
		}
	}
	return room
}

// start does a job beside others, whose lease counts from when it was asked for. Its
// life is its own: a stop lets it end.
func (r *Runner) start(j sinew.Job, leased time.Time) {
	kind := r.kinds[j.Kind]
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), stoppingKey{}, r.stopping))
	t := &try{job: j, began: r.store.Now(), cancel: cancel}
	t.lease = time.AfterFunc(r.holds(leased), func() { cancel(errLost) })
	r.mu.Lock()
	r.running[j.ID] = t
	r.busy[j.Kind]++
	r.mu.Unlock()
	r.tries.Go(func() {
		bounded, stop := context.WithTimeout(ctx, kind.Timeout)
		defer stop()
		work := kind.Work
		if isSpent(j) {
			work = kind.giveUp
		}
		err := doWork(bounded, work, j)
		cause := context.Cause(ctx)
		if errors.Is(cause, errLost) {
			r.log.Warn("job lost to another node", "job", j.ID, "kind", j.Kind)
		}
		t.lease.Stop()
		o := r.outcome(j, kind, err, cause)
		if r.metrics != nil {
			r.metrics.ObserveJob(j.Kind, tryOutcome(o), r.store.Now().Sub(t.began))
		}
		select {
		case r.finished <- o:
		case <-r.over: // it was given back, and nobody waits for it
		}
		cancel(nil)
	})
}

// isSpent reports whether a job has had its last try, and was claimed to be given up.
func isSpent(j sinew.Job) bool { return j.Attempt > j.MaxAttempts }

func (k Kind) giveUp(ctx context.Context, j sinew.Job) error {
	if k.GiveUp == nil {
		return nil
	}
	return k.GiveUp(ctx, j)
}

// holds is how long work may go on by a lease that was asked for at a time: a tenth less
// than the lease, in which it comes to its end before another node may begin.
func (r *Runner) holds(asked time.Time) time.Duration {
	return asked.Add(r.times.Lease - r.times.Lease/10).Sub(r.store.Now())
}

// doWork turns a panic into an error, so that a job cannot end the node.
func doWork(ctx context.Context, work Work, j sinew.Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the work panicked: %v", p)
		}
	}()
	return work(ctx, j)
}

// ended makes room for other jobs.
func (r *Runner) ended(j sinew.Job) {
	r.mu.Lock()
	delete(r.running, j.ID)
	r.busy[j.Kind]--
	r.mu.Unlock()
	r.Wake()
}

// cancelled is how long work may take to end that was told to, when its node stops.
const cancelled = 2 * time.Second

// drain waits for the jobs under way, not longer than it may. What has not ended then is
// given back.
func (r *Runner) drain() {
	done := make(chan struct{})
	go func() { r.tries.Wait(); close(done) }()
	if within(done, r.times.Drain) {
		return
	}
	broken := r.underWay()
	kinds := map[string]int{}
	for _, t := range broken {
		kinds[t.job.Kind]++
		t.cancel(errStopped)
	}
	r.log.Warn("the drain timeout is over: jobs under way are given back to other nodes", "jobs", len(broken), "kinds", fmt.Sprint(kinds))
	if !within(done, cancelled) {
		r.release(r.underWay())
	}
}

func within(done <-chan struct{}, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// release gives back jobs whose work does not end although it was told to. The process
// ends before another node begins them.
func (r *Runner) release(tries []*try) {
	outcomes := make([]sinew.JobOutcome, len(tries))
	for i, t := range tries {
		outcomes[i] = sinew.JobOutcome{Job: t.job, State: sinew.JobReady, RunAt: r.store.Now().Add(2 * cancelled), Uncounted: true, Error: "its node stopped"}
	}
	if len(outcomes) > 0 {
		r.log.Warn("jobs did not end when they were told to", "jobs", len(outcomes))
		r.finish(outcomes)
	}
}

// errStopped is why the work of a job ends when its node does.
var errStopped = errors.New("the node stops")

func (r *Runner) underWay() []*try {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.running))
}

// heartbeats renews the leases of the jobs under way until they have ended.
func (r *Runner) heartbeats(quit <-chan struct{}) {
	tick := time.NewTicker(r.times.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
			r.heartbeat()
		}
	}
}

func (r *Runner) heartbeat() {
	tries := r.underWay()
	if len(tries) == 0 {
		return
	}
	jobs := make([]sinew.Job, len(tries))
	for i, t := range tries {
		jobs[i] = t.job
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.times.Lease/3)
	defer cancel()
	asked := r.store.Now()
	lost, err := r.store.ExtendJobs(ctx, jobs, r.times.Lease)
	if err != nil {
		r.log.Warn("extend leases", "jobs", len(jobs), "error", err.Error())
		return
	}
	for _, t := range tries {
		if slices.Contains(lost, t.job.ID) {
			t.cancel(errLost)
			continue
		}
		// One that has ended meanwhile may begin to count again, for nobody.
		t.lease.Reset(r.holds(asked))
	}
}

// rescues takes back what other nodes left.
func (r *Runner) rescues(ctx context.Context) {
	tick := time.NewTicker(r.times.Rescue)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.rescue(ctx, false)
		}
	}
}

func (r *Runner) rescue(ctx context.Context, all bool) {
	n, err := r.store.RescueJobs(ctx, all)
	if err != nil && ctx.Err() == nil {
		r.log.Warn("rescue jobs", "error", err.Error())
	}
	if n > 0 {
		r.log.Warn("took back jobs of a node that is gone", "jobs", n)
		r.Wake()
	}
}
