package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// BatchJob is work on many accounts.
type BatchJob struct {
	ID            string    `json:"id" format:"uuid" doc:"The id of the job."`
	EnvironmentID string    `json:"environment_id" format:"uuid" doc:"The environment of the accounts."`
	Type          string    `json:"type" enum:"delete_integrated_accounts" doc:"What it does."`
	DryRun        bool      `json:"dry_run" doc:"Whether it only counts."`
	Query         jsonx.Raw `json:"query" type:"object" doc:"The filter, as it was sent."`
	Status        string    `json:"status" enum:"queued,running,completed,failed" doc:"Where it stands."`
	MatchedCount  int64     `json:"matched_count" doc:"How many accounts there were when it began."`
	DeletedCount  int64     `json:"deleted_count" doc:"How many of them are deleted by now."`
	Error         *string   `json:"error" nullable:"true" doc:"Why it has failed, or is tried again; null when it does neither."`
	CreatedAt     Time      `json:"created_at" doc:"When it was asked for."`
	UpdatedAt     Time      `json:"updated_at" doc:"When it last went on."`
	FinishedAt    Time      `json:"finished_at" nullable:"true" doc:"When it ended; null before."`
}

// NewBatchJob shows a batch job.
func NewBatchJob(b sinew.BatchJob) BatchJob {
	return BatchJob{
		ID: b.ID, EnvironmentID: b.EnvironmentID, Type: string(b.Type), DryRun: b.DryRun, Query: jsonx.Raw(b.Query), Status: string(b.Status),
		MatchedCount: b.Matched, DeletedCount: b.Deleted, Error: orNil(b.Error), CreatedAt: Time(b.CreatedAt), UpdatedAt: Time(b.UpdatedAt), FinishedAt: Time(b.FinishedAt),
	}
}

// BatchEnded is the event of a batch job that has ended.
func BatchEnded(b sinew.BatchJob) sinew.Event {
	kinds := map[bool]map[sinew.BatchStatus]sinew.EventType{
		false: {sinew.BatchCompleted: sinew.EventBatchCompleted, sinew.BatchFailed: sinew.EventBatchFailed},
		true:  {sinew.BatchCompleted: sinew.EventBatchDryRunCompleted, sinew.BatchFailed: sinew.EventBatchDryRunFailed},
	}
	payload, err := jsonx.Marshal(NewBatchJob(b))
	if err != nil {
		payload = []byte(sinew.EmptyObject)
	}
	return sinew.Event{EnvironmentID: b.EnvironmentID, Type: kinds[b.DryRun][b.Status], Payload: sinew.JSON(payload), CreatedAt: b.FinishedAt}
}
