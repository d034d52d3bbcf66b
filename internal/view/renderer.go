package view

import (
	"strings"
	"sync"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Renderer writes accounts as JSON. It keeps the texts of the integrations and
// installations that many accounts share. It is safe for concurrent use.
type Renderer struct {
	// hidden names the context members of an installation's accounts that must
	// not be shown wherever they are stored.
	hidden func(*sinew.EnvironmentIntegration) ([]string, error)

	mu        sync.RWMutex
	fragments map[sinew.DefinitionKey]*fragment
}

// maxFragments bounds the texts kept.
const maxFragments = 1024

// fragment holds the texts of an installation that its accounts repeat.
type fragment struct {
	integration  []byte // embedded integration
	identity     []byte // its identity, for events
	installation []byte
	variables    []byte // override.environment_variables, nil when there are none
	hidden       []string
}

// NewRenderer returns an empty renderer. hidden names the top-level members of
// the context that are secret by what the installation says now: an account
// that was written before it said so may still hold them among its variables.
func NewRenderer(hidden func(*sinew.EnvironmentIntegration) ([]string, error)) *Renderer {
	return &Renderer{hidden: hidden, fragments: make(map[sinew.DefinitionKey]*fragment)}
}

func (r *Renderer) fragment(ei *sinew.EnvironmentIntegration) (*fragment, error) {
	r.mu.RLock()
	f := r.fragments[ei.Key()]
	r.mu.RUnlock()
	if f != nil {
		return f, nil
	}
	f, err := r.newFragment(ei)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.fragments) >= maxFragments {
		clear(r.fragments)
	}
	r.fragments[ei.Key()] = f
	return f, nil
}

func (r *Renderer) newFragment(ei *sinew.EnvironmentIntegration) (*fragment, error) {
	f := &fragment{}
	var err error
	if f.hidden, err = r.hidden(ei); err != nil {
		return nil, err
	}
	if f.integration, err = jsonx.Marshal(newEmbedded(ei.Integration)); err != nil {
		return nil, err
	}
	identity := struct {
		IntegrationIdentity
		CreatedAt Time `json:"created_at"`
		UpdatedAt Time `json:"updated_at"`
	}{newIdentity(ei.Integration), Time(ei.Integration.CreatedAt), Time(ei.Integration.UpdatedAt)}
	if f.identity, err = jsonx.Marshal(identity); err != nil {
		return nil, err
	}
	if f.installation, err = jsonx.Marshal(newEmbeddedInstallation(ei)); err != nil {
		return nil, err
	}
	override, err := jsonx.ParseString(string(ei.Override))
	if err != nil {
		return nil, err
	}
	if variables := override.Get("environment_variables"); variables.Kind() == jsonx.Object {
		f.variables = variables.Bytes()
	}
	return f, nil
}

// AppendAccount appends an account as the API shows it.
func (r *Renderer) AppendAccount(dst []byte, a *sinew.AccountView) ([]byte, error) {
	f, err := r.fragment(a.EnvironmentIntegration)
	if err != nil {
		return dst, err
	}
	dst = f.appendAccount(dst, &a.IntegratedAccount, f.variables)
	dst = append(dst, `,"integration":`...)
	dst = append(dst, f.integration...)
	return appendTail(dst, a, f), nil
}

// AppendEvent appends an account as events carry it: the integration's identity
// alone, and no environment variables in the context.
func (r *Renderer) AppendEvent(dst []byte, a *sinew.AccountView) ([]byte, error) {
	f, err := r.fragment(a.EnvironmentIntegration)
	if err != nil {
		return dst, err
	}
	dst = f.appendAccount(dst, &a.IntegratedAccount, nil)
	dst = append(dst, `,"integration":`...)
	dst = append(dst, f.identity...)
	return appendTail(dst, a, f), nil
}

func appendTail(dst []byte, a *sinew.AccountView, f *fragment) []byte {
	dst = append(dst, `,"environment_integration":`...)
	dst = append(dst, f.installation...)
	dst = jsonx.AppendTime(append(dst, `,"created_at":`...), a.CreatedAt)
	dst = jsonx.AppendTime(append(dst, `,"updated_at":`...), a.UpdatedAt)
	return append(dst, '}')
}

// AppendSummary appends an account in its short form.
func (r *Renderer) AppendSummary(dst []byte, a *sinew.AccountView) ([]byte, error) {
	f, err := r.fragment(a.EnvironmentIntegration)
	if err != nil {
		return dst, err
	}
	dst = appendText(dst, `{"id":`, a.ID)
	dst = appendText(dst, `,"integration":`, a.IntegrationName)
	dst = appendText(dst, `,"name":`, a.Name)
	dst = appendText(dst, `,"status":`, summaryStatus(a.Status))
	dst = f.appendContext(append(dst, `,"context":`...), a.Context, f.variables)
	dst = appendText(dst, `,"externalId":`, a.TenantID)
	dst = jsonx.AppendTime(append(dst, `,"createdAt":`...), a.CreatedAt)
	dst = jsonx.AppendTime(append(dst, `,"updatedAt":`...), a.UpdatedAt)
	return append(dst, '}'), nil
}

func (f *fragment) appendAccount(dst []byte, a *sinew.IntegratedAccount, variables []byte) []byte {
	dst = appendText(dst, `{"id":`, a.ID)
	dst = appendText(dst, `,"tenant_id":`, a.TenantID)
	dst = appendText(dst, `,"name":`, a.Name)
	dst = appendText(dst, `,"environment_id":`, a.EnvironmentID)
	dst = appendText(dst, `,"environment_integration_id":`, a.EnvironmentIntegrationID)
	dst = appendText(dst, `,"status":`, string(a.Status))
	dst = appendNullable(dst, `,"last_error":`, a.LastError)
	dst = appendJSON(dst, `,"last_action_result":`, a.LastActionResult.Or(sinew.NullJSON))
	dst = appendJSON(dst, `,"last_action_run_result":`, a.LastActionResult.Or(sinew.NullJSON))
	dst = appendJSON(dst, `,"last_forbidden_error":`, a.LastForbiddenError.Or(sinew.NullJSON))
	dst = appendBool(dst, `,"is_sandbox":`, a.IsSandbox)
	dst = appendText(dst, `,"authentication_method":`, string(a.AuthenticationMethod))
	dst = appendText(dst, `,"region":`, string(a.Region))
	dst = appendNullable(dst, `,"features":{"super_query":`, string(a.SuperQuery))
	dst = f.appendContext(append(dst, `},"context":`...), a.Context, variables)
	dst = appendKeys(append(dst, `,"object_store_context_fields":`...), a.ObjectStore)
	dst = appendJSON(dst, `,"unified_model_override":`, a.UnifiedModelOverride.Or(sinew.EmptyObject))
	dst = appendJSON(dst, `,"integration_override":`, a.IntegrationOverride.Or(sinew.EmptyObject))
	return appendNullable(dst, `,"truto_static_gate_id":`, a.StaticGateID)
}

// appendContext appends a context with the installation's environment
// variables in it, which are not stored with the account, and without members
// that have become secret.
func (f *fragment) appendContext(dst []byte, context sinew.JSON, variables []byte) []byte {
	text := f.withoutHidden(context.Or(sinew.EmptyObject))
	if len(variables) == 0 {
		return append(dst, text...)
	}
	dst = append(dst, text[:len(text)-1]...)
	if len(text) > len(sinew.EmptyObject) {
		dst = append(dst, ',')
	}
	dst = append(dst, `"environment_variables":`...)
	dst = append(dst, variables...)
	return append(dst, '}')
}

// withoutHidden leaves hidden members out. The usual context has none of them,
// which a search in the text tells.
func (f *fragment) withoutHidden(context sinew.JSON) sinew.JSON {
	for _, name := range f.hidden {
		if !strings.Contains(string(context), name) {
			continue
		}
		whole, err := jsonx.ParseString(string(context))
		if err != nil {
			return sinew.EmptyObject // not readable, so not known to be free of secrets
		}
		context = sinew.JSON(whole.Without(name).String())
	}
	return context
}

func appendText(dst []byte, name, value string) []byte {
	return jsonx.AppendString(append(dst, name...), value)
}

func appendNullable(dst []byte, name, value string) []byte {
	if value == "" {
		return append(append(dst, name...), "null"...)
	}
	return appendText(dst, name, value)
}

func appendJSON(dst []byte, name string, value sinew.JSON) []byte {
	return append(append(dst, name...), value...)
}

func appendBool(dst []byte, name string, value bool) []byte {
	if value {
		return append(append(dst, name...), "true"...)
	}
	return append(append(dst, name...), "false"...)
}
