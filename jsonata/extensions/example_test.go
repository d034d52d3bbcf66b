package extensions_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

func ExampleWith() {
	expr := jsonata.MustCompile(`{
		"due": $dtFromIso(at, "UTC").plus({ "days": 30 }).toISODate(),
		"total": $convertCurrencyFromSubunit(cents, "EUR"),
		"by": $keyBy(users, "id")
	}`, extensions.With())
	out, _ := expr.EvalBytes(context.Background(), []byte(`{"at":"2024-01-15T10:00:00Z","cents":1050,"users":[{"id":"u1"}]}`))
	fmt.Println(string(out))
	// Output: {"due":"2024-02-14","total":"10.50","by":{"u1":{"id":"u1"}}}
}

func ExampleFunctions() {
	fmt.Println(len(extensions.Functions()) > 60)
	// Output: true
}

func ExampleServices() {
	s := extensions.Services{ParseDocument: func(_ context.Context, args []jsonata.Value) (jsonata.Value, error) {
		data, mime, _ := extensions.Bytes(args[0])
		return jsonata.String(fmt.Sprintf("%d bytes of %s", len(data), mime)), nil
	}}
	expr := jsonata.MustCompile(`$parseDocument($blob("hi", { "type": "text/plain" }), "text")`, extensions.With(s))
	out, _ := expr.EvalAny(context.Background(), nil)
	fmt.Println(out)
	// Output: 2 bytes of text/plain
}

func ExampleNewBlob() {
	vars := jsonata.Bindings{"file": extensions.NewBlob([]byte("hello"), "text/plain")}
	out, _ := jsonata.MustCompile(`$file.size & " " & $file.text()`).EvalAny(context.Background(), nil, vars)
	fmt.Println(out)
	// Output: 5 hello
}

func ExampleBytes() {
	data, mime, ok := extensions.Bytes(extensions.NewBlob([]byte("x"), "text/csv"))
	fmt.Println(string(data), mime, ok)
	// Output: x text/csv true
}

func ExampleNewDate() {
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	vars := jsonata.Bindings{"at": extensions.NewDate(at)}
	out, _ := jsonata.MustCompile(`$at.plus({ "years": 1 }).toISO()`).EvalAny(context.Background(), nil, vars)
	fmt.Println(out)
	// Output: 2025-02-28T12:00:00.000Z
}
