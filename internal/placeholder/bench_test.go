package placeholder_test

import (
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
)

func BenchmarkRender(b *testing.B) {
	template, err := placeholder.Compile(jsonx.MustParse(`{"q":"{{body.q}}","n":"{{body.n:int}}","since":"{{query.since:undefined}}","note":"for {{a}} and {{b}}","$truto_merge":"{{body.more:json}}"}`))
	if err != nil {
		b.Fatal(err)
	}
	root := data().With("body", jsonx.MustParse(`{"q":"x","n":"5","more":{"k":[1,2]}}`))
	b.ReportAllocs()
	for b.Loop() {
		template.Render(root)
	}
}

func BenchmarkRenderURL(b *testing.B) {
	u, err := placeholder.CompileURL("https://{{sub}}.example.com/api", "/tickets/{{id}}/comments")
	if err != nil {
		b.Fatal(err)
	}
	root := jsonx.MustParse(`{"sub":"acme","id":"a/b c"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.Render(root); err != nil {
			b.Fatal(err)
		}
	}
}
