package sinew

import "time"

// Team owns users, environments and integrations.
type Team struct {
	ID        string
	Name      string
	Domain    string
	Logo      string // "" means none
	CreatedAt time.Time
	UpdatedAt time.Time
}

// User is a person of a team.
type User struct {
	ID             string
	TeamID         string
	Name           string
	Email          string
	IsActive       bool
	IsStaff        bool
	LastLoginAt    time.Time // zero means never
	Roles          []string
	EnvironmentIDs []string
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// The roles of users.
const (
	RoleOwner  = "owner"
	RoleAdmin  = "admin"
	RoleMember = "member"
	RoleViewer = "viewer"
)

// Environment isolates everything but integrations.
type Environment struct {
	ID     string
	TeamID string
	Name   string
	// RedirectURIs are where customers may be sent once they have connected an
	// account.
	RedirectURIs []string
	// Theme is how the connect page looks.
	Theme     Theme
	CreatedAt time.Time
	UpdatedAt time.Time
}

// The environments that a new team gets, DefaultEnvironment first.
const (
	EnvironmentProduction  = "production"
	EnvironmentStaging     = "staging"
	EnvironmentDevelopment = "development"

	DefaultEnvironment = EnvironmentProduction
)

// Tenant is a customer of the API customer. The row is optional: a tenant_id
// works without one. Its key is environment and id.
type Tenant struct {
	ID            string
	EnvironmentID string
	Name          string
	Metadata      JSON
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// TenantFields are the fields that tenants can be filtered by.
func TenantFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the tenant, chosen by the caller.", Example: "acme-1"},
		{Name: "name", Kind: FieldText, Description: "The display name of the tenant."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the tenant was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the tenant was last updated."},
	}
}

// StaticGate is an egress proxy with a fixed address that calls of an account
// can leave through.
type StaticGate struct {
	ID            string
	EnvironmentID string
	Name          string
	Domain        string
	CreatedBy     string // "" when no user is behind the token
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// StaticGateFields are the fields that static gates can be filtered by.
func StaticGateFields() []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the gate."},
		{Name: "name", Kind: FieldText, Description: "The name of the gate."},
		{Name: "created_by", Kind: FieldText, Description: "The user who created the gate."},
		{Name: "environment_id", Kind: FieldText, Description: "The environment; a token sees its own only."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the gate was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the gate was last updated."},
	}
}

// BasicFields are the fields that every list can be filtered by.
func BasicFields(noun string) []Field {
	return []Field{
		{Name: "id", Kind: FieldText, Description: "The id of the " + noun + "."},
		{Name: "name", Kind: FieldText, Description: "The name of the " + noun + "."},
		{Name: "created_at", Kind: FieldTime, Sortable: true, Description: "When the " + noun + " was created."},
		{Name: "updated_at", Kind: FieldTime, Sortable: true, Description: "When the " + noun + " was last updated."},
	}
}
