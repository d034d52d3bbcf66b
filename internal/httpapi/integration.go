package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/integration"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

type createIntegration struct {
	Name     string      `json:"name" required:"true" min:"1" max:"100" doc:"The name (slug), unique in the team; it never changes." example:"zendesk"`
	Category string      `json:"category" max:"100" doc:"The category, such as crm."`
	IsBeta   bool        `json:"is_beta" doc:"Whether the integration is in beta."`
	Sharing  string      `json:"sharing" enum:"allow,ask,deny" doc:"Who may install it; deny unless given."`
	Config   jsonx.Value `json:"config" type:"object" doc:"The configuration object defining the underlying API."`
}

type updateIntegration struct {
	Version  *int64      `json:"version" input:"true" min:"1" doc:"The version that the change was made from; another one answers 409."`
	Name     *string     `json:"name" input:"true" doc:"Must be the current name."`
	Category *string     `json:"category" input:"true" max:"100" doc:"The category."`
	IsBeta   *bool       `json:"is_beta" input:"true" doc:"Whether the integration is in beta."`
	Sharing  *string     `json:"sharing" input:"true" enum:"allow,ask,deny" doc:"Who may install it."`
	Config   jsonx.Value `json:"config" type:"object" doc:"Merged into the stored configuration: null removes a member, arrays are replaced whole."`
}

type answerRequest struct {
	Status string `json:"status" required:"true" enum:"approved,refused" doc:"What the owner decides."`
}

func requestFields() []sinew.Field {
	return []sinew.Field{
		{Name: "id", Description: "The id of the request."},
		{Name: "team_id", Description: "The team that asks."},
		{Name: "status", Enum: []string{"pending", "approved", "refused"}, Description: "What the owner has decided."},
		{Name: "created_at", Kind: sinew.FieldTime, Sortable: true, Description: "When the team asked."},
		{Name: "updated_at", Kind: sinew.FieldTime, Sortable: true, Description: "When the status last changed."},
	}
}

func integrationOperations(s *integration.Service) []Operation {
	plain := func(i sinew.Integration) view.Integration { return view.NewIntegration(i, nil) }
	return []Operation{
		{
			Method: "GET", Path: "/integration", ID: "listIntegrations", Tag: "Integrations", Summary: "List integrations",
			Description: "Those of the caller's team, those that it may install or ask for, and those that it has installed.",
			Fields:      sinew.IntegrationFields(), Answer: view.Integration{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, s.List, plain)
			},
		},
		{Method: "GET", Path: "/integration/{id}", ID: "getIntegration", Tag: "Integrations", Summary: "Get an integration", Answer: view.Integration{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, plain)(s.Get(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "POST", Path: "/integration", ID: "createIntegration", Tag: "Integrations", Summary: "Create an integration",
			Description: "The configuration is checked; warnings in the answer name what is probably a mistake.",
			Body:        createIntegration{}, Status: http.StatusCreated, Answer: view.Integration{}, Handle: func(c *Call) (Answer, error) {
				var in createIntegration
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				created, warnings, err := s.Create(c.Context(), c.Principal, integration.Draft{
					Name: in.Name, Category: in.Category, IsBeta: in.IsBeta, Sharing: sinew.Sharing(in.Sharing), Config: in.Config,
				})
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(view.NewIntegration(created, warnings))
			},
		},
		{
			Method: "PATCH", Path: "/integration/{id}", ID: "updateIntegration", Tag: "Integrations", Summary: "Update an integration",
			Body: updateIntegration{}, Answer: view.Integration{}, Handle: func(c *Call) (Answer, error) {
				var in updateIntegration
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				changed, warnings, err := s.Update(c.Context(), c.Principal, c.Path("id"), integration.Patch{
					Version: in.Version, Name: in.Name, Category: in.Category, IsBeta: in.IsBeta, Sharing: as[sinew.Sharing](in.Sharing), Config: in.Config,
				})
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(view.NewIntegration(changed, warnings))
			},
		},
		{
			Method: "DELETE", Path: "/integration/{id}", ID: "deleteIntegration", Tag: "Integrations", Summary: "Delete an integration",
			Description: "Answers 409 while it is installed anywhere.", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
				if err := s.Delete(c.Context(), c.Principal, c.Path("id")); err != nil {
					return Answer{}, err
				}
				return c.Deleted(c.Path("id"))
			},
		},
		{
			Method: "POST", Path: "/integration/{id}/request", ID: "requestIntegration", Tag: "Integrations", Summary: "Ask to install an integration",
			Description: "For integrations whose sharing is ask.", Status: http.StatusCreated, Answer: view.IntegrationRequest{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewIntegrationRequest)(s.Ask(c.Context(), c.Principal, c.Path("id")))
			},
		},
		{
			Method: "GET", Path: "/integration/{id}/request", ID: "listIntegrationRequests", Tag: "Integrations", Summary: "List the requests for an integration",
			Description: "For the owner.", Fields: requestFields(), Answer: view.IntegrationRequest{}, Handle: func(c *Call) (Answer, error) {
				q, err := c.List()
				if err != nil {
					return Answer{}, err
				}
				page, err := s.Requests(c.Context(), c.Principal, c.Path("id"), q)
				return rows(c, q, page, err, view.NewIntegrationRequest)
			},
		},
		{
			Method: "PATCH", Path: "/integration/{id}/request/{request_id}", ID: "answerIntegrationRequest", Tag: "Integrations", Summary: "Approve or refuse a request",
			Description: "For the owner.", Body: answerRequest{}, Answer: view.IntegrationRequest{}, Handle: func(c *Call) (Answer, error) {
				var in answerRequest
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				return shown(c, view.NewIntegrationRequest)(s.Answer(c.Context(), c.Principal, c.Path("id"), c.Path("request_id"), sinew.RequestStatus(in.Status)))
			},
		},
	}
}

type installIntegration struct {
	IntegrationID string      `json:"integration_id" required:"true" format:"uuid" doc:"The integration to install."`
	IsEnabled     *bool       `json:"is_enabled" input:"true" doc:"Whether tenants can connect; true unless given."`
	ShowInCatalog *bool       `json:"show_in_catalog" input:"true" doc:"Whether the connect page lists it; true unless given."`
	Override      jsonx.Value `json:"override" type:"object" doc:"Laid over the integration's configuration."`
}

type updateInstallation struct {
	IsEnabled     *bool       `json:"is_enabled" input:"true" doc:"Whether tenants can connect."`
	ShowInCatalog *bool       `json:"show_in_catalog" input:"true" doc:"Whether the connect page lists it."`
	Override      jsonx.Value `json:"override" type:"object" nullable:"true" doc:"Replaces the stored override whole. Secrets, which no answer shows, stay as long as the object that holds them is sent; {} clears all."`
}

func installationOperations(s *integration.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/environment-integration", ID: "listEnvironmentIntegrations", Tag: "Environment integrations", Summary: "List installed integrations",
			Fields: sinew.EnvironmentIntegrationFields(), Answer: view.EnvironmentIntegration{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, s.Installations, view.NewEnvironmentIntegration)
			},
		},
		{
			Method: "GET", Path: "/environment-integration/{id}", ID: "getEnvironmentIntegration", Tag: "Environment integrations", Summary: "Get an installed integration",
			Answer: view.EnvironmentIntegration{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewEnvironmentIntegration)(s.Installed(c.Context(), c.Principal, c.Path("id")))
			},
		},
		{
			Method: "POST", Path: "/environment-integration", ID: "installIntegration", Tag: "Environment integrations", Summary: "Install an integration",
			Description: "Answers 200 with the row unchanged when it is installed already.",
			Body:        installIntegration{}, Status: http.StatusCreated, Answer: view.EnvironmentIntegration{}, Handle: func(c *Call) (Answer, error) {
				var in installIntegration
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				installed, fresh, warnings, err := s.Install(c.Context(), c.Principal, integration.Installation(in))
				if err != nil {
					return Answer{}, err
				}
				answer, err := c.JSON(view.NewEnvironmentIntegration(installed).WithWarnings(warnings))
				if !fresh {
					answer.Status = http.StatusOK
				}
				return answer, err
			},
		},
		{
			Method: "PATCH", Path: "/environment-integration/{id}", ID: "updateEnvironmentIntegration", Tag: "Environment integrations", Summary: "Update an installed integration",
			Body: updateInstallation{}, Answer: view.EnvironmentIntegration{}, Handle: func(c *Call) (Answer, error) {
				var in updateInstallation
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				changed, warnings, err := s.UpdateInstallation(c.Context(), c.Principal, c.Path("id"), integration.InstallationPatch(in))
				if err != nil {
					return Answer{}, err
				}
				return c.JSON(view.NewEnvironmentIntegration(changed).WithWarnings(warnings))
			},
		},
		{
			Method: "DELETE", Path: "/environment-integration/{id}", ID: "uninstallIntegration", Tag: "Environment integrations", Summary: "Uninstall an integration",
			Description: "Removes every integrated account below it.", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
				if err := s.Uninstall(c.Context(), c.Principal, c.Path("id")); err != nil {
					return Answer{}, err
				}
				return c.Deleted(c.Path("id"))
			},
		},
	}
}

// as turns an optional text into an optional text of another type.
func as[T ~string](s *string) *T {
	if s == nil {
		return nil
	}
	t := T(*s)
	return &t
}
