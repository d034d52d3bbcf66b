package httpapi

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/view"
)

func batchOperations(s *account.Service) []Operation {
	return []Operation{
		{Method: "GET", Path: "/batch-job", ID: "listBatchJobs", Tag: "Batch jobs", Summary: "List batch jobs", Description: "Work on many accounts that goes on in the background, such as a bulk delete by query.", Fields: sinew.BatchJobFields(), Answer: view.BatchJob{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, s.BatchJobs, view.NewBatchJob)
		}},
		{Method: "GET", Path: "/batch-job/{id}", ID: "getBatchJob", Tag: "Batch jobs", Summary: "Get a batch job", Answer: view.BatchJob{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewBatchJob)(s.BatchJob(c.Context(), c.Principal, c.Path("id")))
		}},
	}
}
