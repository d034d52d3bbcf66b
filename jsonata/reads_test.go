package jsonata_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
)

func TestReads(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"data.ok = false ? data.message":                             "ok message",
		"data.ok = false ? {'status': 400, 'message': data.message}": "ok message",
		"status >= 400":                        "nothing",
		"$count(data)":                         "",
		"$exists(data)":                        "",
		"data":                                 "all",
		"$keys($)":                             "all",
		"*.ok":                                 "all",
		"data.*":                               "all",
		"data[0].ok":                           "ok",
		"data.errors[0].text":                  "errors",
		"data.(ok & message)":                  "ok message",
		"($d := data; $d.ok)":                  "ok",
		"$exists(data.error) ? data.error.msg": "error",
		"{'all': data}":                        "all",
		"{'some': data.some}":                  "some",
		"$map(data.items, function($i) { $i.id & $$.data.suffix })": "items suffix",
		"$eval('data')": "all",
	} {
		got, all := jsonata.MustCompile(source).Reads("data")
		slices.Sort(got)
		names := strings.Fields(want)
		slices.Sort(names)
		if want == "nothing" {
			if got != nil || all {
				t.Errorf("%s: reads %q, all %v; want nothing", source, got, all)
			}
		} else if want == "all" {
			if !all {
				t.Errorf("%s: reads %q only, want all", source, got)
			}
		} else if all || got == nil || !slices.Equal(got, names) {
			t.Errorf("%s: reads %q, all %v; want %q", source, got, all, names)
		}
	}
}
