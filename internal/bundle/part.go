package bundle

import (
	"time"

	"github.com/sinewhq/sinew"
)

// The kinds of lines, in the order in which they come.
const (
	kindHeader       = "sinew-bundle"
	kindEnvironment  = "environment"
	kindIntegration  = "integration"
	kindInstallation = "environment_integration"
	kindModel        = "environment_unified_model"
	kindText         = "documentation"
	kindGate         = "static_gate"
	kindTenant       = "tenant"
	kindAccount      = "integrated_account"
	kindChange       = "status_change"
	kindEvent        = "event"
	kindToken        = "api_token"
	kindWebhook      = "webhook"
	kindDestination  = "notification_destination"
	kindWorkflow     = "workflow"
	kindTrailer      = "end"
)

// version is that of the format.
const version = 1

// Header says what a bundle is of.
type Header struct {
	Version         int       `json:"version"`
	EnvironmentID   string    `json:"environment_id"`
	EnvironmentName string    `json:"environment_name"`
	CreatedAt       time.Time `json:"created_at"`
}

// line is a line of a bundle: of the members one is set, as the kind says.
type line struct {
	Kind         string                         `json:"kind"`
	Header       *Header                        `json:"header,omitempty"`
	Environment  *sinew.Environment             `json:"environment,omitempty"`
	Integration  *sinew.IntegrationRecord       `json:"integration,omitempty"`
	Installation *sinew.InstallationRecord      `json:"installation,omitempty"`
	Model        *sinew.SavedModel              `json:"model,omitempty"`
	Text         *sinew.Documentation           `json:"documentation,omitempty"`
	Gate         *gate                          `json:"gate,omitempty"`
	Tenant       *sinew.Tenant                  `json:"tenant,omitempty"`
	Account      *Account                       `json:"account,omitempty"`
	Change       *sinew.StatusChange            `json:"change,omitempty"`
	Event        *sinew.Event                   `json:"event,omitempty"`
	Token        *sinew.APIToken                `json:"token,omitempty"`
	Webhook      *webhook                       `json:"webhook,omitempty"`
	Destination  *sinew.NotificationDestination `json:"destination,omitempty"`
	Workflow     *sinew.Workflow                `json:"workflow,omitempty"`
	Trailer      *trailer                       `json:"trailer,omitempty"`
}

// gate is a static gate with its token.
type gate struct {
	sinew.StaticGate
	Token string
}

// webhook is a webhook with what its deliveries are signed with.
type webhook struct {
	sinew.Webhook
	Secrets sinew.WebhookSecrets
}

// Account is an account with its secrets and its large values.
type Account struct {
	Account   sinew.IntegratedAccount
	Secrets   sinew.AccountSecrets
	Large     map[string]sinew.JSON
	SandboxOf string
	// Sequence is the number of the newest event.
	Sequence int64
}

// trailer says what came before it.
type trailer struct {
	Counts map[string]int `json:"counts"`
	// SHA256 is over all lines before, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Signer is the public key, and Signature its signature of the hash, in base64url.
	Signer    string `json:"signer"`
	Signature string `json:"signature"`
}
