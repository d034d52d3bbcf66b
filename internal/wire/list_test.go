package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/wire"
)

// listFields are the account's, and one integer that it has not.
func listFields() []sinew.Field {
	return append(sinew.AccountFields(), sinew.Field{Name: "size", Kind: sinew.FieldInt})
}

func is(field string, op sinew.Operator, values ...any) sinew.Filter {
	return sinew.Compare{Field: field, Op: op, Values: values}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestCompileList(t *testing.T) {
	t.Parallel()
	newest, byUpdate := sinew.Sort{}, sinew.Sort{Field: sinew.SortUpdatedAt}
	for _, c := range []struct {
		query string
		want  sinew.Filter
		sort  sinew.Sort
	}{
		{"", nil, newest},
		{"utm_source=x&view=summary&foo[bar]=1&environment=x", nil, newest},
		{"tenant_id=acme-1", is("tenant_id", sinew.OpEqual, "acme-1"), newest},
		{"tenant_id=a,b", is("tenant_id", sinew.OpEqual, "a,b"), newest},
		{"tenant_id=", is("tenant_id", sinew.OpEqual, ""), newest},
		{"tenant_id[eq]=acme-1", is("tenant_id", sinew.OpEqual, "acme-1"), newest},
		{"is_sandbox=true", is("is_sandbox", sinew.OpEqual, true), newest},
		{"is_sandbox=0", is("is_sandbox", sinew.OpEqual, false), newest},
		{"is_sandbox[ne]=1", is("is_sandbox", sinew.OpNotEqual, true), newest},
		{"integration.name=zendesk", is("integration.name", sinew.OpEqual, "zendesk"), newest},
		{"features.super_query[in]=apac,wnam", is("features.super_query", sinew.OpIn, "apac", "wnam"), newest},
		{"features.super_query[exists]=false", is("features.super_query", sinew.OpExists, false), newest},
		{"size[gt]=-5", is("size", sinew.OpGreater, int64(-5)), newest},
		{"size[in]=3,1,2,1", is("size", sinew.OpIn, int64(1), int64(2), int64(3)), newest},
		{"id[]=b&id[]=a", is("id", sinew.OpIn, "a", "b"), newest},
		{"id[0]=a&id[1]=b", is("id", sinew.OpIn, "a", "b"), newest},
		{"id=a&id=b", is("id", sinew.OpIn, "a", "b"), newest},
		{"id[]=a", is("id", sinew.OpEqual, "a"), newest},
		{"id[in]=a", is("id", sinew.OpEqual, "a"), newest},
		{"id[nin]=a,a", is("id", sinew.OpNotEqual, "a"), newest},
		{"id[in]=a,%20b", is("id", sinew.OpIn, "a", "b"), newest},
		{"id[in][]=a,b&id[in][]=c", is("id", sinew.OpIn, "a,b", "c"), newest},
		{"name[like]=%25demo%25", is("name", sinew.OpLike, "%demo%"), newest},
		{"name[ilike]=Demo_", is("name", sinew.OpILike, "Demo_"), newest},
		{"status[like]=%25error", is("status", sinew.OpLike, "%error"), newest},
		{"name[gte]=m", is("name", sinew.OpGreaterEqual, "m"), newest},
		{"created_at=2021-08-10T10:00:00.000Z", is("created_at", sinew.OpEqual, at("2021-08-10T10:00:00Z")), newest},
		{"created_at[gt]=2021-08-10", is("created_at", sinew.OpGreater, at("2021-08-10T00:00:00Z")), newest},
		{"created_at[gt]=2021-08-10T10:00:00", is("created_at", sinew.OpGreater, at("2021-08-10T10:00:00Z")), newest},
		{"created_at[gt]=2021-08-10+10:00:00", is("created_at", sinew.OpGreater, at("2021-08-10T10:00:00Z")), newest},
		{"created_at[gt]=2021-08-10T10:00:00%2B02:00", is("created_at", sinew.OpGreater, at("2021-08-10T08:00:00Z")), newest},
		{"created_at[gt]=2021-08-10T10:00:00+02:00", is("created_at", sinew.OpGreater, at("2021-08-10T08:00:00Z")), newest},
		{"created_at[gt]=2021-08-10T10:00:00-02:30", is("created_at", sinew.OpGreater, at("2021-08-10T12:30:00Z")), newest},
		{"created_at[gt]=2021-08-10t10:00:00z", is("created_at", sinew.OpGreater, at("2021-08-10T10:00:00Z")), newest},
		{"created_at[gt]=2021-08-10T10:00", is("created_at", sinew.OpGreater, at("2021-08-10T10:00:00Z")), newest},
		{"created_at[gt]=2021-08-10T10:00:00.123456", is("created_at", sinew.OpGreater, at("2021-08-10T10:00:00.123Z")), newest},
		{"created_at[lte]=2021-08-10T10:00:00.123456", is("created_at", sinew.OpLessEqual, at("2021-08-10T10:00:00.123Z")), newest},
		{"created_at[gte]=2021-08-10T10:00:00.123456", is("created_at", sinew.OpGreaterEqual, at("2021-08-10T10:00:00.124Z")), newest},
		{"created_at[lt]=2021-08-10T10:00:00.123456", is("created_at", sinew.OpLess, at("2021-08-10T10:00:00.124Z")), newest},
		{
			"created_at[gte]=2021-08-10&created_at[lt]=2021-08-11",
			sinew.And{is("created_at", sinew.OpGreaterEqual, at("2021-08-10T00:00:00Z")), is("created_at", sinew.OpLess, at("2021-08-11T00:00:00Z"))},
			newest,
		},
		{"updated_at[gte]=2021-08-10", is("updated_at", sinew.OpGreaterEqual, at("2021-08-10T00:00:00Z")), byUpdate},
		{"updated_at=2021-08-10", is("updated_at", sinew.OpEqual, at("2021-08-10T00:00:00Z")), newest},
		{"updated_at[gte]=2021-08-10&sort_by[created_at]=desc", is("updated_at", sinew.OpGreaterEqual, at("2021-08-10T00:00:00Z")), sinew.Sort{Field: "created_at"}},
		{"sort_by[updated_at]=asc", nil, sinew.Sort{Field: "updated_at", Ascending: true}},
		{
			"and[0][updated_at][gt]=2021-08-10&and[1][status]=active",
			sinew.And{is("status", sinew.OpEqual, "active"), is("updated_at", sinew.OpGreater, at("2021-08-10T00:00:00Z"))},
			byUpdate,
		},
		{
			"or[0][status][ne]=active&or[1][tenant_id]=y",
			sinew.Or{is("status", sinew.OpNotEqual, "active"), is("tenant_id", sinew.OpEqual, "y")},
			newest,
		},
		{
			"or[0][updated_at][gt]=2021-08-10&or[1][tenant_id]=y",
			sinew.Or{is("tenant_id", sinew.OpEqual, "y"), is("updated_at", sinew.OpGreater, at("2021-08-10T00:00:00Z"))},
			newest,
		},
		{"or[0][status]=active", is("status", sinew.OpEqual, "active"), newest},
		{"or[0][status]=active&or[1][status]=active", is("status", sinew.OpEqual, "active"), newest},
		{
			"or[0][or][0][name]=a&or[0][or][1][name]=b&or[1][name]=c",
			sinew.Or{is("name", sinew.OpEqual, "a"), is("name", sinew.OpEqual, "b"), is("name", sinew.OpEqual, "c")},
			newest,
		},
		{
			"tenant_id=x&or[0][status]=active&or[1][name]=n&or[1][region]=eu",
			sinew.And{
				is("tenant_id", sinew.OpEqual, "x"),
				sinew.Or{
					is("status", sinew.OpEqual, "active"),
					sinew.And{is("name", sinew.OpEqual, "n"), is("region", sinew.OpEqual, "eu")},
				},
			},
			newest,
		},
	} {
		t.Run(c.query, func(t *testing.T) {
			list, failures := compile(t, c.query)
			if len(failures) > 0 {
				t.Fatal(failures)
			}
			want := sinew.ListQuery{Filter: c.want, Sort: c.sort, Limit: sinew.DefaultPageLimit}
			if diff := cmp.Diff(want, list.Query); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func compile(t *testing.T, query string) (wire.List, []sinew.Failure) {
	t.Helper()
	v, err := wire.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return wire.CompileList(listFields(), v, wire.ListOptions{})
}

func TestCompileListPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query  string
		limit  int
		cursor string
	}{
		{"", 100, ""},
		{"limit=&next_cursor=", 100, ""},
		{"limit=1", 1, ""},
		{"limit=5000", 5000, ""},
		{"limit=5001", 5000, ""},
		{"limit=999999999999", 5000, ""},
		{"next_cursor=a%2Bb+c", 100, "a+b c"},
	} {
		list, failures := compile(t, c.query)
		if len(failures) > 0 || list.Query.Limit != c.limit || list.Cursor != c.cursor {
			t.Errorf("%s: got %d, %q, %v", c.query, list.Query.Limit, list.Cursor, failures)
		}
	}
	small := wire.ListOptions{DefaultLimit: 10, MaxLimit: 20}
	list, _ := wire.CompileList(listFields(), jsonx.MustParse(`{"limit":30}`), small)
	if list.Query.Limit != 20 {
		t.Errorf("got limit %d", list.Query.Limit)
	}
	if list, _ = wire.CompileList(listFields(), jsonx.MustParse(`{"limit":null}`), small); list.Query.Limit != 10 {
		t.Errorf("got default limit %d", list.Query.Limit)
	}
}

// A caller may repeat a query with its parameters in another order.
func TestCompileListIsCanonical(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"status=active&tenant_id=x", "tenant_id=x&status=active"},
		{"id[]=a&id[]=b", "id[in]=b,a,a"},
		{"created_at[gt]=2021-08-10&created_at[lt]=2021-09-10", "created_at[lt]=2021-09-10T00:00:00Z&created_at[gt]=2021-08-10+00:00:00"},
		{"or[0][name]=a&or[1][status]=active", "or[1][name]=a&or[0][status]=active"},
		{"status=active&limit=5", "status[eq]=active&limit=9&view=summary"},
		{"", "sort_by[created_at]=desc"},
	} {
		a, _ := compile(t, pair[0])
		b, _ := compile(t, pair[1])
		if a.Query.Canonical() != b.Query.Canonical() {
			t.Errorf("%s gives %s, %s gives %s", pair[0], a.Query.Canonical(), pair[1], b.Query.Canonical())
		}
	}
}

func TestCompileFilterFromJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter string
		want   sinew.Filter
	}{
		{`{}`, nil},
		{
			`{"tenant_id":"x","status":{"ne":"active"}}`,
			sinew.And{is("status", sinew.OpNotEqual, "active"), is("tenant_id", sinew.OpEqual, "x")},
		},
		{
			`{"integration.name":"notion","features.super_query":{"in":["apac","wnam"]}}`,
			sinew.And{is("features.super_query", sinew.OpIn, "apac", "wnam"), is("integration.name", sinew.OpEqual, "notion")},
		},
		{
			`{"or":[{"status":{"ne":"active"}},{"tenant_id":{"like":"%demo%"}}]}`,
			sinew.Or{is("status", sinew.OpNotEqual, "active"), is("tenant_id", sinew.OpLike, "%demo%")},
		},
		{`{"is_sandbox":true}`, is("is_sandbox", sinew.OpEqual, true)},
		{`{"is_sandbox":{"in":[false,true]}}`, is("is_sandbox", sinew.OpIn, false, true)},
		{`{"is_sandbox":1}`, is("is_sandbox", sinew.OpEqual, true)},
		{`{"size":{"gte":12}}`, is("size", sinew.OpGreaterEqual, int64(12))},
		{`{"size":{"in":[2,"1"]}}`, is("size", sinew.OpIn, int64(1), int64(2))},
		{`{"size":{"in":7}}`, is("size", sinew.OpEqual, int64(7))},
		{`{"id":["b","a"]}`, is("id", sinew.OpIn, "a", "b")},
		{`{"name":null}`, is("name", sinew.OpExists, false)},
		{`{"name":{"exists":true}}`, is("name", sinew.OpExists, true)},
		{`{"created_at":{"lt":"2024-01-01"}}`, is("created_at", sinew.OpLess, at("2024-01-01T00:00:00Z"))},
	} {
		t.Run(c.filter, func(t *testing.T) {
			got, failures := wire.CompileFilter(listFields(), jsonx.MustParse(c.filter), "query")
			if len(failures) > 0 {
				t.Fatal(failures)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompileFilterRefuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"or":[`, 11) + `{"name":"x"}` + strings.Repeat(`]}`, 11)
	for _, c := range []struct{ filter, path, code string }{
		{`[]`, "query", wire.CodeType},
		{`null`, "query", wire.CodeType},
		{`"tenant_id=x"`, "query", wire.CodeType},
		{`{"tennant_id":"x"}`, "query.tennant_id", wire.CodeUnknownField},
		{`{"tenant_id":5}`, "query.tenant_id", wire.CodeType},
		{`{"tenant_id":true}`, "query.tenant_id", wire.CodeType},
		{`{"tenant_id":{"regex":"x"}}`, "query.tenant_id.regex", wire.CodeUnknownOperator},
		{`{"tenant_id":{}}`, "query.tenant_id", wire.CodeEmpty},
		{`{"tenant_id":{"eq":null}}`, "query.tenant_id.eq", wire.CodeType},
		{`{"tenant_id":{"in":null}}`, "query.tenant_id.in", wire.CodeType},
		{`{"tenant_id":{"in":[]}}`, "query.tenant_id.in", wire.CodeEmpty},
		{`{"id":[]}`, "query.id", wire.CodeEmpty},
		{`{"id":["a",null]}`, "query.id.1", wire.CodeType},
		{`{"id":["a",["b"]]}`, "query.id.1", wire.CodeType},
		{`{"id":["a",5]}`, "query.id.1", wire.CodeType},
		{`{"size":1.5}`, "query.size", wire.CodeType},
		{`{"size":1e400}`, "query.size", wire.CodeType},
		{`{"size":9223372036854775808}`, "query.size", wire.CodeType},
		{`{"size":true}`, "query.size", wire.CodeType},
		{`{"created_at":1700000000}`, "query.created_at", wire.CodeType},
		{`{"is_sandbox":"yes"}`, "query.is_sandbox", wire.CodeType},
		{`{"or":{}}`, "query.or", wire.CodeType},
		{`{"or":[]}`, "query.or", wire.CodeEmpty},
		{`{"or":[{}]}`, "query.or.0", wire.CodeType},
		{`{"or":["a"]}`, "query.or.0", wire.CodeType},
		{`{"or":[{"nope":1}]}`, "query.or.0.nope", wire.CodeUnknownField},
		{`{"and":[{"status":"gone"}]}`, "query.and.0.status", wire.CodeEnum},
		{deep, "query" + strings.Repeat(".or.0", 10) + ".or", wire.CodeTooDeep},
	} {
		t.Run(c.filter, func(t *testing.T) {
			_, failures := wire.CompileFilter(listFields(), jsonx.MustParse(c.filter), "query")
			wantFailure(t, sinew.Invalid(failures...), c.path, c.code)
		})
	}
}
