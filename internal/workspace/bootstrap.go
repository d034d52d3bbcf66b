package workspace

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

// defaultTeam is the name of the team of a new installation.
const defaultTeam = "Default"

// Bootstrap makes an empty database usable: the categories, a team with the
// standard environments, and its owner. It does nothing when there is a team.
func (s *Service) Bootstrap(ctx context.Context) error {
	teams, err := s.store.Teams(ctx)
	if err != nil {
		return fmt.Errorf("look for teams: %w", err)
	}
	if len(teams) > 0 {
		return nil
	}
	if err := s.store.PutCategories(ctx, standardCategories(now())); err != nil {
		return fmt.Errorf("write categories: %w", err)
	}
	team, environments, owner := newTeam(defaultTeam, "")
	if err := s.store.CreateFirstTeam(ctx, &team, environments, &owner); err != nil {
		return fmt.Errorf("create first team: %w", err)
	}
	return nil
}

// CreateTeam makes a team with the standard environments and an owner.
func (s *Service) CreateTeam(ctx context.Context, name, domain string) (sinew.Team, error) {
	team, environments, owner := newTeam(name, domain)
	if err := s.store.CreateTeam(ctx, &team, environments, &owner); err != nil {
		return team, fmt.Errorf("create team %q: %w", name, err)
	}
	return team, nil
}

func newTeam(name, domain string) (sinew.Team, []sinew.Environment, sinew.User) {
	at := now()
	var environments []sinew.Environment
	for _, environment := range []string{sinew.EnvironmentProduction, sinew.EnvironmentStaging, sinew.EnvironmentDevelopment} {
		environments = append(environments, sinew.Environment{Name: environment, CreatedAt: at, UpdatedAt: at})
	}
	return sinew.Team{Name: name, Domain: domain, CreatedAt: at, UpdatedAt: at}, environments,
		sinew.User{Name: "Owner", IsActive: true, IsStaff: true, Roles: []string{sinew.RoleOwner}, CreatedAt: at, UpdatedAt: at}
}

// CreateEnvironment makes an environment of a team. Conflict when the team has
// one of that name.
func (s *Service) CreateEnvironment(ctx context.Context, teamID, name string) (sinew.Environment, error) {
	at := now()
	environment := sinew.Environment{TeamID: teamID, Name: name, CreatedAt: at, UpdatedAt: at}
	return environment, s.store.CreateEnvironment(ctx, &environment)
}

// FindTeam returns the team of a name or id; "" means the only one. Operators
// call it, so the errors say which teams there are.
func (s *Service) FindTeam(ctx context.Context, nameOrID string) (sinew.Team, error) {
	teams, err := s.store.Teams(ctx)
	if err != nil {
		return sinew.Team{}, fmt.Errorf("look for teams: %w", err)
	}
	var found []sinew.Team
	names := make([]string, len(teams))
	for i, team := range teams {
		names[i] = fmt.Sprintf("%s (%s)", team.Name, team.ID)
		if nameOrID == "" || team.Name == nameOrID || team.ID == nameOrID {
			found = append(found, team)
		}
	}
	switch {
	case len(found) == 1 || nameOrID == "" && len(found) > 1:
		return found[0], nil
	case len(found) == 0:
		return sinew.Team{}, sinew.Errorf(sinew.KindNotFound, "no team %q; there are: %v", nameOrID, names)
	}
	return sinew.Team{}, sinew.Errorf(sinew.KindConflict, "several teams are called %q; give the id: %v", nameOrID, names)
}

// FindEnvironment returns the environment of a team by name or id.
func (s *Service) FindEnvironment(ctx context.Context, teamID, nameOrID string) (sinew.Environment, error) {
	environments, err := s.store.Environments(ctx, teamID)
	if err != nil {
		return sinew.Environment{}, fmt.Errorf("look for environments: %w", err)
	}
	names := make([]string, len(environments))
	for i, environment := range environments {
		if environment.Name == nameOrID || environment.ID == nameOrID {
			return environment, nil
		}
		names[i] = environment.Name
	}
	return sinew.Environment{}, sinew.Errorf(sinew.KindNotFound, "no environment %q; there are: %v", nameOrID, names)
}

// Owner returns the owner of a team.
func (s *Service) Owner(ctx context.Context, teamID string) (sinew.User, error) {
	return s.store.Owner(ctx, teamID)
}
