package action

import (
	"context"
	"errors"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// newToken collects what an action writes to oauth.token of the context. It is not
// written there: whoever refreshes stores it under his lease.
type newToken struct{ token jsonx.Value }

// taken takes the token out of a change of the context.
func (t *newToken) taken(patch jsonx.Value) jsonx.Value {
	token := patch.At("oauth", "token")
	if !token.Exists() {
		return patch
	}
	t.token = token
	if patch = patch.SetAt(jsonx.Value{}, "oauth", "token"); patch.Get("oauth").Len() == 0 {
		patch = patch.Without("oauth")
	}
	return patch
}

// RefreshToken runs the action refresh_token of an account and returns what a
// token endpoint would have answered: the token that the steps wrote to
// oauth.token, else their result, or the vendor's refusal. sent says, also beside
// an error, whether the vendor may have got a request.
func (s *Service) RefreshToken(ctx context.Context, environmentID, accountID string) (answer credential.Answer, sent bool, err error) {
	r := &run{service: s, principal: sinew.Principal{EnvironmentID: environmentID, Kind: sinew.PrincipalPlatform}, renews: &newToken{}, installs: true}
	if err := r.load(ctx, accountID); err != nil {
		return answer, false, err
	}
	if !r.begin(definition.ActionRefresh) {
		return answer, false, sinew.Errorf(sinew.KindInvalid, "The integration has no action %s", definition.ActionRefresh).WithCode(CodeNotFound)
	}
	err = r.finish(ctx, nil)
	if remote, ok := errors.AsType[*proxy.RemoteError](err); ok {
		return credential.Answer{Status: remote.Status, Header: remote.Header, Body: remote.Raw.Bytes()}, true, nil
	}
	if err != nil {
		return answer, r.sent, err
	}
	token := r.renews.token
	if !token.Exists() {
		token = r.result
	}
	if !token.Exists() {
		token = jsonx.ObjectValue()
	}
	return credential.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: token.Bytes()}, true, nil
}
