package jsonata_test

import (
	"context"
	"os"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
)

// contactMapping is a mapping as integrations have it, with a record for it.
func contactMapping(tb testing.TB) (source string, record []byte) {
	tb.Helper()
	text, err := os.ReadFile("testdata/contact/mapping.jsonata")
	if err != nil {
		tb.Fatal(err)
	}
	if record, err = os.ReadFile("testdata/contact/contact.json"); err != nil {
		tb.Fatal(err)
	}
	return string(text), record
}

// TestMapping keeps the cost of the mapping within bounds: its result is right,
// and neither compiling nor evaluating it allocates more than it should.
func TestMapping(t *testing.T) {
	source, record := contactMapping(t)
	doc, err := jsonata.Decode(record)
	if err != nil {
		t.Fatal(err)
	}
	expr := jsonata.MustCompile(source)
	v, err := expr.Eval(context.Background(), doc)
	if err != nil {
		t.Fatal(err)
	}
	walked, err := jsonata.MustCompile(source, jsonata.WithTreeWalker()).Eval(context.Background(), doc)
	if err != nil || !jsonata.Equal(v, walked) {
		t.Errorf("got %s, walked %s, %v", v, walked, err)
	}
	for path, want := range map[string]string{
		"name": `"Inês Patel"`, "stage": `"warm"`, "status": `"new"`, "emails[1].email": `"ines@home.example"`, "phone_numbers.type[]": `["work"]`,
		"addresses.country": `"JP"`, "account.id": `"901"`, "owner.id": `"812"`, "tags": `["churn-risk","beta","vip"]`,
		"custom_fields": `{"custom_region":"apac","custom_score":87}`, "revenue": "1024446", "last_activity_at": `"2024-02-29T08:00:00.000Z"`, "$keys()[-1]": `"remote_data"`,
	} {
		part, err := jsonata.MustCompile(path).Eval(context.Background(), v)
		if text, _ := jsonata.Encode(part); err != nil || string(text) != want {
			t.Errorf("%s is %s, %v, want %s", path, text, err, want)
		}
	}
	if raceEnabled {
		return
	}
	if n := testing.AllocsPerRun(20, func() { expr.Eval(context.Background(), doc) }); n > 60 {
		t.Errorf("evaluating: %.0f allocations, want at most 60", n)
	}
	if n := testing.AllocsPerRun(20, func() { jsonata.MustCompile(source) }); n > 330 {
		t.Errorf("compiling: %.0f allocations, want at most 330", n)
	}
}

// TestCompileAllocations keeps compiling the benchmark set cheap.
func TestCompileAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	list, _ := benchSet(t)
	for _, e := range list {
		if n := testing.AllocsPerRun(20, func() { jsonata.MustCompile(e.Expr) }); n > 330 {
			t.Errorf("%s: %.0f allocations, want at most 330", e.ID, n)
		}
	}
}

func BenchmarkMapping(b *testing.B) {
	source, record := contactMapping(b)
	doc, err := jsonata.Decode(record)
	if err != nil {
		b.Fatal(err)
	}
	expr := jsonata.MustCompile(source)
	b.Run("eval", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := expr.Eval(context.Background(), doc); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bytes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := expr.EvalBytes(context.Background(), record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			jsonata.MustCompile(source)
		}
	})
	// The first evaluation on bytes finds out which parts of the input are read.
	b.Run("compile-bytes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jsonata.MustCompile(source).EvalBytes(context.Background(), record); err != nil {
				b.Fatal(err)
			}
		}
	})
}
