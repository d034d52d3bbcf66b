package store_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sinewhq/sinew"
)

// TestListsAgreeWithAModel draws filters, orders and pages, and holds every
// list against the same rows filtered and sorted in memory.
func TestListsAgreeWithAModel(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		w.load(300)
		all, err := w.store.ListAccounts(context.Background(), w.environment(), sinew.ListQuery{Limit: 1000})
		if err != nil || len(all.Rows) != 300 || all.Next != nil {
			t.Fatalf("got %d rows, %v", len(all.Rows), err)
		}
		rapid.Check(t, func(t *rapid.T) {
			q := sinew.ListQuery{
				Filter: drawFilter(t, 2),
				Sort:   sinew.Sort{Field: rapid.SampledFrom([]string{"", sinew.SortCreatedAt, sinew.SortUpdatedAt}).Draw(t, "sort"), Ascending: rapid.Bool().Draw(t, "ascending")},
				Limit:  rapid.IntRange(1, 120).Draw(t, "limit"),
			}
			want := modelList(all.Rows, q)
			got := []string{}
			for page := 0; ; page++ {
				rows, err := w.store.ListAccounts(context.Background(), w.environment(), q)
				if err != nil {
					t.Fatal(err)
				}
				if len(rows.Rows) == 0 && page > 0 {
					t.Fatal("an empty page behind a cursor")
				}
				for _, row := range rows.Rows {
					got = append(got, row.ID)
				}
				if rows.Next == nil {
					break
				}
				q.After = rows.Next
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("%s", diff)
			}
		})
	})
}

// modelList is the list as its definition says it.
func modelList(rows []sinew.AccountView, q sinew.ListQuery) []string {
	var kept []sinew.AccountView
	for _, row := range rows {
		if q.Filter == nil || lets(q.Filter, row) {
			kept = append(kept, row)
		}
	}
	key := func(a sinew.AccountView) time.Time {
		if q.Sort.Key() == sinew.SortUpdatedAt {
			return a.UpdatedAt
		}
		return a.CreatedAt
	}
	slices.SortFunc(kept, func(a, b sinew.AccountView) int {
		order := cmp.Or(key(a).Compare(key(b)), strings.Compare(a.ID, b.ID))
		if q.Sort.Ascending {
			return order
		}
		return -order
	})
	ids := []string{}
	for _, row := range kept {
		ids = append(ids, row.ID)
	}
	return ids
}

// modelValue is a field of a row, nil where it is not set.
func modelValue(field string, a sinew.AccountView) any {
	switch field {
	case "tenant_id":
		return a.TenantID
	case "status":
		return string(a.Status)
	case "integration.name":
		return a.IntegrationName
	case "is_sandbox":
		return a.IsSandbox
	case "created_at":
		return a.CreatedAt
	case "updated_at":
		return a.UpdatedAt
	case "features.super_query":
		if a.SuperQuery == "" {
			return nil
		}
		return string(a.SuperQuery)
	}
	panic("no field " + field)
}

func lets(f sinew.Filter, a sinew.AccountView) bool {
	switch f := f.(type) {
	case sinew.And:
		return !slices.ContainsFunc(f, func(part sinew.Filter) bool { return !lets(part, a) })
	case sinew.Or:
		return slices.ContainsFunc(f, func(part sinew.Filter) bool { return lets(part, a) })
	case sinew.Compare:
		return holds(f, modelValue(f.Field, a))
	}
	panic(fmt.Sprintf("unknown filter %T", f))
}

func holds(c sinew.Compare, have any) bool {
	if c.Op == sinew.OpExists {
		return (have != nil) == c.Values[0].(bool)
	}
	same := slices.ContainsFunc(c.Values, func(want any) bool { return have != nil && compareAny(have, want) == 0 })
	switch c.Op {
	case sinew.OpEqual, sinew.OpIn:
		return same
	case sinew.OpNotEqual, sinew.OpNotIn:
		return !same
	}
	if have == nil {
		return false
	}
	order := compareAny(have, c.Values[0])
	switch c.Op {
	case sinew.OpGreater:
		return order > 0
	case sinew.OpGreaterEqual:
		return order >= 0
	case sinew.OpLess:
		return order < 0
	case sinew.OpLessEqual:
		return order <= 0
	case sinew.OpLike:
		return matches(have.(string), c.Values[0].(string))
	case sinew.OpILike:
		return matches(strings.ToLower(have.(string)), strings.ToLower(c.Values[0].(string)))
	}
	panic("unknown operator " + string(c.Op))
}

func compareAny(a, b any) int {
	switch a := a.(type) {
	case time.Time:
		return a.Compare(b.(time.Time))
	case bool:
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	}
	return strings.Compare(a.(string), b.(string))
}

// matches knows the patterns that drawCompare draws: %x%, x% and x_.
func matches(s, pattern string) bool {
	switch {
	case strings.HasPrefix(pattern, "%"):
		return strings.Contains(s, strings.Trim(pattern, "%"))
	case strings.HasSuffix(pattern, "%"):
		return strings.HasPrefix(s, strings.TrimSuffix(pattern, "%"))
	}
	return len(s) == len(pattern) && strings.HasPrefix(s, strings.TrimSuffix(pattern, "_"))
}

func drawFilter(t *rapid.T, depth int) sinew.Filter {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		return drawCompare(t)
	}
	parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sinew.Filter { return drawFilter(t, depth-1) }), 1, 3).Draw(t, "parts")
	if rapid.Bool().Draw(t, "or") {
		return sinew.Or(parts)
	}
	return sinew.And(parts)
}

func drawCompare(t *rapid.T) sinew.Compare {
	field := rapid.SampledFrom([]string{"tenant_id", "status", "integration.name", "is_sandbox", "created_at", "updated_at", "features.super_query"}).Draw(t, "field")
	value := func() any {
		switch field {
		case "is_sandbox":
			return rapid.Bool().Draw(t, "bool")
		case "created_at", "updated_at":
			return time.UnixMilli(1_704_067_200_000 + rapid.Int64Range(0, 400).Draw(t, "second")*1000).UTC()
		}
		return rapid.SampledFrom([]string{"active", "needs_reauth", "connecting", "app-7", "app-12", "tenant-7919", "tenant-2919", "apac", "eu", ""}).Draw(t, "text")
	}
	switch field {
	case "is_sandbox":
		return sinew.Compare{Field: field, Op: rapid.SampledFrom([]sinew.Operator{sinew.OpEqual, sinew.OpNotEqual}).Draw(t, "op"), Values: []any{value()}}
	case "created_at", "updated_at":
		return sinew.Compare{Field: field, Op: rapid.SampledFrom([]sinew.Operator{sinew.OpEqual, sinew.OpGreater, sinew.OpGreaterEqual, sinew.OpLess, sinew.OpLessEqual}).Draw(t, "op"), Values: []any{value()}}
	}
	switch op := rapid.SampledFrom(sinew.Operators()).Draw(t, "op"); op {
	case sinew.OpIn, sinew.OpNotIn:
		return sinew.Compare{Field: field, Op: op, Values: []any{value(), value()}}
	case sinew.OpExists:
		return sinew.Compare{Field: field, Op: op, Values: []any{rapid.Bool().Draw(t, "exists")}}
	case sinew.OpLike, sinew.OpILike:
		return sinew.Compare{Field: field, Op: op, Values: []any{rapid.SampledFrom([]string{"%e%", "app-%", "APP-%", "active_", "apa_", "TENANT-%"}).Draw(t, "pattern")}}
	default:
		return sinew.Compare{Field: field, Op: op, Values: []any{value()}}
	}
}
