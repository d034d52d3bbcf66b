package view

import "github.com/sinewhq/sinew"

// StatusChange is a step of an account from one status to another.
type StatusChange struct {
	ID        string  `json:"id" format:"uuid" doc:"The id of the change."`
	From      *string `json:"from" enum:"active,connecting,post_install_error,validation_error,needs_reauth" doc:"The status before; null when the account was created."`
	To        string  `json:"to" enum:"active,connecting,post_install_error,validation_error,needs_reauth" doc:"The status that the account got."`
	Trigger   string  `json:"trigger" doc:"What made the account change." example:"call_refused"`
	Event     string  `json:"event" doc:"The event that was written with the change." example:"integrated_account:authentication_error"`
	Reason    *string `json:"reason" doc:"Why, for people; the last_error of the account from then on."`
	Actor     string  `json:"actor" doc:"Who or what caused it: a credential by its id, or a part of the platform." example:"job:install_account"`
	At        Time    `json:"at" doc:"When the account changed."`
	CreatedAt Time    `json:"created_at" doc:"The same moment, by which lists are filtered."`
}

// NewStatusChange shows a change.
func NewStatusChange(c sinew.StatusChange) StatusChange {
	return StatusChange{
		ID: c.ID, From: orNil(string(c.From)), To: string(c.To), Trigger: c.Trigger, Event: string(c.Event), Reason: orNil(c.Reason), Actor: c.Actor, At: Time(c.At), CreatedAt: Time(c.At),
	}
}
