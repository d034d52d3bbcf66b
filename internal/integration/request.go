package integration

import (
	"context"

	"github.com/sinewhq/sinew"
)

// Ask requests an integration whose sharing is ask for the caller's team.
// Asking again changes nothing, except that a refused request is pending again.
// Invalid when there is nothing to ask for.
func (s *Service) Ask(ctx context.Context, p sinew.Principal, id string) (sinew.IntegrationRequest, error) {
	i, err := s.Get(ctx, p, id)
	if err != nil {
		return sinew.IntegrationRequest{}, err
	}
	switch {
	case i.TeamID == p.TeamID:
		return sinew.IntegrationRequest{}, sinew.InvalidField("id", "own_integration", "the integration belongs to the caller's team, which may install it")
	case i.Sharing == sinew.SharingAllow:
		return sinew.IntegrationRequest{}, sinew.InvalidField("id", "not_needed", "any team may install the integration")
	case i.Sharing == sinew.SharingDeny:
		return sinew.IntegrationRequest{}, sinew.Errorf(sinew.KindForbidden, "The owner does not share the integration").WithCode("not_shared")
	}
	return s.store.PutIntegrationRequest(ctx, sinew.IntegrationRequest{IntegrationID: id, TeamID: p.TeamID, CreatedAt: now()})
}

// Requests returns one page of the requests for an integration of the caller's
// own team.
func (s *Service) Requests(ctx context.Context, p sinew.Principal, id string, q sinew.ListQuery) (sinew.Page[sinew.IntegrationRequest], error) {
	if err := s.owns(ctx, p, id); err != nil {
		return sinew.Page[sinew.IntegrationRequest]{}, err
	}
	return s.store.IntegrationRequests(ctx, id, q)
}

// Answer approves or refuses a request for an integration of the caller's own
// team. Refusing later does not touch installations that exist.
func (s *Service) Answer(ctx context.Context, p sinew.Principal, id, requestID string, status sinew.RequestStatus) (sinew.IntegrationRequest, error) {
	if err := s.owns(ctx, p, id); err != nil {
		return sinew.IntegrationRequest{}, err
	}
	if !sinew.IsUUID(requestID) {
		return sinew.IntegrationRequest{}, sinew.NotFound("Request", requestID)
	}
	return s.store.AnswerIntegrationRequest(ctx, sinew.IntegrationRequest{ID: requestID, IntegrationID: id, Status: status, UpdatedAt: now()})
}

func (s *Service) owns(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Integration", id)
	}
	i, err := s.store.Integration(ctx, p.TeamID, id)
	if err != nil {
		return err
	}
	if i.TeamID != p.TeamID {
		return sinew.NotFound("Integration", id)
	}
	return nil
}
