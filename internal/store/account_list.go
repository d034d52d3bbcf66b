package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

func accountColumns() columns {
	c := columns{
		"integration.name":     {name: "a.integration_name"},
		"features.super_query": {name: "a.super_query", nullable: true},
	}
	for _, field := range sinew.AccountFields() {
		if _, ok := c[field.Name]; !ok {
			c[field.Name] = column{name: "a." + field.Name}
		}
	}
	return c
}

func accountListing() listing[accountRow] {
	return listing[accountRow]{
		selects: accountFrom(), alias: "a.", columns: accountColumns(), scan: scanAccountRow,
		position: func(r accountRow, sort sinew.Sort) sinew.Position {
			return stamped(r.CreatedAt, r.UpdatedAt, r.ID, sort)
		},
	}
}

// accountScope is the condition that every account list begins with. The
// installation's index has no environment in front, since the installation
// belongs to one anyway.
const accountScope = "a.environment_id = $1"

// ListAccounts returns one page of an environment's accounts with their
// integrations: one query, and a second one when an integration of the page is
// not in memory.
func (s *Store) ListAccounts(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.AccountView], error) {
	list := s.accounts
	text, args, err := list.statement(q, s.dialect.using(accountIndex(q)), accountScope, environmentID)
	if err != nil {
		return sinew.Page[sinew.AccountView]{}, fmt.Errorf("list accounts: %w", err)
	}
	rows, err := s.reader.QueryContext(ctx, text, args...)
	if err != nil {
		return sinew.Page[sinew.AccountView]{}, fmt.Errorf("list accounts: %w", err)
	}
	found, err := collect(rows, scanAccountRow, q.Limit+1)
	if err != nil {
		return sinew.Page[sinew.AccountView]{}, fmt.Errorf("list accounts: %w", err)
	}
	page := list.cut(found, q)
	views, err := s.attach(ctx, s.reader, page.Rows)
	return sinew.Page[sinew.AccountView]{Rows: views, Next: page.Next}, wrap(err, "list accounts")
}

// accountIndex picks the index that a page of accounts is read along: the one
// that starts with the most telling values that the filter fixes and ends in
// the order of the page. "" leaves the choice to the database.
func accountIndex(q sinew.ListQuery) string {
	fixed := fixedFields(q.Filter)
	if fixed["id"] {
		return ""
	}
	if q.Sort.Key() == sinew.SortUpdatedAt {
		return firstIndex(fixed, "account_updated", []indexChoice{
			{"account_tenant_updated", []string{"tenant_id"}},
			{"account_installation_updated", []string{"environment_integration_id"}},
			{"account_super_query_updated", []string{"features.super_query"}},
			{"account_integration_updated", []string{"integration.name"}},
			{"account_status_updated", []string{"status"}},
			{"account_sandbox_updated", []string{"is_sandbox"}},
		})
	}
	return firstIndex(fixed, "account_created", []indexChoice{
		{"account_tenant", []string{"tenant_id"}},
		{"account_name", []string{"name"}},
		{"account_super_query_integration", []string{"features.super_query", "integration.name"}},
		{"account_super_query_status", []string{"features.super_query", "status"}},
		{"account_super_query_sandbox", []string{"features.super_query", "is_sandbox"}},
		{"account_integration_status", []string{"integration.name", "status"}},
		{"account_integration_sandbox", []string{"integration.name", "is_sandbox"}},
		{"account_installation", []string{"environment_integration_id"}},
		{"account_super_query", []string{"features.super_query"}},
		{"account_integration", []string{"integration.name"}},
		{"account_sandbox_status", []string{"is_sandbox", "status"}},
		{"account_status", []string{"status"}},
		{"account_sandbox", []string{"is_sandbox"}},
		{"account_region", []string{"region"}},
		{"account_method", []string{"authentication_method"}},
	})
}

type indexChoice struct {
	index  string
	fields []string
}

func firstIndex(fixed map[string]bool, otherwise string, choices []indexChoice) string {
next:
	for _, choice := range choices {
		for _, field := range choice.fields {
			if !fixed[field] {
				continue next
			}
		}
		return choice.index
	}
	return otherwise
}

// fixedFields returns the fields that a filter pins to one value in every row
// that it lets through.
func fixedFields(f sinew.Filter) map[string]bool {
	fixed := make(map[string]bool)
	var walk func(sinew.Filter)
	walk = func(f sinew.Filter) {
		switch f := f.(type) {
		case sinew.And:
			for _, part := range f {
				walk(part)
			}
		case sinew.Compare:
			if f.Op == sinew.OpEqual || f.Op == sinew.OpIn && len(f.Values) == 1 {
				fixed[f.Field] = true
			}
		}
	}
	walk(f)
	return fixed
}

// SandboxAccounts returns one page of an environment's sandbox copies.
func (s *Store) SandboxAccounts(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.SandboxAccount], error) {
	list := listing[sinew.SandboxAccount]{
		selects: "SELECT id, created_at, updated_at FROM sandbox_integrated_account",
		columns: plainColumns("id", "created_at", "updated_at"),
		scan: func(row scanner) (sinew.SandboxAccount, error) {
			var c sinew.SandboxAccount
			var created, updated int64
			err := row.Scan(&c.ID, &created, &updated)
			c.CreatedAt, c.UpdatedAt = fromMillis(created), fromMillis(updated)
			return c, err
		},
		position: func(c sinew.SandboxAccount, sort sinew.Sort) sinew.Position {
			return stamped(c.CreatedAt, c.UpdatedAt, c.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	if err != nil || len(page.Rows) == 0 {
		return page, wrap(err, "list sandbox accounts")
	}
	return page, s.fillSandboxes(ctx, environmentID, page.Rows)
}

func (s *Store) fillSandboxes(ctx context.Context, environmentID string, rows []sinew.SandboxAccount) error {
	ids := make([]any, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	views, err := s.accountsByID(ctx, s.reader, environmentID, ids)
	if err != nil {
		return fmt.Errorf("read sandbox accounts: %w", err)
	}
	for i := range rows {
		for _, view := range views {
			if view.ID == rows[i].ID {
				rows[i].Account = view
			}
		}
	}
	return nil
}

func (s *Store) accountsByID(ctx context.Context, q querier, environmentID string, ids []any) ([]sinew.AccountView, error) {
	w := &where{args: []any{environmentID}}
	in := w.in(column{name: "a.id"}, sinew.Compare{Op: sinew.OpIn, Values: ids})
	rows, err := queryRows(ctx, q, scanAccountRow, s.accounts.selects+" WHERE "+accountScope+" AND "+in, w.args...)
	if err != nil {
		return nil, err
	}
	return s.attach(ctx, q, rows)
}

// SandboxAccount returns a sandbox copy. NotFound when there is none.
func (s *Store) SandboxAccount(ctx context.Context, environmentID, id string) (sinew.SandboxAccount, error) {
	c := sinew.SandboxAccount{ID: id}
	var created, updated int64
	err := s.reader.QueryRowContext(ctx, "SELECT created_at, updated_at FROM sandbox_integrated_account WHERE environment_id = $1 AND id = $2", environmentID, id).
		Scan(&created, &updated)
	if err != nil {
		return c, notFound("Sandbox integrated account", id, err)
	}
	c.CreatedAt, c.UpdatedAt = fromMillis(created), fromMillis(updated)
	c.Account, err = s.Account(ctx, environmentID, id)
	return c, err
}
