package view

import (
	"time"

	"github.com/sinewhq/sinew"
)

// DeletedAccount is the event of an account that is gone; it carries the id
// alone.
func DeletedAccount(a sinew.IntegratedAccount) sinew.Event {
	return sinew.Event{
		EnvironmentID: a.EnvironmentID, Type: sinew.EventAccountDeleted, AccountID: a.ID,
		Payload: sinew.JSON(`{"id":"` + a.ID + `"}`), CreatedAt: time.Now(),
	}
}
