package sinew

import "time"

// JobState is where a job is in its life.
type JobState string

// The states of a job. A waiting job is due, and held back by others of its
// concurrency key.
const (
	JobReady     JobState = "ready"
	JobWaiting   JobState = "waiting"
	JobRunning   JobState = "running"
	JobDone      JobState = "done"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

// Job is a piece of background work. It is made with what it does, when, and
// beside what else; the rest is kept by the queue.
type Job struct {
	ID            string
	Kind          string
	EnvironmentID string // "" for work of the whole installation
	Args          JSON
	// UniqueKey allows one job of this key to stand in line, "" any number. One
	// that runs already does not count.
	UniqueKey string
	// ConcurrencyKey lets Limit jobs of this key run at once, on all nodes
	// together; "" any number.
	ConcurrencyKey string
	Limit          int // 0 means 1
	// Priority orders what is due: smaller ones first.
	Priority int
	RunAt    time.Time
	// MaxAttempts is how often the job is tried; 0 means once.
	MaxAttempts int

	State JobState
	// Attempt counts the tries, the one under way included.
	Attempt int
	// Fence grows with every claim: whoever holds an older one has lost the job.
	Fence      int64
	LeaseUntil time.Time
	LastError  string
	CreatedAt  time.Time
	FinishedAt time.Time
}

// JobRoom says how many jobs of a kind a node has room for.
type JobRoom struct {
	Kind string
	Free int
}

// JobOutcome is what came of a try.
type JobOutcome struct {
	Job   Job
	State JobState // JobDone, JobFailed, JobCancelled, or JobReady for another try
	// RunAt is when the job is tried again, for JobReady.
	RunAt time.Time
	// Uncounted gives the attempt back: the job was put off, not tried.
	Uncounted bool
	Error     string
	At        time.Time
}

// JobCount says how many jobs of a kind are in a state, and since when the
// oldest one is due.
type JobCount struct {
	Kind   string
	State  JobState
	Count  int64
	Oldest time.Time
}
