package workflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/retry"
	"github.com/sinewhq/sinew/internal/unified"
	"github.com/sinewhq/sinew/internal/upstream"
)

// maxAnswer bounds the answer to a step, in bytes.
const maxAnswer = 1 << 20

// request makes a call of the proxy API.
func (r *run) request(ctx context.Context, s step, told jsonx.Value) (jsonx.Value, error) {
	call := proxy.Call{
		Principal: sinew.Principal{EnvironmentID: r.Run.EnvironmentID, Kind: sinew.PrincipalPlatform}, RequestID: r.Run.ID, AccountID: r.Run.AccountID, Whole: true,
		Resource: told.Get("resource").Str(), Method: told.Get("method").Str(), Query: told.Get("query"), Body: told.Get("body"),
	}
	if id := told.Get("integrated_account_id"); id.Exists() {
		call.AccountID = id.Str()
	}
	if call.Method == "" {
		call.Method = proxy.MethodList
	}
	id := told.Get("id")
	if call.ID = id.Str(); id.Kind() == jsonx.Number {
		call.ID = id.String()
	}
	if !sinew.IsUUID(call.AccountID) {
		return jsonx.Value{}, sinew.InvalidField("integrated_account_id", "required", "is required where the event is about no account")
	}
	if s.action == ActionUnifiedRequest {
		return r.unifiedRequest(ctx, s, call)
	}
	account, _, err := r.service.accounts.AsItIs(ctx, r.Run.EnvironmentID, call.AccountID)
	if err != nil {
		return jsonx.Value{}, err
	}
	effective, _, err := definition.OfAccount(&account)
	if err != nil {
		return jsonx.Value{}, err
	}
	repeats := s.idempotent || call.Repeats(effective)
	if err := r.setOut(ctx, repeats); err != nil {
		return jsonx.Value{}, err
	}
	result, err := r.service.proxy.Do(ctx, call)
	if err != nil {
		return jsonx.Value{}, judge(err, repeats || !result.Sent)
	}
	if size := len(result.Body); size > maxAnswer {
		return jsonx.Value{}, tooMuch(size)
	}
	payload := result.Payload()
	if !payload.Exists() {
		payload = jsonx.NullValue()
	}
	return payload, nil
}

// unifiedRequest makes a call of the unified API.
func (r *run) unifiedRequest(ctx context.Context, s step, asked proxy.Call) (jsonx.Value, error) {
	call := unified.Call{
		Principal: asked.Principal, RequestID: asked.RequestID, AccountID: asked.AccountID, Method: asked.Method, ID: asked.ID, Query: asked.Query, Body: asked.Body,
	}
	call.Model, call.Resource, _ = strings.Cut(asked.Resource, "/")
	repeats := s.idempotent || unified.Reads(call.Method)
	if err := r.setOut(ctx, repeats); err != nil {
		return jsonx.Value{}, err
	}
	got, err := r.service.unified.Read(ctx, call)
	if err != nil {
		return jsonx.Value{}, judge(err, repeats || !got.Sent)
	}
	if got.Size > maxAnswer {
		return jsonx.Value{}, tooMuch(got.Size)
	}
	if !got.Value.Exists() {
		return jsonx.NullValue(), nil
	}
	return got.Value, nil
}

// judge says which errors of a call another try may not meet.
func judge(err error, repeatable bool) error {
	if proxy.IsLimited(err) || proxy.IsAway(err) && repeatable {
		return &passing{cause: err, after: proxy.AskedFor(err)}
	}
	if _, answered := errors.AsType[*proxy.RemoteError](err); !answered && proxy.IsAway(err) {
		return sinew.Errorf(sinew.KindUpstream, "%s; the request may have been carried out, and is not sent again", message(err)).WithCode(CodeOutcomeUnknown).WithCause(err)
	}
	return err
}

func tooMuch(size int) error {
	return sinew.Errorf(sinew.KindUpstream, "the answer has %d bytes, and a step can keep %d", size, maxAnswer).WithCode(CodeStepFailed)
}

// limits are those of a custom webhook.
func limits() upstream.Limits {
	return upstream.Limits{Connect: 5 * time.Second, FirstByte: 20 * time.Second, Total: 30 * time.Second}
}

// webhook sends a request to an address of the workflow's own. It may come more than
// once: the header Idempotency-Key stays the same then.
func (r *run) webhook(ctx context.Context, s step, told jsonx.Value) (jsonx.Value, error) {
	request, err := r.message(told)
	if err != nil {
		return jsonx.Value{}, err
	}
	if err := r.setOut(ctx, true); err != nil {
		return jsonx.Value{}, err
	}
	response, err := r.service.sender.Do(ctx, request)
	if err != nil {
		return jsonx.Value{}, judge(err, true)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return jsonx.Value{}, judge(err, true)
	}
	if response.Status >= 200 && response.Status < 300 {
		return answer(response.Status, text), nil
	}
	refused := sinew.Errorf(sinew.KindUpstream, "the receiver answered %d", response.Status).WithCode(CodeStepFailed)
	if response.Status == http.StatusTooManyRequests || proxy.AwayStatus(response.Status) {
		return jsonx.Value{}, &passing{cause: refused, after: retry.After(response.Header.Get("Retry-After"), time.Now())}
	}
	return jsonx.Value{}, refused
}

// message is the request of a custom webhook.
func (r *run) message(told jsonx.Value) (*upstream.Request, error) {
	m := &upstream.Request{
		Method: told.Get("method").Str(), URL: told.Get("url").Str(), NoRedirects: true, Limits: limits(), MaxResponse: maxAnswer,
		Header: http.Header{"User-Agent": {"sinew"}, "Idempotency-Key": {fmt.Sprintf("%s-%d", r.Run.ID, r.progress.next+1)}},
	}
	if m.Method == "" {
		m.Method = http.MethodPost
	}
	if m.Method != http.MethodGet {
		body := told.Get("body")
		if !body.Exists() {
			body = r.root.Get("event")
		}
		if text, is := body.Text(); is {
			m.Body = []byte(text)
			m.Header.Set("Content-Type", "text/plain; charset=utf-8")
		} else {
			m.Body = body.Bytes()
			m.Header.Set("Content-Type", "application/json")
		}
	}
	for name, value := range told.Get("headers").Members() {
		text, ok := value.Text()
		if number, is := value.NumberText(); is {
			text, ok = number, true
		}
		if !ok {
			return nil, sinew.InvalidField("headers."+name, "type", "must be a text")
		}
		m.Header.Set(name, text)
	}
	return m, nil
}

// answer is the result of a custom webhook.
func answer(status int, text []byte) jsonx.Value {
	body, err := jsonx.Parse(text)
	if err != nil {
		body = jsonx.StringValue(strings.ToValidUTF8(string(text), string(utf8.RuneError)))
	}
	if len(text) == 0 {
		body = jsonx.NullValue()
	}
	return jsonx.NewBuilder(2).Set("status", jsonx.IntValue(int64(status))).Set("body", body).Value()
}

// targets says which addresses of a config cannot be called. Those with placeholders
// are known when they are filled in.
func (s *Service) targets(c config) (failures []sinew.Failure) {
	for i, step := range c.steps {
		address := step.config.Get("url").Str()
		if step.action != ActionCustomWebhook || address == "" {
			continue
		}
		if err := s.target(address); err != nil {
			reason := "cannot be called"
			if known, ok := errors.AsType[*sinew.Error](err); ok {
				reason = "cannot be called: " + known.Message
			}
			failures = append(failures, sinew.Failure{Path: fmt.Sprintf("config.steps.%d.config.url", i), Code: "url", Message: reason})
		}
	}
	return failures
}

func (s *Service) target(address string) error {
	u, err := placeholder.CompileURL(address, "")
	if err != nil {
		return err
	}
	if len(u.Holders()) > 0 {
		return nil
	}
	return s.sender.Check(address)
}
