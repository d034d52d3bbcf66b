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

// JobDepth is what stands in line of one kind of job. No count goes beyond
// MaxJobCount.
type JobDepth struct {
	Kind string
	// Due are those that could begin now, Scheduled those whose time has yet to come,
	// and Waiting those that are due and held back by others of their concurrency key.
	Due, Scheduled, Waiting int64
	Running                 int64
	// Retrying are those of Due, Scheduled and Waiting that have been tried before.
	Retrying int64
	// Failed are those that were given up, as long as they are kept.
	Failed int64
	// Oldest is since when the first of Due and Waiting has been due, and Next when the
	// first of Scheduled will be; the zero time for none.
	Oldest, Next time.Time
}

// MaxJobCount bounds the counts of a JobDepth: to count on would cost more than the
// figure is worth.
const MaxJobCount = 10_000

// JobFields are the fields that jobs can be filtered by.
func JobFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the job."},
		{Name: "kind", Kind: FieldText, Description: "What the job does.", Example: JobDeliverWebhook},
		{Name: "state", Kind: FieldText, Enum: JobStates(), Description: "Where the job is in its life.", Example: string(JobFailed)},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the job was enqueued.", Example: "2021-08-10T10:00:00.000Z"},
	}
}

// JobStates lists the states.
func JobStates() []string {
	return []string{string(JobReady), string(JobWaiting), string(JobRunning), string(JobDone), string(JobFailed), string(JobCancelled)}
}
