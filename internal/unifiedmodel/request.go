package unifiedmodel

import (
	"context"

	"github.com/sinewhq/sinew"
)

// Ask requests a unified model whose sharing is ask for the caller's team. Asking again
// changes nothing, except that a refused request is pending again. Invalid when there is
// nothing to ask for.
func (s *Service) Ask(ctx context.Context, p sinew.Principal, id string) (sinew.UnifiedModelRequest, error) {
	m, err := s.Get(ctx, p, id)
	if err != nil {
		return sinew.UnifiedModelRequest{}, err
	}
	switch {
	case m.TeamID == p.TeamID:
		return sinew.UnifiedModelRequest{}, sinew.InvalidField("id", "own_unified_model", "the unified model belongs to the caller's team, which may install it")
	case m.Sharing == sinew.SharingAllow:
		return sinew.UnifiedModelRequest{}, sinew.InvalidField("id", "not_needed", "any team may install the unified model")
	case m.Sharing == sinew.SharingDeny:
		return sinew.UnifiedModelRequest{}, notShared()
	}
	return s.store.PutModelRequest(ctx, sinew.UnifiedModelRequest{UnifiedModelID: id, TeamID: p.TeamID, CreatedAt: now()})
}

func notShared() error {
	return sinew.Errorf(sinew.KindForbidden, "The owner does not share the unified model").WithCode("not_shared")
}

// Requests returns one page of the requests for a unified model of the caller's own team.
func (s *Service) Requests(ctx context.Context, p sinew.Principal, id string, q sinew.ListQuery) (sinew.Page[sinew.UnifiedModelRequest], error) {
	if err := s.owns(ctx, p, id); err != nil {
		return sinew.Page[sinew.UnifiedModelRequest]{}, err
	}
	return s.store.ModelRequests(ctx, id, q)
}

// Answer approves or refuses a request for a unified model of the caller's own team.
// Refusing later does not touch installations that exist.
func (s *Service) Answer(ctx context.Context, p sinew.Principal, id, requestID string, status sinew.RequestStatus) (sinew.UnifiedModelRequest, error) {
	if err := s.owns(ctx, p, id); err != nil {
		return sinew.UnifiedModelRequest{}, err
	}
	if !sinew.IsUUID(requestID) {
		return sinew.UnifiedModelRequest{}, sinew.NotFound("Request", requestID)
	}
	return s.store.AnswerModelRequest(ctx, sinew.UnifiedModelRequest{ID: requestID, UnifiedModelID: id, Status: status, UpdatedAt: now()})
}

func (s *Service) owns(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Unified model", id)
	}
	m, err := s.store.UnifiedModel(ctx, p.TeamID, id)
	if err != nil {
		return err
	}
	if m.TeamID != p.TeamID {
		return sinew.NotFound("Unified model", id)
	}
	return nil
}
