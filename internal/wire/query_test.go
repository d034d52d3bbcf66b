package wire_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/wire"
	"pgregory.net/rapid"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, want string }{
		{"", `{}`},
		{"&&", `{}`},
		{"=x", `{}`},
		{"[]=x", `{}`},
		{"a=1", `{"a":"1"}`},
		{"a", `{"a":""}`},
		{"a=", `{"a":""}`},
		{"a=b=c", `{"a":"b=c"}`},
		{"a=x+y%20z%2Bw", `{"a":"x y z+w"}`},
		{"a+b=1", `{"a b":"1"}`},
		{"integration.name=zendesk&features.super_query=apac", `{"integration.name":"zendesk","features.super_query":"apac"}`},
		{"a[b]=c", `{"a":{"b":"c"}}`},
		{"a%5Bb%5D=c", `{"a":{"b":"c"}}`},
		{"a%5bb%5d=c", `{"a":{"b":"c"}}`},
		{"[a]=b", `{"a":"b"}`},
		{"[a][b]=c", `{"a":{"b":"c"}}`},
		{"a[b][c]=d", `{"a":{"b":{"c":"d"}}}`},
		{"a[b.c]=d", `{"a":{"b.c":"d"}}`},
		{"created_at[gte]=2024-01-01&created_at[lt]=2025-01-01", `{"created_at":{"gte":"2024-01-01","lt":"2025-01-01"}}`},
		{"a[]=x", `{"a":["x"]}`},
		{"a[]=x&a[]=y", `{"a":["x","y"]}`},
		{"a[0]=x&a[1]=y", `{"a":["x","y"]}`},
		{"a[1]=y&a[0]=x", `{"a":["x","y"]}`},
		{"a[7]=y&a[3]=x", `{"a":["x","y"]}`},
		{"a[0]=x&a[0]=y", `{"a":["x","y"]}`},
		{"a=x&a=y&a=z", `{"a":["x","y","z"]}`},
		{"a[]=x&a=y", `{"a":["x","y"]}`},
		{"a=x&a[]=y", `{"a":["x","y"]}`},
		{"a=x&a[5]=y", `{"a":["x","y"]}`},
		{"a[b]=1&a[b]=2", `{"a":{"b":["1","2"]}}`},
		{"a[in]=x,y", `{"a":{"in":"x,y"}}`},
		{"a[in][]=x&a[in][]=y", `{"a":{"in":["x","y"]}}`},
		{"a[in][0]=x&a[in][1]=y", `{"a":{"in":["x","y"]}}`},
		{"a[01]=x", `{"a":{"01":"x"}}`},
		{"a[1000]=x", `{"a":{"1000":"x"}}`},
		{"custom[360001]=x", `{"custom":{"360001":"x"}}`},
		{"a[0]=x&a[k]=y", `{"a":{"0":"x","k":"y"}}`},
		{"a[]=x&a[k]=y", `{"a":{"0":"x","k":"y"}}`},
		{"a[1000]=x&a[999]=y&a[]=z", `{"a":{"1000":"x","999":"y","1001":"z"}}`},
		{"foo[][k]=v", `{"foo":[{"k":"v"}]}`},
		{"foo[][k]=v&foo[][k]=w", `{"foo":[{"k":"v"},{"k":"w"}]}`},
		{"foo[][a]=1&foo[][b]=2&foo[][a]=3&foo[][b]=4", `{"foo":[{"a":"1","b":"2"},{"a":"3","b":"4"}]}`},
		{"foo[][a][]=1&foo[][a][]=2", `{"foo":[{"a":["1","2"]}]}`},
		{"foo[0][k]=v&foo[1][k]=w", `{"foo":[{"k":"v"},{"k":"w"}]}`},
		{"or[0][status][ne]=x&or[1][tenant_id]=y", `{"or":[{"status":{"ne":"x"}},{"tenant_id":"y"}]}`},
		{"%E2%82%AC=%F0%9F%98%80", `{"€":"😀"}`},
		{"a=%00x"[:2] + "1;b=2", `{"a":"1;b=2"}`},
		{"b=1&a=2&b=3", `{"b":["1","3"],"a":"2"}`},
		{"__proto__[x]=1&constructor=2", `{"__proto__":{"x":"1"},"constructor":"2"}`},
		{"a[b][c][d][e][f][g][h][i][j][k]=1", `{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":{"j":{"k":"1"}}}}}}}}}}}`},
	} {
		t.Run(c.query, func(t *testing.T) {
			got, err := wire.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParseQueryRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, query, path, code string }{
		{"percent cut", "a=%", "a", wire.CodeEncoding},
		{"percent half", "a=%4", "a", wire.CodeEncoding},
		{"percent letters", "a=%zz", "a", wire.CodeEncoding},
		{"percent in name", "%zz=1", "%zz", wire.CodeEncoding},
		{"second parameter", "b=1&a[gte]=%ff", "a[gte]", wire.CodeEncoding},
		{"nul encoded", "a=%00", "a", wire.CodeEncoding},
		{"nul raw", "a=\x00", "a", wire.CodeEncoding},
		{"nul in name", "a%00=1", "a%00", wire.CodeEncoding},
		{"utf-8 overlong", "a=%c0%af", "a", wire.CodeEncoding},
		{"utf-8 surrogate", "a=%ed%a0%80", "a", wire.CodeEncoding},
		{"utf-8 raw", "a=\xff", "a", wire.CodeEncoding},
		{"utf-8 in name", "\xff=1", "\uFFFD", wire.CodeEncoding},
		{"bracket open", "a[b=1", "a[b", wire.CodeBrackets},
		{"bracket open empty", "a[=1", "a[", wire.CodeBrackets},
		{"bracket closed", "a]b=1", "a]b", wire.CodeBrackets},
		{"bracket nested", "a[b[c]]=1", "a[b[c]]", wire.CodeBrackets},
		{"text behind", "a[b]c=1", "a[b]c", wire.CodeBrackets},
		{"text between", "a[b]c[d]=1", "a[b]c[d]", wire.CodeBrackets},
		{"encoded open", "a%5Bb=1", "a[b", wire.CodeBrackets},
		{"value then object", "a=1&a[b]=2", "a[b]", wire.CodeConflict},
		{"object then value", "a[b]=1&a=2", "a", wire.CodeConflict},
		{"deep value then object", "a[b]=1&a[b][c]=2", "a[b][c]", wire.CodeConflict},
		{"deep", "a" + strings.Repeat("[b]", 11) + "=1", "a" + strings.Repeat("[b]", 11), wire.CodeTooDeep},
		{"bomb", "a" + strings.Repeat("[b]", 5000) + "=1", ("a" + strings.Repeat("[b]", 50))[:120] + "…", wire.CodeTooDeep},
		{"array bomb", "a" + strings.Repeat("[]", 5000) + "=1", ("a" + strings.Repeat("[]", 80))[:120] + "…", wire.CodeTooDeep},
		{"values", strings.Repeat("a[]=1&", 1001), "a[]", wire.CodeTooMany},
		{"values indexed", indexed("id", 1001), "id[1000]", wire.CodeTooMany},
		{"parameters", distinct(2001), "p2000", wire.CodeTooMany},
		{"length", "a=1&b=" + strings.Repeat("x", wire.MaxQueryBytes), "b", wire.CodeTooLong},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := wire.ParseQuery(c.query)
			wantFailure(t, err, c.path, c.code)
		})
	}
}

func TestParseQueryTakesAThousandIds(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range wire.MaxValues {
		fmt.Fprintf(&b, "environment_integration_id%%5Bin%%5D%%5B%d%%5D=b179ad55-db02-4bd4-b7a4-d2c173eee9ae&", i)
	}
	got, err := wire.ParseQuery(b.String())
	if err != nil {
		t.Fatal(err)
	}
	if n := got.At("environment_integration_id", "in").Len(); n != wire.MaxValues {
		t.Errorf("got %d values", n)
	}
}

func indexed(name string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s[%d]=x&", name, i)
	}
	return b.String()
}

func distinct(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "p%d=x&", i)
	}
	return b.String()
}

// wantFailure checks that the error is a caller's mistake at one place.
func wantFailure(t *testing.T, err error, path, code string) {
	t.Helper()
	var e *sinew.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *sinew.Error", err)
	}
	if e.Kind != sinew.KindInvalid || len(e.Failures) == 0 {
		t.Fatalf("got kind %s and failures %v", e.Kind, e.Failures)
	}
	if f := e.Failures[0]; f.Path != path || f.Code != code || f.Message == "" {
		t.Errorf("got %+v, want path %q and code %q", f, path, code)
	}
}

func TestStringifyQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, format, want string }{
		{`{}`, "", ""},
		{`[]`, "", ""},
		{`{"a":1,"b":true,"c":null,"d":"x y&z"}`, "", "a=1&b=true&c=&d=x%20y%26z"},
		{`{"a":10000000000000000001,"b":1.50}`, "", "a=10000000000000000001&b=1.50"},
		{`{"ids":[1,2]}`, wire.ArrayComma, "ids=1,2"},
		{`{"ids":["a,b","c"]}`, wire.ArrayComma, "ids=a%2Cb,c"},
		{`{"ids":[1,2]}`, wire.ArrayBrackets, "ids%5B%5D=1&ids%5B%5D=2"},
		{`{"ids":[1,2]}`, wire.ArrayIndices, "ids%5B0%5D=1&ids%5B1%5D=2"},
		{`{"ids":[1,2]}`, wire.ArrayRepeat, "ids=1&ids=2"},
		{`{"ids":[1,2]}`, "", "ids%5B0%5D=1&ids%5B1%5D=2"},
		{`{"ids":[]}`, wire.ArrayComma, ""},
		{`{"ids":[],"o":{},"z":1}`, wire.ArrayRepeat, "z=1"},
		{`{"f":{"a":{"b":"c"}}}`, wire.ArrayRepeat, "f%5Ba%5D%5Bb%5D=c"},
		{`{"f":{"a":[1,2]}}`, wire.ArrayRepeat, "f%5Ba%5D=1&f%5Ba%5D=2"},
		{`{"f":[{"k":1},{"k":2}]}`, wire.ArrayIndices, "f%5B0%5D%5Bk%5D=1&f%5B1%5D%5Bk%5D=2"},
		{`{"f":[{"k":1},{"k":2}]}`, wire.ArrayBrackets, "f%5B%5D%5Bk%5D=1&f%5B%5D%5Bk%5D=2"},
		{`{"f":[{"k":1}]}`, wire.ArrayComma, "f%5B0%5D%5Bk%5D=1"},
		{`{"f":[{"k":1}]}`, wire.ArrayRepeat, "f%5Bk%5D=1"},
		{`{"$filter":"a eq 'b'","é":"ü"}`, "", "%24filter=a%20eq%20%27b%27&%C3%A9=%C3%BC"},
		{`{"a[b]":"c"}`, "", "a%5Bb%5D=c"},
		{`{"nl":"a\r\nb"}`, "", "nl=a%0D%0Ab"},
	} {
		t.Run(c.format+" "+c.value, func(t *testing.T) {
			got := wire.StringifyQuery(jsonx.MustParse(c.value), c.format)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if _, err := url.ParseQuery(got); err != nil {
				t.Error(err)
			}
		})
	}
}

// queryValue draws what a query can say: objects of texts, flat lists, and
// lists of objects under indices alone.
func queryValue(depth int, format string) *rapid.Generator[jsonx.Value] {
	return rapid.Custom(func(t *rapid.T) jsonx.Value {
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		if depth == 0 {
			kind = min(kind, 1)
		}
		switch {
		case kind == 0:
			return jsonx.StringValue(queryText().Draw(t, "text"))
		case kind == 1:
			return jsonx.StringsValue(rapid.SliceOfN(queryText(), 2, 5).Draw(t, "list"))
		case kind == 2 && format == wire.ArrayIndices:
			items := rapid.SliceOfN(queryObject(depth-1, format), 1, 4).Draw(t, "objects")
			return jsonx.ArrayValue(items...)
		}
		return queryObject(depth-1, format).Draw(t, "object")
	})
}

func queryObject(depth int, format string) *rapid.Generator[jsonx.Value] {
	return rapid.Custom(func(t *rapid.T) jsonx.Value {
		b := jsonx.NewBuilder(4)
		for _, name := range rapid.SliceOfNDistinct(queryName(), 1, 4, rapid.ID).Draw(t, "names") {
			b.Set(name, queryValue(depth, format).Draw(t, "value"))
		}
		return b.Value()
	})
}

func queryName() *rapid.Generator[string] { return rapid.StringMatching(`[a-zA-Zé€_.$ +%&=-]{1,8}`) }

func queryText() *rapid.Generator[string] {
	return rapid.String().Filter(jsonx.ValidText)
}

func TestQueryRoundTrip(t *testing.T) {
	t.Parallel()
	for _, format := range []string{wire.ArrayIndices, wire.ArrayBrackets, wire.ArrayRepeat} {
		t.Run(format, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				want := queryObject(3, format).Draw(t, "query")
				text := wire.StringifyQuery(want, format)
				got, err := wire.ParseQuery(text)
				if err != nil {
					t.Fatal(err)
				}
				if got.String() != want.String() {
					t.Fatalf("%s\n got %s\nwant %s", text, got, want)
				}
			})
		})
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		"a=1&b[c]=2", "a[]=1&a[k]=2", "a[0][x]=1&a[][y]=2", "or[0][status][ne]=active&limit=5",
		"a[999]=1&a[]=2&a[1000]=3", "%5B%5D=%00", "a]=[", "created_at%5Bgte%5D=2024-01-01T00:00:00+02:00",
	} {
		f.Add(seed)
	}
	fields := sinew.AccountFields()
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := wire.ParseQuery(raw)
		if err != nil {
			if sinew.KindOf(err) != sinew.KindInvalid {
				t.Fatalf("got %v", err)
			}
			return
		}
		if _, err := jsonx.Parse(v.Bytes()); err != nil {
			t.Fatalf("%q gives %s: %v", raw, v, err)
		}
		list, failures := wire.CompileList(fields, v, wire.ListOptions{})
		for _, failure := range failures {
			if failure.Path == "" || failure.Message == "" || failure.Code == "" {
				t.Fatalf("%q gives %+v", raw, failure)
			}
		}
		if len(failures) == 0 && (list.Query.Limit < 1 || list.Query.Limit > sinew.MaxPageLimit) {
			t.Fatalf("%q gives limit %d", raw, list.Query.Limit)
		}
	})
}
