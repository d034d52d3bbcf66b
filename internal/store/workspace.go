package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

const teamColumns = "SELECT id, name, domain, logo, created_at, updated_at FROM team"

func scanTeam(row scanner) (sinew.Team, error) {
	var t sinew.Team
	var created, updated int64
	err := row.Scan(&t.ID, &t.Name, &t.Domain, &t.Logo, &created, &updated)
	t.CreatedAt, t.UpdatedAt = fromMillis(created), fromMillis(updated)
	return t, err
}

// CreateTeam writes a team with its first environments and its owner, all or
// nothing, and gives each its id. Names of environments must differ.
func (s *Store) CreateTeam(ctx context.Context, team *sinew.Team, environments []sinew.Environment, owner *sinew.User) error {
	return s.withDataKeys(ctx, identify(team, environments), func(t *tx, keys map[string]dataKey) error {
		return createTeam(ctx, t, team, environments, owner, keys)
	})
}

// CreateFirstTeam is CreateTeam for an empty database: when there is a team
// already, it does nothing. Of several nodes that start at once, one creates.
func (s *Store) CreateFirstTeam(ctx context.Context, team *sinew.Team, environments []sinew.Environment, owner *sinew.User) error {
	if teams, err := countTeams(ctx, s.reader); err != nil || teams > 0 {
		return err
	}
	return s.withDataKeys(ctx, identify(team, environments), func(t *tx, keys map[string]dataKey) error {
		var generation int64
		if err := t.QueryRowContext(ctx, "SELECT value FROM change_counter WHERE name = 'definition'"+s.dialect.forUpdate).Scan(&generation); err != nil {
			return fmt.Errorf("wait for other nodes: %w", err)
		}
		if teams, err := countTeams(ctx, t); err != nil || teams > 0 {
			return err
		}
		return createTeam(ctx, t, team, environments, owner, keys)
	})
}

func countTeams(ctx context.Context, q querier) (n int64, err error) {
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM team").Scan(&n); err != nil {
		return 0, fmt.Errorf("count teams: %w", err)
	}
	return n, nil
}

// identify gives a team and its environments ids, and lists them: each gets a
// data key.
func identify(team *sinew.Team, environments []sinew.Environment) []string {
	team.ID = newID()
	ids := []string{team.ID}
	for i := range environments {
		environments[i].ID, environments[i].TeamID = newID(), team.ID
		ids = append(ids, environments[i].ID)
	}
	return ids
}

func createTeam(ctx context.Context, t *tx, team *sinew.Team, environments []sinew.Environment, owner *sinew.User, keys map[string]dataKey) error {
	if err := insertTeam(ctx, t, *team, keys[team.ID]); err != nil {
		return err
	}
	owner.EnvironmentIDs = nil
	for i := range environments {
		if err := insertEnvironment(ctx, t, &environments[i], keys[environments[i].ID]); err != nil {
			return err
		}
		owner.EnvironmentIDs = append(owner.EnvironmentIDs, environments[i].ID)
	}
	owner.TeamID = team.ID
	return insertUser(ctx, t, owner)
}

func insertTeam(ctx context.Context, t *tx, team sinew.Team, key dataKey) error {
	_, err := t.ExecContext(ctx, "INSERT INTO team (id, name, domain, logo, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)",
		team.ID, team.Name, team.Domain, team.Logo, team.CreatedAt.UnixMilli(), team.UpdatedAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("write team %s: %w", team.ID, err)
	}
	return insertDataKey(ctx, t, team.ID, key, team.CreatedAt)
}

// Team returns a team. NotFound when there is none.
func (s *Store) Team(ctx context.Context, id string) (sinew.Team, error) {
	return team(ctx, s.reader, id)
}

func team(ctx context.Context, q querier, id string) (sinew.Team, error) {
	team, err := scanTeam(q.QueryRowContext(ctx, teamColumns+" WHERE id = $1", id))
	return team, notFound("Team", id, err)
}

// Teams returns all teams, oldest first. It is for operators and start-up.
func (s *Store) Teams(ctx context.Context) ([]sinew.Team, error) {
	return queryRows(ctx, s.reader, scanTeam, teamColumns+" ORDER BY created_at, id")
}

// TeamPage returns the one team of an id as a list.
func (s *Store) TeamPage(ctx context.Context, id string, q sinew.ListQuery) (sinew.Page[sinew.Team], error) {
	list := listing[sinew.Team]{
		selects: teamColumns, columns: basicColumns(), scan: scanTeam,
		position: func(t sinew.Team, sort sinew.Sort) sinew.Position {
			return stamped(t.CreatedAt, t.UpdatedAt, t.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "id = $1", id)
	return page, wrap(err, "list teams")
}

// UpdateTeam changes a team by a function from old to new.
func (s *Store) UpdateTeam(ctx context.Context, id string, update func(*sinew.Team) error) (sinew.Team, error) {
	var changed sinew.Team
	err := s.change(ctx, func(t *tx) error {
		team, err := scanTeam(t.QueryRowContext(ctx, teamColumns+" WHERE id = $1"+s.dialect.forUpdate, id))
		if err != nil {
			return notFound("Team", id, err)
		}
		if err := update(&team); err != nil {
			return err
		}
		changed = team
		_, err = t.ExecContext(ctx, "UPDATE team SET name = $2, domain = $3, logo = $4, updated_at = $5 WHERE id = $1",
			id, team.Name, team.Domain, team.Logo, team.UpdatedAt.UnixMilli())
		return err
	})
	return changed, wrap(err, "update team %s", id)
}

const environmentColumns = "SELECT id, team_id, name, redirect_uris, theme, created_at, updated_at FROM environment"

func scanEnvironment(row scanner) (sinew.Environment, error) {
	var e sinew.Environment
	var created, updated int64
	var redirectURIs, theme string
	if err := row.Scan(&e.ID, &e.TeamID, &e.Name, &redirectURIs, &theme, &created, &updated); err != nil {
		return e, err
	}
	e.CreatedAt, e.UpdatedAt = fromMillis(created), fromMillis(updated)
	if err := jsonx.Unmarshal([]byte(redirectURIs), &e.RedirectURIs); err != nil {
		return e, fmt.Errorf("environment %s: read redirect URIs: %w", e.ID, err)
	}
	return e, wrap(jsonx.Unmarshal([]byte(theme), &e.Theme), "environment %s: read theme", e.ID)
}

// CreateEnvironment writes an environment with its data key and gives it its
// id. Conflict when the team has one of that name.
func (s *Store) CreateEnvironment(ctx context.Context, environment *sinew.Environment) error {
	environment.ID = newID()
	return s.withDataKeys(ctx, []string{environment.ID}, func(t *tx, keys map[string]dataKey) error {
		return insertEnvironment(ctx, t, environment, keys[environment.ID])
	})
}

func insertEnvironment(ctx context.Context, t *tx, e *sinew.Environment, key dataKey) error {
	_, err := t.ExecContext(ctx, "INSERT INTO environment (id, team_id, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)",
		e.ID, e.TeamID, e.Name, e.CreatedAt.UnixMilli(), e.UpdatedAt.UnixMilli())
	if isUnique(err) {
		return sinew.Errorf(sinew.KindConflict, "The team already has an environment named %q", e.Name).WithCode("already_exists")
	}
	if err != nil {
		return fmt.Errorf("write environment %s: %w", e.Name, err)
	}
	return insertDataKey(ctx, t, e.ID, key, e.CreatedAt)
}

// Environment returns an environment. NotFound when there is none.
func (s *Store) Environment(ctx context.Context, id string) (sinew.Environment, error) {
	e, err := scanEnvironment(s.reader.QueryRowContext(ctx, environmentColumns+" WHERE id = $1", id))
	return e, notFound("Environment", id, err)
}

// Environments returns the environments of a team, oldest first.
func (s *Store) Environments(ctx context.Context, teamID string) ([]sinew.Environment, error) {
	return queryRows(ctx, s.reader, scanEnvironment, environmentColumns+" WHERE team_id = $1 ORDER BY created_at, id", teamID)
}

// EnvironmentPage returns the one environment of an id as a list.
func (s *Store) EnvironmentPage(ctx context.Context, id string, q sinew.ListQuery) (sinew.Page[sinew.Environment], error) {
	list := listing[sinew.Environment]{
		selects: environmentColumns, columns: basicColumns(), scan: scanEnvironment,
		position: func(e sinew.Environment, sort sinew.Sort) sinew.Position {
			return stamped(e.CreatedAt, e.UpdatedAt, e.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "id = $1", id)
	return page, wrap(err, "list environments")
}

// UpdateEnvironment changes an environment by a function from old to new.
// Conflict when its team has another one of the new name.
func (s *Store) UpdateEnvironment(ctx context.Context, id string, update func(*sinew.Environment) error) (sinew.Environment, error) {
	var changed sinew.Environment
	err := s.change(ctx, func(t *tx) error {
		e, err := scanEnvironment(t.QueryRowContext(ctx, environmentColumns+" WHERE id = $1"+s.dialect.noKeyUpdate, id))
		if err != nil {
			return notFound("Environment", id, err)
		}
		if err := update(&e); err != nil {
			return err
		}
		changed = e
		redirectURIs, err := textsColumn(e.RedirectURIs)
		if err != nil {
			return err
		}
		theme, err := jsonx.Marshal(e.Theme)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, "UPDATE environment SET name = $2, redirect_uris = $3, theme = $4, updated_at = $5 WHERE id = $1",
			id, e.Name, redirectURIs, string(theme), e.UpdatedAt.UnixMilli())
		if isUnique(err) {
			return sinew.Errorf(sinew.KindConflict, "The team already has an environment named %q", e.Name).WithCode("already_exists")
		}
		return err
	})
	return changed, wrap(err, "update environment %s", id)
}

const userColumns = `SELECT u.id, u.team_id, u.name, u.email, u.is_active, u.is_staff, u.roles, u.last_login_at, u.created_at, u.updated_at,
	(SELECT count(*) FROM user_environment e WHERE e.user_id = u.id) FROM "user" u`

func scanUser(row scanner) (sinew.User, error) {
	var u sinew.User
	var created, updated int64
	var login sql.NullInt64
	var roles string
	var environments int
	err := row.Scan(&u.ID, &u.TeamID, &u.Name, &u.Email, &u.IsActive, &u.IsStaff, &roles, &login, &created, &updated, &environments)
	if roles != "" {
		u.Roles = strings.Split(roles, ",")
	}
	u.EnvironmentIDs = make([]string, 0, environments)
	u.LastLoginAt = fromNullMillis(login)
	u.CreatedAt, u.UpdatedAt = fromMillis(created), fromMillis(updated)
	return u, err
}

func insertUser(ctx context.Context, t *tx, u *sinew.User) error {
	u.ID = newID()
	_, err := t.ExecContext(ctx, `INSERT INTO "user" (id, team_id, name, email, is_active, is_staff, roles, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		u.ID, u.TeamID, u.Name, u.Email, u.IsActive, u.IsStaff, strings.Join(u.Roles, ","), u.CreatedAt.UnixMilli(), u.UpdatedAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("write user %s: %w", u.ID, err)
	}
	for _, environmentID := range u.EnvironmentIDs {
		if _, err := t.ExecContext(ctx, "INSERT INTO user_environment (user_id, environment_id) VALUES ($1, $2)", u.ID, environmentID); err != nil {
			return fmt.Errorf("assign user %s to environment %s: %w", u.ID, environmentID, err)
		}
	}
	return nil
}

// User returns a user of a team. NotFound when there is none.
func (s *Store) User(ctx context.Context, teamID, id string) (sinew.User, error) {
	u, err := scanUser(s.reader.QueryRowContext(ctx, userColumns+" WHERE u.team_id = $1 AND u.id = $2", teamID, id))
	if err != nil {
		return sinew.User{}, notFound("User", id, err)
	}
	users := []sinew.User{u}
	return users[0], s.fillEnvironments(ctx, teamID, users)
}

// Users returns one page of a team's users.
func (s *Store) Users(ctx context.Context, teamID string, q sinew.ListQuery) (sinew.Page[sinew.User], error) {
	list := listing[sinew.User]{
		selects: userColumns, alias: "u.", scan: scanUser,
		columns: columns{"id": {name: "u.id"}, "name": {name: "u.name"}, "created_at": {name: "u.created_at"}, "updated_at": {name: "u.updated_at"}},
		position: func(u sinew.User, sort sinew.Sort) sinew.Position {
			return stamped(u.CreatedAt, u.UpdatedAt, u.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "u.team_id = $1", teamID)
	if err != nil {
		return page, fmt.Errorf("list users: %w", err)
	}
	return page, s.fillEnvironments(ctx, teamID, page.Rows)
}

// fillEnvironments adds the environments of all the users in one query.
func (s *Store) fillEnvironments(ctx context.Context, teamID string, users []sinew.User) error {
	type pair struct{ user, environment string }
	pairs, err := queryRows(ctx, s.reader, func(row scanner) (p pair, err error) {
		return p, row.Scan(&p.user, &p.environment)
	}, `SELECT e.user_id, e.environment_id FROM user_environment e JOIN "user" u ON u.id = e.user_id WHERE u.team_id = $1 ORDER BY e.environment_id`, teamID)
	if err != nil {
		return fmt.Errorf("read environments of users: %w", err)
	}
	for i := range users {
		for _, p := range pairs {
			if p.user == users[i].ID {
				users[i].EnvironmentIDs = append(users[i].EnvironmentIDs, p.environment)
			}
		}
	}
	return nil
}

// Owner returns the oldest user of a team that has the owner's role. NotFound
// when there is none.
func (s *Store) Owner(ctx context.Context, teamID string) (sinew.User, error) {
	u, err := scanUser(s.reader.QueryRowContext(ctx, userColumns+" WHERE u.team_id = $1 AND u.roles LIKE '%owner%' ORDER BY u.created_at, u.id LIMIT 1", teamID))
	return u, notFound("Owner of team", teamID, err)
}

// wrap adds what was being tried to an error; nil stays nil.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, forCallers(err))...)
}

// notFound turns "no rows" into the answer for a missing id.
func notFound(noun, id string, err error) error {
	if err == nil {
		return nil
	}
	if isNoRows(err) {
		return sinew.NotFound(noun, id)
	}
	return fmt.Errorf("read %s %s: %w", strings.ToLower(noun), id, forCallers(err))
}
