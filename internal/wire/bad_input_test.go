package wire_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/wire"
)

// badQuery is a list query with one mistake and the parameter that has it.
type badQuery struct{ query, path string }

// badValues are texts that no value of the kind can have.
func badValues(field sinew.Field) []string {
	rubbish := []string{"", " ", "null", "None", "undefined", "NaN", "[object Object]", "{{x}}", "' OR 1=1 --", "😀", strings.Repeat("9", 400)}
	switch {
	case field.Kind == sinew.FieldBool:
		return append(rubbish, "yes", "2", "TRUE", "-1", "true,false")
	case field.Kind == sinew.FieldInt:
		return append(rubbish, "1.5", "1e3", "0x10", "1_000", "9223372036854775808", "-9223372036854775809", "٣", "+ 1")
	case field.Kind == sinew.FieldTime:
		return append(rubbish, "yesterday", "2021", "2021-13-01", "2021-02-30", "2021-08-10T25:00:00Z", "2021-08-10T10:00:00+99:00",
			"1628589600", "10/08/2021", "2021-08-10T10:00:00,5Z", "2021-W32-2", "20210810", "99999-01-01", "2021-08-10T10:00:00.000Zx")
	case len(field.Enum) > 0:
		return append(rubbish, "Active", "gone", "active ", "-")
	}
	return []string{strings.Repeat("x", 1025)}
}

// operatorsWithValues are those whose operand has the field's type.
func operatorsWithValues() []string {
	return []string{"", "[eq]", "[ne]", "[gt]", "[gte]", "[lt]", "[lte]", "[in]", "[nin]", "[or]", "[$gt]", "[EQ]", "[regex]", "[between]", "[exists]"}
}

func badQueries() []badQuery {
	var list []badQuery
	add := func(query, path string) { list = append(list, badQuery{query, path}) }
	for _, field := range listFields() {
		for _, op := range operatorsWithValues() {
			for _, value := range badValues(field) {
				if (op == "[in]" || op == "[nin]") && (value == "true,false" || value == "active ") {
					continue // a good list
				}
				add(field.Name+op+"="+url.QueryEscape(value), field.Name+op)
			}
			if op != "" && op != "[in]" && op != "[nin]" {
				add(field.Name+op+"[]=x", field.Name+op)
			}
		}
		add(field.Name+"[]="+url.QueryEscape(strings.Repeat("x", 2000)), field.Name+"[0]")
		add(field.Name+"[in]="+strings.Repeat("x,", 10000), field.Name+"[in]")
		add(field.Name+"[in][k]=x", field.Name+"[in]")
		add(field.Name+"[eq][k]=x", field.Name+"[eq]")
		add(field.Name+"[exists]=maybe", field.Name+"[exists]")
		add("or[0]["+field.Name+"][no]=x", "or[0]["+field.Name+"][no]")
		add("and[0]["+field.Name+"][like][]=x", "and[0]["+field.Name+"][like]")
		if !field.Sortable {
			add("sort_by["+field.Name+"]=asc", "sort_by["+field.Name+"]")
		} else {
			add("sort_by["+field.Name+"]=up", "sort_by["+field.Name+"]")
		}
		if field.Kind != sinew.FieldText {
			add(field.Name+"[like]=x", field.Name+"[like]")
			add(field.Name+"[ilike]=x", field.Name+"[ilike]")
		} else {
			add(field.Name+"[like]="+strings.Repeat("x", 257), field.Name+"[like]")
			add(field.Name+"[like]="+strings.Repeat("%25", 11), field.Name+"[like]")
		}
	}
	for _, limit := range []string{"0", "-1", "ten", "1.5", "1e2", "0x10", "+ 5", " 5", "5 ", "NaN", "null", "٣", "99999999999999999999", "-99999999999999999999"} {
		add("limit="+url.QueryEscape(limit), "limit")
	}
	add("limit[]=5", "limit")
	add("limit[gt]=5", "limit")
	add("limit=5&limit=6", "limit")
	add("next_cursor[]=x", "next_cursor")
	add("next_cursor[a]=x", "next_cursor")
	add("sort_by=created_at", "sort_by")
	add("sort_by[]=created_at", "sort_by")
	add("sort_by[created_at]=asc&sort_by[updated_at]=asc", "sort_by")
	add("sort_by[created_at][x]=asc", "sort_by[created_at]")
	add("sort_by[nope]=asc", "sort_by[nope]")
	for _, group := range []string{"or", "and"} {
		add(group+"=x", group)
		add(group+"[status]=active", group)
		add(group+"[]=x", group+"[0]")
		add(group+"[0][nope]=x", group+"[0][nope]")
		add(group+"[0][status]=active&"+group+"[1][nope]=x", group+"[1][nope]")
		add(group+"[0]["+group+"][0][status]=gone", group+"[0]["+group+"][0][status]")
	}
	return list
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range badQueries() {
		if seen[c.query] {
			continue
		}
		seen[c.query] = true
		v, err := wire.ParseQuery(c.query)
		if err != nil {
			t.Errorf("%.100s: %v", c.query, err)
			continue
		}
		_, failures := wire.CompileList(listFields(), v, wire.ListOptions{})
		if len(failures) == 0 {
			t.Errorf("%.100s was taken", c.query)
			continue
		}
		if f := failures[0]; f.Path != c.path || f.Message == "" || f.Code == "" {
			t.Errorf("%.100s: got %+v, want path %s", c.query, f, c.path)
		}
		if err := sinew.Invalid(failures...); err.Kind != sinew.KindInvalid {
			t.Errorf("%.100s: got kind %s", c.query, err.Kind)
		}
	}
	if len(seen) < 500 {
		t.Errorf("the table has %d distinct queries, want at least 500", len(seen))
	}
	t.Logf("%d distinct bad queries", len(seen))
}

func TestOperatorLimit(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 101 {
		fmt.Fprintf(&b, "or[%d][name]=n%d&", i, i)
	}
	_, failures := compile(t, b.String())
	wantFailure(t, sinew.Invalid(failures...), "or[100][name]", wire.CodeTooMany)

	if _, failures := compile(t, strings.TrimSuffix(b.String(), "or[100][name]=n100&")); len(failures) > 0 {
		t.Errorf("100 operators: %v", failures)
	}
}

func TestFailuresAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 900 {
		fmt.Fprintf(&b, "or[%d][nope]=x&", i)
	}
	if _, failures := compile(t, b.String()); len(failures) > 50 {
		t.Errorf("got %d failures", len(failures))
	}
}
