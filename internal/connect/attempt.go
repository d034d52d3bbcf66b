package connect

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/view"
)

// MaxWait is the longest wait for a change of an attempt.
const MaxWait = 25 * time.Second

// Attempt shows an attempt of a link token, used up or not. It waits for its
// status to be another one than known, which is the current one when it is "", or
// for another stage to begin. NotFound when the token has no such attempt.
func (s *Service) Attempt(ctx context.Context, p sinew.Principal, id string, wait time.Duration, known string) (view.ConnectAttempt, error) {
	token, err := s.token(ctx, p)
	if err != nil {
		return view.ConnectAttempt{}, err
	}
	end := time.NewTimer(min(wait, MaxWait))
	defer end.Stop()
	poll := time.NewTicker(s.Times.Poll)
	defer poll.Stop()
	var first *progress
	for {
		now, err := s.progress(ctx, token, id)
		if err != nil {
			return view.ConnectAttempt{}, err
		}
		if first == nil {
			first = &now
		}
		if known == "" {
			known = shownStatus(now.Status)
		}
		if wait <= 0 || now.Status.Final() || shownStatus(now.Status) != known || now.stage != first.stage {
			return s.show(ctx, token, now)
		}
		select {
		case <-poll.C:
		case <-end.C:
			wait = 0
		case <-s.stopped:
			wait = 0
		case <-ctx.Done():
			return view.ConnectAttempt{}, ctx.Err()
		}
	}
}

// progress is an attempt with the stage that its account is in, "" when that says
// nothing of one.
type progress struct {
	sinew.ConnectAttempt
	stage string
}

func (s *Service) progress(ctx context.Context, token sinew.LinkToken, id string) (progress, error) {
	a, err := s.attempt(ctx, token, id)
	if err != nil || a.Status != sinew.AttemptWorking {
		return progress{ConnectAttempt: a}, err
	}
	account, err := s.Store.Account(ctx, a.EnvironmentID, a.AccountID)
	if err != nil {
		return progress{ConnectAttempt: a}, err
	}
	result, err := parseObject(account.LastActionResult)
	return progress{a, result.Get("action").Str()}, err
}

// attempt reads an attempt, and ends it if its deadline has passed.
func (s *Service) attempt(ctx context.Context, token sinew.LinkToken, id string) (sinew.ConnectAttempt, error) {
	if !sinew.IsUUID(id) {
		return sinew.ConnectAttempt{}, sinew.NotFound("Attempt", id)
	}
	a, err := s.Store.Attempt(ctx, token.ID, id)
	if err != nil || !waits(a.Status) || a.Deadline.After(s.Store.Now()) {
		return a, err
	}
	if err := s.Store.ExpireAttempt(ctx, id, overdue(a.Status), view.ConnectionError); err != nil {
		return a, err
	}
	return s.Store.Attempt(ctx, token.ID, id)
}

func waits(status sinew.AttemptStatus) bool {
	return status == sinew.AttemptRedirect || status == sinew.AttemptExchanging
}

// shownStatus is a status as the outside knows it.
func shownStatus(status sinew.AttemptStatus) string {
	if status == sinew.AttemptExchanging {
		return string(sinew.AttemptWorking)
	}
	return string(status)
}

// show is an attempt as its holder sees it.
func (s *Service) show(ctx context.Context, token sinew.LinkToken, a progress) (view.ConnectAttempt, error) {
	o, err := s.offerOf(ctx, a.ConnectAttempt)
	if err != nil {
		return view.ConnectAttempt{}, err
	}
	v := view.ConnectAttempt{
		ID: a.ID, Status: shownStatus(a.Status), Integration: a.IntegrationName, Format: string(a.Method), IntegratedAccountID: text(a.AccountID),
		Error: text(a.Error.Message), ErrorType: text(a.Error.Type), ErrorCode: text(a.Error.Code),
		Stages: stagesOf(o, a), RequestedScopes: a.RequestedScopes, GrantedScopes: a.GrantedScopes, Form: o.form,
		ReturnURL: text(returnURL(token.Options.RedirectURI, a.ConnectAttempt)),
	}
	v.MissingScopes = missingScopes(a.RequestedScopes, a.GrantedScopes)
	if waits(a.Status) {
		v.ExpiresAt = view.Time(a.Deadline)
	}
	return v, s.showDevice(ctx, &v, a.ConnectAttempt)
}

func (s *Service) offerOf(ctx context.Context, a sinew.ConnectAttempt) (offer, error) {
	installation, err := s.Store.EnvironmentIntegration(ctx, a.EnvironmentID, a.EnvironmentIntegrationID)
	if err != nil {
		return offer{}, err
	}
	return s.offers.get(&installation)
}

// stagesOf says how far each part is.
func stagesOf(o offer, a progress) []view.ConnectStage {
	at := 0 // the stage that is being worked on, or that has failed
	switch {
	case a.Error.Type == sinew.LinkPostInstallError:
		at = slices.Index(o.stages, definition.ActionPostInstall)
	case a.Error.Type == sinew.LinkValidationError:
		at = slices.Index(o.stages, definition.ActionValidation)
	case a.Status == sinew.AttemptWorking:
		at = max(slices.Index(o.stages, a.stage), min(1, len(o.stages)-1))
	case a.Status == sinew.AttemptSucceeded:
		at = len(o.stages)
	}
	stages := make([]view.ConnectStage, len(o.stages))
	for i, name := range o.stages {
		status := "pending"
		switch {
		case i < at:
			status = "done"
		case i == at && a.Status == sinew.AttemptFailed:
			status = "failed"
		case i == at:
			status = "running"
		}
		stages[i] = view.ConnectStage{Name: name, Status: status}
	}
	return stages
}

// missingScopes are those that were asked for and not granted; none as long as
// nobody knows what was.
func missingScopes(requested, granted []string) []string {
	if granted == nil {
		return nil
	}
	return account.MissingScopes(requested, jsonx.ObjectValue(
		jsonx.Member{Name: "oauth", Value: jsonx.ObjectValue(jsonx.Member{Name: "scope", Value: jsonx.StringsValue(granted)})}))
}

// returnURL is where the customer goes with the result of an attempt, "" for
// nowhere.
func returnURL(redirectURI string, a sinew.ConnectAttempt) string {
	if redirectURI == "" || !a.Status.Final() {
		return ""
	}
	u, err := url.Parse(redirectURI)
	if err != nil {
		return ""
	}
	query := u.Query()
	query.Set("result", "success")
	query.Set("integration", a.IntegrationName)
	if a.AccountID != "" {
		query.Set("integrated_account_id", a.AccountID)
	}
	if a.Status == sinew.AttemptFailed {
		query.Set("result", "error")
		query.Set("error", a.Error.Message)
		query.Set("error_type", a.Error.Type)
	}
	u.RawQuery = query.Encode()
	return u.String()
}
