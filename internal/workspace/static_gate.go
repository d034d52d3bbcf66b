package workspace

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
)

// CreateStaticGate makes a gate and returns it with the token that calls
// through it present, which is shown this once: a random UUID, as the wire
// wants it.
func (s *Service) CreateStaticGate(ctx context.Context, p sinew.Principal, name, domain string) (gate sinew.StaticGate, token string, err error) {
	if err := checkDomain(domain); err != nil {
		return gate, "", err
	}
	random, err := uuid.NewRandom()
	if err != nil {
		return gate, "", fmt.Errorf("make gate token: %w", err)
	}
	at := now()
	gate = sinew.StaticGate{EnvironmentID: p.EnvironmentID, Name: name, Domain: domain, CreatedBy: p.UserID, CreatedAt: at, UpdatedAt: at}
	return gate, random.String(), s.store.CreateStaticGate(ctx, &gate, random.String())
}

// StaticGate returns a gate. NotFound when there is none.
func (s *Service) StaticGate(ctx context.Context, p sinew.Principal, id string) (sinew.StaticGate, error) {
	if !sinew.IsUUID(id) {
		return sinew.StaticGate{}, sinew.NotFound("Static gate", id)
	}
	return s.store.StaticGate(ctx, p.EnvironmentID, id)
}

// StaticGates returns one page of the gates.
func (s *Service) StaticGates(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.StaticGate], error) {
	return s.store.StaticGates(ctx, p.EnvironmentID, q)
}

// UpdateStaticGate changes name and domain of a gate; nil stays.
func (s *Service) UpdateStaticGate(ctx context.Context, p sinew.Principal, id string, name, domain *string) (sinew.StaticGate, error) {
	if !sinew.IsUUID(id) {
		return sinew.StaticGate{}, sinew.NotFound("Static gate", id)
	}
	if domain != nil {
		if err := checkDomain(*domain); err != nil {
			return sinew.StaticGate{}, err
		}
	}
	return s.store.UpdateStaticGate(ctx, p.EnvironmentID, id, func(g *sinew.StaticGate) error {
		if name != nil {
			g.Name = *name
		}
		if domain != nil {
			g.Domain = *domain
		}
		g.UpdatedAt = now()
		return nil
	})
}

// DeleteStaticGate removes a gate. Conflict while accounts call through it.
func (s *Service) DeleteStaticGate(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Static gate", id)
	}
	return s.store.DeleteStaticGate(ctx, p.EnvironmentID, id)
}

// checkDomain lets through a host name or address, with a port if need be: what
// stands between "https://" and the path.
func checkDomain(domain string) error {
	host := domain
	if h, port, err := net.SplitHostPort(domain); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			host = ""
		} else {
			host = h
		}
	}
	if host == "" || len(domain) > 255 || strings.ContainsAny(host, ":/@?#\\ %[]") && net.ParseIP(host) == nil {
		return sinew.InvalidField("domain", "format", "must be a host name, such as egress.example.com")
	}
	return nil
}
