package connect

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// afterwards is how long a link token that is used up shows the attempt that used
// it.
const afterwards = time.Hour

// SessionQuery narrows a session.
type SessionQuery struct {
	// Integration is shown too when it is not in the catalogue.
	Integration string
	// AttemptID is an attempt to show.
	AttemptID string
}

// Session shows what a link token lets its holder choose from. Unauthenticated
// when it is used up, unless the query names the attempt that did so a short
// while ago. NotFound with code invalid_integration when the query names an
// integration that cannot be connected.
func (s *Service) Session(ctx context.Context, p sinew.Principal, q SessionQuery) (view.ConnectSession, error) {
	var v view.ConnectSession
	token, err := s.token(ctx, p)
	if err != nil {
		return v, err
	}
	if v.Attempt, err = s.attemptOf(ctx, token, q.AttemptID); err != nil {
		return v, err
	}
	if token.Burnt() && (v.Attempt == nil || s.Store.Now().After(token.BurntAt.Add(afterwards))) {
		return v, invalidToken()
	}
	environment, err := s.Store.Environment(ctx, token.EnvironmentID)
	if err != nil {
		return v, err
	}
	v.Environment = view.ConnectEnvironment{Name: environment.Name, Theme: view.NewTheme(environment.Theme)}
	v.TenantID, v.IsSandbox, v.RedirectURI, v.ExpiresAt = token.TenantID, token.Options.IsSandbox, text(token.Options.RedirectURI), view.Time(token.ExpiresAt)
	if token.Reconnects {
		return v, s.showAgain(ctx, token, q.Integration, &v)
	}
	v.Integrations, err = s.choice(ctx, token, q.Integration)
	return v, err
}

// attemptOf shows the attempt of a token that is asked for, or the one that is at
// work; nil when there is none.
func (s *Service) attemptOf(ctx context.Context, token sinew.LinkToken, id string) (*view.ConnectAttempt, error) {
	if id == "" {
		last, err := s.Store.LastAttempt(ctx, token.ID, sinew.AttemptWorking)
		if sinew.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		id = last.ID
	}
	a, err := s.progress(ctx, token, id)
	if err != nil {
		return nil, err
	}
	shown, err := s.show(ctx, token, a)
	return &shown, err
}

// choice are the integrations that a new account can be made of.
func (s *Service) choice(ctx context.Context, token sinew.LinkToken, name string) ([]view.ConnectIntegration, error) {
	installed, err := s.Store.Connectable(ctx, token.EnvironmentID)
	if err != nil {
		return nil, err
	}
	if name != "" && !slices.ContainsFunc(installed, func(ei sinew.EnvironmentIntegration) bool { return ei.Integration.Name == name }) {
		one, err := s.named(ctx, token.EnvironmentID, name)
		if err != nil {
			return nil, err
		}
		installed = append(installed, one)
	}
	given, err := parseObject(token.Context)
	if err != nil {
		return nil, err
	}
	models, err := s.models(ctx, &token)
	if err != nil {
		return nil, err
	}
	if name != "" && !models.allows(name) {
		return nil, invalidIntegration(name)
	}
	list := make([]view.ConnectIntegration, 0, len(installed))
	for i := range installed {
		if !models.allows(installed[i].Integration.Name) {
			continue
		}
		o, err := s.offers.get(&installed[i])
		if err != nil {
			return nil, err
		}
		list = append(list, o.view(shown{given: given, scopes: models.scopesFor(&token, o.name)}))
	}
	return list, nil
}

// named returns the installed integration of a name that can be connected.
func (s *Service) named(ctx context.Context, environmentID, name string) (sinew.EnvironmentIntegration, error) {
	if !slug.MatchString(name) {
		return sinew.EnvironmentIntegration{}, invalidIntegration(name) // and no text for a database
	}
	one, err := s.Store.InstallationNamed(ctx, environmentID, name)
	if sinew.IsNotFound(err) || err == nil && !one.IsEnabled {
		return one, invalidIntegration(name)
	}
	return one, err
}

// slug is what names of integrations look like.
var slug = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)

func invalidIntegration(name string) error {
	return sinew.Errorf(sinew.KindNotFound, "The integration cannot be connected here: it is not installed, or another one than the link is for").
		WithCode(CodeInvalidIntegration).WithCause(fmt.Errorf("integration %q", name))
}

// showAgain shows the account that is connected again, and its integration.
func (s *Service) showAgain(ctx context.Context, token sinew.LinkToken, name string, v *view.ConnectSession) error {
	a, err := s.Store.Account(ctx, token.EnvironmentID, token.AccountID)
	if err != nil {
		return err
	}
	if !a.EnvironmentIntegration.IsEnabled || name != "" && name != a.IntegrationName {
		return invalidIntegration(name)
	}
	override, err := parseObject(a.IntegrationOverride)
	if err != nil {
		return err
	}
	o, err := readOffer(a.EnvironmentIntegration, override)
	if err != nil {
		return err
	}
	models, err := s.models(ctx, &token)
	if err != nil {
		return err
	}
	with := shown{keeps: token.Options.PersistContext, scopes: models.scopesFor(&token, a.IntegrationName)}
	if with.given, err = parseObject(token.Context); err != nil {
		return err
	}
	if with.before, err = parseObject(a.Context); err != nil {
		return err
	}
	v.IsSandbox = a.IsSandbox
	v.Reconnect = &view.ConnectAgain{IntegratedAccountID: a.ID, Integration: a.IntegrationName}
	v.Integrations = []view.ConnectIntegration{o.view(with)}
	return nil
}

// parseObject reads a stored JSON object; "" is an empty one.
func parseObject(text sinew.JSON) (jsonx.Value, error) {
	return jsonx.ParseString(string(text.Or(sinew.EmptyObject)))
}
