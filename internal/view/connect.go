package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Theme is how the connect page looks.
type Theme struct {
	LogoURL             *string `json:"logo_url" format:"uri" doc:"The logo above the page."`
	LogoDarkURL         *string `json:"logo_dark_url" format:"uri" doc:"The logo on dark ground; logo_url unless given."`
	AccentColor         *string `json:"accent_color" doc:"The colour of buttons and links, as #rrggbb." example:"#1f6feb"`
	AccentColorDark     *string `json:"accent_color_dark" doc:"The same on dark ground."`
	BackgroundColor     *string `json:"background_color" doc:"The colour behind the page, as #rrggbb."`
	BackgroundColorDark *string `json:"background_color_dark" doc:"The same for people who want it dark."`
	ShowBadge           bool    `json:"show_badge" doc:"Whether the page says what it is made with."`
}

// NewTheme shows a theme.
func NewTheme(t sinew.Theme) Theme {
	return Theme{
		LogoURL: orNil(t.LogoURL), LogoDarkURL: orNil(t.LogoDarkURL), AccentColor: orNil(t.AccentColor), AccentColorDark: orNil(t.AccentColorDark),
		BackgroundColor: orNil(t.BackgroundColor), BackgroundColorDark: orNil(t.BackgroundColorDark), ShowBadge: t.ShowBadge,
	}
}

// ConnectSession is what a link token lets a customer choose from.
type ConnectSession struct {
	Environment  ConnectEnvironment   `json:"environment" doc:"Whose page it is."`
	TenantID     string               `json:"tenant_id" doc:"The tenant that connects."`
	IsSandbox    bool                 `json:"is_sandbox" doc:"Whether the account will refuse writes."`
	RedirectURI  *string              `json:"redirect_uri" doc:"Where the customer goes at the end; an attempt's return_url has the result in it."`
	ExpiresAt    Time                 `json:"expires_at" doc:"When the link token expires."`
	Reconnect    *ConnectAgain        `json:"reconnect" nullable:"true" doc:"The account that is connected again; null for a new one."`
	Integrations []ConnectIntegration `json:"integrations" doc:"What can be connected."`
	Attempt      *ConnectAttempt      `json:"attempt" nullable:"true" doc:"The attempt that was asked for, or the one that is at work; null when there is none."`
}

// ConnectEnvironment is the environment of a link token.
type ConnectEnvironment struct {
	Name  string `json:"name" doc:"The name of the environment."`
	Theme Theme  `json:"theme" doc:"How the page looks."`
}

// ConnectAgain is the account of a link token.
type ConnectAgain struct {
	IntegratedAccountID string `json:"integrated_account_id" format:"uuid" doc:"The account."`
	Integration         string `json:"integration" doc:"The name (slug) of its integration."`
}

// ConnectIntegration is an integration on the connect page.
type ConnectIntegration struct {
	Name     string          `json:"name" doc:"The name (slug) of the integration." example:"zendesk"`
	Label    string          `json:"label" doc:"The name for people." example:"Zendesk"`
	Category string          `json:"category" doc:"The name of its category." example:"helpdesk"`
	Logo     *string         `json:"logo" format:"uri" doc:"The address of its logo."`
	Formats  []ConnectFormat `json:"formats" doc:"The ways to connect it."`
}

// ConnectFormat is one way to connect.
type ConnectFormat struct {
	Format            string         `json:"format" enum:"oauth2,api_key,oauth2_client_credentials,keka_oauth,oauth" doc:"The credential format, as POST /connect/{integration}/authorize takes it."`
	Label             string         `json:"label" doc:"The name of the format, in English." example:"API key"`
	Fields            []ConnectField `json:"fields" doc:"What the customer fills in first."`
	DocumentationLink *string        `json:"documentation_link" format:"uri" doc:"Where the customer finds the credential."`
	PermissionsText   *string        `json:"permissions_text" doc:"What the connection may do, in words."`
	Scopes            []ConnectScope `json:"scopes" doc:"What the customer is asked to agree to."`
	Redirects         bool           `json:"redirects" doc:"Whether the customer is sent to the vendor in a window of the browser."`
	Device            bool           `json:"device" doc:"Whether the customer may connect by a code that is typed at the vendor, on any device: the mode device. It is the only way where redirects is false."`
}

// ConnectScope is one thing that the customer is asked to agree to.
type ConnectScope struct {
	Scope       string  `json:"scope" doc:"The scope."`
	Description *string `json:"description" doc:"What it allows, in words."`
}

// ConnectField is a field of a form.
type ConnectField struct {
	Name        string          `json:"name" doc:"The name under which the value is sent."`
	Label       string          `json:"label" doc:"What the customer reads beside it."`
	Type        string          `json:"type" enum:"text,password,single_select" doc:"The kind of field."`
	Required    bool            `json:"required" doc:"Whether it must be filled in."`
	Default     *string         `json:"default" doc:"What stands in it at first."`
	Format      *string         `json:"format" doc:"email, number, uuid, url, or a name of the integration's author."`
	Pattern     *string         `json:"pattern" doc:"A regular expression that the value matches."`
	Placeholder *string         `json:"placeholder" doc:"The text in the empty field."`
	HelpText    *string         `json:"help_text" doc:"What helps to fill it in."`
	Options     []ConnectOption `json:"options" doc:"What a single_select offers."`
}

// ConnectOption is one choice of a field.
type ConnectOption struct {
	Label string    `json:"label" doc:"The text of the choice."`
	Value jsonx.Raw `json:"value" doc:"What is sent: text, number or boolean."`
}

// ConnectAttempt is one try to connect.
type ConnectAttempt struct {
	ID                      string         `json:"id" format:"uuid" doc:"The id of the attempt."`
	Status                  string         `json:"status" enum:"redirect,working,succeeded,failed" doc:"redirect: the customer is to agree at the vendor; working: the vendor is asked, or the steps of the account run; succeeded and failed are final."`
	RedirectURL             *string        `json:"redirect_url" format:"uri" doc:"Where to send the customer, in a window of its own; in the answer that makes the attempt only. It works once, for ten minutes; for an attempt with a user_code it is the vendor's page for that."`
	UserCode                *string        `json:"user_code" doc:"The code that the customer types at the vendor (RFC 8628), for as long as it is waited for." example:"WDJB-MJHT"`
	VerificationURI         *string        `json:"verification_uri" format:"uri" doc:"Where the customer types the user_code, on any device."`
	VerificationURIComplete *string        `json:"verification_uri_complete" format:"uri" doc:"The same with the code in it, for a link or a QR code; null where the vendor has none."`
	Integration             string         `json:"integration" doc:"The name (slug) of the integration."`
	Format                  string         `json:"format" enum:"oauth2,api_key,oauth2_client_credentials,keka_oauth,oauth" doc:"The way to connect."`
	IntegratedAccountID     *string        `json:"integrated_account_id" format:"uuid" doc:"The account, once there is one; also after post-install or validation failed."`
	Error                   *string        `json:"error" doc:"Why the attempt failed, for people, in English."`
	ErrorType               *string        `json:"error_type" enum:"connection_error,post_install_error,validation_error" doc:"Which part failed, as the embed protocol names it."`
	ErrorCode               *string        `json:"error_code" doc:"A stable word for what went wrong." example:"access_denied"`
	Stages                  []ConnectStage `json:"stages" doc:"What there is to do, in order."`
	RequestedScopes         []string       `json:"requested_scopes" doc:"What the customer was asked to agree to."`
	GrantedScopes           []string       `json:"granted_scopes" doc:"What the customer has agreed to."`
	MissingScopes           []string       `json:"missing_scopes" doc:"What was asked for and not granted."`
	Form                    bool           `json:"form" doc:"Whether a form follows that completes the account."`
	ReturnURL               *string        `json:"return_url" doc:"The redirect_uri of the link token with the result in it, once the attempt has ended."`
	ExpiresAt               Time           `json:"expires_at" nullable:"true" doc:"When an attempt that waits for the customer or the vendor fails; null for one that does not."`
}

// ConnectStage is a part of connecting.
type ConnectStage struct {
	Name   string `json:"name" enum:"credentials,post_install,validation" doc:"What is done."`
	Status string `json:"status" enum:"pending,running,done,failed" doc:"How far it is."`
}
