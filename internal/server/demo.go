package server

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/integration"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
)

// What the demo is called.
const (
	demoIntegration = "simulator"
	demoTenant      = "acme-1"
)

// demoValidation asks for one record, so that connecting with a wrong key says so.
const demoValidation = `{"steps":[{"type":"request","name":"companies","config":{"method":"get","path":"/companies","query":{"limit":1}}}]}`

// ConnectDemo installs the integration of a simulated vendor in the default
// environment and connects an account to it, and returns the account's id.
// Calling it again changes nothing but the vendor's address.
func (c *Core) ConnectDemo(ctx context.Context, vendorURL string) (accountID string, err error) {
	team, err := c.Workspace.FindTeam(ctx, "")
	if err != nil {
		return "", err
	}
	environment, err := c.Workspace.FindEnvironment(ctx, team.ID, sinew.DefaultEnvironment)
	if err != nil {
		return "", err
	}
	p := sinew.Principal{Kind: sinew.PrincipalAPIToken, TeamID: team.ID, EnvironmentID: environment.ID}
	config := simulator.Integration(vendorURL, simulator.AuthAPIKey).SetAt(jsonx.MustParse(demoValidation), "actions", "validation")
	id, err := c.putDemoIntegration(ctx, p, config)
	if err != nil {
		return "", fmt.Errorf("put demo integration: %w", err)
	}
	installed, _, _, err := c.Integrations.Install(ctx, p, integration.Installation{IntegrationID: id})
	if err != nil {
		return "", fmt.Errorf("install demo integration: %w", err)
	}
	return c.demoAccount(ctx, p, installed.ID)
}

func (c *Core) putDemoIntegration(ctx context.Context, p sinew.Principal, config jsonx.Value) (id string, err error) {
	known, err := c.Integrations.Named(ctx, p, demoIntegration)
	if sinew.IsNotFound(err) {
		created, _, err := c.Integrations.Create(ctx, p, integration.Draft{Name: demoIntegration, Category: "crm", Config: config})
		return created.ID, err
	}
	if err != nil || known.Config == sinew.JSON(config.String()) {
		return known.ID, err
	}
	_, _, err = c.Integrations.Update(ctx, p, known.ID, integration.Patch{Config: config})
	return known.ID, err
}

func (c *Core) demoAccount(ctx context.Context, p sinew.Principal, installationID string) (string, error) {
	page, err := c.Accounts.List(ctx, p, sinew.ListQuery{Limit: 1, Sort: sinew.Sort{Ascending: true}, Filter: sinew.And{
		sinew.Compare{Field: "environment_integration_id", Op: sinew.OpEqual, Values: []any{installationID}},
		sinew.Compare{Field: "tenant_id", Op: sinew.OpEqual, Values: []any{demoTenant}},
	}})
	if err != nil {
		return "", fmt.Errorf("look for the demo account: %w", err)
	}
	if len(page.Rows) > 0 {
		return page.Rows[0].ID, nil
	}
	created, err := c.Accounts.Import(ctx, p, account.Import{
		TenantID: demoTenant, EnvironmentIntegrationID: installationID,
		AuthenticationMethod: sinew.MethodAPIKey, Context: simulator.Context(simulator.AuthAPIKey),
	})
	if err != nil {
		return "", fmt.Errorf("connect the demo account: %w", err)
	}
	return created.ID, nil
}
