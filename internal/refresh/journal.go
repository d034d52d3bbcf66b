package refresh

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Journalled is the kind of this package's entries in the journal, which Apply
// applies.
const Journalled = "refresh"

// answer is a token that a vendor has issued for a claim.
type answer struct {
	Claim     sinew.RefreshClaim
	Token     jsonx.Value
	Scopes    []string
	ExpiresAt time.Time
}

func (a answer) entry() escrow.Entry {
	b := jsonx.NewBuilder(5).Set("account_id", jsonx.StringValue(a.Claim.AccountID)).Set("fence", jsonx.IntValue(a.Claim.Fence)).Set("token", a.Token)
	if a.Scopes != nil {
		b.Set("scopes", jsonx.StringsValue(a.Scopes))
	}
	if !a.ExpiresAt.IsZero() {
		b.Set("expires_at", jsonx.IntValue(a.ExpiresAt.UnixMilli()))
	}
	return escrow.Entry{
		EnvironmentID: a.Claim.EnvironmentID, Kind: Journalled, Key: a.Claim.AccountID + "." + strconv.FormatInt(a.Claim.Fence, 10), Content: b.Value().Bytes(),
	}
}

// patience is how long a caller waits for an answer of the journal to be stored:
// longer than the pause between two tries.
const patience = 2 * time.Second

// awaitAnswer returns when no answer for an account waits in the journal of this
// node. Its lease may have run out meanwhile, and the token that is stored is spent:
// whoever asked with it would lose both.
func (s *Service) awaitAnswer(ctx context.Context, accountID string) error {
	if !s.journal.Waits(Journalled, accountID+".") {
		return nil
	}
	tick, end := time.NewTicker(s.times.Poll), time.NewTimer(patience)
	defer tick.Stop()
	defer end.Stop()
	for s.journal.Waits(Journalled, accountID+".") {
		select {
		case <-tick.C:
		case <-end.C:
			return failed("the vendor's answer is here, and waits for the database")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func readAnswer(e escrow.Entry) (answer, error) {
	v, err := jsonx.Parse(e.Content)
	if err != nil {
		return answer{}, fmt.Errorf("read journal entry %s: %w", e.Key, err)
	}
	fence, _ := v.Get("fence").Int()
	a := answer{Claim: sinew.RefreshClaim{EnvironmentID: e.EnvironmentID, AccountID: v.Get("account_id").Str(), Fence: fence}, Token: v.Get("token")}
	if scopes := v.Get("scopes"); scopes.Exists() {
		a.Scopes = []string{}
		for _, scope := range scopes.Items() {
			a.Scopes = append(a.Scopes, scope.Str())
		}
	}
	if at, ok := v.Get("expires_at").Int(); ok {
		a.ExpiresAt = time.UnixMilli(at).UTC()
	}
	return a, nil
}

// Apply stores an answer that the journal has kept: the database was away when it
// came, or a process died before it was stored. The fence makes that once.
func (s *Service) Apply(ctx context.Context, e escrow.Entry) error {
	found, err := readAnswer(e)
	if err != nil {
		return err
	}
	_, stored, err := s.apply(ctx, found)
	if stored {
		s.log.Info("stored a token of the journal", "account", found.Claim.AccountID, "fence", found.Claim.Fence)
	}
	return err
}
