package view

import (
	"time"

	"github.com/sinewhq/sinew"
)

// DeletedAccount is the event of an account that is gone; it carries the id
// alone.
func DeletedAccount(a sinew.IntegratedAccount, kind sinew.EventType) sinew.Event {
	return sinew.Event{
		EnvironmentID: a.EnvironmentID, Type: kind, AccountID: a.ID,
		Payload: sinew.JSON(`{"id":"` + a.ID + `"}`), CreatedAt: time.Now(),
	}
}
