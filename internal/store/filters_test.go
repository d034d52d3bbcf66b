package store_test

import (
	"time"

	"github.com/sinewhq/sinew"
)

// namedQuery is a list of accounts as users ask for it.
type namedQuery struct {
	name string
	sinew.ListQuery
}

// documentedQueries are every documented filter alone and the pairs that users
// combine, over the accounts of testkit.LoadAccounts.
func documentedQueries() []namedQuery {
	since := time.UnixMilli(1_704_067_200_000 + 2_000_000).UTC()
	byUpdate := sinew.Sort{Field: sinew.SortUpdatedAt}
	status, integration := equal("status", "active"), equal("integration.name", "app-7")
	rare, tenant := equal("status", "needs_reauth"), equal("tenant_id", "tenant-2919")
	sandbox, live := equal("is_sandbox", true), equal("is_sandbox", false)
	superQuery := equal("features.super_query", "apac")
	created := sinew.Compare{Field: "created_at", Op: sinew.OpGreaterEqual, Values: []any{since}}
	updated := sinew.Compare{Field: "updated_at", Op: sinew.OpGreaterEqual, Values: []any{since}}
	q := func(name string, sort sinew.Sort, parts ...sinew.Filter) namedQuery {
		return namedQuery{name, sinew.ListQuery{Filter: sinew.And(parts), Sort: sort, Limit: 100}}
	}
	var newest sinew.Sort
	return []namedQuery{
		q("no filter", newest),
		q("oldest first", sinew.Sort{Ascending: true}),
		q("tenant_id", newest, tenant),
		q("is_sandbox true", newest, sandbox),
		q("is_sandbox false", newest, live),
		q("integration.name", newest, integration),
		q("features.super_query", newest, superQuery),
		q("status active", newest, status),
		q("status needs_reauth", newest, rare),
		q("created_at gte", newest, created),
		q("updated_at gte", byUpdate, updated),
		q("environment_integration_id", newest, equal("environment_integration_id", "00000002-0000-7000-8000-000000000008")),
		q("name", newest, equal("name", "Account 42")),
		q("region", newest, equal("region", "eu")),
		q("authentication_method", newest, equal("authentication_method", "oauth2")),
		q("status ne", newest, sinew.Compare{Field: "status", Op: sinew.OpNotEqual, Values: []any{"connecting"}}),
		q("tenant_id, integration.name", newest, tenant, equal("integration.name", "app-2")),
		q("tenant_id, status", newest, tenant, status),
		q("tenant_id, is_sandbox", newest, tenant, live),
		q("tenant_id, updated_at", byUpdate, tenant, updated),
		q("integration.name, status active", newest, integration, status),
		q("integration.name, status needs_reauth", newest, equal("integration.name", "app-46"), rare),
		q("integration.name, is_sandbox", newest, integration, live),
		q("integration.name, created_at", newest, integration, created),
		q("integration.name, updated_at", byUpdate, integration, updated),
		q("status, is_sandbox true", newest, status, sandbox),
		q("status, created_at", newest, rare, created),
		q("status, updated_at", byUpdate, rare, updated),
		q("is_sandbox, created_at", newest, live, created),
		q("is_sandbox, updated_at", byUpdate, live, updated),
		q("super_query, integration.name", newest, superQuery, equal("integration.name", "app-10")),
		q("super_query, status", newest, superQuery, status),
		q("super_query, is_sandbox", newest, superQuery, live),
		q("super_query, updated_at", byUpdate, superQuery, updated),
		q("created_at range", newest, created, sinew.Compare{Field: "created_at", Op: sinew.OpLess, Values: []any{since.Add(time.Hour)}}),
	}
}
