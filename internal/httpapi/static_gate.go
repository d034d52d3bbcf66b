package httpapi

import (
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/view"
	"github.com/sinewhq/sinew/internal/workspace"
)

type createGate struct {
	Name   string `json:"name" required:"true" min:"1" max:"200" doc:"The name of the gate."`
	Domain string `json:"domain" required:"true" min:"1" max:"255" doc:"The domain that the gate answers under." example:"egress.example.com"`
}

type updateGate struct {
	Name   *string `json:"name" input:"true" min:"1" max:"200" doc:"The name of the gate."`
	Domain *string `json:"domain" input:"true" min:"1" max:"255" doc:"The domain that the gate answers under."`
}

// createdGate is a new gate with its token, under both names that clients read.
type createdGate struct {
	view.StaticGate
	APIToken       string `json:"api_token" doc:"The token that calls through the gate present. It is shown this once."`
	APITokenSecret string `json:"api_token_secret" doc:"The same token, under the name that the TypeScript SDK reads."`
}

func gateOperations(w *workspace.Service) []Operation {
	return []Operation{
		{Method: "GET", Path: "/static-gate", ID: "listStaticGates", Tag: "Static gates", Summary: "List static gates", Fields: sinew.StaticGateFields(), Answer: view.StaticGate{}, Handle: func(c *Call) (Answer, error) {
			return listed(c, w.StaticGates, view.NewStaticGate)
		}},
		{Method: "GET", Path: "/static-gate/{id}", ID: "getStaticGate", Tag: "Static gates", Summary: "Get a static gate", Answer: view.StaticGate{}, Handle: func(c *Call) (Answer, error) {
			return shown(c, view.NewStaticGate)(w.StaticGate(c.Context(), c.Principal, c.Path("id")))
		}},
		{Method: "POST", Path: "/static-gate", ID: "createStaticGate", Tag: "Static gates", Summary: "Create a static gate", Body: createGate{}, Status: http.StatusCreated, Answer: createdGate{}, Handle: func(c *Call) (Answer, error) {
			var in createGate
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			gate, token, err := w.CreateStaticGate(c.Context(), c.Principal, in.Name, in.Domain)
			if err != nil {
				return Answer{}, err
			}
			return c.JSON(createdGate{StaticGate: view.NewStaticGate(gate), APIToken: token, APITokenSecret: token})
		}},
		{Method: "PATCH", Path: "/static-gate/{id}", ID: "updateStaticGate", Tag: "Static gates", Summary: "Update a static gate", Body: updateGate{}, Answer: view.StaticGate{}, Handle: func(c *Call) (Answer, error) {
			var in updateGate
			if err := c.Bind(&in); err != nil {
				return Answer{}, err
			}
			return shown(c, view.NewStaticGate)(w.UpdateStaticGate(c.Context(), c.Principal, c.Path("id"), in.Name, in.Domain))
		}},
		{
			Method: "DELETE", Path: "/static-gate/{id}", ID: "deleteStaticGate", Tag: "Static gates", Summary: "Delete a static gate",
			Description: "Answers 409 while accounts call through it.", Answer: deleted{}, Handle: func(c *Call) (Answer, error) {
				if err := w.DeleteStaticGate(c.Context(), c.Principal, c.Path("id")); err != nil {
					return Answer{}, err
				}
				return c.Deleted(c.Path("id"))
			},
		},
	}
}
