package view

import (
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Team is a team.
type Team struct {
	ID        string  `json:"id" format:"uuid" doc:"The id of the team."`
	Name      string  `json:"name" doc:"The name of the team."`
	Domain    string  `json:"domain" doc:"The internet domain of the team."`
	Logo      *string `json:"logo" format:"uri" doc:"The address of the team's logo."`
	CreatedAt Time    `json:"created_at" doc:"When the team was created."`
	UpdatedAt Time    `json:"updated_at" doc:"When the team was last updated."`
}

// NewTeam shows a team.
func NewTeam(t sinew.Team) Team {
	return Team{ID: t.ID, Name: t.Name, Domain: t.Domain, Logo: orNil(t.Logo), CreatedAt: Time(t.CreatedAt), UpdatedAt: Time(t.UpdatedAt)}
}

// User is a person of a team.
type User struct {
	ID           string   `json:"id" format:"uuid" doc:"The id of the user."`
	Name         string   `json:"name" doc:"The name of the user."`
	Email        string   `json:"email" doc:"The e-mail address of the user."`
	IsActive     bool     `json:"is_active" doc:"Whether the user may sign in."`
	IsStaff      bool     `json:"is_staff" doc:"Whether the user operates the installation."`
	LastLoginAt  Time     `json:"last_login_at" nullable:"true" doc:"When the user last signed in."`
	Roles        []string `json:"role" doc:"The roles of the user: owner, admin, member, viewer."`
	Teams        []string `json:"team" doc:"The ids of the user's teams."`
	Environments []string `json:"environment" doc:"The ids of the environments that the user may enter."`
	CreatedAt    Time     `json:"created_at" doc:"When the user was created."`
	UpdatedAt    Time     `json:"updated_at" doc:"When the user was last updated."`
}

// NewUser shows a user.
func NewUser(u sinew.User) User {
	return User{
		ID: u.ID, Name: u.Name, Email: u.Email, IsActive: u.IsActive, IsStaff: u.IsStaff, LastLoginAt: Time(u.LastLoginAt),
		Roles: u.Roles, Teams: []string{u.TeamID}, Environments: u.EnvironmentIDs, CreatedAt: Time(u.CreatedAt), UpdatedAt: Time(u.UpdatedAt),
	}
}

// Environment is an isolated workspace of a team.
type Environment struct {
	ID           string   `json:"id" format:"uuid" doc:"The id of the environment."`
	Name         string   `json:"name" doc:"The name of the environment." example:"production"`
	TeamID       string   `json:"team_id" format:"uuid" doc:"The team that owns the environment."`
	RedirectURIs []string `json:"redirect_uris" doc:"Where customers may be sent once they have connected an account: what a link token's redirect_uri may be, letter by letter."`
	Theme        Theme    `json:"theme" doc:"How the connect page looks."`
	CreatedAt    Time     `json:"created_at" doc:"When the environment was created."`
	UpdatedAt    Time     `json:"updated_at" doc:"When the environment was last updated."`
}

// NewEnvironment shows an environment.
func NewEnvironment(e sinew.Environment) Environment {
	return Environment{
		ID: e.ID, Name: e.Name, TeamID: e.TeamID, RedirectURIs: e.RedirectURIs, Theme: NewTheme(e.Theme), CreatedAt: Time(e.CreatedAt), UpdatedAt: Time(e.UpdatedAt),
	}
}

// APIToken is a server-side credential, without its secret.
type APIToken struct {
	ID            string  `json:"id" format:"uuid" doc:"The id of the token."`
	Name          string  `json:"name" doc:"The name of the token." example:"backend"`
	EnvironmentID string  `json:"environment_id" format:"uuid" doc:"The environment that the token reaches."`
	CreatedBy     *string `json:"created_by" format:"uuid" doc:"The user who made the token."`
	ExpiresAt     Time    `json:"expires_at" nullable:"true" doc:"When the token expires; null means never."`
	CreatedAt     Time    `json:"created_at" doc:"When the token was created."`
	UpdatedAt     Time    `json:"updated_at" doc:"When the token was last updated."`
}

// NewAPIToken shows a token.
func NewAPIToken(t sinew.APIToken) APIToken {
	return APIToken{
		ID: t.ID, Name: t.Name, EnvironmentID: t.EnvironmentID, CreatedBy: orNil(t.CreatedBy),
		ExpiresAt: Time(t.ExpiresAt), CreatedAt: Time(t.CreatedAt), UpdatedAt: Time(t.UpdatedAt),
	}
}

// Category groups integrations.
type Category struct {
	Name      string `json:"name" doc:"The name of the category." example:"crm"`
	Label     string `json:"label" doc:"The name for people." example:"CRM"`
	CreatedAt Time   `json:"created_at" doc:"When the category was created."`
	UpdatedAt Time   `json:"updated_at" doc:"When the category was last updated."`
}

// NewCategory shows a category.
func NewCategory(c sinew.Category) Category {
	return Category{Name: c.Name, Label: c.Label, CreatedAt: Time(c.CreatedAt), UpdatedAt: Time(c.UpdatedAt)}
}

// Tenant is a customer of the API customer.
type Tenant struct {
	ID            string    `json:"id" doc:"The id of the tenant, chosen by the caller." example:"acme-1"`
	EnvironmentID string    `json:"environment_id" format:"uuid" doc:"The environment of the tenant."`
	Name          string    `json:"name" doc:"The display name of the tenant." example:"Acme"`
	Metadata      jsonx.Raw `json:"metadata" type:"object" doc:"Anything that the caller keeps with the tenant."`
	CreatedAt     Time      `json:"created_at" doc:"When the tenant was created."`
	UpdatedAt     Time      `json:"updated_at" doc:"When the tenant was last updated."`
}

// NewTenant shows a tenant.
func NewTenant(t sinew.Tenant) Tenant {
	return Tenant{ID: t.ID, EnvironmentID: t.EnvironmentID, Name: t.Name, Metadata: jsonx.Raw(t.Metadata), CreatedAt: Time(t.CreatedAt), UpdatedAt: Time(t.UpdatedAt)}
}

// StaticGate is an egress proxy with a fixed address.
type StaticGate struct {
	ID            string  `json:"id" format:"uuid" doc:"The id of the gate."`
	Name          string  `json:"name" doc:"The name of the gate." example:"eu-egress"`
	Domain        string  `json:"domain" doc:"The domain that the gate answers under." example:"egress.example.com"`
	CreatedBy     *string `json:"created_by" format:"uuid" doc:"The user who made the gate."`
	EnvironmentID string  `json:"environment_id" format:"uuid" doc:"The environment of the gate."`
	CreatedAt     Time    `json:"created_at" doc:"When the gate was created."`
	UpdatedAt     Time    `json:"updated_at" doc:"When the gate was last updated."`
}

// NewStaticGate shows a gate.
func NewStaticGate(g sinew.StaticGate) StaticGate {
	return StaticGate{
		ID: g.ID, Name: g.Name, Domain: g.Domain, CreatedBy: orNil(g.CreatedBy), EnvironmentID: g.EnvironmentID,
		CreatedAt: Time(g.CreatedAt), UpdatedAt: Time(g.UpdatedAt),
	}
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
