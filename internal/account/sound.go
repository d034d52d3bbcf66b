package account

import (
	"context"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// CodeDamaged is the code of an account whose row does not hold what the server
// writes there.
const CodeDamaged = "account_damaged"

// storedJSON is a column of an account that holds JSON.
type storedJSON struct {
	name   string
	text   *sinew.JSON
	object bool // and nothing but an object
}

func storedColumns(a *sinew.IntegratedAccount) [5]storedJSON {
	return [...]storedJSON{
		{"context", &a.Context, true},
		{"unified_model_override", &a.UnifiedModelOverride, true},
		{"integration_override", &a.IntegrationOverride, true},
		{"last_action_result", &a.LastActionResult, false},
		{"last_forbidden_error", &a.LastForbiddenError, false},
	}
}

func (c storedJSON) damaged() bool {
	switch text := *c.text; {
	case text == "", text == sinew.EmptyObject:
		return false
	case c.object && !strings.HasPrefix(string(text), "{"):
		return true
	default:
		return !jsonx.WellFormed(string(text))
	}
}

// checkSound makes sure that the stored JSON of an account is that: answers are
// put together from it as it is. What somebody has written there past the
// server is an error that names the account and quotes nothing.
func checkSound(a *sinew.IntegratedAccount) error {
	for _, column := range storedColumns(a) {
		if column.damaged() {
			return sinew.Errorf(sinew.KindDamaged, "The stored %s of integrated account %s is not the JSON that the server writes: somebody has changed it in the database. Restore the row from a backup, or delete the account and connect it again", column.name, a.ID).
				WithCode(CodeDamaged)
		}
	}
	return nil
}

// passOver leaves out of a row among others what is not JSON, and the log says
// so: one account's damage must not keep its neighbours from being listed.
func (s *Service) passOver(ctx context.Context, a *sinew.IntegratedAccount) {
	for _, column := range storedColumns(a) {
		if column.damaged() {
			s.log.ErrorContext(ctx, "stored JSON is damaged", "account_id", a.ID, "column", column.name)
			*column.text = ""
		}
	}
}
