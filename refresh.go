package sinew

import "time"

// RefreshClaim is the right to ask a vendor for a new token of an account, until
// the lease ends. Of two claims the later one has the larger fence.
type RefreshClaim struct {
	EnvironmentID string
	AccountID     string
	Fence         int64
	// Node holds the claim.
	Node string
	// TokenFence is that of the token which the claim is to replace.
	TokenFence int64
	// Unresolved says that an earlier holder may have asked, and that nobody knows
	// what came of it: the refresh token may be spent.
	Unresolved bool
	// Failures counts the tries since the last success that failed for a while.
	Failures int
}

// RefreshState is how it stands with the refreshing of an account's token.
type RefreshState struct {
	// HeldUntil is when the lease of the node that refreshes now ends; the zero
	// time when nobody does.
	HeldUntil time.Time
	// NotBefore is when the next try may be made, after one that failed.
	NotBefore time.Time
	// LastError says why the last try failed, "" when it did not.
	LastError string
	// TokenFence grows with every token that is stored.
	TokenFence int64
	Unresolved bool
	Failures   int
}

// RefreshFailure is a try that brought no token.
type RefreshFailure struct {
	NotBefore time.Time
	Reason    string
	// Unresolved is set when the vendor may have issued a token all the same.
	Unresolved bool
}

// JobRefreshCredentials is the kind of the jobs that refresh tokens ahead of
// their expiry. Their arguments are the account's environment and id.
const JobRefreshCredentials = "refresh_credentials"
