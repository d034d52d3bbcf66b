package proxy

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/upstream"
)

// attachment is how a method attaches the credential, compiled.
type attachment struct {
	format string
	config *placeholder.Template
	// expression makes the headers, nil for the formats that config describes.
	expression *expression.Expression
}

func (s *Service) newAttachment(m definition.Method, a *definition.Authorization) (*attachment, error) {
	if a == nil {
		return nil, nil
	}
	x, err := s.optional(m, "authorization.config.expression", a.Expression)
	if err != nil || x != nil {
		return &attachment{format: a.Format, expression: x}, err
	}
	config, err := placeholder.Compile(a.Config)
	if err != nil {
		return nil, sinew.Errorf(sinew.KindInvalid, "The authorization of this integration is not valid").WithCode("invalid_definition").WithCause(err)
	}
	return &attachment{format: a.Format, config: config}, nil
}

// attachment returns how this account's credential is attached, nil for not at
// all.
func (c *call) attachment() (*attachment, error) {
	if c.plan.NoAuth {
		return nil, nil
	}
	if c.plan.attach != nil {
		return c.plan.attach, nil
	}
	credential := definition.Credential{Format: string(c.account.AuthenticationMethod)}
	if c.account.AuthenticationMethod == sinew.MethodOAuth1 { // its app signs every request
		credential = definition.AccountCredential(c.layers.config, c.layers.override, c.layers.account, credential.Format)
	}
	return c.service.newAttachment(c.plan.Method, definition.DefaultAuthorization(credential))
}

// authorize attaches the account's credential.
func (c *call) authorize(ctx context.Context, request *upstream.Request, scope jsonx.Value) error {
	a, err := c.attachment()
	if a == nil || err != nil {
		return err
	}
	if a.expression != nil {
		return c.authorizeByExpression(ctx, a.expression, request, scope)
	}
	config, unresolved := a.config.Render(scope)
	if len(unresolved) > 0 {
		// Refused, rather than sent as it stands.
		return placeholder.UnresolvedError(unresolved)
	}
	c.credential = &credential.Authorization{Format: a.format, Config: config, Account: c.account.ID}
	return c.service.formats.Attach(request, *c.credential)
}

// authorizeByExpression sets the headers that the definition's expression makes
// of the request, such as a signature over it (spec 02 section 4).
func (c *call) authorizeByExpression(ctx context.Context, x *expression.Expression, request *upstream.Request, scope jsonx.Value) error {
	in := new(expression.Input).
		Value("url", jsonx.StringValue(request.URL)).
		Value("context", scope.Get("context")).
		Lazy("requestOptions", func() []byte { return requestOptions(request, c.paged.Body).Bytes() })
	headers, err := x.Value(ctx, c.observed(in))
	if err != nil {
		return fmt.Errorf("authorization: %w", err)
	}
	return credential.SetHeaders(request, headers)
}

// challenged answers a server that says with its 401 what it wants to see. Unless
// accepted is nil, the request is to be sent once more; see credential.Challenged.
func (c *call) challenged(request *upstream.Request, response *upstream.Response) (accepted func(), err error) {
	if response.Status != http.StatusUnauthorized || c.credential == nil || request.Stream != nil {
		return nil, nil
	}
	return c.service.formats.Challenge(request, *c.credential, response.Header)
}
