package jsonata_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
)

type benchExpr struct{ ID, Expr string }

func benchSet(tb testing.TB) ([]benchExpr, []byte) {
	tb.Helper()
	data, err := os.ReadFile("testdata/bench/expressions.json")
	if err != nil {
		tb.Fatal(err)
	}
	var list []benchExpr
	if err := json.Unmarshal(data, &list); err != nil {
		tb.Fatal(err)
	}
	text, err := os.ReadFile("testdata/bench/payloads/medium.json")
	if err != nil {
		tb.Fatal(err)
	}
	return list, text
}

func BenchmarkEval(b *testing.B) {
	list, text := benchSet(b)
	doc, err := jsonata.Decode(text)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range list {
		expr := jsonata.MustCompile(e.Expr)
		b.Run(e.ID, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := expr.Eval(context.Background(), doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBytes(b *testing.B) {
	list, text := benchSet(b)
	for _, e := range list {
		expr := jsonata.MustCompile(e.Expr)
		b.Run(e.ID, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := expr.EvalBytes(context.Background(), text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	_, text := benchSet(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jsonata.Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	list, _ := benchSet(b)
	for _, e := range list {
		b.Run(e.ID, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				jsonata.MustCompile(e.Expr)
			}
		})
	}
}
