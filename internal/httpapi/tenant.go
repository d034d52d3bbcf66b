package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
	"github.com/sinewhq/sinew/internal/workspace"
)

type createTenant struct {
	ID       string      `json:"id" required:"true" min:"1" max:"256" doc:"The id of the tenant: letters, digits and . _ : @ + -." example:"acme-1"`
	Name     string      `json:"name" max:"500" doc:"The display name; the id unless given."`
	Metadata jsonx.Value `json:"metadata" type:"object" doc:"Anything that the caller keeps with the tenant."`
}

type updateTenant struct {
	Name     *string     `json:"name" input:"true" min:"1" max:"500" doc:"The display name."`
	Metadata jsonx.Value `json:"metadata" type:"object" doc:"Replaces the stored metadata whole."`
}

type bulkTenants struct {
	Tenants []createTenant `json:"tenants" required:"true" min:"1" max:"1000" doc:"The tenants to write."`
	Mode    string         `json:"mode" enum:"insert,upsert" doc:"insert leaves tenants alone that are there; upsert changes them. insert unless given."`
}

// bulkInserted answers a bulk call in insert mode.
type bulkInserted struct {
	Created []view.Tenant   `json:"created" doc:"The tenants that are new."`
	Skipped []skippedTenant `json:"skipped,omitzero" doc:"In insert mode: those that were there."`
	Updated []view.Tenant   `json:"updated,omitzero" doc:"In upsert mode: those that were there, as they are now."`
}

type skippedTenant struct {
	ID     string `json:"id" doc:"The id of the tenant."`
	Reason string `json:"reason" enum:"already_exists" doc:"Why it was skipped."`
}

func metadataText(v jsonx.Value) sinew.JSON {
	if !v.Exists() {
		return ""
	}
	return sinew.JSON(v.String())
}

func tenantOperations(w *workspace.Service) []Operation {
	return []Operation{
		{Method: "GET", Path: "/tenant", ID: "listTenants", Tag: "Tenants", Summary: "List tenants", Fields: sinew.TenantFields(), Answer: view.Tenant{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, w.Tenants, view.NewTenant)
		}},
		{Method: "GET", Path: "/tenant/{id}", ID: "getTenant", Tag: "Tenants", Summary: "Get a tenant", Answer: view.Tenant{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewTenant)(w.Tenant(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "POST", Path: "/tenant", ID: "createTenant", Tag: "Tenants", Summary: "Create a tenant", Description: "Answers 409 when the tenant exists.",
			Body: createTenant{}, Status: http.StatusCreated, Answer: view.Tenant{}, Handle: func(c *Call) (Answer, error) {
				var in createTenant
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewTenant)(w.CreateTenant(c.Context(), c.Principal, in.ID, in.Name, metadataText(in.Metadata)))
			},
		},
		{Method: "PATCH", Path: "/tenant/{id}", ID: "updateTenant", Tag: "Tenants", Summary: "Update a tenant", Body: updateTenant{}, Answer: view.Tenant{}, Handle: func(c *Call) (Answer, error) {
			var in updateTenant
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			return shown(c, view.NewTenant)(w.UpdateTenant(c.Context(), c.Principal, c.Path("id"), workspace.TenantPatch{Name: in.Name, Metadata: metadataText(in.Metadata)}))
		}},
		{
			Method: "DELETE", Path: "/tenant/{id}", ID: "deleteTenant", Tag: "Tenants", Summary: "Delete a tenant",
			Description: "Answers with the row that it was; 409 while the tenant has integrated accounts.", Answer: view.Tenant{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewTenant)(w.DeleteTenant(c.Context(), c.Principal, c.Path("id")))
			},
		},
		{
			Method: "POST", Path: "/tenant/bulk", ID: "bulkWriteTenants", Tag: "Tenants", Summary: "Write many tenants", Description: "All or nothing.",
			Body: bulkTenants{}, Answer: bulkInserted{}, Handle: func(c *Call) (Answer, error) { return putTenants(c, w) },
		},
	}
}

func putTenants(c *Call, w *workspace.Service) (Answer, error) {
	var in bulkTenants
	if err := c.Bind(&in); err != nil {
		return Answer{}, err
	}
	bulk := make([]workspace.BulkTenant, len(in.Tenants))
	for i, t := range in.Tenants {
		bulk[i] = workspace.BulkTenant{ID: t.ID, Name: t.Name, Metadata: metadataText(t.Metadata)}
	}
	upsert := in.Mode == "upsert"
	created, known, err := w.PutTenants(c.Context(), c.Principal, bulk, upsert)
	if err != nil {
		return Answer{}, err
	}
	out := bulkInserted{Created: make([]view.Tenant, 0, len(created))}
	for _, t := range created {
		out.Created = append(out.Created, view.NewTenant(t))
	}
	if upsert {
		out.Updated = make([]view.Tenant, 0, len(known))
		for _, t := range known {
			out.Updated = append(out.Updated, view.NewTenant(t))
		}
		return c.JSON(out)
	}
	out.Skipped = make([]skippedTenant, 0, len(known))
	for _, t := range known {
		out.Skipped = append(out.Skipped, skippedTenant{ID: t.ID, Reason: "already_exists"})
	}
	return c.JSON(out)
}
