package httpapi

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/view"
)

func revocationOperations(s *account.Service) []Operation {
	return []Operation{{
		Method: "GET", Path: "/token-revocation", ID: "listTokenRevocations", Tag: "Integrated accounts", Summary: "List what became of the tokens of deleted accounts",
		Description: "When an account is deleted, its token is given back to the vendor in the background (RFC 7009), where the integration says how. There is a record for each account, the newest first.",
		Fields:      sinew.RevocationFields(), Answer: view.TokenRevocation{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, s.Revocations, view.NewTokenRevocation)
		},
	}}
}
