package sinew

import "time"

// BatchType is what a batch job does.
type BatchType string

// BatchDeleteAccounts deletes the accounts that a filter matches.
const BatchDeleteAccounts BatchType = "delete_integrated_accounts"

// BatchStatus is where a batch job stands.
type BatchStatus string

// The states of a batch job. The last two are final.
const (
	BatchQueued    BatchStatus = "queued"
	BatchRunning   BatchStatus = "running"
	BatchCompleted BatchStatus = "completed"
	BatchFailed    BatchStatus = "failed"
)

// BatchJob is work on many accounts, which goes on in the background, piece by piece.
type BatchJob struct {
	ID            string
	EnvironmentID string
	Type          BatchType
	// DryRun counts what would be worked on, and leaves it alone.
	DryRun bool
	// Query is the filter as it was written.
	Query  JSON
	Status BatchStatus
	// Matched is how many accounts there were when the job began, Deleted how many
	// are gone by now.
	Matched, Deleted int64
	// After is the account that was worked on last, nil for none.
	After *Position
	// Error is why the job has failed, or tries again; "" when it does neither.
	Error string
	// Actor is who asked for it.
	Actor      string
	CreatedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt time.Time
}

// Final reports whether a batch job has ended.
func (b BatchJob) Final() bool { return b.Status == BatchCompleted || b.Status == BatchFailed }

// BatchJobFields are the fields that batch jobs can be filtered by.
func BatchJobFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the job."},
		{Name: "type", Kind: FieldText, Enum: []string{string(BatchDeleteAccounts)}, Description: "What it does."},
		{Name: "dry_run", Kind: FieldBool, Description: "Whether it only counts."},
		{Name: "status", Kind: FieldText, Enum: []string{string(BatchQueued), string(BatchRunning), string(BatchCompleted), string(BatchFailed)}, Description: "Where it stands."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When it was asked for."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When it last went on."},
	}
}

// JobWorkBatch is the kind of the jobs that work off batch jobs. Their argument is the
// id of one.
const JobWorkBatch = "work_batch"
