package sinew

import "time"

// StatusChange is a step of an account from one status to another.
type StatusChange struct {
	ID            string
	EnvironmentID string
	AccountID     string
	From          AccountStatus // "" before there was an account
	To            AccountStatus
	Trigger       string
	Event         EventType
	Reason        string // "" for none
	// Actor is who or what caused it: a credential as "api_token:<id>", or the part
	// of the platform that found out.
	Actor string
	At    time.Time
}

// StatusChangeFields are the fields that the timeline of an account can be
// filtered by.
func StatusChangeFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the change."},
		{Name: "to", Kind: FieldText, Enum: AccountStatuses(), Description: "The status that the account got.", Example: "needs_reauth"},
		{Name: "trigger", Kind: FieldText, Description: "What made the account change.", Example: "credentials_rejected"},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the account changed.", Example: "2021-08-10T10:00:00.000Z"},
	}
}
