package httpapi

import (
	"context"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/access"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
	"github.com/sinewhq/sinew/internal/workspace"
)

type updateTeam struct {
	Name *string `json:"name" input:"true" min:"1" max:"200" doc:"The name of the team."`
	Logo *string `json:"logo" nullable:"true" max:"2000" doc:"The address of the team's logo; null removes it."`
}

type updateEnvironment struct {
	Name         *string      `json:"name" input:"true" min:"1" max:"100" doc:"The name of the environment, unique in its team."`
	RedirectURIs []string     `json:"redirect_uris" max:"50" items:"min:\"1\" max:\"2000\"" doc:"Where customers may be sent once they have connected an account: https, http on this machine, or a private scheme such as com.example.app. A link token's redirect_uri is one of them, letter by letter."`
	Theme        *updateTheme `json:"theme" doc:"How the connect page looks. Members that are not sent stay; null goes back to the default."`
}

type updateTheme struct {
	LogoURL             *string `json:"logo_url" nullable:"true" input:"true" max:"2000" doc:"The logo above the page: https."`
	LogoDarkURL         *string `json:"logo_dark_url" nullable:"true" input:"true" max:"2000" doc:"The logo on dark ground; logo_url unless given."`
	AccentColor         *string `json:"accent_color" nullable:"true" input:"true" doc:"The colour of buttons and links, as #rrggbb." example:"#1f6feb"`
	AccentColorDark     *string `json:"accent_color_dark" nullable:"true" input:"true" doc:"The same on dark ground."`
	BackgroundColor     *string `json:"background_color" nullable:"true" input:"true" doc:"The colour behind the page, as #rrggbb."`
	BackgroundColorDark *string `json:"background_color_dark" nullable:"true" input:"true" doc:"The same for people who want it dark."`
	ShowBadge           *bool   `json:"show_badge" input:"true" doc:"Whether the page says what it is made with."`
}

func (in updateEnvironment) patch() workspace.EnvironmentPatch {
	patch := workspace.EnvironmentPatch{Name: in.Name, RedirectURIs: in.RedirectURIs}
	if in.Theme != nil {
		theme := workspace.ThemePatch(*in.Theme)
		patch.Theme = &theme
	}
	return patch
}

func teamOperations(w *workspace.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/team", ID: "listTeams", Tag: "Teams", Summary: "List teams", Description: "Lists the token's own team.",
			Fields: sinew.BasicFields("team"), Answer: view.Team{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, w.Teams, view.NewTeam)
			},
		},
		{Method: "GET", Path: "/team/{id}", ID: "getTeam", Tag: "Teams", Summary: "Get a team", Answer: view.Team{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewTeam)(w.Team(c.Context(), c.Principal, c.Path("id")))
		}},
		{Method: "PATCH", Path: "/team/{id}", ID: "updateTeam", Tag: "Teams", Summary: "Update a team", Body: updateTeam{}, Answer: view.Team{}, Handle: func(c *Call) (Answer, error) {
			var in updateTeam
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			return shown(c, view.NewTeam)(w.UpdateTeam(c.Context(), c.Principal, c.Path("id"), workspace.TeamPatch(in)))
		}},
		sessionOnly("POST", "/team/{id}/invite", "inviteUser", "Teams", "Invite a user"),
		{Method: "GET", Path: "/user", ID: "listUsers", Tag: "Users", Summary: "List users", Fields: sinew.BasicFields("user"), Answer: view.User{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, w.Users, view.NewUser)
		}},
		{Method: "GET", Path: "/user/{id}", ID: "getUser", Tag: "Users", Summary: "Get a user", Answer: view.User{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewUser)(w.User(c.Context(), c.Principal, c.Path("id")))
		}},
		{
			Method: "GET", Path: "/environment", ID: "listEnvironments", Tag: "Environments", Summary: "List environments", Description: "Lists the token's own environment.",
			Fields: sinew.BasicFields("environment"), Answer: view.Environment{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, w.Environments, view.NewEnvironment)
			},
		},
		{Method: "GET", Path: "/environment/{id}", ID: "getEnvironment", Tag: "Environments", Summary: "Get an environment", Answer: view.Environment{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewEnvironment)(w.Environment(c.Context(), c.Principal, c.Path("id")))
		}},
		{Method: "PATCH", Path: "/environment/{id}", ID: "updateEnvironment", Tag: "Environments", Summary: "Update an environment", Description: "Changes its name, where its customers may be sent, and how its connect page looks.", Body: updateEnvironment{}, Answer: view.Environment{}, Handle: func(c *Call) (Answer, error) {
			var in updateEnvironment
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			return shown(c, view.NewEnvironment)(w.UpdateEnvironment(c.Context(), c.Principal, c.Path("id"), in.patch()))
		}},
		sessionOnly("POST", "/environment", "createEnvironment", "Environments", "Create an environment"),
		sessionOnly("DELETE", "/environment/{id}", "deleteEnvironment", "Environments", "Delete an environment"),
		{Method: "GET", Path: "/category", ID: "listCategories", Tag: "Categories", Summary: "List categories", Fields: sinew.BasicFields("category"), Answer: view.Category{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, w.Categories, view.NewCategory)
		}},
	}
}

func tokenOperations(a *access.Service) []Operation {
	return []Operation{
		{Method: "GET", Path: "/api-token", ID: "listAPITokens", Tag: "API tokens", Summary: "List API tokens", Fields: sinew.APITokenFields(), Answer: view.APIToken{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, a.APITokens, view.NewAPIToken)
		}},
		{Method: "GET", Path: "/api-token/{id}", ID: "getAPIToken", Tag: "API tokens", Summary: "Get an API token", Description: "The secret is never shown again.", Answer: view.APIToken{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewAPIToken)(a.APIToken(c.Context(), c.Principal, c.Path("id")))
		}},
		sessionOnly("POST", "/api-token", "createAPIToken", "API tokens", "Create an API token"),
		sessionOnly("DELETE", "/api-token/{id}", "deleteAPIToken", "API tokens", "Delete an API token"),
	}
}

// sessionOnly is an operation that no token may call: people do it, by the
// command line.
func sessionOnly(method, path, id, tag, summary string) Operation {
	return Operation{
		Method: method, Path: path, ID: id, Tag: tag, Summary: summary,
		Description: "No token may do this: use the sinew command line.",
		Handle: func(c *Call) (Answer, error) {
			return Answer{}, sinew.Errorf(sinew.KindForbidden, "A token may not do this; use the sinew command line").WithCode("session_only")
		},
	}
}

// listed answers with one page of what an engine lists, in the form of a view.
func listed[Row, View any](c *Call, list func(context.Context, sinew.Principal, sinew.ListQuery) (sinew.Page[Row], error), show func(Row) View) (Answer, error) {
	q, err := c.List()
	if err != nil {
		return Answer{}, err
	}
	page, err := list(c.Context(), c.Principal, q)
	return rows(c, q, page, err, show)
}

// rows answers with a page that an engine returned, in the form of a view.
func rows[Row, View any](c *Call, q sinew.ListQuery, page sinew.Page[Row], err error, show func(Row) View) (Answer, error) {
	if err != nil {
		return Answer{}, err
	}
	return c.Page(q, page.Next, len(page.Rows), func(dst []byte, i int) ([]byte, error) {
		text, err := jsonx.Marshal(show(page.Rows[i]))
		return append(dst, text...), err
	})
}

// shown answers with what an engine returned, in the form of a view.
func shown[Row, View any](c *Call, show func(Row) View) func(Row, error) (Answer, error) {
	return func(row Row, err error) (Answer, error) {
		if err != nil {
			return Answer{}, err
		}
		return c.JSON(show(row))
	}
}
