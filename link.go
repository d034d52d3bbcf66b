package sinew

import "time"

// LinkTokenLife is how long a link token is valid.
const LinkTokenLife = 7 * 24 * time.Hour

// LinkToken lets whoever holds it connect one account, once: a new one of a
// tenant, or again one that is there. The secret itself is shown once and stored
// as a keyed hash only.
type LinkToken struct {
	ID            string
	EnvironmentID string
	// TeamID is that of the environment; read only.
	TeamID   string
	TenantID string
	// AccountID is the account that is connected again. A token for a new account
	// gets it once there is one, so that a second try is about the same account.
	AccountID string
	// Reconnects says that the token was made for an account that was there.
	Reconnects bool
	Options    LinkOptions
	// Context is a JSON object laid over what the customer fills in; it is stored
	// encrypted.
	Context   JSON
	ExpiresAt time.Time
	BurntAt   time.Time // the zero time until a connection has succeeded
	CreatedAt time.Time
}

// Burnt reports whether the token has been used up.
func (t *LinkToken) Burnt() bool { return !t.BurntAt.IsZero() }

// LinkOptions are what the maker of a link token decided.
type LinkOptions struct {
	// RedirectURI is where the customer goes at the end, "" for nowhere.
	RedirectURI string `json:"redirect_uri,omitzero"`
	// Scopes are asked for in the place of the integration's; nil for those.
	Scopes []string `json:"scopes,omitzero"`
	// UnifiedModels are the installed models, by their ids, that an integration has
	// to support; nil for any.
	UnifiedModels []string `json:"unified_models,omitzero"`
	// PersistContext keeps the account's context under the new one.
	PersistContext bool   `json:"persist_previous_context,omitzero"`
	StaticGateID   string `json:"static_gate_id,omitzero"`
	Region         Region `json:"region,omitzero"`
	IsSandbox      bool   `json:"is_sandbox,omitzero"`
}

// AttemptStatus is where an attempt to connect stands.
type AttemptStatus string

// The states of an attempt. The last two are final.
const (
	AttemptRedirect   AttemptStatus = "redirect"   // the customer is to consent at the vendor
	AttemptExchanging AttemptStatus = "exchanging" // the vendor is asked for a token
	AttemptWorking    AttemptStatus = "working"    // the account is stored, its steps run
	AttemptSucceeded  AttemptStatus = "succeeded"
	AttemptFailed     AttemptStatus = "failed"
)

// Final reports whether an attempt has ended.
func (s AttemptStatus) Final() bool { return s == AttemptSucceeded || s == AttemptFailed }

// The types of errors that connecting ends with, as the embed protocol names
// them.
const (
	LinkInvalidToken       = "invalid_token"
	LinkInvalidIntegration = "invalid_integration"
	LinkConnectionError    = "connection_error"
	LinkPostInstallError   = "post_install_error"
	LinkValidationError    = "validation_error"
)

// JobPollDevice is the kind of the jobs that ask for a token while a customer
// consents on another device. Their argument is the id of the attempt.
const JobPollDevice = "poll_device"

// AttemptEvent is the event of an attempt that has failed.
type AttemptEvent = func(a ConnectAttempt, t LinkToken) Event

// ConnectMode is how the connect page is shown.
type ConnectMode string

// The modes of the connect page.
const (
	ModePopup      ConnectMode = "popup"
	ModeIframe     ConnectMode = "iframe"
	ModeSameWindow ConnectMode = "same_window"
	// ModeDevice has the customer type a code at the vendor, on any device (RFC
	// 8628).
	ModeDevice ConnectMode = "device"
)

// AttemptError is why an attempt failed.
type AttemptError struct {
	Message string
	// Type is that of the embed protocol, Code is finer.
	Type, Code string
}

// ConnectAttempt is one try to connect an account by a link token.
type ConnectAttempt struct {
	ID                       string
	EnvironmentID            string
	LinkTokenID              string
	EnvironmentIntegrationID string
	IntegrationName          string
	Method                   AuthenticationMethod
	Mode                     ConnectMode
	Status                   AttemptStatus
	AccountID                string // "" until the account is stored
	Error                    AttemptError
	RequestedScopes          []string
	// GrantedScopes are nil as long as nobody knows.
	GrantedScopes []string
	// Secret is a JSON object, stored encrypted and kept until the attempt needs
	// it no longer.
	Secret JSON
	// PollAt is when the vendor of a new attempt is first asked for its token, the
	// zero time for one whose customer comes back; write only.
	PollAt time.Time
	// Deadline is when an attempt that waits for the customer or the vendor has
	// failed.
	Deadline  time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Enter has an attempt wait in a state until a deadline.
func (a *ConnectAttempt) Enter(status AttemptStatus, deadline time.Time) {
	a.Status, a.Deadline = status, deadline
}

// AttemptHashes are the keyed hashes of what an attempt is recognised by; nil for
// what is not there.
type AttemptHashes struct {
	// Ticket lets a browser start the attempt, Browser is the one that did, and
	// State comes back from the vendor.
	Ticket, State, Browser []byte
}

// ConnectClaim is the right of an attempt that has asked the vendor to store what
// it got.
type ConnectClaim struct {
	EnvironmentID string
	AttemptID     string
	LinkTokenID   string
	// AccountID is the account that is connected again, "" for a new one.
	AccountID string
	// Bound is the account that the link token had when it was read.
	Bound         string
	GrantedScopes []string
	// Late claims also an attempt that was given up because nobody answered: the
	// vendor's answer is there after all.
	Late bool
}

// CodeLinkTokenBound is the code of a claim whose link token has got another
// account meanwhile.
const CodeLinkTokenBound = "link_token_bound"

// Theme is how the connect page of an environment looks. "" leaves a part as it
// is by default.
type Theme struct {
	LogoURL             string `json:"logo_url,omitzero"`
	LogoDarkURL         string `json:"logo_dark_url,omitzero"`
	AccentColor         string `json:"accent_color,omitzero"`
	AccentColorDark     string `json:"accent_color_dark,omitzero"`
	BackgroundColor     string `json:"background_color,omitzero"`
	BackgroundColorDark string `json:"background_color_dark,omitzero"`
	ShowBadge           bool   `json:"show_badge,omitzero"`
}
